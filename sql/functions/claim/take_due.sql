-- Locks the first due tasks of a job that are at one of these stages, and returns their ids. Passes over rows that
-- somebody else has locked, and over suspects, which take_suspect takes. Where none is due by now, it is kept of each of
-- these stages from when on one will be. The caller has the locks of the job's collection and its history.
create or replace function headway.take_due(p_job uuid, p_limit int, p_stages text[]) returns uuid[] language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  -- A constant for the index: what is due later costs nothing, however much of it there is.
  v_now timestamptz := clock_timestamp();
  v_taken uuid[];
begin
  -- In statements of their own, which see what was decided while the locks were waited for.
  if not exists (
    select from headway.job j where j.id = p_job and j.cancel_requested_at is null and not exists (
      select from headway.pipeline_pause p where p.project_id = j.project_id and p.pipeline = j.pipeline)
  ) then return '{}'; end if;
  -- Stage by stage, so that what is due at a stage of no use costs nothing. Only one claim at a time chooses among a
  -- collection's tasks, so that hardly ever one of them is locked by the time it is chosen.
  v_taken := array(
    select t.id from headway.task t where t.id = any (array(
      select x.id from unnest(p_stages) s(stage) cross join lateral (
        select d.id, d.run_at, d.ordinal from headway.task d
        where d.job_id = p_job and d.stage = s.stage and d.status = 'QUEUED' and d.run_at <= v_now
          and not d.is_suspect
        order by d.run_at, d.ordinal limit p_limit
      ) x order by x.run_at, x.ordinal limit p_limit
    )) and t.status is not distinct from 'QUEUED' for no key update skip locked);
  if cardinality(v_taken) = 0 then
    update headway.ready_stage r set not_before = coalesce(x.run_at, 'infinity')
    from unnest(p_stages) s(stage) left join lateral (
      select d.run_at from headway.task d
      where d.job_id = p_job and d.stage = s.stage and d.status = 'QUEUED' and not d.is_suspect
      order by d.run_at limit 1
    ) x on true
    where r.job_id = p_job and r.stage = s.stage and r.not_before is null and (x.run_at > v_now) is not false;
  end if;
  return v_taken;
end $$;
