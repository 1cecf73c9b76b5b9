import { converge } from "../engine/flush/converge.js";
import { failpoint } from "../failpoint.js";
import type { DutyParts } from "./reconciler.js";

const PAGE = 200;

/** Settles jobs whose tasks have settled while nobody converged them. Returns how many rows changed. */
export async function convergeOpenJobs({ db, onError }: DutyParts): Promise<number> {
  let changed = 0;
  for (let after = "00000000-0000-0000-0000-000000000000"; ;) {
    const rows: { id: string }[] = await db.query(
      `select j.id from job j
       where j.status in ('QUEUED', 'PROCESSING', 'CANCELLING') and j.queued + j.running = 0 and j.id > $1
         and not exists (select from task c where c.job_id = j.id and c.kind = 'COLLECTION' and c.status in ('QUEUED', 'RUNNING'))
       order by j.id limit ${PAGE} for no key update of j skip locked`,
      [after],
    );
    for (const { id } of rows) {
      try {
        changed += await converge({ db }, id, "system:sweep");
        await failpoint("sweep.after_converge");
      } catch (error) {
        onError(error, `converging job ${id}`);
      }
    }
    if (rows.length < PAGE) return changed;
    after = rows.at(-1)!.id;
  }
}
