import type { DutyDeps } from "./duty.js";

/** Small transactions a tick; what is left is added up in the next, and counted meanwhile all the same. */
const STEPS_A_TICK = 20;

/** Adds up what has changed in the counts of jobs, so that few rows are read for them. Returns how many changes. */
export async function addUpJobCounts({ db }: Pick<DutyDeps, "db">): Promise<number> {
  let added = 0;
  for (let step = 0; step < STEPS_A_TICK; step += 1) {
    const rows: { added: number }[] = await db.query("select headway.fold_job_counts() as added");
    if (rows[0]!.added === 0) break;
    added += rows[0]!.added;
  }
  return added;
}
