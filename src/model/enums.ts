import { registerEnumType } from "type-graphql";
import { USER_ERROR_CODES } from "../errors.js";
import { CHANGE_REASONS } from "../lifecycle/reasons.js";
import {
  ACTOR_TYPES,
  COLLECTION_STATUSES,
  ENTITY_TYPES,
  JOB_STATUSES,
  STATUSES,
  TASK_KINDS,
  TASK_STATUSES,
} from "../lifecycle/status.js";
import { WAITING_CODES } from "../lifecycle/waiting.js";
import { NAMED_ENTITY_TYPES } from "./named-entity-types.js";

type EnumObject<Word extends string> = { readonly [Key in Word]: Key };

/** The words as an object, which is what type-graphql takes for an enum. */
function enumOf<Word extends string>(
  name: string,
  description: string,
  words: readonly Word[],
  meanings: Partial<Record<Word, string>> = {},
): EnumObject<Word> {
  const object = Object.fromEntries(words.map((word) => [word, word])) as EnumObject<Word>;
  const valuesConfig = Object.fromEntries(
    (Object.entries(meanings) as [Word, string][]).map(([word, text]) => [word, { description: text }]),
  );
  registerEnumType(object, { name, description, valuesConfig: valuesConfig as never });
  return object;
}

export const CollectionStatusEnum = enumOf("CollectionStatus", "How a collection stands.", COLLECTION_STATUSES, {
  CREATED: "No job has been submitted yet.",
  PROCESSING: "A job of it is open.",
  COMPLETED: "Its last job completed.",
  COMPLETED_WITH_ERRORS: "Its last job completed, but some of its tasks failed or were cancelled.",
  FAILED: "Its last job failed.",
  CANCELLED: "Its last job was cancelled.",
  EXPIRED: "Its contents are gone; the record that it existed stays. Final.",
});
export const JobStatusEnum = enumOf("JobStatus", "How a job stands.", JOB_STATUSES, {
  QUEUED: "Nothing of this run has been claimed yet.",
  PROCESSING: "Work is under way.",
  CANCELLING: "A cancel has been requested; running work is stopping.",
  COMPLETED: "Every document is completed or skipped. Final.",
  COMPLETED_WITH_ERRORS: "Some tasks failed or were cancelled, others completed.",
  FAILED: "Nothing completed, or the collection stages failed.",
  CANCELLED: "Cancelled before all was done.",
});
export const TaskStatusEnum = enumOf("TaskStatus", "How a task stands.", TASK_STATUSES, {
  WAITING: "The collection task, until all document tasks have settled.",
  QUEUED: "Due, or due at runAt.",
  RUNNING: "A worker holds its lease.",
  COMPLETED: "Passed all its stages.",
  FAILED: "Stopped at `stage` with `error`.",
  CANCELLED: "Stopped by request.",
  SKIPPED: "There was nothing to do.",
});
export const StatusEnum = enumOf("Status", "Every status word of every level: what the history speaks in.", STATUSES);
export const EntityTypeEnum = enumOf("EntityType", "What a change is about.", ENTITY_TYPES);
export const TaskKindEnum = enumOf(
  "TaskKind",
  "One document's way, or the stages that need all documents.",
  TASK_KINDS,
);
export const ActorTypeEnum = enumOf("ActorType", "Who brings about changes.", ACTOR_TYPES);
export const ChangeReasonEnum = enumOf(
  "ChangeReason",
  "Why a change happened. Closed: every writer picks one.",
  CHANGE_REASONS,
);
export const UserErrorCodeEnum = enumOf("UserErrorCode", "What kept a mutation from being done.", USER_ERROR_CODES);
export const StageOutcomeEnum = enumOf("StageOutcome", "How a stage ended.", [
  "COMPLETED",
  "FAILED",
  "CANCELLED",
  "INTERRUPTED",
] as const);
export const WorkerStatusEnum = enumOf(
  "WorkerStatus",
  "How a worker does, by its own loop's word.",
  ["STARTING", "RUNNING", "DRAINING", "STALLED", "LOST", "STOPPED"] as const,
  {
    STALLED: "It beats, but its claim loop does not go round.",
    LOST: "Nothing has been heard from it for a lease.",
  },
);
export const WaitingCodeEnum = enumOf("WaitingCode", "What work that does not move waits for.", WAITING_CODES, {
  NO_WORKER: "No worker of its pipeline is running.",
  PIPELINE_PAUSED: "Its pipeline is paused; running work goes on.",
  RETRY_BACKOFF: "Its next try is due later.",
  SCHEDULED: "It was submitted to run later.",
  BEHIND_OTHERS: "All workers have enough to do; others come first.",
  DOCUMENTS_OPEN: "The collection task runs once all documents are settled.",
  LEASE_LOST: "Its worker is dead or frozen; the sweep gives it back.",
  WORKER_STALLED: "Its worker, or those that should take it, beat but do not go round.",
  SLOW_STAGE: "Its stage has used up half of its time.",
  CANCEL_PENDING: "It has been asked to stop and has not stopped yet.",
});
export const RetryFromEnum = enumOf("RetryFrom", "Where a retry begins.", ["FAILED_STAGE", "FIRST_STAGE"] as const, {
  FAILED_STAGE: "At the stage that failed, with the kept outputs of those before.",
  FIRST_STAGE: "At the first stage, all anew.",
});
export const SortDirectionEnum = enumOf("SortDirection", "Which way a list runs.", ["ASC", "DESC"] as const);
export const JobOrderFieldEnum = enumOf("JobOrderField", "What a list of jobs is sorted by.", [
  "CREATED_AT",
  "STATUS_CHANGED_AT",
  "PRIORITY",
] as const);
export const NamedEntityTypeEnum = enumOf("NamedEntityType", "What a named entity is.", NAMED_ENTITY_TYPES);
