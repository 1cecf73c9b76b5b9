import type { ChangeReason } from "./reasons.js";
import type { Level, Status } from "./status.js";

/** One allowed change of one level; `from` is null at birth, and equal to `to` where only the stage or a request moves. */
export interface Transition {
  readonly level: Level;
  readonly from: Status | null;
  readonly to: Status;
  readonly reasons: readonly ChangeReason[];
}

type Row = readonly [from: Status | null, to: readonly Status[], reasons: readonly ChangeReason[]];

const ROLLED_UP: readonly ChangeReason[] = ["ALL_TASKS_SETTLED"];
const EXPIRED: readonly ChangeReason[] = ["EXPIRED_BY_RETENTION", "EXPIRED_BY_REQUEST"];
const CANCELLED_RUNNING: readonly ChangeReason[] = ["CANCELLED_BY_REQUEST", "CANCEL_DEADLINE"];
const FAILED: readonly ChangeReason[] = ["RETRIES_EXHAUSTED", "PERMANENT_ERROR", "POISONED"];
const GIVEN_BACK: readonly ChangeReason[] = [
  "RETRY_SCHEDULED",
  "RETRY_LATER",
  "LEASE_EXPIRED",
  "INTERRUPTED",
  "HANDED_ON",
  "QUEUED_FOR_LIMIT",
];

const COLLECTION: readonly Row[] = [
  [null, ["CREATED"], ["CREATED"]],
  ["CREATED", ["PROCESSING"], ["SUBMITTED"]],
  ["CREATED", ["EXPIRED"], EXPIRED],
  ["PROCESSING", ["COMPLETED", "COMPLETED_WITH_ERRORS", "FAILED", "CANCELLED"], ROLLED_UP],
  ...(["COMPLETED", "COMPLETED_WITH_ERRORS", "FAILED", "CANCELLED"] as const).flatMap((settled): Row[] => [
    [settled, ["PROCESSING"], ["SUBMITTED", "RETRIED_BY_REQUEST"]],
    [settled, ["EXPIRED"], EXPIRED],
  ]),
];

const JOB: readonly Row[] = [
  [null, ["QUEUED"], ["SUBMITTED"]],
  ["QUEUED", ["PROCESSING"], ["STARTED"]],
  ["QUEUED", ["CANCELLING"], ["CANCEL_REQUESTED"]],
  ["QUEUED", ["CANCELLED", "COMPLETED", "COMPLETED_WITH_ERRORS", "FAILED"], ROLLED_UP],
  ["PROCESSING", ["COMPLETED", "COMPLETED_WITH_ERRORS", "FAILED", "CANCELLED"], ROLLED_UP],
  ["PROCESSING", ["CANCELLING"], ["CANCEL_REQUESTED"]],
  ["CANCELLING", ["CANCELLED", "COMPLETED", "COMPLETED_WITH_ERRORS", "FAILED"], ROLLED_UP],
  ["FAILED", ["QUEUED"], ["RETRIED_BY_REQUEST"]],
  ["COMPLETED_WITH_ERRORS", ["QUEUED"], ["RETRIED_BY_REQUEST"]],
  ["CANCELLED", ["QUEUED"], ["RETRIED_BY_REQUEST"]],
];

/** What both kinds of task share once they run. */
const RUNNING: readonly Row[] = [
  ["RUNNING", ["RUNNING"], ["STAGE_STARTED", "CANCEL_REQUESTED"]],
  ["RUNNING", ["COMPLETED"], ["COMPLETED"]],
  ["RUNNING", ["FAILED"], FAILED],
  ["RUNNING", ["CANCELLED"], CANCELLED_RUNNING],
  ["RUNNING", ["QUEUED"], GIVEN_BACK],
];

const DOCUMENT_TASK: readonly Row[] = [
  [null, ["QUEUED"], ["SUBMITTED"]],
  [null, ["SKIPPED"], ["UNCHANGED"]],
  ["QUEUED", ["RUNNING"], ["CLAIMED"]],
  ["QUEUED", ["CANCELLED"], ["CANCELLED_BY_REQUEST"]],
  ...RUNNING,
  ["RUNNING", ["SKIPPED"], ["UNCHANGED"]],
  ["FAILED", ["QUEUED"], ["RETRIED_BY_REQUEST"]],
  ["CANCELLED", ["QUEUED"], ["RETRIED_BY_REQUEST"]],
];

const COLLECTION_TASK: readonly Row[] = [
  [null, ["WAITING"], ["SUBMITTED"]],
  ["WAITING", ["QUEUED"], ["DOCUMENTS_SETTLED"]],
  ["WAITING", ["CANCELLED"], ["CANCELLED_BY_REQUEST"]],
  ["WAITING", ["SKIPPED"], ["NOTHING_TO_DO", "UNCHANGED"]],
  ["QUEUED", ["RUNNING"], ["CLAIMED"]],
  ["QUEUED", ["CANCELLED"], ["CANCELLED_BY_REQUEST"]],
  ["QUEUED", ["WAITING"], ["RETRIED_BY_REQUEST"]],
  ...RUNNING,
  ["COMPLETED", ["WAITING"], ["RETRIED_BY_REQUEST"]],
  ["FAILED", ["WAITING"], ["RETRIED_BY_REQUEST"]],
  ["CANCELLED", ["WAITING"], ["RETRIED_BY_REQUEST"]],
  ["SKIPPED", ["WAITING"], ["RETRIED_BY_REQUEST"]],
];

function expand(level: Level, rows: readonly Row[]): Transition[] {
  return rows.flatMap(([from, tos, reasons]) => tos.map((to) => ({ level, from, to, reasons })));
}

/**
 * The only transition table. The first migration seeds it into the database, whose guard reads it there;
 * `npm run schema` prints it to schema/lifecycle.md. A pair or a reason that is not here is refused by the database.
 */
export const TRANSITIONS: readonly Transition[] = [
  ...expand("COLLECTION", COLLECTION),
  ...expand("JOB", JOB),
  ...expand("DOCUMENT_TASK", DOCUMENT_TASK),
  ...expand("COLLECTION_TASK", COLLECTION_TASK),
];

/** Whether this level may go from `from` (null: birth) to `to` for this reason. */
export function isAllowed(level: Level, from: Status | null, to: Status, reason: ChangeReason): boolean {
  return TRANSITIONS.some((t) => t.level === level && t.from === from && t.to === to && t.reasons.includes(reason));
}
