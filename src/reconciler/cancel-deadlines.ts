import { eachPageById } from "../database/each-page.js";
import type { DutyDeps } from "./duty.js";
import { recordEach } from "./record-each.js";

const PAGE = 200;

/**
 * Cancels work that has been asked to stop and has not within the deadline, where nobody looks after it any more: a worker
 * that is alive says itself when its handler has stopped, or its process is dead. Returns how many moved.
 */
export async function enforceCancelDeadlines(deps: DutyDeps): Promise<number> {
  const { db, settings } = deps;
  let cancelled = 0;
  const message = `The stage did not stop within ${settings.cancelDeadlineMs} ms of the request.`;
  const overdue = eachPageById<{ id: string; fence: string }>(PAGE, (after, limit) =>
    db.query(
      `select id, fence::text as fence from headway.task
       where status = 'RUNNING' and lease_expires_at < clock_timestamp()
         and (cancel_requested_at < clock_timestamp() - make_interval(secs => $2::float8 / 1000)
           -- The clock has gone back since: how long ago it was, nobody can tell.
           or cancel_requested_at > clock_timestamp() + interval '1 second')
         and id > $1 order by id limit $3
       for no key update skip locked`,
      [after, settings.cancelDeadlineMs, limit],
    ),
  );
  for await (const rows of overdue) {
    const commands = rows.map(({ id, fence }) => ({
      kind: "deadline" as const,
      taskId: id,
      fence,
      message,
      expired: true,
    }));
    cancelled += await recordEach(deps, "cancelling", commands);
  }
  return cancelled;
}
