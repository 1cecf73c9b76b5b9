-- Writes the summary of a job that settles, over the one of an earlier run.
create or replace function headway.keep_summary(p_job uuid, p_status text) returns void language sql
set search_path = pg_catalog, pg_temp
as $$
  insert into headway.job_summary (job_id, project_id, run, status, counts, duration_ms, errors, output)
  select j.id, j.project_id, j.run, p_status,
    jsonb_build_object('total', j.total, 'waiting', 0, 'queued', j.queued, 'running', j.running,
      'completed', j.completed, 'failed', j.failed, 'cancelled', j.cancelled, 'skipped', j.skipped),
    extract(epoch from clock_timestamp() - coalesce(j.started_at, j.created_at)) * 1000,
    coalesce((
      select jsonb_agg(to_jsonb(g) order by g.count desc, g.code, g.stage) from (
        select error_code as code, error_stage as stage, count(*) as count, bool_or(error_retryable) as retryable,
          (array_agg(id order by ordinal))[1:5] as "sampleTaskIds"
        from headway.task where job_id = p_job and status = 'FAILED' group by error_code, error_stage
      ) g), '[]'),
    -- Objects of several collection stages are merged in stage order; of others the last stage's output stands.
    (select case when bool_and(jsonb_typeof(o.output) = 'object')
       then (select jsonb_object_agg(e.key, e.value order by o2.place)
             from unnest(j.collection_stages) with ordinality as o2(stage, place)
             join headway.stage_output s2 on s2.task_id = c.id and s2.stage = o2.stage, jsonb_each(s2.output) e)
       else (array_agg(o.output order by s.place desc))[1] end
     from headway.task c cross join unnest(j.collection_stages) with ordinality as s(stage, place)
     join headway.stage_output o on o.task_id = c.id and o.stage = s.stage
     where c.job_id = p_job and c.kind = 'COLLECTION' and c.status = 'COMPLETED'
     group by c.id)
  from headway.job j where j.id = p_job
  on conflict (job_id) do update set run = excluded.run, status = excluded.status, counts = excluded.counts,
    duration_ms = excluded.duration_ms, errors = excluded.errors, output = excluded.output, stages = null,
    created_at = clock_timestamp()
$$;
