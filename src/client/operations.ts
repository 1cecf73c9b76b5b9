// Written by npm run schema from operations.graphql and schema/schema.graphql.
import type { Operation } from "./operation.js";

/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
/** Kind of actor. */
export type ActorType =
  /** Headway itself, in one of its duties. */
  | 'SYSTEM'
  /** Holder of an API key. */
  | 'USER'
  /** Worker process. */
  | 'WORKER';

/** Documents to add to a collection. All or none are added. */
export type AddDocumentsInput = {
  /** ID of the collection. */
  collectionId: string | number;
  /** Documents, at least one, with distinct names. */
  documents: Array<DocumentInput>;
};

/** Permission of a browser key for its collection or job. */
export type BrowserPermission =
  /** Cancel jobs and tasks of its collection or job. */
  | 'CANCEL'
  /** Query its collection or job, subscribe to it, and download results. */
  | 'READ'
  /** Retry jobs and tasks of its collection or job. */
  | 'RETRY'
  /** Submit the collection to the pipelines of the key, with a priority of 0 or lower. */
  | 'SUBMIT'
  /** Add documents by text, base64 or its own uploads, but not by URI. Replace only documents that it added itself. Without READ, the key receives only the IDs of what it adds, and a document whose name is taken is added under another name. */
  | 'UPLOAD';

/** Job to cancel. Waiting tasks are cancelled at once; running tasks are asked to stop. */
export type CancelJobInput = {
  /** ID of the job. */
  jobId: string | number;
  /** Reason, recorded in the history. */
  reason?: string | null | undefined;
};

/** Reason for a change. The list is closed. */
export type ChangeReason =
  /** All tasks of the job have settled. */
  | 'ALL_TASKS_SETTLED'
  /** The job or task stopped because a cancel was requested. */
  | 'CANCELLED_BY_REQUEST'
  /** The task did not stop within the cancel deadline and was cancelled anyway. */
  | 'CANCEL_DEADLINE'
  /** A cancel was requested. */
  | 'CANCEL_REQUESTED'
  /** A worker claimed the task. */
  | 'CLAIMED'
  /** The task completed its last stage. */
  | 'COMPLETED'
  /** A collection was created. */
  | 'CREATED'
  /** All document tasks have settled, so the collection task became due. */
  | 'DOCUMENTS_SETTLED'
  /** The collection was deleted by `deleteCollection`. */
  | 'EXPIRED_BY_REQUEST'
  /** The retention period of the collection ended. */
  | 'EXPIRED_BY_RETENTION'
  /** The task completed a stage and waits for a worker that has the next stage. */
  | 'HANDED_ON'
  /** The worker shut down and returned the task to the queue. */
  | 'INTERRUPTED'
  /** The worker died or froze, and the task was returned to the queue. */
  | 'LEASE_EXPIRED'
  /** No document completed, so the collection stages had no input. */
  | 'NOTHING_TO_DO'
  /** A stage failed with an error that a retry cannot fix. */
  | 'PERMANENT_ERROR'
  /** Too many worker or child processes crashed in this stage. */
  | 'POISONED'
  /** The task completed a stage and waits for the limits of the next stage. */
  | 'QUEUED_FOR_LIMIT'
  /** A retry was requested. */
  | 'RETRIED_BY_REQUEST'
  /** A stage failed at its last attempt, or postponed itself for longer than allowed. */
  | 'RETRIES_EXHAUSTED'
  /** A stage asked to run later. This does not count as an attempt. */
  | 'RETRY_LATER'
  /** A stage failed and will run again. */
  | 'RETRY_SCHEDULED'
  /** The task completed a stage and started the next one. */
  | 'STAGE_STARTED'
  /** The first task of a job's run was claimed. */
  | 'STARTED'
  /** A collection was submitted to a pipeline. */
  | 'SUBMITTED'
  /** The same content was completed before; its results are kept. */
  | 'UNCHANGED';

