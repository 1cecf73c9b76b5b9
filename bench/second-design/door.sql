create or replace function headway.guard_task() returns trigger language plpgsql as $$
declare
  v_steps int := 1;
begin
  if (new.id, new.job_id, new.collection_id, new.project_id, new.kind)
       is distinct from (old.id, old.job_id, old.collection_id, old.project_id, old.kind) then
    raise exception 'task %: id, job, collection, project and kind never change', old.id;
  end if;
  if new.version = old.version then
    if (new.status, new.stage, new.fence, new.attempt, new.crashes, new.worker_id, new.finished_at, new.error_code,
        new.change_id, new.cancel_requested_at, new.recorded_step, new.claim_id)
         is distinct from
       (old.status, old.stage, old.fence, old.attempt, old.crashes, old.worker_id, old.finished_at, old.error_code,
        old.change_id, old.cancel_requested_at, old.recorded_step, old.claim_id)
       or (new.error_message is distinct from old.error_message
         and not (new.error_message is null and current_setting('headway.duty', true) = 'expiry')) then
      perform headway.assert_next_change(old.kind || '_TASK', old.id, old.version, new.version, old.change_id, new.change_id);
    end if;
    if old.status <> 'RUNNING'
       and (new.lease_expires_at, new.progress) is distinct from (old.lease_expires_at, old.progress) then
      raise exception 'task %: lease and progress move only while RUNNING; it is %', old.id, old.status;
    end if;
    new.status_changed_at := old.status_changed_at;
    return new;
  end if;
  if new.steps_version = new.version then
    v_steps := cardinality(new.step_times);
    if old.status <> 'RUNNING' or new.fence <> old.fence or new.changed_by_type <> 'WORKER' or new.change_reason = 'CLAIMED'
       or new.recorded_step <> old.recorded_step + v_steps then
      raise exception 'task %: steps are recorded by the worker that runs it, each once and in their order', old.id;
    end if;
    if new.step_times[1] < old.status_changed_at or new.step_times[v_steps] > clock_timestamp() then
      raise exception 'task %: its steps lie between its last change and now', old.id;
    end if;
    new.status_changed_at := new.step_times[v_steps];
  else
    new.status_changed_at := greatest(clock_timestamp(), old.status_changed_at);
  end if;
  if new.version <> old.version + v_steps or new.change_id = old.change_id then
    perform headway.assert_next_change(old.kind || '_TASK', old.id, old.version, new.version, old.change_id, new.change_id);
  end if;
  if new.fence < old.fence or (old.status = 'QUEUED' and new.status = 'RUNNING' and new.fence <> old.fence + 1) then
    raise exception 'task %: fence may not go from % to %; a claim raises it by one and nothing lowers it',
      old.id, old.fence, new.fence;
  end if;
  if new.change_reason = 'STAGE_STARTED' and new.stage is not distinct from old.stage then
    raise exception 'task %: STAGE_STARTED must name another stage than %', old.id, old.stage;
  end if;
  if new.change_reason = 'CANCEL_REQUESTED' and old.cancel_requested_at is not null then
    raise exception 'task %: a cancel has been requested already', old.id;
  end if;
  return new;
end $$;

create type headway.task_move_of_steps as (job_id uuid, collection_id uuid, kind text, from_status text, to_status text,
  from_stage text, to_stage text, reason text, steps int, tasks bigint, due timestamptz);

create or replace function headway.task_updated() returns trigger language plpgsql as $$
declare
  v_moves headway.task_move_of_steps[];
  v_wrong record;
