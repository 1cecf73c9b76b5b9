// Written by npm run schema from operations.graphql and schema/schema.graphql.
import type { Operation } from "./operation.js";

/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
/** Who brings about changes. */
export type ActorType =
  /** Headway itself, in one of its duties. */
  | 'SYSTEM'
  /** Somebody with a key. */
  | 'USER'
  /** A process that runs tasks. */
  | 'WORKER';

/** Documents for one collection; all of them are taken, or none. */
export type AddDocumentsInput = {
  /** Where they go. */
  collectionId: string | number;
  /** At least one; no two of the same name. */
  documents: Array<DocumentInput>;
};

/** What a key made for a browser may do with its collection or job. */
export type BrowserPermission =
  /** Cancel jobs and tasks. */
  | 'CANCEL'
  /** Ask for it, follow it, download its results. */
  | 'READ'
  /** Retry jobs and tasks. */
  | 'RETRY'
  /** Submit the collection to the pipelines that the key names, with a priority of 0 or less. */
  | 'SUBMIT'
  /** Add documents by text, base64 or uploads of its own, never by a uri, and replace those alone that it added itself. Without READ a blind drop box: of what it adds it is told the ids, and what it adds under a name that is taken goes under another one. */
  | 'UPLOAD';

/** Which job to stop: what waits is cancelled at once, what runs is asked to stop. */
export type CancelJobInput = {
  /** Which job. */
  jobId: string | number;
  /** Kept in the history. */
  reason?: string | null | undefined;
};

/** Why a change happened. Closed: every writer picks one. */
export type ChangeReason =
  /** Nothing of the job is open any more. */
  | 'ALL_TASKS_SETTLED'
  /** It stopped because that was asked for. */
  | 'CANCELLED_BY_REQUEST'
  /** It did not stop in time and was cancelled all the same. */
  | 'CANCEL_DEADLINE'
  /** Somebody asked for it to be cancelled. */
  | 'CANCEL_REQUESTED'
  /** A worker took the task. */
  | 'CLAIMED'
  /** The task passed its last stage. */
  | 'COMPLETED'
  /** A collection was created. */
  | 'CREATED'
  /** All document tasks have settled, so the collection task is due. */
  | 'DOCUMENTS_SETTLED'
  /** Somebody deleted it. */
  | 'EXPIRED_BY_REQUEST'
  /** Its time was over. */
  | 'EXPIRED_BY_RETENTION'
  /** The task passed a stage, and waits for a worker that has the next. */
  | 'HANDED_ON'
  /** Its worker stopped in order and gave the task back. */
  | 'INTERRUPTED'
  /** Its worker died or froze, so the task was given back. */
  | 'LEASE_EXPIRED'
  /** No document came through, so the collection stages have nothing to work on. */
  | 'NOTHING_TO_DO'
  /** A stage failed in a way that trying again does not mend. */
  | 'PERMANENT_ERROR'
  /** Too many workers or children died over this stage. */
  | 'POISONED'
  /** The task passed a stage; the next one has limits, and begins when they allow it. */
  | 'QUEUED_FOR_LIMIT'
  /** Somebody asked for it to be tried again. */
  | 'RETRIED_BY_REQUEST'
  /** A stage failed at its last try, or asked to be tried later for longer than it may. */
  | 'RETRIES_EXHAUSTED'
  /** A stage asked to be tried again later; that counts as no attempt. */
  | 'RETRY_LATER'
  /** A stage failed and will be tried again. */
  | 'RETRY_SCHEDULED'
  /** The task passed a stage and began the next. */
  | 'STAGE_STARTED'
  /** The first task of a job's run was claimed. */
  | 'STARTED'
  /** A collection was submitted to a pipeline. */
  | 'SUBMITTED'
  /** The same content has been completed before, and its results stand. */
  | 'UNCHANGED';

