import type { DutyDeps } from "./duty.js";

const LOOK_EVERY_MS = 600_000;
const STEP = 1_000;
/** So long the row of a worker is kept that nothing has been heard from. */
const KEPT_DAYS = 30;

/**
 * The duty of removing the rows of workers that have stopped or been lost for 30 days; it looks every ten minutes. Their ids
 * stay in the history, and which versions of pipelines they had beside.
 */
export function createGoneWorkers(): (deps: Pick<DutyDeps, "db">) => Promise<number> {
  let lookedAt = -Infinity;
  return async ({ db }) => {
    if (performance.now() - lookedAt < LOOK_EVERY_MS) return 0;
    const rows: { removed: number }[] = await db.query(REMOVE, [KEPT_DAYS, STEP]);
    const { removed } = rows[0]!;
    if (removed < STEP) lookedAt = performance.now();
    return removed;
  };
}

/** What still has a task is left to the duty of expired leases. A worker that is heard from meanwhile has its row locked. */
const REMOVE = `
  with gone as (
    delete from headway.worker where id in (
      select w.id from headway.worker w
      where w.heartbeat_at < clock_timestamp() - make_interval(days => $1)
        and not exists (select from headway.task t where t.worker_id = w.id and t.status = 'RUNNING')
      order by w.heartbeat_at limit $2 for update skip locked)
    returning id, serves
  ), kept as (
    insert into headway.past_worker (id, versions)
    select g.id, (select coalesce(jsonb_object_agg(s.pipeline, s.served->'version'), '{}') from jsonb_each(g.serves) s(pipeline, served))
    from gone g
    on conflict (id) do update set versions = excluded.versions
  )
  select count(*)::int as removed from gone`;