/** Status of a collection. */
export type CollectionStatus =
  /** The last job was cancelled. */
  | 'CANCELLED'
  /** The last job completed. */
  | 'COMPLETED'
  /** The last job completed, but some of its tasks failed or were cancelled. */
  | 'COMPLETED_WITH_ERRORS'
  /** No job has been submitted yet. */
  | 'CREATED'
  /** The contents were removed; the record and its history are kept. Final. */
  | 'EXPIRED'
  /** The last job failed. */
  | 'FAILED'
  /** A job of the collection is open. */
  | 'PROCESSING';

/** Scope and permissions of a browser key. Give exactly one of `collectionId` and `jobId`. */
export type CreateBrowserKeyInput = {
  /** Collection that the key can access, with all its jobs. */
  collectionId?: string | number | null | undefined;
  /** Lifetime in minutes, 1 to 1440. */
  expiresInMinutes?: number;
  /** Job that the key can access, with its collection and documents, but without other jobs and the collection's history. */
  jobId?: string | number | null | undefined;
  /** With UPLOAD: maximum total size in bytes, 1 to 1000000000000. Default: 10000000000. */
  maxBytes?: number | null | undefined;
  /** With UPLOAD: maximum number of uploads, and of documents to add, 1 to 100000. Default: 1000. */
  maxFiles?: number | null | undefined;
  /** With SUBMIT: fixed options for every job of the key, valid for each of the pipelines. The browser cannot change them. */
  options?: unknown;
  /** Permissions, at least one. UPLOAD and SUBMIT require `collectionId`. */
  permissions?: Array<BrowserPermission>;
  /** Pipelines that the key may submit to. Required with SUBMIT, at least one; not allowed without it. */
  pipelines?: Array<string> | null | undefined;
};

/** Collection to create. */
export type CreateCollectionInput = {
  /** Description, at most 10,000 characters. */
  description?: string | null | undefined;
  /** Days until the collection expires, 1 to 36,500. Default: HEADWAY_RETENTION_DAYS. */
  expiresInDays?: number | null | undefined;
  /** Metadata, a JSON object. */
  metadata?: unknown;
  /** Name, 1 to 500 characters, unique in the project. */
  name: string;
};

/** Files to upload. */
export type CreateUploadsInput = {
  /** ID of the only collection that may use the uploads; any collection if absent. For a browser key, always its own collection. */
  collectionId?: string | number | null | undefined;
  /** Files, 1 to 1,000. */
  files: Array<UploadFileInput>;
};

/** Document to add. Give exactly one of `text`, `base64`, `uri` and `uploadId`. If the collection has a document with the same name, equal content changes nothing, and different content replaces the old content (`contentVersion` + 1). */
export type DocumentInput = {
  /** Content in base64, standard alphabet. */
  base64?: string | null | undefined;
  /** Declared media type. Stages detect the actual one. */
  mediaType?: string | null | undefined;
  /** Metadata, a JSON object. */
  metadata?: unknown;
  /** Name, 1 to 500 characters, unique in the collection. It may contain folders, but not "..". */
  name: string;
  /** Content as text, stored as UTF-8. */
  text?: string | null | undefined;
  /** ID of a completed upload. Several documents can use the same upload; its bytes are kept until the last of them is removed. */
  uploadId?: string | number | null | undefined;
  /** URI from which a worker downloads the content: `http:` or `https:` at a public address, `file:` below one of HEADWAY_FILE_ROOTS, or `s3:` below one of HEADWAY_S3_SOURCES. */
  uri?: string | null | undefined;
};

/** Kind of entity that has a status. */
export type EntityType =
  /** A named set of documents. */
  | 'COLLECTION'
  /** One submission of a collection to a pipeline. */
  | 'JOB'
  /** The processing of one document, or the collection task. */
  | 'TASK';

/** Status of a job. */
export type JobStatus =
  /** Cancelled before all tasks were done. */
  | 'CANCELLED'
  /** A cancel was requested; running tasks are stopping. */
  | 'CANCELLING'
  /** Every document task completed or was skipped. Final. */
  | 'COMPLETED'
  /** Some tasks failed or were cancelled; others completed. */
  | 'COMPLETED_WITH_ERRORS'
  /** No document task completed, or the collection task failed. */
  | 'FAILED'
  /** Work is in progress. */
  | 'PROCESSING'
  /** No task of this run has been claimed yet. */
  | 'QUEUED';

