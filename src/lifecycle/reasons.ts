/** Why a change happened. Closed: every writer picks one, and the database refuses any other. */
export const CHANGE_REASONS = [
  "CREATED",
  "SUBMITTED",
  "STARTED",
  "CLAIMED",
  "STAGE_STARTED",
  "HANDED_ON",
  "QUEUED_FOR_LIMIT",
  "COMPLETED",
  "DOCUMENTS_SETTLED",
  "ALL_TASKS_SETTLED",
  "NOTHING_TO_DO",
  "UNCHANGED",
  "RETRY_SCHEDULED",
  "RETRY_LATER",
  "RETRIES_EXHAUSTED",
  "PERMANENT_ERROR",
  "POISONED",
  "LEASE_EXPIRED",
  "INTERRUPTED",
  "CANCEL_REQUESTED",
  "CANCELLED_BY_REQUEST",
  "CANCEL_DEADLINE",
  "RETRIED_BY_REQUEST",
  "EXPIRED_BY_RETENTION",
  "EXPIRED_BY_REQUEST",
] as const;
export type ChangeReason = (typeof CHANGE_REASONS)[number];

/**
 * What can end a passage through a stage other than success. `again` is the reason written when the task goes back
 * to QUEUED, null where it never does; `final` the reason when it fails; `code` the error code, null where the error
 * brings its own or there is none; `countsAs` what the passage uses up: a wait is bounded by time, not by number.
 */
export interface Ending {
  readonly again: ChangeReason | null;
  readonly final: ChangeReason | null;
  readonly code: string | null;
  readonly countsAs: "attempt" | "crash" | "wait" | "nothing";
  /** It may be what its worker died of: it runs with nothing beside it until it has completed a stage. */
  readonly isSuspect?: true;
}

/** The one table from cause to reason, error code and count. */
export const ENDINGS = {
  HANDLER_THREW: { again: "RETRY_SCHEDULED", final: "RETRIES_EXHAUSTED", code: "HANDLER_ERROR", countsAs: "attempt" },
  PERMANENT_ERROR: { again: null, final: "PERMANENT_ERROR", code: null, countsAs: "nothing" },
  TIMED_OUT: { again: "RETRY_SCHEDULED", final: "RETRIES_EXHAUSTED", code: "TIMED_OUT", countsAs: "attempt" },
  OUTPUT_REJECTED: {
    again: "RETRY_SCHEDULED",
    final: "RETRIES_EXHAUSTED",
    code: "OUTPUT_REJECTED",
    countsAs: "attempt",
  },
  OUTPUT_UNSTORABLE: { again: null, final: "PERMANENT_ERROR", code: "OUTPUT_UNSTORABLE", countsAs: "nothing" },
  RESOURCE_LIMIT: { again: null, final: "PERMANENT_ERROR", code: "RESOURCE_LIMIT", countsAs: "nothing" },
  CHILD_DIED: { again: "RETRY_SCHEDULED", final: "POISONED", code: "CRASHED", countsAs: "crash" },
  LEASE_LOST: { again: "LEASE_EXPIRED", final: "POISONED", code: "CRASHED", countsAs: "crash", isSuspect: true },
  LOST_BESIDE_OTHERS: { again: "LEASE_EXPIRED", final: null, code: null, countsAs: "nothing", isSuspect: true },
  RETRY_LATER: { again: "RETRY_LATER", final: "RETRIES_EXHAUSTED", code: "RETRY_LATER", countsAs: "wait" },
  INTERRUPTED: { again: "INTERRUPTED", final: null, code: null, countsAs: "nothing" },
} as const satisfies Record<string, Ending>;
export type Cause = keyof typeof ENDINGS;

/**
 * Where a task's worker crashed: it may be ahead of the stage that it has recorded, but not in a run in which it has
 * crashed before.
 */
export function placeOfCrash(stage: string, hasCrashed: boolean): string {
  return `${hasCrashed ? "at" : "at or after"} stage "${stage}"`;
}

/** What the end of a worker means for one of `held` tasks that it ran: with nothing beside it, it was that one. */
export function endOfLost(held: number): { readonly cause: Cause; readonly note: string } {
  return held === 1
    ? { cause: "LEASE_LOST", note: "" }
    : {
        cause: "LOST_BESIDE_OTHERS",
        note: ` It ran ${held} tasks, and any of them may be the cause. Each runs alone next; none is counted as a crash.`,
      };
}
