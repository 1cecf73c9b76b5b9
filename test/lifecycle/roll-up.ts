import type { JobStatus, TaskStatus } from "../../src/lifecycle/status.js";

/** What a job's status follows from: counts of its document tasks, its collection task if there is one, and the cancel request. */
export interface RollUpInput {
  /** Document tasks QUEUED or RUNNING. */
  readonly open: number;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly skipped: number;
  /** Status of the collection task; null where the pipeline has none. */
  readonly collectionTask: TaskStatus | null;
  readonly cancelRequested: boolean;
  /** True when the last completed collection task of this pipeline, version and options saw just these documents. */
  readonly sameDocumentsAsBefore: boolean;
}

/** What to do next: move the collection task, settle the job, or leave it open. */
export type RollUp =
  | { readonly collectionTask: "QUEUED" | "CANCELLED" | "SKIPPED"; readonly reason: CollectionTaskReason }
  | { readonly job: Extract<JobStatus, "COMPLETED" | "COMPLETED_WITH_ERRORS" | "FAILED" | "CANCELLED"> }
  | { readonly job: "OPEN" };
export type CollectionTaskReason = "DOCUMENTS_SETTLED" | "CANCELLED_BY_REQUEST" | "NOTHING_TO_DO" | "UNCHANGED";

/**
 * The roll-up: pure, total, and free of order. The first line that fits decides; the SQL function `roll_up` says the
 * same, and a test compares the two over every combination.
 */
export function rollUp(input: RollUpInput): RollUp {
  const { open, completed, failed, cancelled, skipped, collectionTask, cancelRequested } = input;
  if (open > 0) return { job: "OPEN" };
  if (collectionTask === "WAITING") {
    if (cancelRequested) return { collectionTask: "CANCELLED", reason: "CANCELLED_BY_REQUEST" };
    if (completed + skipped === 0) return { collectionTask: "SKIPPED", reason: "NOTHING_TO_DO" };
    if (completed + failed + cancelled === 0 && input.sameDocumentsAsBefore) {
      return { collectionTask: "SKIPPED", reason: "UNCHANGED" };
    }
    return { collectionTask: "QUEUED", reason: "DOCUMENTS_SETTLED" };
  }
  if (collectionTask === "QUEUED" || collectionTask === "RUNNING") return { job: "OPEN" };
  const someCancelled = cancelled > 0 || collectionTask === "CANCELLED";
  if (cancelRequested && someCancelled) return { job: "CANCELLED" };
  if (collectionTask === "FAILED") return { job: "FAILED" };
  if (completed + skipped === 0) return { job: failed > 0 ? "FAILED" : "CANCELLED" };
  if (failed > 0 || someCancelled) return { job: "COMPLETED_WITH_ERRORS" };
  return { job: "COMPLETED" };
}