/** Stage at which a retry starts. */
export type RetryFrom =
  /** The failed stage; outputs of earlier stages are reused. */
  | 'FAILED_STAGE'
  /** The first stage; nothing is reused. */
  | 'FIRST_STAGE';

/** Job to retry: the newest job of its collection, settled and not COMPLETED. All failed and cancelled tasks are retried; with `errorCodes`, only failed tasks with these codes. NOT_RETRYABLE if there are none. */
export type RetryJobInput = {
  /** Retry only tasks that failed with one of these codes. */
  errorCodes?: Array<string> | null | undefined;
  /** Stage at which the tasks start. */
  from?: RetryFrom | null | undefined;
  /** ID of the job. */
  jobId: string | number;
  /** Reason, recorded in the history. */
  reason?: string | null | undefined;
};

/** Role of a key. Each role includes the roles before it. */
export type Role =
  /** Delete collections, pause and resume pipelines, run `repair` and `bulkJobs`, manage keys and webhooks. */
  | 'ADMIN'
  /** Create collections, add and upload documents, submit, retry, cancel, acknowledge, and create browser keys. */
  | 'OPERATOR'
  /** Read only. */
  | 'VIEWER';

/** Every status of collections, jobs and tasks. */
export type Status =
  /** Stopped by a cancel request. Can be retried. */
  | 'CANCELLED'
  /** Job: a cancel was requested; running tasks are stopping. */
  | 'CANCELLING'
  /** Completed without an error. */
  | 'COMPLETED'
  /** Collection or job: completed, but some tasks failed or were cancelled. */
  | 'COMPLETED_WITH_ERRORS'
  /** Collection: no job has been submitted yet. */
  | 'CREATED'
  /** Collection: the contents were removed. */
  | 'EXPIRED'
  /** Stopped by an error. Can be retried. */
  | 'FAILED'
  /** Collection or job: work is in progress. */
  | 'PROCESSING'
  /** Job or task: waiting to be claimed for the first time, or for the next attempt. */
  | 'QUEUED'
  /** Task: a worker holds its lease. */
  | 'RUNNING'
  /** Task: there was nothing to do. */
  | 'SKIPPED'
  /** Collection task: document tasks are still open. */
  | 'WAITING';

/** The collection, the pipeline and its options. */
export type SubmitJobInput = {
  /** ID of the collection. */
  collectionId: string | number;
  /** IDs of the documents to process; all documents of the collection if absent. */
  documentIds?: Array<string | number> | null | undefined;
  /** Idempotency key, checked before anything else. A repeated request with the same key returns the same job, without a time limit. A different request with the same key fails with IDEMPOTENCY_CONFLICT. A request that ended in `userErrors` does not use up the key. */
  idempotencyKey?: string | null | undefined;
  /** FULL processes every document. INCREMENTAL skips documents whose content this pipeline, in this version and with these options, has already completed: they get the status SKIPPED with the reason UNCHANGED and keep their chunks. Documents with a URI are downloaded before this is decided. */
  mode?: SubmitMode | null | undefined;
  /** Options, as described by the pipeline's `optionsSchema`. Its defaults apply if absent. */
  options?: unknown;
  /** Name of the pipeline. */
  pipeline: string;
  /** Priority, -100 to 100; jobs with a higher priority run first. */
  priority?: number | null | undefined;
  /** Earliest time to start; at once if absent. */
  runAt?: string | null | undefined;
  /** Tags for finding the job, at most 50, each with 1 to 100 characters. */
  tags?: Array<string> | null | undefined;
};

/** Selection of the documents that a job processes. */
export type SubmitMode =
  /** Process every document. */
  | 'FULL'
  /** Skip documents whose content was already completed by this pipeline version with these options. */
  | 'INCREMENTAL';

/** Filter for tasks. A task must match all given fields. Give `jobId`, `documentId`, `workerId`, or only open statuses; otherwise BAD_USER_INPUT. */
export type TaskFilter = {
  /** ID of a document, in any job. */
  documentId?: string | number | null | undefined;
  /** Error codes of tasks that failed or will run again. */
  errorCode?: Array<string> | null | undefined;
  /** ID of a job. The list is then in document order. */
  jobId?: string | number | null | undefined;
  /** Stages that the task runs, will run next, or stopped at. */
  stage?: Array<string> | null | undefined;
  /** Statuses to include. An empty list matches nothing. */
  status?: Array<TaskStatus> | null | undefined;
  /** ID of the worker that runs the task now. */
  workerId?: string | number | null | undefined;
};