/** How a collection stands. */
export type CollectionStatus =
  /** Its last job was cancelled. */
  | 'CANCELLED'
  /** Its last job completed. */
  | 'COMPLETED'
  /** Its last job completed, but some of its tasks failed or were cancelled. */
  | 'COMPLETED_WITH_ERRORS'
  /** No job has been submitted yet. */
  | 'CREATED'
  /** Its contents are gone; the record that it existed stays. Final. */
  | 'EXPIRED'
  /** Its last job failed. */
  | 'FAILED'
  /** A job of it is open. */
  | 'PROCESSING';

/** What the browser's key is for, exactly one of collectionId and jobId, and what it may do there. */
export type CreateBrowserKeyInput = {
  /** The collection, with all of its jobs. */
  collectionId?: string | number | null | undefined;
  /** 1 to 1440. */
  expiresInMinutes?: number;
  /** The job, with its collection and documents, but without the other jobs and the collection's history. */
  jobId?: string | number | null | undefined;
  /** With UPLOAD: how many bytes it may send in all. 1 to 1000000000000; 10000000000 when absent. */
  maxBytes?: number | null | undefined;
  /** With UPLOAD: how many uploads it may announce, and how many documents add. 1 to 100000; 1000 when absent. */
  maxFiles?: number | null | undefined;
  /** With SUBMIT: the options of its jobs, which it can't choose then. They must fit each of the pipelines. */
  options?: unknown;
  /** At least one. UPLOAD and SUBMIT are for a collection, and not for a job. */
  permissions?: Array<BrowserPermission>;
  /** With SUBMIT, and then at least one: where it may submit to. */
  pipelines?: Array<string> | null | undefined;
};

/** A new, empty collection. */
export type CreateCollectionInput = {
  /** What it is about; at most 10,000 characters. */
  description?: string | null | undefined;
  /** 1 to 36,500; as HEADWAY_RETENTION_DAYS says when absent. */
  expiresInDays?: number | null | undefined;
  /** A JSON object. */
  metadata?: unknown;
  /** 1 to 500 characters, unique in the project. */
  name: string;
};

/** Files that are about to be sent. */
export type CreateUploadsInput = {
  /** The one collection whose documents they may become; any when absent, and of a browser's key always its own. */
  collectionId?: string | number | null | undefined;
  /** 1 to 1,000. */
  files: Array<UploadFileInput>;
};

/** Exactly one of text, base64, uri, uploadId. The name is unique in its collection: the same name with the same bytes changes nothing, with other bytes it is the document's new content (contentVersion + 1); a name without a folder part is kept as given. */
export type DocumentInput = {
  /** The content as bytes in base64, in the standard alphabet. */
  base64?: string | null | undefined;
  /** A claim; the validate stage finds out. */
  mediaType?: string | null | undefined;
  /** A JSON object. */
  metadata?: unknown;
  /** 1 to 500 characters, unique in the collection; a folder part is kept, ".." is refused. */
  name: string;
  /** The content as text, kept as UTF-8. */
  text?: string | null | undefined;
  /** Of an upload whose bytes have come in. It can serve several documents, and the same one again; the bytes are kept until the last of them is gone. */
  uploadId?: string | number | null | undefined;
  /** Where a worker gets the bytes: `http:` or `https:` at a public address, `file:` below one of HEADWAY_FILE_ROOTS, `s3:` below one of HEADWAY_S3_SOURCES. */
  uri?: string | null | undefined;
};

/** What a change is about. */
export type EntityType =
  /** A collection as a whole. */
  | 'COLLECTION'
  /** One submission of a collection. */
  | 'JOB'
  /** One document's way, or the collection task. */
  | 'TASK';

/** How a job stands. */
export type JobStatus =
  /** Cancelled before all was done. */
  | 'CANCELLED'
  /** A cancel has been requested; running work is stopping. */
  | 'CANCELLING'
  /** Every document is completed or skipped. Final. */
  | 'COMPLETED'
  /** Some tasks failed or were cancelled, others completed. */
  | 'COMPLETED_WITH_ERRORS'
  /** Nothing completed, or the collection stages failed. */
  | 'FAILED'
  /** Work is under way. */
  | 'PROCESSING'
  /** Nothing of this run has been claimed yet. */
  | 'QUEUED';

