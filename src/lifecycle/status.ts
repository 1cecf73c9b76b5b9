/** Every status word of every level, spelled as in the column, the API, the log and the tests. */
export const COLLECTION_STATUSES = [
  "CREATED",
  "PROCESSING",
  "COMPLETED",
  "COMPLETED_WITH_ERRORS",
  "FAILED",
  "CANCELLED",
  "EXPIRED",
] as const;
export const JOB_STATUSES = [
  "QUEUED",
  "PROCESSING",
  "CANCELLING",
  "COMPLETED",
  "COMPLETED_WITH_ERRORS",
  "FAILED",
  "CANCELLED",
] as const;
export const TASK_STATUSES = ["WAITING", "QUEUED", "RUNNING", "COMPLETED", "FAILED", "CANCELLED", "SKIPPED"] as const;
export const STATUSES = [
  "CREATED",
  "WAITING",
  "QUEUED",
  "PROCESSING",
  "RUNNING",
  "CANCELLING",
  "COMPLETED",
  "COMPLETED_WITH_ERRORS",
  "FAILED",
  "CANCELLED",
  "SKIPPED",
  "EXPIRED",
] as const;
export const TASK_KINDS = ["DOCUMENT", "COLLECTION"] as const;
export const ENTITY_TYPES = ["COLLECTION", "JOB", "TASK"] as const;
export const ACTOR_TYPES = ["USER", "WORKER", "SYSTEM"] as const;

export type CollectionStatus = (typeof COLLECTION_STATUSES)[number];
export type JobStatus = (typeof JOB_STATUSES)[number];
export type TaskStatus = (typeof TASK_STATUSES)[number];
export type Status = (typeof STATUSES)[number];
export type TaskKind = (typeof TASK_KINDS)[number];
export type EntityType = (typeof ENTITY_TYPES)[number];
export type ActorType = (typeof ACTOR_TYPES)[number];

/** What has its own line of transitions: tasks come in two kinds. */
export const LEVELS = ["COLLECTION", "JOB", "DOCUMENT_TASK", "COLLECTION_TASK"] as const;
export type Level = (typeof LEVELS)[number];

const OPEN: Readonly<Record<Level, readonly Status[]>> = {
  COLLECTION: ["CREATED", "PROCESSING"],
  JOB: ["QUEUED", "PROCESSING", "CANCELLING"],
  DOCUMENT_TASK: ["QUEUED", "RUNNING"],
  COLLECTION_TASK: ["WAITING", "QUEUED", "RUNNING"],
};

/** True while work goes on; what is not open is settled and has a `finishedAt`. */
export function isOpen(level: Level, status: Status): boolean {
  return OPEN[level].includes(status);
}

/** Open statuses of a job, in the order in which a job passes through them. */
export const OPEN_JOB_STATUSES = ["QUEUED", "PROCESSING", "CANCELLING"] as const satisfies readonly JobStatus[];
/** Open statuses of a task of either kind. */
export const OPEN_TASK_STATUSES = ["WAITING", "QUEUED", "RUNNING"] as const satisfies readonly TaskStatus[];