/** Status of a task. */
export type TaskStatus =
  /** Stopped by a cancel request. */
  | 'CANCELLED'
  /** Completed all its stages. */
  | 'COMPLETED'
  /** Failed at `stage` with `error`. */
  | 'FAILED'
  /** Waiting to be claimed, or due at `runAt`. */
  | 'QUEUED'
  /** A worker holds its lease. */
  | 'RUNNING'
  /** There was nothing to do. */
  | 'SKIPPED'
  /** Collection task: waiting until all document tasks have settled. */
  | 'WAITING';

/** File to upload. */
export type UploadFileInput = {
  /** Declared media type, used for a document that declares none. */
  mediaType?: string | null | undefined;
  /** File name for messages, 1 to 500 characters. The document has a name of its own. */
  name: string;
  /** SHA-256 of the file in hex. If given, different content is rejected. */
  sha256?: string | null | undefined;
  /** Exact size in bytes, at most HEADWAY_MAX_DOCUMENT_BYTES. */
  sizeBytes: number;
};

/** Reason why a mutation was rejected. */
export type UserErrorCode =
  /** A job of the collection is still open. */
  | 'ACTIVE_JOB_EXISTS'
  /** The collection has expired or is being deleted. */
  | 'COLLECTION_EXPIRED'
  /** The idempotency key was used with a different request. */
  | 'IDEMPOTENCY_CONFLICT'
  /** A value is invalid; `path` says where. */
  | 'INVALID_INPUT'
  /** The options do not match the pipeline's options schema. */
  | 'INVALID_OPTIONS'
  /** The request exceeds a limit, which the message names. */
  | 'LIMIT_EXCEEDED'
  /** Another collection has this name. */
  | 'NAME_TAKEN'
  /** The job or task has settled already. */
  | 'NOT_CANCELLABLE'
  /** No object with this ID exists, or the key has no access to it. */
  | 'NOT_FOUND'
  /** The job or task has nothing that can be retried now. */
  | 'NOT_RETRYABLE'
  /** The collection has no documents to process. */
  | 'NO_DOCUMENTS'
  /** The content exceeds the size limit. */
  | 'TOO_LARGE'
  /** No pipeline with this name exists on this server. */
  | 'UNKNOWN_PIPELINE'
  /** The bytes of an upload have not all arrived. */
  | 'UPLOAD_INCOMPLETE'
  /** The URI or URL is not allowed. */
  | 'URI_REFUSED';

/** Cause of waiting. */
export type WaitingCode =
  /** The concurrency limit of the stage or pipeline, over all workers, is reached. */
  | 'AT_CONCURRENCY_LIMIT'
  /** All workers are busy, and other tasks come first. */
  | 'BEHIND_OTHERS'
  /** A cancel was requested; the work has not stopped yet. */
  | 'CANCEL_PENDING'
  /** The collection task waits until all document tasks have settled. */
  | 'DOCUMENTS_OPEN'
  /** The worker died or froze; the next sweep returns the task to the queue. */
  | 'LEASE_LOST'
  /** No running worker serves the pipeline in a version that can run the task. */
  | 'NO_WORKER'
  /** The pipeline is paused. Running tasks continue. */
  | 'PIPELINE_PAUSED'
  /** The rate limit of the stage or pipeline, over all workers, is reached. */
  | 'RATE_LIMITED'
  /** The next attempt is due later. */
  | 'RETRY_BACKOFF'
  /** The job was submitted with a later `runAt`. */
  | 'SCHEDULED'
  /** The stage has used more than half of its timeout. */
  | 'SLOW_STAGE'
  /** The workers concerned send heartbeats, but their claim loops make no iterations. */
  | 'WORKER_STALLED';

