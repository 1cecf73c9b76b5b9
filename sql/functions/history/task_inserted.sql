-- Statement trigger: checks the transitions of new tasks, writes their history, and counts them for their jobs and
-- stages.
create or replace function headway.task_inserted() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_wrong record;
begin
  select n.kind || '_TASK' as level, n.id, n.status, n.change_reason as reason into v_wrong from new_rows n
  where not exists (
    select from headway.transition r
    where r.level = n.kind || '_TASK' and r.from_status is null and r.to_status = n.status
      and r.reason = n.change_reason);
  if found then
    perform headway.assert_transition(v_wrong.level, v_wrong.id, null, v_wrong.status, v_wrong.reason);
  end if;
  perform headway.lock_history(array(select distinct collection_id from new_rows));
  insert into headway.status_change (project_id, entity_type, entity_id, collection_id, job_id, task_id, version,
    to_status, to_stage, run, attempt, actor_type, actor, reason, message, change_id, at)
  select project_id, 'TASK', id, collection_id, job_id, id, version, status, stage, run, attempt, changed_by_type,
    changed_by, change_reason, change_message, change_id, status_changed_at from new_rows order by ordinal, id;
  update headway.job j set total = j.total + d.total, queued = j.queued + d.queued, skipped = j.skipped + d.skipped,
    settled_peak = j.settled_peak + d.skipped
  from (
    select job_id, count(*) filter (where kind = 'DOCUMENT') as total,
      count(*) filter (where kind = 'DOCUMENT' and status = 'QUEUED') as queued,
      count(*) filter (where kind = 'DOCUMENT' and status = 'SKIPPED') as skipped
    from new_rows group by job_id
  ) d where j.id = d.job_id;
  update headway.stage_count s set queued = s.queued + d.queued
  from (
    select job_id, stage, count(*) as queued from new_rows
    where kind = 'DOCUMENT' and status = 'QUEUED' group by job_id, stage
  ) d where s.job_id = d.job_id and s.stage = d.stage;
  insert into headway.ready_stage as r (job_id, stage, project_id, pipeline, pipeline_version, priority, ready, not_before)
  select j.id, d.stage, j.project_id, j.pipeline, j.pipeline_version, j.priority, d.ready,
    case when d.due > clock_timestamp() then d.due end
  from (
    select job_id, stage, count(*) as ready, min(run_at) as due from new_rows where status = 'QUEUED' group by job_id, stage
  ) d cross join lateral (select * from headway.job where id = d.job_id offset 0) j
  on conflict (job_id, stage) do update set ready = r.ready + excluded.ready,
    not_before = case when r.not_before is not null and excluded.not_before is not null
                      then least(r.not_before, excluded.not_before) end;
  perform pg_notify(tg_table_schema, '');
  return null;
end $$;
