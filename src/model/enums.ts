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

export const CollectionStatusEnum = enumOf("CollectionStatus", "Status of a collection.", COLLECTION_STATUSES, {
  CREATED: "No job has been submitted yet.",
  PROCESSING: "A job of the collection is open.",
  COMPLETED: "The last job completed.",
  COMPLETED_WITH_ERRORS: "The last job completed, but some of its tasks failed or were cancelled.",
  FAILED: "The last job failed.",
  CANCELLED: "The last job was cancelled.",
  EXPIRED: "The contents were removed; the record and its history are kept. Final.",
});
export const JobStatusEnum = enumOf("JobStatus", "Status of a job.", JOB_STATUSES, {
  QUEUED: "No task of this run has been claimed yet.",
  PROCESSING: "Work is in progress.",
  CANCELLING: "A cancel was requested; running tasks are stopping.",
  COMPLETED: "Every document task completed or was skipped. Final.",
  COMPLETED_WITH_ERRORS: "Some tasks failed or were cancelled; others completed.",
  FAILED: "No document task completed, or the collection task failed.",
  CANCELLED: "Cancelled before all tasks were done.",
});
export const TaskStatusEnum = enumOf("TaskStatus", "Status of a task.", TASK_STATUSES, {
  WAITING: "Collection task: waiting until all document tasks have settled.",
  QUEUED: "Waiting to be claimed, or due at `runAt`.",
  RUNNING: "A worker holds its lease.",
  COMPLETED: "Completed all its stages.",
  FAILED: "Failed at `stage` with `error`.",
  CANCELLED: "Stopped by a cancel request.",
  SKIPPED: "There was nothing to do.",
});
export const StatusEnum = enumOf("Status", "Every status of collections, jobs and tasks.", STATUSES, {
  CREATED: "Collection: no job has been submitted yet.",
  WAITING: "Collection task: document tasks are still open.",
  QUEUED: "Job or task: waiting to be claimed for the first time, or for the next attempt.",
  PROCESSING: "Collection or job: work is in progress.",
  RUNNING: "Task: a worker holds its lease.",
  CANCELLING: "Job: a cancel was requested; running tasks are stopping.",
  COMPLETED: "Completed without an error.",
  COMPLETED_WITH_ERRORS: "Collection or job: completed, but some tasks failed or were cancelled.",
  FAILED: "Stopped by an error. Can be retried.",
  CANCELLED: "Stopped by a cancel request. Can be retried.",
  SKIPPED: "Task: there was nothing to do.",
  EXPIRED: "Collection: the contents were removed.",
});
export const EntityTypeEnum = enumOf("EntityType", "Kind of entity that has a status.", ENTITY_TYPES, {
  COLLECTION: "A named set of documents.",
  JOB: "One submission of a collection to a pipeline.",
  TASK: "The processing of one document, or the collection task.",
});
export const TaskKindEnum = enumOf("TaskKind", "Kind of task.", TASK_KINDS, {
  DOCUMENT: "Runs the document stages for one document.",
  COLLECTION: "Runs the collection stages after all document tasks have settled.",
});
export const ActorTypeEnum = enumOf("ActorType", "Kind of actor.", ACTOR_TYPES, {
  USER: "Holder of an API key.",
  WORKER: "Worker process.",
  SYSTEM: "Headway itself, in one of its duties.",
});
export const ChangeReasonEnum = enumOf("ChangeReason", "Reason for a change. The list is closed.", CHANGE_REASONS, {
  CREATED: "A collection was created.",
  SUBMITTED: "A collection was submitted to a pipeline.",
  STARTED: "The first task of a job's run was claimed.",
  CLAIMED: "A worker claimed the task.",
  STAGE_STARTED: "The task completed a stage and started the next one.",
  HANDED_ON: "The task completed a stage and waits for a worker that has the next stage.",
  QUEUED_FOR_LIMIT: "The task completed a stage and waits for the limits of the next stage.",
  COMPLETED: "The task completed its last stage.",
  DOCUMENTS_SETTLED: "All document tasks have settled, so the collection task became due.",
  ALL_TASKS_SETTLED: "All tasks of the job have settled.",
  NOTHING_TO_DO: "No document completed, so the collection stages had no input.",
  UNCHANGED: "The same content was completed before; its results are kept.",
  RETRY_SCHEDULED: "A stage failed and will run again.",
  RETRY_LATER: "A stage asked to run later. This does not count as an attempt.",
  RETRIES_EXHAUSTED: "A stage failed at its last attempt, or postponed itself for longer than allowed.",
  PERMANENT_ERROR: "A stage failed with an error that a retry cannot fix.",
  POISONED: "Too many worker or child processes crashed in this stage.",
  LEASE_EXPIRED: "The worker died or froze, and the task was returned to the queue.",
  INTERRUPTED: "The worker shut down and returned the task to the queue.",
  CANCEL_REQUESTED: "A cancel was requested.",
  CANCELLED_BY_REQUEST: "The job or task stopped because a cancel was requested.",
  CANCEL_DEADLINE: "The task did not stop within the cancel deadline and was cancelled anyway.",
  RETRIED_BY_REQUEST: "A retry was requested.",
  EXPIRED_BY_RETENTION: "The retention period of the collection ended.",
  EXPIRED_BY_REQUEST: "The collection was deleted by `deleteCollection`.",
});
export const UserErrorCodeEnum = enumOf("UserErrorCode", "Reason why a mutation was rejected.", USER_ERROR_CODES, {
  NOT_FOUND: "No object with this ID exists, or the key has no access to it.",
  NAME_TAKEN: "Another collection has this name.",
  INVALID_INPUT: "A value is invalid; `path` says where.",
  UNKNOWN_PIPELINE: "No pipeline with this name exists on this server.",
  INVALID_OPTIONS: "The options do not match the pipeline's options schema.",
  NO_DOCUMENTS: "The collection has no documents to process.",
  ACTIVE_JOB_EXISTS: "A job of the collection is still open.",
  COLLECTION_EXPIRED: "The collection has expired or is being deleted.",
  NOT_RETRYABLE: "The job or task has nothing that can be retried now.",
  NOT_CANCELLABLE: "The job or task has settled already.",
  IDEMPOTENCY_CONFLICT: "The idempotency key was used with a different request.",
  UPLOAD_INCOMPLETE: "The bytes of an upload have not all arrived.",
  TOO_LARGE: "The content exceeds the size limit.",
  URI_REFUSED: "The URI or URL is not allowed.",
  LIMIT_EXCEEDED: "The request exceeds a limit, which the message names.",
});
export const StageOutcomeEnum = enumOf(
  "StageOutcome",
  "Outcome of a stage run.",
  ["COMPLETED", "FAILED", "CANCELLED", "INTERRUPTED"] as const,
  {
    COMPLETED: "Ended without an error.",
    FAILED: "Ended with an error, whether or not it runs again.",
    CANCELLED: "Stopped by a cancel request.",
    INTERRUPTED: "Interrupted because the worker stopped, died or froze.",
  },
);
export const LogLevelEnum = enumOf("LogLevel", "Severity of a log line.", STAGE_LOG_LEVELS, {
  DEBUG: "Details for debugging.",
  INFO: "Normal operation.",
  WARN: "Unexpected, but the work continues.",
  ERROR: "An operation failed.",
});
export const WorkerStatusEnum = enumOf(
  "WorkerStatus",
  "State of a worker, from its heartbeat and its claim loop.",
  ["STARTING", "RUNNING", "DRAINING", "STALLED", "LOST", "STOPPED"] as const,
  {
    STARTING: "The claim loop has not completed its first iteration yet.",
    RUNNING: "Claims and runs tasks.",
    DRAINING: "Shutting down: claims no more tasks and finishes those it runs.",
    STOPPED: "Shut down cleanly.",
    STALLED: "Sends heartbeats, but its claim loop makes no iterations.",
    LOST: "The process has died, or sent no heartbeat for the length of a lease.",
  },
);
export const WaitingCodeEnum = enumOf("WaitingCode", "Cause of waiting.", WAITING_CODES, {
  NO_WORKER: "No running worker serves the pipeline in a version that can run the task.",
  PIPELINE_PAUSED: "The pipeline is paused. Running tasks continue.",
  RETRY_BACKOFF: "The next attempt is due later.",
  RATE_LIMITED: "The rate limit of the stage or pipeline, over all workers, is reached.",
  AT_CONCURRENCY_LIMIT: "The concurrency limit of the stage or pipeline, over all workers, is reached.",
  SCHEDULED: "The job was submitted with a later `runAt`.",
  BEHIND_OTHERS: "All workers are busy, and other tasks come first.",
  DOCUMENTS_OPEN: "The collection task waits until all document tasks have settled.",
  LEASE_LOST: "The worker died or froze; the next sweep returns the task to the queue.",
  WORKER_STALLED: "The workers concerned send heartbeats, but their claim loops make no iterations.",
  SLOW_STAGE: "The stage has used more than half of its timeout.",
  CANCEL_PENDING: "A cancel was requested; the work has not stopped yet.",
});
export const RetryFromEnum = enumOf(
  "RetryFrom",
  "Stage at which a retry starts.",
  ["FAILED_STAGE", "FIRST_STAGE"] as const,
  {
    FAILED_STAGE: "The failed stage; outputs of earlier stages are reused.",
    FIRST_STAGE: "The first stage; nothing is reused.",
  },
);
export const RoleEnum = enumOf("Role", "Role of a key. Each role includes the roles before it.", ROLES, {
  VIEWER: "Read only.",
  OPERATOR:
    "Create collections, add and upload documents, submit, retry, cancel, acknowledge, and create browser keys.",
  ADMIN: "Delete collections, pause and resume pipelines, run `repair` and `bulkJobs`, manage keys and webhooks.",
});
export const SubmitModeEnum = enumOf(
  "SubmitMode",
  "Selection of the documents that a job processes.",
  ["FULL", "INCREMENTAL"] as const,
  {
    FULL: "Process every document.",
    INCREMENTAL: "Skip documents whose content was already completed by this pipeline version with these options.",
  },
);
export const BulkActionEnum = enumOf(
  "BulkAction",
  "Action that can be applied to many jobs.",
  ["RETRY", "CANCEL"] as const,
  {
    RETRY: "Retry each job as `retryJob` does: failed and cancelled tasks resume at their failed stage.",
    CANCEL: "Cancel each job as `cancelJob` does.",
  },
);
export const SortDirectionEnum = enumOf("SortDirection", "Direction of sorting.", ["ASC", "DESC"] as const, {
  ASC: "Ascending: smallest or oldest first.",
  DESC: "Descending: largest or newest first.",
});
export const JobOrderFieldEnum = enumOf(
  "JobOrderField",
  "Field that a list of jobs is sorted by.",
  ["CREATED_AT", "STATUS_CHANGED_AT", "PRIORITY"] as const,
  {
    CREATED_AT: "Time of submission.",
    STATUS_CHANGED_AT: "Time of the last status change. A job that changes between two pages moves in the list.",
    PRIORITY: "Priority; jobs with equal priority are sorted by time of submission.",
  },
);
export const ChunkKindEnum = enumOf("ChunkKind", "Kind of content of a chunk.", CHUNK_KINDS, {
  TEXT: "Prose, or mixed content.",
  TABLE: "Table rows.",
  CODE: "Source code or other preformatted text.",
  LIST: "List items.",
});
export const NamedEntityTypeEnum = enumOf("NamedEntityType", "Type of a named entity.", NAMED_ENTITY_TYPES, {
  PERSON: "Human being.",
  PLACE: "Country, town, region or other place.",
  ORGANIZATION: "Company, authority, club or other organization.",
});
export const BrowserPermissionEnum = enumOf(
  "BrowserPermission",
  "Permission of a browser key for its collection or job.",
  BROWSER_PERMISSIONS,
  {
    READ: "Query its collection or job, subscribe to it, and download results.",
    UPLOAD:
      "Add documents by text, base64 or its own uploads, but not by URI. Replace only documents that it added itself. Without READ, the key receives only the IDs of what it adds, and a document whose name is taken is added under another name.",
    SUBMIT: "Submit the collection to the pipelines of the key, with a priority of 0 or lower.",
    CANCEL: "Cancel jobs and tasks of its collection or job.",
    RETRY: "Retry jobs and tasks of its collection or job.",
  },
);
