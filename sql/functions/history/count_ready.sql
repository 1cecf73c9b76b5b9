-- What is ready at which stages of jobs follows the tasks that have become QUEUED, or have been. The caller holds the locks
-- of the histories.
--
-- Row by row, which are as many as jobs and stages: a join that is planned while there are few rows reads all of them once
-- there are many.
create or replace function headway.count_ready(p_moves headway.task_move[]) returns void language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := clock_timestamp();
  m record;
begin
  for m in
    select x.job_id, x.stage, sum(x.tasks)::int as more, min(x.due) as due
    from (
      select q.job_id, q.to_stage as stage, q.tasks, q.due from unnest(p_moves) q where q.to_status = 'QUEUED'
      union all
      select q.job_id, q.from_stage, -q.tasks, null from unnest(p_moves) q where q.from_status = 'QUEUED'
    ) x group by x.job_id, x.stage
  loop
    update headway.ready_stage r set ready = r.ready + m.more,
      not_before = case when r.not_before is not null and (m.due > v_now) is not false then least(r.not_before, m.due) end
    where r.job_id = m.job_id and r.stage = m.stage and r.ready + m.more <> 0;
    continue when found;
    delete from headway.ready_stage r where r.job_id = m.job_id and r.stage = m.stage;
    continue when found;
    -- Fewer than none is an error, which the check of the table tells.
    insert into headway.ready_stage (job_id, stage, project_id, pipeline, pipeline_version, priority, ready, not_before)
    select j.id, m.stage, j.project_id, j.pipeline, j.pipeline_version, j.priority, m.more,
      case when m.due > v_now then m.due end
    from headway.job j where j.id = m.job_id;
  end loop;
end $$;
