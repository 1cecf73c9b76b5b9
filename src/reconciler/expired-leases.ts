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
  /** How many its worker held when the first of its leases was found to have passed. */
  readonly held: number;
}

/**
 * Gives back what a dead or frozen worker holds, or fails it when it has crashed too often: nobody has seen how it ended,
 * so a crash is counted only where it ran nothing else. Returns how many moved.
 */
export async function rescueExpiredLeases(deps: DutyDeps): Promise<number> {
  let rescued = 0;
  const expired = eachPageById<Expired>(PAGE, (after, limit) =>
    deps.db.query(
      `with expired as materialized (
         select id, fence::text as fence, worker_id, stage, has_crashed,
           (select count(*)::int from headway.task w where w.worker_id = t.worker_id and w.status = 'RUNNING') as held
         from headway.task t
         where status = 'RUNNING' and lease_expires_at < clock_timestamp() and id > $1 order by id limit $2
         for no key update skip locked
       ), noted as (
         -- Before any of them is given back: the last of a worker's leases may pass sweeps after the first.
         update headway.worker w set lost_with = x.held from (
           select o.id, e.held from (select worker_id, max(held) as held from expired group by 1) e
           join headway.worker o on o.id = e.worker_id
           where e.held > 1 and e.held > coalesce(o.lost_with, 0) for no key update of o skip locked
         ) x where w.id = x.id
       )
       select e.id, e.fence, e.worker_id as worker, e.stage, e.has_crashed as "hasCrashed",
         greatest(e.held, w.lost_with) as held
       from expired e left join headway.worker w on w.id = e.worker_id order by e.id`,
      [after, limit],
    ),
  );
  for await (const rows of expired) {
    await failpoint("sweep.before_rescue");
    const commands = rows.map(({ id, fence, worker, stage, hasCrashed, held }) => {
      const { cause, note } = endOfLost(held);
      const place = placeOfCrash(stage, hasCrashed);
      const message = `The lease of worker ${worker} expired, ${place}.${note}`;
      return { kind: "end" as const, taskId: id, fence, cause, expired: true, message };
    });
    rescued += await recordEach(deps, "rescuing", commands);
  }
  return rescued;
}
