import { eachPageById } from "../database/each-page.js";
import { failpoint } from "../failpoint.js";
import { endOfLost, placeOfCrash } from "../lifecycle/reasons.js";
import type { DutyDeps } from "./duty.js";
import { recordEach } from "./record-each.js";

const PAGE = 200;

interface Expired {
  readonly id: string;
  readonly fence: string;
  readonly worker: string;
  readonly stage: string;
  readonly hasCrashed: boolean;
  /** How many its worker holds. */
  readonly held: number;
}

/**
 * Gives back what a dead or frozen worker holds, or fails it when it has crashed too often: nobody has seen how it ended,
 * so a crash is counted only where it ran nothing else. Returns how many moved.
 */
export async function rescueExpiredLeases(deps: DutyDeps): Promise<number> {
  let rescued = 0;
  /** What each worker held as it was first looked at: page by page it is less. */
  const heldBy = new Map<string, number>();
  const expired = eachPageById<Expired>(PAGE, (after, limit) =>
    deps.db.query(
      `select id, fence::text as fence, worker_id as worker, stage, has_crashed as "hasCrashed",
         (select count(*)::int from headway.task w where w.worker_id = t.worker_id and w.status = 'RUNNING') as held
       from headway.task t
       where status = 'RUNNING' and lease_expires_at < clock_timestamp() and id > $1 order by id limit $2
       for no key update skip locked`,
      [after, limit],
    ),
  );
  for await (const rows of expired) {
    await failpoint("sweep.before_rescue");
    const commands = rows.map(({ id, fence, worker, stage, hasCrashed, held }) => {
      if (!heldBy.has(worker)) heldBy.set(worker, held);
      const { cause, note } = endOfLost(heldBy.get(worker)!);
      const place = placeOfCrash(stage, hasCrashed);
      const message = `The lease of worker ${worker} passed without being renewed, ${place}.${note}`;
      return { kind: "end" as const, taskId: id, fence, cause, expired: true, message };
    });
    rescued += await recordEach(deps, "rescuing", commands);
  }
  return rescued;
}
