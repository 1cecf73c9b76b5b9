import { eachPageById } from "../database/each-page.js";
import { converge } from "../engine/flush/converge.js";
import { failpoint } from "../failpoint.js";
import type { DutyDeps } from "./duty.js";

const PAGE = 200;

/** Settles jobs whose tasks have settled while nobody converged them. Returns how many rows changed. */
export async function convergeOpenJobs({ db, onError }: DutyDeps): Promise<number> {
  let changed = 0;
  const unsettled = eachPageById<{ id: string }>(PAGE, (after, limit) =>
    db.query(
      `select j.id from headway.job j
       where j.status in ('QUEUED', 'PROCESSING', 'CANCELLING') and j.operation is null and j.queued + j.running = 0
         and j.id > $1
         and not exists (select from headway.task c where c.job_id = j.id and c.kind = 'COLLECTION' and c.status in ('QUEUED', 'RUNNING'))
       order by j.id limit $2 for no key update of j skip locked`,
      [after, limit],
    ),
  );
  for await (const rows of unsettled) {
    for (const { id } of rows) {
      try {
        changed += await converge({ db }, id, "system:sweep");
        await failpoint("sweep.after_converge");
      } catch (error) {
        onError(error, `converging job ${id}`);
      }
    }
  }
  return changed;
}
