-- The pipelines, versions and stages at which something is due, of those that a worker which serves this can run. Goes
-- from one to the next by the index: it hangs on how many there are, and not on how many jobs.
create or replace function headway.lanes_served(p_serves jsonb) returns headway.lane[] language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return array(
    with recursive ready as (
      (select pipeline, pipeline_version, stage from headway.ready_stage where not_before is null
       order by pipeline, pipeline_version, stage limit 1)
      union all
      select n.pipeline, n.pipeline_version, n.stage from ready r cross join lateral (
        select x.pipeline, x.pipeline_version, x.stage from headway.ready_stage x
        where x.not_before is null
          and (x.pipeline, x.pipeline_version, x.stage) > (r.pipeline, r.pipeline_version, r.stage)
        order by x.pipeline, x.pipeline_version, x.stage limit 1) n
    )
    select row(r.pipeline, r.pipeline_version, r.stage, s.version)::headway.lane
    from ready r cross join lateral (select (p_serves->r.pipeline->>'version')::int as version) s
    where r.pipeline_version <= s.version and p_serves->r.pipeline->'stages' ? r.stage);
end $$;
