import type { DataSource } from "typeorm";

/**
 * Counts the open work of all projects for /metrics, unless that was done less than `everyMs` ago or somebody does it
 * just now. From the counters of open jobs, so it does not read tasks but the oldest due one of each stage. Returns
 * whether it has counted.
 */
export async function measureOpenWork(db: Pick<DataSource, "query">, everyMs: number): Promise<boolean> {
  const rows: unknown[] = await db.query(MEASURE, [everyMs]);
  return rows.length > 0;
}

/** The row is passed over while another counts: nobody waits for it. */
const MEASURE = `
  with due as (
    select only_row from headway.measurement
    where (measured_at <= clock_timestamp() - make_interval(secs => $1::float8 / 1000)
      -- The clock has gone back since: how old it is nobody can tell.
      or measured_at > clock_timestamp()) for update skip locked
  ), open as materialized (
    select j.pipeline, s.stage, s.queued, s.running, case when s.queued > 0 then (
        select t.run_at from headway.task t where t.job_id = j.id and t.stage = s.stage and t.status = 'QUEUED'
        order by t.run_at limit 1) end as since
    from headway.job j join headway.stage_count s on s.job_id = j.id
    where j.status in ('QUEUED', 'PROCESSING', 'CANCELLING') and s.queued + s.running > 0 and exists (select from due)
    union all
    select j.pipeline, coalesce(t.stage, ''), (t.status = 'QUEUED')::int, (t.status = 'RUNNING')::int,
      case when t.status = 'QUEUED' then t.run_at end
    from headway.job j join headway.task t on t.job_id = j.id and t.kind = 'COLLECTION'
    where j.status in ('QUEUED', 'PROCESSING', 'CANCELLING') and t.status in ('QUEUED', 'RUNNING') and exists (select from due)
  ), counted as (
    update headway.measurement m set measured_at = clock_timestamp(),
      open_tasks = (
        select coalesce(jsonb_agg(to_jsonb(c)), '[]') from (
          select pipeline, stage, 'QUEUED' as status, sum(queued) as count from open group by 1, 2 having sum(queued) > 0
          union all
          select pipeline, stage, 'RUNNING', sum(running) from open group by 1, 2 having sum(running) > 0) c),
      oldest_due = (
        select coalesce(jsonb_agg(to_jsonb(d)), '[]') from (
          select pipeline, min(since) as since from open where since <= clock_timestamp() group by 1) d)
    from due where m.only_row = due.only_row returning 1 as one
  )
  select one from counted`;