export type CollectionStateFragment = { id: string, name: string, description: string | null, metadata: unknown, status: CollectionStatus, documentCount: number, chunkCount: number, createdAt: string, expiresAt: string | null, canSubmit: { allowed: boolean, disabledReason: string | null } };

export type JobStateFragment = { id: string, pipeline: string, run: number, status: JobStatus, version: number, stage: string | null, progress: number, createdAt: string, startedAt: string | null, finishedAt: string | null, collection: { id: string }, counts: { total: number, waiting: number, queued: number, running: number, completed: number, failed: number, cancelled: number, skipped: number }, stageCounts: Array<{ stage: string, queued: number, running: number, completed: number, failed: number }>, errorGroups: Array<{ code: string, stage: string | null, count: number, retryable: boolean }>, waitingOn: { code: WaitingCode, message: string, until: string | null } | null, canCancel: { allowed: boolean, disabledReason: string | null }, canRetry: { allowed: boolean, disabledReason: string | null } };

export type ChangeFragment = { id: string, cursor: string, entityType: EntityType, entityId: string, taskId: string | null, version: number, fromStatus: Status | null, toStatus: Status, fromStage: string | null, toStage: string | null, attempt: number | null, reason: ChangeReason, message: string | null, at: string, actor: { type: ActorType, name: string } };

export type GetViewerQueryVariables = Exact<{ [key: string]: never; }>;


export type GetViewerQuery = { viewer: { name: string, role: Role, project: string } };

export type GetCollectionQueryVariables = Exact<{
  id: string | number;
}>;


export type GetCollectionQuery = { collection: { id: string, name: string, description: string | null, metadata: unknown, status: CollectionStatus, documentCount: number, chunkCount: number, createdAt: string, expiresAt: string | null, canSubmit: { allowed: boolean, disabledReason: string | null } } | null };

export type FindCollectionQueryVariables = Exact<{
  name: string;
}>;


export type FindCollectionQuery = { collectionByName: { id: string, name: string, description: string | null, metadata: unknown, status: CollectionStatus, documentCount: number, chunkCount: number, createdAt: string, expiresAt: string | null, canSubmit: { allowed: boolean, disabledReason: string | null } } | null };

export type GetJobQueryVariables = Exact<{
  id: string | number;
}>;


export type GetJobQuery = { job: { id: string, pipeline: string, run: number, status: JobStatus, version: number, stage: string | null, progress: number, createdAt: string, startedAt: string | null, finishedAt: string | null, collection: { id: string }, counts: { total: number, waiting: number, queued: number, running: number, completed: number, failed: number, cancelled: number, skipped: number }, stageCounts: Array<{ stage: string, queued: number, running: number, completed: number, failed: number }>, errorGroups: Array<{ code: string, stage: string | null, count: number, retryable: boolean }>, waitingOn: { code: WaitingCode, message: string, until: string | null } | null, canCancel: { allowed: boolean, disabledReason: string | null }, canRetry: { allowed: boolean, disabledReason: string | null } } | null };

export type ListTasksQueryVariables = Exact<{
  jobId: string | number;
  first?: number | null | undefined;
  after?: string | null | undefined;
  filter?: TaskFilter | null | undefined;
}>;


