import type { DutyDeps } from "./reconciler.js";

const PAGE = 200;

/** Cancels running work that has been asked to stop and has not within the deadline. Returns how many moved. */
export async function enforceCancelDeadlines({ db, recorder, settings }: DutyDeps): Promise<number> {
  let cancelled = 0;
  for (let after = "00000000-0000-0000-0000-000000000000"; ;) {
    const rows: { id: string; fence: string }[] = await db.query(
      `select id, fence::text as fence from headway.task
       where status = 'RUNNING' and cancel_requested_at < clock_timestamp() - make_interval(secs => $2::float8 / 1000)
         and id > $1 order by id limit ${PAGE}
       for no key update skip locked`,
      [after, settings.cancelDeadlineMs],
    );
    const message = `The stage did not stop within ${settings.cancelDeadlineMs} ms of the request.`;
    const recorded = await Promise.all(
      rows.map(({ id, fence }) => recorder.record({ kind: "deadline", taskId: id, fence, message })),
    );
    cancelled += recorded.filter((one) => one !== null).length;
    if (rows.length < PAGE) return cancelled;
    after = rows.at(-1)!.id;
  }
}
