import type { DataSource } from "typeorm";
import { sqlStateOf } from "../../database/transaction.js";
import { messageOf } from "../../errors.js";
import type { Cause } from "../../lifecycle/reasons.js";
import type { TaskStatus } from "../../lifecycle/status.js";
import { refusedWrites } from "../../metrics.js";
import type { Entry } from "./line.js";
import { wantedOf } from "./task-command.js";

/** Raised by show_results. */
const OUTPUT_REFUSED = "HW422";

/** It has waited for a lock for as long as a session may. */
export function isHeld(error: unknown): boolean {
  return sqlStateOf(error) === "55P03";
}

/** The same data would be refused again, whenever it came. */
export function isDataError(error: unknown): boolean {
  const state = sqlStateOf(error);
  return state !== null && (/^(22|23|54)/.test(state) || state === "P0001" || state === "53200" || isRefusal(state));
}

/** The database found something else staged than the stage's check had accepted. */
function isRefusal(state: string | null): boolean {
  return state === OUTPUT_REFUSED;
}

export function whyRefused(error: unknown): { readonly cause: Cause; readonly message: string } {
  return isRefusal(sqlStateOf(error))
    ? { cause: "OUTPUT_REJECTED", message: messageOf(error) }
    : { cause: "OUTPUT_UNSTORABLE", message: `The stage's result cannot be stored: ${messageOf(error)}` };
}

/** What the entry's last step led to, where an earlier try recorded it; null where none did. */
export async function findRecorded(db: DataSource, { steps, changeId }: Entry): Promise<TaskStatus | null> {
  const rows: { status: TaskStatus }[] = await db.query(
    `select to_status as status from headway.status_change where entity_id = $1 and change_id = $2
     order by version desc limit 1`,
    [steps[0]!.command.taskId, changeId],
  );
  return rows[0]?.status ?? null;
}

/** Evidence that somebody wrote under a claim that had gone: what its last step wanted. */
export async function keepRefused(db: DataSource, { steps, changeId }: Entry, worker: string): Promise<void> {
  const { command } = steps[steps.length - 1]!;
  await db.query(
    `insert into headway.refused_write (project_id, task_id, worker, fence, wanted, stage, change_id)
     select project_id, id, $2, $3::bigint, $4, $5, $6::uuid from headway.task where id = $1 on conflict (change_id) do nothing`,
    [command.taskId, worker, command.fence, wantedOf(command), "stage" in command ? command.stage : null, changeId],
  );
  refusedWrites.inc();
}