/** Where a retry begins. */
export type RetryFrom =
  /** At the stage that failed, with the kept outputs of those before. */
  | 'FAILED_STAGE'
  /** At the first stage, all anew. */
  | 'FIRST_STAGE';

/** The collection's newest job only, when settled and not COMPLETED. Takes its failed and cancelled tasks, or with errorCodes the failed ones with these codes; none: NOT_RETRYABLE. */
export type RetryJobInput = {
  /** Only tasks that failed with one of these codes. */
  errorCodes?: Array<string> | null | undefined;
  /** Where its tasks begin again. */
  from?: RetryFrom | null | undefined;
  /** Which job. */
  jobId: string | number;
  /** Kept in the history. */
  reason?: string | null | undefined;
};

/** What a key may do; each may do what those before it may. */
export type Role =
  /** Delete, pause and resume, repair, act in bulk, make and revoke keys and webhooks. */
  | 'ADMIN'
  /** Create, add, upload, submit, retry, cancel, acknowledge, and make keys for browsers. */
  | 'OPERATOR'
  /** Read. */
  | 'VIEWER';

/** Every status word of every level: what the history speaks in. */
export type Status =
  /** Stopped by request; may be retried. */
  | 'CANCELLED'
  /** Of a job: a cancel has been requested; running work is stopping. */
  | 'CANCELLING'
  /** Done, without an error. */
  | 'COMPLETED'
  /** Of a collection or a job: done, but some tasks failed or were cancelled. */
  | 'COMPLETED_WITH_ERRORS'
  /** Of a collection: no job has been submitted yet. */
  | 'CREATED'
  /** Of a collection: its contents are gone. */
  | 'EXPIRED'
  /** Stopped by an error; may be retried. */
  | 'FAILED'
  /** Of a collection or a job: work is under way. */
  | 'PROCESSING'
  /** Of a job or a task: nothing of this run has been claimed yet, or it waits for its next try. */
  | 'QUEUED'
  /** Of a task: a worker holds its lease. */
  | 'RUNNING'
  /** Of a task: there was nothing to do. */
  | 'SKIPPED'
  /** Of the collection task: document tasks are still open. */
  | 'WAITING';

/** What to do with which documents. */
export type SubmitJobInput = {
  /** Whose documents are taken. */
  collectionId: string | number;
  /** All documents of the collection when absent. */
  documentIds?: Array<string | number> | null | undefined;
  /** Looked at first. The same key gives the same job for ever; another body under it is IDEMPOTENCY_CONFLICT; a submit that ended in userErrors does not use it up. */
  idempotencyKey?: string | null | undefined;
  /** INCREMENTAL skips documents whose content this pipeline, in this version and with these options, has already completed: they are SKIPPED with the reason UNCHANGED and keep their chunks, at birth where the content came along, after the download where it comes from a uri. */
  mode?: SubmitMode | null | undefined;
  /** As the pipeline's optionsSchema describes them; its defaults where absent. */
  options?: unknown;
  /** What they go through, by name. */
  pipeline: string;
  /** -100 to 100; higher first. */
  priority?: number | null | undefined;
  /** Not before then. */
  runAt?: string | null | undefined;
  /** At most 50, each of 1 to 100 characters, for finding the job again. */
  tags?: Array<string> | null | undefined;
};

/** How much of a collection a job does. */
export type SubmitMode =
  /** Every document goes through the pipeline. */
  | 'FULL'
  /** Documents whose content this pipeline and these options have already completed are SKIPPED. */
  | 'INCREMENTAL';

