-- The suspects that are due and that a worker which serves this can run, the longest due first: the same rule as that of
-- claimable. `unchecked` are the job's options where nobody of this version has looked at them yet.
create or replace function headway.suspects_due(
  p_serves jsonb, p_limit int, out task_id uuid, out job_id uuid, out collection_id uuid, out pipeline text,
  out version int, out unchecked jsonb
) returns setof record language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select t.id, j.id, t.collection_id, t.pipeline, v.version,
    case when j.pipeline_version < v.version and o.job_id is null then j.options end
  from headway.task t join headway.job j on j.id = t.job_id
  cross join lateral (select (p_serves->t.pipeline->>'version')::int as version) v
  left join headway.options_check o on o.job_id = j.id and o.pipeline_version = v.version
  where t.is_suspect and t.status = 'QUEUED' and t.run_at <= clock_timestamp()
    and j.pipeline_version <= v.version and p_serves->t.pipeline->'stages' ? t.stage and o.refusal is null
    and j.cancel_requested_at is null and not exists (
      select from headway.pipeline_pause p where p.project_id = t.project_id and p.pipeline = t.pipeline)
  order by t.run_at, t.id limit p_limit
$$;