export type ListTasksQuery = { job: { tasks: { nodes: Array<{ id: string, documentName: string | null, status: TaskStatus, stage: string | null, attempt: number, progress: number, progressMessage: string | null, error: { code: string, message: string, stage: string | null, retryable: boolean } | null, warnings: Array<{ code: string, message: string }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } } | null };

export type ListArtifactsQueryVariables = Exact<{
  jobId: string | number;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type ListArtifactsQuery = { job: { artifacts: { nodes: Array<{ id: string, name: string, mediaType: string, sizeBytes: number, sha256: string, url: string, signedUrl: { url: string, expiresAt: string } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } } | null };

export type SearchQueryVariables = Exact<{
  collectionId: string | number;
  query: string;
  first?: number | null | undefined;
}>;


export type SearchQuery = { search: Array<{ score: number, chunk: { text: string, page: number | null, headings: Array<string>, document: { id: string, name: string } } }> };

export type ListChangesQueryVariables = Exact<{
  jobId: string | number;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type ListChangesQuery = { statusChanges: { nodes: Array<{ __typename: 'StatusChange', id: string, cursor: string, entityType: EntityType, entityId: string, taskId: string | null, version: number, fromStatus: Status | null, toStatus: Status, fromStage: string | null, toStage: string | null, attempt: number | null, reason: ChangeReason, message: string | null, at: string, actor: { type: ActorType, name: string } }>, pageInfo: { hasNextPage: boolean } } };

export type GetPositionQueryVariables = Exact<{
  jobId: string | number;
  after?: string | null | undefined;
}>;


export type GetPositionQuery = { job: { status: JobStatus, version: number } | null, rest: { nodes: Array<{ id: string }> } };

export type FollowJobSubscriptionVariables = Exact<{
  jobId: string | number;
  after: string;
}>;


export type FollowJobSubscription = { statusChanges:
    | { __typename: 'StatusChange', id: string, cursor: string, entityType: EntityType, entityId: string, taskId: string | null, version: number, fromStatus: Status | null, toStatus: Status, fromStage: string | null, toStage: string | null, attempt: number | null, reason: ChangeReason, message: string | null, at: string, actor: { type: ActorType, name: string } }
    | { __typename: 'StreamGap', cause: string, resumeAt: string }
   };

export type CreateCollectionMutationVariables = Exact<{
  input: CreateCollectionInput;
}>;


export type CreateCollectionMutation = { createCollection: { collection: { id: string } | null, existing: { id: string } | null, userErrors: Array<{ code: UserErrorCode, message: string, path: Array<string> | null }> } };

export type CreateUploadsMutationVariables = Exact<{
  input: CreateUploadsInput;
}>;


export type CreateUploadsMutation = { createUploads: { uploads: Array<{ id: string, url: string, expiresAt: string }>, userErrors: Array<{ code: UserErrorCode, message: string, path: Array<string> | null }> } };

export type AddDocumentsMutationVariables = Exact<{
  input: AddDocumentsInput;
}>;


export type AddDocumentsMutation = { addDocuments: { documents: Array<{ id: string }>, userErrors: Array<{ code: UserErrorCode, message: string, path: Array<string> | null }> } };

export type SubmitJobMutationVariables = Exact<{
  input: SubmitJobInput;
}>;


export type SubmitJobMutation = { submitJob: { deduplicated: boolean, job: { id: string } | null, userErrors: Array<{ code: UserErrorCode, message: string, path: Array<string> | null }> } };

export type CancelJobMutationVariables = Exact<{
  input: CancelJobInput;
}>;


export type CancelJobMutation = { cancelJob: { job: { id: string } | null, userErrors: Array<{ code: UserErrorCode, message: string, path: Array<string> | null }> } };

export type RetryJobMutationVariables = Exact<{
  input: RetryJobInput;
}>;


export type RetryJobMutation = { retryJob: { retriedTasks: number, job: { id: string } | null, userErrors: Array<{ code: UserErrorCode, message: string, path: Array<string> | null }> } };

export type CreateBrowserKeyMutationVariables = Exact<{
  input: CreateBrowserKeyInput;
}>;


export type CreateBrowserKeyMutation = { createBrowserKey: { key: string | null, expiresAt: string | null, userErrors: Array<{ code: UserErrorCode, message: string, path: Array<string> | null }> } };

export const GetViewer = "query GetViewer{viewer{name role project}}" as Operation<GetViewerQuery, GetViewerQueryVariables>;

export const GetCollection = "query GetCollection($id:ID!){collection(id:$id){...CollectionState}}fragment CollectionState on Collection{id name description metadata status documentCount chunkCount createdAt expiresAt canSubmit{allowed disabledReason}}" as Operation<GetCollectionQuery, GetCollectionQueryVariables>;

export const FindCollection = "query FindCollection($name:String!){collectionByName(name:$name){...CollectionState}}fragment CollectionState on Collection{id name description metadata status documentCount chunkCount createdAt expiresAt canSubmit{allowed disabledReason}}" as Operation<FindCollectionQuery, FindCollectionQueryVariables>;

export const GetJob = "query GetJob($id:ID!){job(id:$id){...JobState}}fragment JobState on Job{id collection{id}pipeline run status version stage progress createdAt startedAt finishedAt counts{total waiting queued running completed failed cancelled skipped}stageCounts{stage queued running completed failed}errorGroups{code stage count retryable}waitingOn{code message until}canCancel{allowed disabledReason}canRetry{allowed disabledReason}}" as Operation<GetJobQuery, GetJobQueryVariables>;

export const ListTasks = "query ListTasks($jobId:ID!$first:Int=50$after:String$filter:TaskFilter){job(id:$jobId){tasks(first:$first after:$after filter:$filter){nodes{id documentName status stage attempt progress progressMessage error{code message stage retryable}warnings{code message}}pageInfo{hasNextPage endCursor}}}}" as Operation<ListTasksQuery, ListTasksQueryVariables>;

export const ListArtifacts = "query ListArtifacts($jobId:ID!$first:Int=50$after:String){job(id:$jobId){artifacts(first:$first after:$after){nodes{id name mediaType sizeBytes sha256 url signedUrl{url expiresAt}}pageInfo{hasNextPage endCursor}}}}" as Operation<ListArtifactsQuery, ListArtifactsQueryVariables>;

export const Search = "query Search($collectionId:ID!$query:String!$first:Int=10){search(collectionId:$collectionId query:$query first:$first){score chunk{text page headings document{id name}}}}" as Operation<SearchQuery, SearchQueryVariables>;

export const ListChanges = "query ListChanges($jobId:ID!$first:Int=100$after:String){statusChanges(first:$first after:$after filter:{jobId:$jobId}){nodes{__typename ...Change}pageInfo{hasNextPage}}}fragment Change on StatusChange{id cursor entityType entityId taskId version fromStatus toStatus fromStage toStage attempt reason message at actor{type name}}" as Operation<ListChangesQuery, ListChangesQueryVariables>;

export const GetPosition = "query GetPosition($jobId:ID!$after:String){job(id:$jobId){status version}rest:statusChanges(first:1 after:$after filter:{jobId:$jobId}){nodes{id}}}" as Operation<GetPositionQuery, GetPositionQueryVariables>;

export const FollowJob = "subscription FollowJob($jobId:ID!$after:String!){statusChanges(jobId:$jobId after:$after){__typename ...Change ...on StreamGap{cause resumeAt}}}fragment Change on StatusChange{id cursor entityType entityId taskId version fromStatus toStatus fromStage toStage attempt reason message at actor{type name}}" as Operation<FollowJobSubscription, FollowJobSubscriptionVariables>;

export const CreateCollection = "mutation CreateCollection($input:CreateCollectionInput!){createCollection(input:$input){collection{id}existing{id}userErrors{code message path}}}" as Operation<CreateCollectionMutation, CreateCollectionMutationVariables>;

export const CreateUploads = "mutation CreateUploads($input:CreateUploadsInput!){createUploads(input:$input){uploads{id url expiresAt}userErrors{code message path}}}" as Operation<CreateUploadsMutation, CreateUploadsMutationVariables>;

export const AddDocuments = "mutation AddDocuments($input:AddDocumentsInput!){addDocuments(input:$input){documents{id}userErrors{code message path}}}" as Operation<AddDocumentsMutation, AddDocumentsMutationVariables>;

export const SubmitJob = "mutation SubmitJob($input:SubmitJobInput!){submitJob(input:$input){job{id}deduplicated userErrors{code message path}}}" as Operation<SubmitJobMutation, SubmitJobMutationVariables>;

export const CancelJob = "mutation CancelJob($input:CancelJobInput!){cancelJob(input:$input){job{id}userErrors{code message path}}}" as Operation<CancelJobMutation, CancelJobMutationVariables>;

export const RetryJob = "mutation RetryJob($input:RetryJobInput!){retryJob(input:$input){job{id}retriedTasks userErrors{code message path}}}" as Operation<RetryJobMutation, RetryJobMutationVariables>;

export const CreateBrowserKey = "mutation CreateBrowserKey($input:CreateBrowserKeyInput!){createBrowserKey(input:$input){key expiresAt userErrors{code message path}}}" as Operation<CreateBrowserKeyMutation, CreateBrowserKeyMutationVariables>;