/** Without jobId: a documentId, a workerId, or only open statuses; else BAD_USER_INPUT. */
export type TaskFilter = {
  /** Of this document, in any job. */
  documentId?: string | number | null | undefined;
  /** Failed, or to be tried again, with one of these error codes. */
  errorCode?: Array<string> | null | undefined;
  /** Of this job; the list then runs in document order. */
  jobId?: string | number | null | undefined;
  /** At one of these stages: running it, to run it next, or stopped at it. */
  stage?: Array<string> | null | undefined;
  /** In one of these statuses; none fits an empty list. */
  status?: Array<TaskStatus> | null | undefined;
  /** Held by this worker now. */
  workerId?: string | number | null | undefined;
};

/** How a task stands. */
export type TaskStatus =
  /** Stopped by request. */
  | 'CANCELLED'
  /** Passed all its stages. */
  | 'COMPLETED'
  /** Stopped at `stage` with `error`. */
  | 'FAILED'
  /** Due, or due at runAt. */
  | 'QUEUED'
  /** A worker holds its lease. */
  | 'RUNNING'
  /** There was nothing to do. */
  | 'SKIPPED'
  /** The collection task, until all document tasks have settled. */
  | 'WAITING';

/** A file that is about to be sent. */
export type UploadFileInput = {
  /** A claim; it is the document's where that makes none. */
  mediaType?: string | null | undefined;
  /** For messages about it; the document gets its own. 1 to 500 characters. */
  name: string;
  /** In hex; where it is given, other bytes are refused. */
  sha256?: string | null | undefined;
  /** Exactly; at most HEADWAY_MAX_DOCUMENT_BYTES. */
  sizeBytes: number;
};

/** What kept a mutation from being done. */
export type UserErrorCode =
  /** A job of the collection is still open. */
  | 'ACTIVE_JOB_EXISTS'
  /** The collection's contents are gone, or are about to go. */
  | 'COLLECTION_EXPIRED'
  /** The key made a job from another request. */
  | 'IDEMPOTENCY_CONFLICT'
  /** A value is not one that can be taken; the path says where. */
  | 'INVALID_INPUT'
  /** The options are not what the pipeline's schema allows. */
  | 'INVALID_OPTIONS'
  /** It is more than is done at once. */
  | 'LIMIT_EXCEEDED'
  /** Another collection has this name. */
  | 'NAME_TAKEN'
  /** It is settled, or has been asked to stop already. */
  | 'NOT_CANCELLABLE'
  /** There is nothing with this id. */
  | 'NOT_FOUND'
  /** Nothing of it can be retried now. */
  | 'NOT_RETRYABLE'
  /** There is nothing to process. */
  | 'NO_DOCUMENTS'
  /** There are more bytes than are taken. */
  | 'TOO_LARGE'
  /** No pipeline of this server has this name. */
  | 'UNKNOWN_PIPELINE'
  /** The bytes of an upload are not all there. */
  | 'UPLOAD_INCOMPLETE'
  /** The address is not one that may be read. */
  | 'URI_REFUSED';

/** What work that does not move waits for. */
export type WaitingCode =
  /** As many tasks as may are in its stage, or in its pipeline, over all workers. */
  | 'AT_CONCURRENCY_LIMIT'
  /** All workers have enough to do; others come first. */
  | 'BEHIND_OTHERS'
  /** It has been asked to stop and has not stopped yet. */
  | 'CANCEL_PENDING'
  /** The collection task runs once all documents are settled. */
  | 'DOCUMENTS_OPEN'
  /** Its worker is dead or frozen; the sweep gives it back. */
  | 'LEASE_LOST'
  /** No worker that can run it is running: none of its pipeline, or none of a version that takes it. */
  | 'NO_WORKER'
  /** Its pipeline is paused; running work goes on. */
  | 'PIPELINE_PAUSED'
  /** Its stage, or its pipeline, has begun as often as its rate allows, over all workers. */
  | 'RATE_LIMITED'
  /** Its next try is due later. */
  | 'RETRY_BACKOFF'
  /** It was submitted to run later. */
  | 'SCHEDULED'
  /** Its stage has used up half of its time. */
  | 'SLOW_STAGE'
  /** Its worker, or those that should take it, beat but do not go round. */
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
