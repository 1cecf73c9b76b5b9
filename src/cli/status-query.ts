export interface ShownPermission {
  readonly allowed: boolean;
  readonly disabledReason: string | null;
}
export interface Waiting {
  readonly code: string;
  readonly message: string;
  readonly until: string | null;
  readonly position: number | null;
}
export interface StatusTask {
  readonly id: string;
  readonly documentName: string | null;
  readonly status: string;
  readonly stage: string | null;
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly progress: number;
  readonly statusChangedAt: string;
  readonly waitingOn: Waiting | null;
  readonly error: { readonly code: string; readonly message: string; readonly retryable: boolean } | null;
}
interface TaskList {
  readonly nodes: readonly StatusTask[];
  readonly totalCount: number | null;
}
export interface StatusJob {
  readonly id: string;
  readonly pipeline: string;
  readonly pipelineVersion: number;
  readonly run: number;
  readonly status: string;
  readonly stage: string | null;
  readonly progress: number;
  readonly statusChangedAt: string;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly counts: Readonly<Record<string, number>>;
  readonly stageCounts: readonly {
    readonly stage: string;
    readonly queued: number;
    readonly running: number;
    readonly completed: number;
    readonly failed: number;
  }[];
  readonly waitingOn: Waiting | null;
  readonly canRetry: ShownPermission;
  readonly canCancel: ShownPermission;
  readonly running: TaskList;
  readonly waiting: TaskList;
  readonly failed: TaskList;
}
/** All that `headway status` shows, in one request. */
export interface StatusCollection {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly statusDescription: string;
  readonly statusChangedAt: string;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly version: number;
  readonly documentCount: number;
  readonly chunkCount: number;
  readonly chunksWithEmbeddings: number;
  readonly embeddingCoverage: number;
  readonly lastChange: {
    readonly reason: string;
    readonly message: string | null;
    readonly actor: { readonly name: string };
  };
  readonly warnings: readonly { readonly code: string; readonly message: string }[];
  readonly canSubmit: ShownPermission;
  readonly job: StatusJob | null;
}

const WAITING = "waitingOn { code message until position }";
const MAY = "{ allowed disabledReason }";
const TASKS = `nodes { id documentName status stage attempt maxAttempts progress statusChangedAt ${WAITING}
  error { code message retryable stage } } totalCount`;

export const STATUS = `query ($id: ID!) { collection(id: $id) {
  id name description status statusDescription statusChangedAt createdAt expiresAt version
  documentCount chunkCount chunksWithEmbeddings embeddingCoverage
  lastChange { reason message at actor { type name } } warnings { code message } canSubmit ${MAY}
  job: lastJob { id pipeline pipelineVersion run status stage progress statusChangedAt createdAt startedAt finishedAt
    counts { total waiting queued running completed failed cancelled skipped }
    stageCounts { stage queued running completed failed } ${WAITING} canRetry ${MAY} canCancel ${MAY}
    running: tasks(first: 10, filter: { status: [RUNNING] }) { ${TASKS} }
    waiting: tasks(first: 5, filter: { status: [QUEUED, WAITING] }) { ${TASKS} }
    failed: tasks(first: 10, filter: { status: [FAILED] }) { ${TASKS} } } } }`;
