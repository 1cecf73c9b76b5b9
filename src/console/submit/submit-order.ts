import type { SubmitMode } from "../generated/operations.js";

/** What is to be submitted, and how it is filled in. */
export interface SubmitOrder {
  readonly collection: { readonly id: string; readonly name: string };
  /** Only these documents; all of them when absent. */
  readonly documentIds?: readonly string[];
  /** As it was submitted before. */
  readonly before?: {
    readonly pipeline: string;
    readonly mode: SubmitMode;
    readonly options: unknown;
    readonly priority: number;
    readonly tags: readonly string[];
  };
}
