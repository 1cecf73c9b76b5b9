-- The next jobs with something due in these lanes, of one project and priority, in the order of their turns: behind the
-- place (p_ring, p_job), then from the first up to it. A job that is ready in several lanes comes once.
create or replace function headway.jobs_in_turn(
  p_lanes headway.lane[], p_project uuid, p_priority int, p_ring int, p_job uuid, p_limit int
) returns headway.job_in_turn[] language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return array(
    with near as (
      select 1 as part, r.job_id, r.ring, r.stage, r.ready, l.pipeline, l.pipeline_version, l.version
      from unnest(p_lanes) l cross join lateral (
        select x.job_id, x.ring, x.stage, x.ready from headway.ready_stage x
        where x.not_before is null and x.pipeline = l.pipeline and x.pipeline_version = l.pipeline_version
          and x.stage = l.stage and x.project_id = p_project and x.priority = p_priority
          and (x.ring, x.job_id) > (p_ring, p_job)
        order by x.ring, x.job_id limit p_limit) r
      union all
      select 2, r.job_id, r.ring, r.stage, r.ready, l.pipeline, l.pipeline_version, l.version
      from unnest(p_lanes) l cross join lateral (
        select x.job_id, x.ring, x.stage, x.ready from headway.ready_stage x
        where x.not_before is null and x.pipeline = l.pipeline and x.pipeline_version = l.pipeline_version
          and x.stage = l.stage and x.project_id = p_project and x.priority = p_priority
          and (x.ring, x.job_id) <= (p_ring, p_job)
        order by x.ring, x.job_id limit p_limit) r
    ), jobs as (
      select n.part, n.ring, n.job_id, n.pipeline, n.pipeline_version, n.version, array_agg(n.stage) as stages,
        sum(n.ready)::int as ready
      from near n group by n.part, n.ring, n.job_id, n.pipeline, n.pipeline_version, n.version
      order by n.part, n.ring, n.job_id limit p_limit
    )
    select row(n.job_id, n.ring, j.collection_id, n.stages, n.ready, n.pipeline, n.version,
      case when n.pipeline_version < n.version and o.job_id is null then j.options end,
      o.refusal is not null)::headway.job_in_turn
    from jobs n
    -- One look each: a join that is planned while there are few jobs reads all of them once there are many.
    cross join lateral (select collection_id, options from headway.job where id = n.job_id offset 0) j
    left join lateral (
      select job_id, refusal from headway.options_check where job_id = n.job_id and pipeline_version = n.version offset 0
    ) o on true
    order by n.part, n.ring, n.job_id);
end $$;
