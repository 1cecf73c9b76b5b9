import { failpoint } from "../failpoint.js";
import type { DutyDeps } from "./reconciler.js";

const PAGE = 200;

/** Gives back what a dead or frozen worker holds, or fails it when it has crashed too often. Returns how many moved. */
export async function rescueExpiredLeases({ db, recorder }: DutyDeps): Promise<number> {
  let rescued = 0;
  for (let after = "00000000-0000-0000-0000-000000000000"; ;) {
    const rows: { id: string; fence: string; worker: string }[] = await db.query(
      `select id, fence::text as fence, worker_id as worker from headway.task
       where status = 'RUNNING' and lease_expires_at < clock_timestamp() and id > $1 order by id limit ${PAGE}
       for no key update skip locked`,
      [after],
    );
    if (rows.length > 0) await failpoint("sweep.before_rescue");
    const recorded = await Promise.all(
      rows.map(({ id, fence, worker }) =>
        recorder.record({
          kind: "end",
          taskId: id,
          fence,
          cause: "LEASE_LOST",
          expired: true,
          message: `The lease of worker ${worker} passed without being renewed.`,
        }),
      ),
    );
    rescued += recorded.filter((one) => one !== null).length;
    if (rows.length < PAGE) return rescued;
    after = rows.at(-1)!.id;
  }
}
