import { eachPageById } from "../database/each-page.js";
import { failpoint } from "../failpoint.js";
import { placeOfCrash } from "../lifecycle/reasons.js";
import type { DutyDeps } from "./duty.js";
import { recordEach } from "./record-each.js";

const PAGE = 200;

interface Expired {
  readonly id: string;
  readonly fence: string;
  readonly worker: string;
  readonly stage: string;
  readonly hasCrashed: boolean;
}

/** Gives back what a dead or frozen worker holds, or fails it when it has crashed too often. Returns how many moved. */
export async function rescueExpiredLeases(deps: DutyDeps): Promise<number> {
  let rescued = 0;
  const expired = eachPageById<Expired>(PAGE, (after, limit) =>
    deps.db.query(
      `select id, fence::text as fence, worker_id as worker, stage, has_crashed as "hasCrashed" from headway.task
       where status = 'RUNNING' and lease_expires_at < clock_timestamp() and id > $1 order by id limit $2
       for no key update skip locked`,
      [after, limit],
    ),
  );
  for await (const rows of expired) {
    await failpoint("sweep.before_rescue");
    const commands = rows.map(({ id, fence, worker, stage, hasCrashed }) => ({
      kind: "end" as const,
      taskId: id,
      fence,
      cause: "LEASE_LOST" as const,
      expired: true,
      message: `The lease of worker ${worker} passed without being renewed, ${placeOfCrash(stage, hasCrashed)}.`,
    }));
    rescued += await recordEach(deps, "rescuing", commands);
  }
  return rescued;
}
