import { eachPageById } from "../database/each-page.js";
import { failpoint } from "../failpoint.js";
import type { DutyDeps } from "./duty.js";

const PAGE = 200;

/** Gives back what a dead or frozen worker holds, or fails it when it has crashed too often. Returns how many moved. */
export async function rescueExpiredLeases({ db, recorder }: DutyDeps): Promise<number> {
  let rescued = 0;
  const expired = eachPageById<{ id: string; fence: string; worker: string }>(PAGE, (after, limit) =>
    db.query(
      `select id, fence::text as fence, worker_id as worker from headway.task
       where status = 'RUNNING' and lease_expires_at < clock_timestamp() and id > $1 order by id limit $2
       for no key update skip locked`,
      [after, limit],
    ),
  );
  for await (const rows of expired) {
    await failpoint("sweep.before_rescue");
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
  }
  return rescued;
}