begin
  v_moves := array(
    select row(n.job_id, n.collection_id, n.kind, o.status, n.status, o.stage, n.stage, n.change_reason,
      n.version - o.version, count(*), min(n.run_at))::headway.task_move_of_steps
    from new_rows n full join old_rows o on o.id = n.id where (n.version = o.version) is not true
    group by n.job_id, n.collection_id, n.kind, o.status, n.status, o.stage, n.stage, n.change_reason, n.version - o.version);
  if cardinality(v_moves) = 0 then return null; end if;

  -- Of several steps the last is looked up; those before it are RUNNING -> RUNNING by construction, but each must have had
  -- a stage to go to, and the last must stand where they led.
  select m.* into v_wrong from unnest(v_moves) m
  join headway.job j on j.id = m.job_id
  cross join lateral (select case m.kind when 'DOCUMENT' then j.document_stages else j.collection_stages end as names) s
  where not exists (
      select from headway.transition r
      where r.level = m.kind || '_TASK' and r.to_status = m.to_status and r.reason = m.reason
        and r.from_status = case when m.steps = 1 then m.from_status else 'RUNNING' end)
    or (m.steps > 1 and m.to_stage is distinct from case m.reason
      when 'STAGE_STARTED' then s.names[array_position(s.names, m.from_stage) + m.steps]
      when 'COMPLETED' then null
      when 'UNCHANGED' then null
      else s.names[array_position(s.names, m.from_stage) + m.steps - 1] end)
    or (m.steps > 1 and s.names[array_position(s.names, m.from_stage) + m.steps - 1] is null)
  limit 1;
  if found then
    perform headway.assert_transition(v_wrong.kind || '_TASK', v_wrong.job_id, v_wrong.from_status, v_wrong.to_status, v_wrong.reason);
    raise exception 'a task of job %: % steps from stage % do not lead to % of stage %', v_wrong.job_id, v_wrong.steps,
      v_wrong.from_stage, v_wrong.to_status, v_wrong.to_stage;
  end if;

  perform headway.lock_history(array(select distinct m.collection_id from unnest(v_moves) m));
  insert into headway.status_change (project_id, entity_type, entity_id, collection_id, job_id, task_id, version, from_status,
    to_status, from_stage, to_stage, run, attempt, fence, actor_type, actor, reason, message, change_id, at)
  select n.project_id, 'TASK', n.id, n.collection_id, n.job_id, n.id, o.version + s.step,
    case when s.step = 1 then o.status else 'RUNNING' end,
    case when s.step = n.version - o.version then n.status else 'RUNNING' end,
    case when s.step = 1 then o.stage else g.names[g.place + s.step - 1] end,
    case when s.step = n.version - o.version then n.stage else g.names[g.place + s.step] end,
    n.run, case when s.step = n.version - o.version then n.attempt else 1 end,
    case when n.changed_by_type = 'WORKER' then n.fence end, n.changed_by_type, n.changed_by,
    case when s.step = n.version - o.version then n.change_reason else 'STAGE_STARTED' end,
    case when s.step = n.version - o.version then n.change_message end, n.change_id, s.at
  from new_rows n full join old_rows o on o.id = n.id
  join headway.job j on j.id = n.job_id
  cross join lateral (
    select x.names, array_position(x.names, o.stage) as place from (
      select case n.kind when 'DOCUMENT' then j.document_stages else j.collection_stages end as names) x
  ) g
  cross join lateral unnest(case when n.steps_version = n.version then n.step_times else array[n.status_changed_at] end)
    with ordinality s(at, step)
  where (n.version = o.version) is not true order by n.ordinal, n.id, s.step;

  if exists (select from unnest(v_moves) m where m.from_status <> m.to_status) then
    update headway.job j set
      queued = j.queued + d.queued, running = j.running + d.running, completed = j.completed + d.completed,
      failed = j.failed + d.failed, cancelled = j.cancelled + d.cancelled, skipped = j.skipped + d.skipped,
      settled_peak = greatest(j.settled_peak, j.completed + d.completed + j.failed + d.failed + j.cancelled + d.cancelled
        + j.skipped + d.skipped),
      ready = j.ready + d.ready, is_ready = j.ready + d.ready > 0,
      next_due_at = least(j.next_due_at, d.due)
    from (
      select m.job_id,
        coalesce(sum(m.tasks * ((m.to_status = 'QUEUED')::int - (m.from_status = 'QUEUED')::int)) filter (where m.kind = 'DOCUMENT'), 0) as queued,
        coalesce(sum(m.tasks * ((m.to_status = 'RUNNING')::int - (m.from_status = 'RUNNING')::int)) filter (where m.kind = 'DOCUMENT'), 0) as running,
        coalesce(sum(m.tasks * ((m.to_status = 'COMPLETED')::int - (m.from_status = 'COMPLETED')::int)) filter (where m.kind = 'DOCUMENT'), 0) as completed,
        coalesce(sum(m.tasks * ((m.to_status = 'FAILED')::int - (m.from_status = 'FAILED')::int)) filter (where m.kind = 'DOCUMENT'), 0) as failed,
        coalesce(sum(m.tasks * ((m.to_status = 'CANCELLED')::int - (m.from_status = 'CANCELLED')::int)) filter (where m.kind = 'DOCUMENT'), 0) as cancelled,
        coalesce(sum(m.tasks * ((m.to_status = 'SKIPPED')::int - (m.from_status = 'SKIPPED')::int)) filter (where m.kind = 'DOCUMENT'), 0) as skipped,
        sum(m.tasks * ((m.to_status = 'QUEUED')::int - (m.from_status = 'QUEUED')::int)) as ready,
        min(m.due) filter (where m.to_status = 'QUEUED') as due
      from unnest(v_moves) m where m.from_status <> m.to_status group by m.job_id
    ) d where j.id = d.job_id;
  end if;

  update headway.stage_count s set queued = s.queued + d.queued, running = s.running + d.running,
    completed = s.completed + d.completed, failed = s.failed + d.failed
  from (
    select m.job_id, s.stage,
      sum(m.tasks * (m.stage = s.stage and m.status = 'QUEUED')::int) as queued,
      sum(m.tasks * (m.stage = s.stage and m.status = 'RUNNING')::int) as running,
      sum(m.tasks * (m.status = 'COMPLETED' or s.place < array_position(j.document_stages, m.stage))::int) as completed,
      sum(m.tasks * (m.stage = s.stage and m.status = 'FAILED')::int) as failed
    from (
      select m.job_id, m.to_status as status, m.to_stage as stage, m.tasks from unnest(v_moves) m where m.kind = 'DOCUMENT'
      union all
      select m.job_id, m.from_status, m.from_stage, -m.tasks from unnest(v_moves) m where m.kind = 'DOCUMENT'
    ) m
    join headway.job j on j.id = m.job_id
    cross join lateral unnest(j.document_stages) with ordinality as s(stage, place)
    where m.status <> 'SKIPPED'
    group by m.job_id, s.stage
  ) d
  where s.job_id = d.job_id and s.stage = d.stage
    and (d.queued <> 0 or d.running <> 0 or d.completed <> 0 or d.failed <> 0);
  perform pg_notify(tg_table_schema, '');
  return null;
end $$;

create function headway.task_births_ready() returns trigger language plpgsql as $$
begin
  update headway.job j set ready = j.ready + d.tasks, is_ready = true, next_due_at = least(j.next_due_at, d.due)
  from (select job_id, count(*) as tasks, min(run_at) as due from new_rows where status = 'QUEUED' group by job_id) d
  where j.id = d.job_id;
  return null;
end $$;
create trigger ready_insert after insert on headway.task referencing new table as new_rows
  for each statement execute function headway.task_births_ready();
