import { ENDINGS, type Cause } from "../../lifecycle/reasons.js";
import type { StagedCounts } from "../../pipelines/pipeline.js";
import { toStorableMessage } from "../storable.js";

/** What a stage found out about its document; recorded with the stage's end. */
export interface DocumentFacts {
  readonly mediaType?: string;
  readonly sizeBytes?: number;
  readonly sha256?: string;
  readonly blobKey?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

interface ChangeBase {
  readonly taskId: string;
  /** The claim under which this is written. */
  readonly fence: string;
  readonly document?: DocumentFacts;
  /** Fences under which text and chunks were staged, where this stage staged any. */
  readonly textFence?: string;
  readonly chunkFence?: string;
  readonly warnings?: readonly { readonly code: string; readonly message: string }[];
}

/** What a worker, or the sweep, wants recorded of one task. */
export type Change =
  | (ChangeBase & {
      readonly kind: "stage";
      readonly stage: string;
      readonly maxAttempts: number;
      readonly outputJson: string;
    })
  | (ChangeBase & {
      readonly kind: "complete";
      readonly outputJson: string;
      /** What the stage's check has accepted; the database refuses the change when it finds something else. */
      readonly staged?: StagedCounts;
    })
  /** The content is one that has been completed before: its results stand, the rest of the stages is left out. */
  | (ChangeBase & { readonly kind: "skip" })
  | (ChangeBase & {
      readonly kind: "end";
      readonly cause: Cause;
      /** Replaces the cause's own code. */
      readonly code?: string;
      readonly message?: string;
      readonly delayMs?: number;
      /** Only if the lease has passed by now, on the database's clock. */
      readonly expired?: boolean;
    })
  | (ChangeBase & { readonly kind: "deadline"; readonly message?: string });

/** What the writer wanted the task to become, for people. */
export function wantedOf(change: Change): string {
  if (change.kind === "stage") return "RUNNING";
  if (change.kind === "complete") return "COMPLETED";
  if (change.kind === "skip") return "SKIPPED";
  return change.kind === "end" ? change.cause : "CANCELLED";
}

/** The change as the SQL function takes it; the output is spliced in as it was serialised. */
export function toJson(change: Change, changeId: string): string {
  const { taskId: task, fence, document, textFence, chunkFence, warnings } = change;
  const common = { task, fence, change: changeId, kind: change.kind, document, textFence, chunkFence, warnings };
  if (change.kind === "deadline") return JSON.stringify({ ...common, message: change.message });
  if (change.kind === "skip") return JSON.stringify(common);
  if (change.kind === "end") {
    const { again, final, code, countsAs } = ENDINGS[change.cause];
    return JSON.stringify({
      ...common,
      again,
      final,
      countsAs,
      code: change.code ?? code,
      message: change.message === undefined ? undefined : toStorableMessage(change.message),
      retryable: again !== null,
      delayMs: change.delayMs,
      expired: change.expired,
    });
  }
  const stage =
    change.kind === "stage" ? { stage: change.stage, maxAttempts: change.maxAttempts } : { staged: change.staged };
  return `${JSON.stringify({ ...common, ...stage }).slice(0, -1)},"output":${change.outputJson}}`;
}
