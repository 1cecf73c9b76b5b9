import type { TaskKind } from "../../lifecycle/status.js";
import type { SourceDocument } from "../../sources/source.js";
import type { TaskWarning } from "./task-command.js";

/** A claimed task with all that running it takes, as the flush returns it. */
export interface Claim {
  readonly taskId: string;
  readonly fence: string;
  readonly kind: TaskKind;
  readonly stage: string;
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly run: number;
  /** A crash has been counted in this run: each stage is recorded before the next begins. */
  readonly hasCrashed: boolean;
  readonly projectId: string;
  readonly textFence: string | null;
  readonly chunkFence: string | null;
  readonly warnings: readonly TaskWarning[];
  /** The lowest version whose output stands in the task; before there is one, the job's. */
  readonly pipelineVersion: number;
  /** Whether outputs of several versions stand in it. */
  readonly isMixed: boolean;
  readonly job: {
    readonly id: string;
    readonly pipeline: string;
    /** That it was submitted with. */
    readonly pipelineVersion: number;
    readonly documentStages: readonly string[];
    readonly collectionStages: readonly string[];
    readonly options: unknown;
    readonly tags: readonly string[];
    readonly run: number;
    readonly mode: "FULL" | "INCREMENTAL";
    /** Of the span that submitted it; null where there was none. */
    readonly traceparent: string | null;
  };
  readonly collection: { readonly id: string; readonly name: string; readonly metadata: Record<string, unknown> };
  /** Null for the collection task, and where the document has been removed. */
  readonly document: (SourceDocument & { readonly contentVersion: number }) | null;
  /** The kept output of the stage before; null in the first. */
  readonly input: unknown;
  /** When the claim was sent, by this process's monotonic clock; its lease began later. */
  readonly claimedAtMs: number;
}
