import { USER_ERROR_CODES } from "../errors.js";
import { BROWSER_PERMISSIONS, ROLES } from "../lifecycle/roles.js";
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
import { STAGE_LOG_LEVELS } from "./log-levels.js";
import { WAITING_CODES } from "../lifecycle/waiting.js";
import { CHUNK_KINDS } from "./chunk-kinds.js";
import { enumOf } from "./enum-of.js";
import { NAMED_ENTITY_TYPES } from "./named-entity-types.js";

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
export const StatusEnum = enumOf("Status", "Every status word of every level: what the history speaks in.", STATUSES, {
  CREATED: "Of a collection: no job has been submitted yet.",
  WAITING: "Of the collection task: document tasks are still open.",
  QUEUED: "Of a job or a task: nothing of this run has been claimed yet, or it waits for its next try.",
  PROCESSING: "Of a collection or a job: work is under way.",
  RUNNING: "Of a task: a worker holds its lease.",
  CANCELLING: "Of a job: a cancel has been requested; running work is stopping.",
  COMPLETED: "Done, without an error.",
  COMPLETED_WITH_ERRORS: "Of a collection or a job: done, but some tasks failed or were cancelled.",
  FAILED: "Stopped by an error; may be retried.",
  CANCELLED: "Stopped by request; may be retried.",
  SKIPPED: "Of a task: there was nothing to do.",
  EXPIRED: "Of a collection: its contents are gone.",
});
export const EntityTypeEnum = enumOf("EntityType", "What a change is about.", ENTITY_TYPES, {
  COLLECTION: "A collection as a whole.",
  JOB: "One submission of a collection.",
  TASK: "One document's way, or the collection task.",
});
export const TaskKindEnum = enumOf(
  "TaskKind",
  "One document's way, or the stages that need all documents.",
  TASK_KINDS,
  {
    DOCUMENT: "Takes one document through the document stages.",
    COLLECTION: "Runs the collection stages, once all documents have settled.",
  },
);
export const ActorTypeEnum = enumOf("ActorType", "Who brings about changes.", ACTOR_TYPES, {
  USER: "Somebody with a key.",
  WORKER: "A process that runs tasks.",
  SYSTEM: "Headway itself, in one of its duties.",
});
export const ChangeReasonEnum = enumOf(
  "ChangeReason",
  "Why a change happened. Closed: every writer picks one.",
  CHANGE_REASONS,
  {
    CREATED: "A collection was created.",
    SUBMITTED: "A collection was submitted to a pipeline.",
    STARTED: "The first task of a job's run was claimed.",
    CLAIMED: "A worker took the task.",
    STAGE_STARTED: "The task passed a stage and began the next.",
    HANDED_ON: "The task passed a stage, and waits for a worker that has the next.",
    QUEUED_FOR_LIMIT: "The task passed a stage; the next one has limits, and begins when they allow it.",
    COMPLETED: "The task passed its last stage.",
    DOCUMENTS_SETTLED: "All document tasks have settled, so the collection task is due.",
    ALL_TASKS_SETTLED: "Nothing of the job is open any more.",
    NOTHING_TO_DO: "No document came through, so the collection stages have nothing to work on.",
    UNCHANGED: "The same content has been completed before, and its results stand.",
    RETRY_SCHEDULED: "A stage failed and will be tried again.",
    RETRY_LATER: "A stage asked to be tried again later; that counts as no attempt.",
    RETRIES_EXHAUSTED: "A stage failed at its last try, or asked to be tried later for longer than it may.",
    PERMANENT_ERROR: "A stage failed in a way that trying again does not mend.",
    POISONED: "Too many workers or children died over this stage.",
    LEASE_EXPIRED: "Its worker died or froze, so the task was given back.",
    INTERRUPTED: "Its worker stopped in order and gave the task back.",
    CANCEL_REQUESTED: "Somebody asked for it to be cancelled.",
    CANCELLED_BY_REQUEST: "It stopped because that was asked for.",
    CANCEL_DEADLINE: "It did not stop in time and was cancelled all the same.",
    RETRIED_BY_REQUEST: "Somebody asked for it to be tried again.",
    EXPIRED_BY_RETENTION: "Its time was over.",
    EXPIRED_BY_REQUEST: "Somebody deleted it.",
  },
);
export const UserErrorCodeEnum = enumOf("UserErrorCode", "What kept a mutation from being done.", USER_ERROR_CODES, {
  NOT_FOUND: "There is nothing with this id.",
  NAME_TAKEN: "Another collection has this name.",
  INVALID_INPUT: "A value is not one that can be taken; the path says where.",
  UNKNOWN_PIPELINE: "No pipeline of this server has this name.",
  INVALID_OPTIONS: "The options are not what the pipeline's schema allows.",
  NO_DOCUMENTS: "There is nothing to process.",
  ACTIVE_JOB_EXISTS: "A job of the collection is still open.",
  COLLECTION_EXPIRED: "The collection's contents are gone, or are about to go.",
  NOT_RETRYABLE: "Nothing of it can be retried now.",
  NOT_CANCELLABLE: "It is settled, or has been asked to stop already.",
  IDEMPOTENCY_CONFLICT: "The key made a job from another request.",
  UPLOAD_INCOMPLETE: "The bytes of an upload are not all there.",
  TOO_LARGE: "There are more bytes than are taken.",
  URI_REFUSED: "The address is not one that may be read.",
  LIMIT_EXCEEDED: "It is more than is done at once.",
});
export const StageOutcomeEnum = enumOf(
  "StageOutcome",
  "How a stage ended.",
  ["COMPLETED", "FAILED", "CANCELLED", "INTERRUPTED"] as const,
  {
    COMPLETED: "It was passed.",
    FAILED: "It ended in an error, whether or not it is tried again.",
    CANCELLED: "It was stopped by request.",
    INTERRUPTED: "Its worker stopped, died or froze.",
  },
);
export const LogLevelEnum = enumOf("LogLevel", "How much a line of a log matters.", STAGE_LOG_LEVELS, {
  DEBUG: "For whoever looks for a fault.",
  INFO: "What is done.",
  WARN: "Something is not as it should be, and work goes on.",
  ERROR: "Something failed.",
});
export const WorkerStatusEnum = enumOf(
  "WorkerStatus",
  "How a worker does, by its own loop's word.",
  ["STARTING", "RUNNING", "DRAINING", "STALLED", "LOST", "STOPPED"] as const,
  {
    STARTING: "Its claim loop has not yet completed an iteration.",
    RUNNING: "It takes work and does it.",
    DRAINING: "It takes no more work and finishes what it has.",
    STOPPED: "It has ended in order.",
    STALLED: "It sends heartbeats, but its claim loop makes no iterations.",
    LOST: "Its process has died, or nothing has been heard from it for a lease.",
  },
);
export const WaitingCodeEnum = enumOf("WaitingCode", "What work that does not move waits for.", WAITING_CODES, {
  NO_WORKER: "No worker that can run it is running: none of its pipeline, or none of a version that takes it.",
  PIPELINE_PAUSED: "Its pipeline is paused; running work goes on.",
  RETRY_BACKOFF: "Its next try is due later.",
  RATE_LIMITED: "Its stage, or its pipeline, has begun as often as its rate allows, over all workers.",
  AT_CONCURRENCY_LIMIT: "As many tasks as may are in its stage, or in its pipeline, over all workers.",
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
export const RoleEnum = enumOf("Role", "What a key may do; each may do what those before it may.", ROLES, {
  VIEWER: "Read.",
  OPERATOR: "Create, add, upload, submit, retry, cancel, acknowledge, and make keys for browsers.",
  ADMIN: "Delete, pause and resume, repair, act in bulk, make and revoke keys and webhooks.",
});
export const SubmitModeEnum = enumOf(
  "SubmitMode",
  "How much of a collection a job does.",
  ["FULL", "INCREMENTAL"] as const,
  {
    FULL: "Every document goes through the pipeline.",
    INCREMENTAL: "Documents whose content this pipeline and these options have already completed are SKIPPED.",
  },
);
export const BulkActionEnum = enumOf(
  "BulkAction",
  "What can be done with many jobs at once.",
  ["RETRY", "CANCEL"] as const,
  {
    RETRY: "As retryJob does: failed and cancelled tasks go on at their failed stage.",
    CANCEL: "As cancelJob does.",
  },
);
export const SortDirectionEnum = enumOf("SortDirection", "Which way a list runs.", ["ASC", "DESC"] as const, {
  ASC: "From the smallest, or the oldest.",
  DESC: "From the largest, or the newest.",
});
export const JobOrderFieldEnum = enumOf(
  "JobOrderField",
  "What a list of jobs is sorted by.",
  ["CREATED_AT", "STATUS_CHANGED_AT", "PRIORITY"] as const,
  {
    CREATED_AT: "When they were submitted.",
    STATUS_CHANGED_AT: "When they last changed; a job that changes while pages are read moves in the list.",
    PRIORITY: "What they were submitted with, equals by age.",
  },
);
export const ChunkKindEnum = enumOf("ChunkKind", "What a chunk is made of.", CHUNK_KINDS, {
  TEXT: "Prose, or a mixture.",
  TABLE: "Rows of a table.",
  CODE: "Program text, or what else is kept as it stands.",
  LIST: "Items of a list.",
});
export const NamedEntityTypeEnum = enumOf("NamedEntityType", "What a named entity is.", NAMED_ENTITY_TYPES, {
  PERSON: "Somebody.",
  PLACE: "Somewhere: a country, a town, a region.",
  ORGANIZATION: "A company, an authority, a club.",
});
export const BrowserPermissionEnum = enumOf(
  "BrowserPermission",
  "What a key made for a browser may do with its collection or job.",
  BROWSER_PERMISSIONS,
  {
    READ: "Ask for it, follow it, download its results.",
    UPLOAD:
      "Add documents by text, base64 or uploads of its own, never by a uri, and replace those alone that it added itself. Without READ a blind drop box: of what it adds it is told the ids, and what it adds under a name that is taken goes under another one.",
    SUBMIT: "Submit the collection to the pipelines that the key names, with a priority of 0 or less.",
    CANCEL: "Cancel jobs and tasks.",
    RETRY: "Retry jobs and tasks.",
  },
);
