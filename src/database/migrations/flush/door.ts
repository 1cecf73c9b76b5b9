/** The guard of tasks, whose transitions are looked up in the statement's own trigger. */
export const FLUSH_DOOR = `
create or replace function guard_task() returns trigger language plpgsql as $$
begin
  if (new.id, new.job_id, new.collection_id, new.project_id, new.kind)
       is distinct from (old.id, old.job_id, old.collection_id, old.project_id, old.kind) then
    raise exception 'task %: id, job, collection, project and kind never change', old.id;
  end if;
  if (new.status, new.stage, new.version, new.fence, new.attempt, new.crashes, new.worker_id, new.finished_at,
      new.error_code, new.change_id, new.cancel_requested_at)
       is not distinct from
     (old.status, old.stage, old.version, old.fence, old.attempt, old.crashes, old.worker_id, old.finished_at,
      old.error_code, old.change_id, old.cancel_requested_at)
     and (new.error_message is not distinct from old.error_message
       or (new.error_message is null and current_setting('headway.duty', true) = 'expiry')) then
    if old.status <> 'RUNNING'
       and (new.lease_expires_at, new.progress) is distinct from (old.lease_expires_at, old.progress) then
      raise exception 'task %: lease and progress move only while RUNNING; it is %', old.id, old.status;
    end if;
    new.status_changed_at := old.status_changed_at;
    return new;
  end if;
  if new.version <> old.version + 1 or new.change_id = old.change_id then
    perform assert_next_change(old.kind || '_TASK', old.id, old.version, new.version, old.change_id, new.change_id);
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
  new.status_changed_at := greatest(clock_timestamp(), old.status_changed_at);
  return new;
end $$;

create or replace function task_changes_counted() returns trigger language plpgsql as $$
declare
  v_wrong record;
begin
  if not exists (select from new_rows n join old_rows o on o.id = n.id where n.version <> o.version) then
    return null;
  end if;
  -- Here and not row by row in the guard: one look for all the rows of a flush. INTO takes the first; a LIMIT would make
  -- the planner join by nested loops, which for 10,000 rows took minutes.
  select n.kind || '_TASK' as level, n.id, o.status as from_status, n.status as to_status, n.change_reason as reason
  into v_wrong
  from new_rows n join old_rows o on o.id = n.id
  where n.version <> o.version and not exists (
    select from transition r
    where r.level = n.kind || '_TASK' and r.from_status = o.status and r.to_status = n.status and r.reason = n.change_reason);
  if found then
    perform assert_transition(v_wrong.level, v_wrong.id, v_wrong.from_status, v_wrong.to_status, v_wrong.reason);
  end if;
  perform lock_collections(array(
    select distinct n.collection_id from new_rows n join old_rows o on o.id = n.id where n.version <> o.version));
  insert into status_change (project_id, entity_type, entity_id, collection_id, job_id, task_id, version, from_status,
    to_status, from_stage, to_stage, run, attempt, fence, actor_type, actor, reason, message, change_id, at)
  select n.project_id, 'TASK', n.id, n.collection_id, n.job_id, n.id, n.version, o.status, n.status, o.stage, n.stage,
    n.run, n.attempt, case when n.changed_by_type = 'WORKER' then n.fence end, n.changed_by_type, n.changed_by,
    n.change_reason, n.change_message, n.change_id, n.status_changed_at
  from new_rows n join old_rows o on o.id = n.id where n.version <> o.version order by n.ordinal, n.id;

  update job j set
    queued = j.queued + d.queued, running = j.running + d.running, completed = j.completed + d.completed,
    failed = j.failed + d.failed, cancelled = j.cancelled + d.cancelled, skipped = j.skipped + d.skipped,
    settled_peak = greatest(j.settled_peak, j.completed + d.completed + j.failed + d.failed + j.cancelled + d.cancelled
      + j.skipped + d.skipped)
  from (
    select n.job_id,
      sum((n.status = 'QUEUED')::int - (o.status = 'QUEUED')::int) as queued,
      sum((n.status = 'RUNNING')::int - (o.status = 'RUNNING')::int) as running,
      sum((n.status = 'COMPLETED')::int - (o.status = 'COMPLETED')::int) as completed,
      sum((n.status = 'FAILED')::int - (o.status = 'FAILED')::int) as failed,
      sum((n.status = 'CANCELLED')::int - (o.status = 'CANCELLED')::int) as cancelled,
      sum((n.status = 'SKIPPED')::int - (o.status = 'SKIPPED')::int) as skipped
    from new_rows n join old_rows o on o.id = n.id
    where n.kind = 'DOCUMENT' and n.status <> o.status group by n.job_id
  ) d where j.id = d.job_id;

  update stage_count s set queued = s.queued + d.queued, running = s.running + d.running,
    completed = s.completed + d.completed, failed = s.failed + d.failed
  from (
    select m.job_id, s.stage,
      sum(m.sign * (m.stage = s.stage and m.status = 'QUEUED')::int) as queued,
      sum(m.sign * (m.stage = s.stage and m.status = 'RUNNING')::int) as running,
      sum(m.sign * (m.status = 'COMPLETED' or s.place < array_position(j.document_stages, m.stage))::int) as completed,
      sum(m.sign * (m.stage = s.stage and m.status = 'FAILED')::int) as failed
    from (
      select n.job_id, n.status, n.stage, count(*) as sign from new_rows n join old_rows o on o.id = n.id
      where n.kind = 'DOCUMENT' and n.version <> o.version group by 1, 2, 3
      union all
      select n.job_id, o.status, o.stage, -count(*) from new_rows n join old_rows o on o.id = n.id
      where n.kind = 'DOCUMENT' and n.version <> o.version group by 1, 2, 3
    ) m
    join job j on j.id = m.job_id
    cross join lateral unnest(j.document_stages) with ordinality as s(stage, place)
    where m.status <> 'SKIPPED'
    group by m.job_id, s.stage
  ) d
  where s.job_id = d.job_id and s.stage = d.stage
    and (d.queued <> 0 or d.running <> 0 or d.completed <> 0 or d.failed <> 0);
  perform pg_notify('headway', '');
  return null;
end $$;

-- As before, but for tasks, whose statement's own trigger looks for all of its rows.
create or replace function guard_birth() returns trigger language plpgsql as $$
declare
  v_level text := case tg_table_name when 'collection' then 'COLLECTION' when 'job' then 'JOB' else 'TASK' end;
begin
  if new.version <> 1 then
    raise exception '% %: a new row has version 1, not %', lower(v_level), new.id, new.version;
  end if;
  if v_level <> 'TASK' then perform assert_transition(v_level, new.id, null, new.status, new.change_reason); end if;
  new.created_at := clock_timestamp();
  new.status_changed_at := new.created_at;
  return new;
end $$;

create or replace function task_births_counted() returns trigger language plpgsql as $$
declare
  v_wrong record;
begin
  select n.kind || '_TASK' as level, n.id, n.status, n.change_reason as reason into v_wrong from new_rows n
  where not exists (
    select from transition r
    where r.level = n.kind || '_TASK' and r.from_status is null and r.to_status = n.status and r.reason = n.change_reason);
  if found then perform assert_transition(v_wrong.level, v_wrong.id, null, v_wrong.status, v_wrong.reason); end if;
  perform lock_collections(array(select distinct collection_id from new_rows));
  insert into status_change (project_id, entity_type, entity_id, collection_id, job_id, task_id, version, to_status,
    to_stage, run, attempt, actor_type, actor, reason, message, change_id, at)
  select project_id, 'TASK', id, collection_id, job_id, id, version, status, stage, run, attempt, changed_by_type,
    changed_by, change_reason, change_message, change_id, status_changed_at from new_rows order by ordinal, id;
  update job j set total = j.total + d.total, queued = j.queued + d.queued, skipped = j.skipped + d.skipped,
    settled_peak = j.settled_peak + d.skipped
  from (
    select job_id, count(*) as total, count(*) filter (where status = 'QUEUED') as queued,
      count(*) filter (where status = 'SKIPPED') as skipped
    from new_rows where kind = 'DOCUMENT' group by job_id
  ) d where j.id = d.job_id;
  update stage_count s set queued = s.queued + d.queued
  from (
    select job_id, stage, count(*) as queued from new_rows
    where kind = 'DOCUMENT' and status = 'QUEUED' group by job_id, stage
  ) d where s.job_id = d.job_id and s.stage = d.stage;
  perform pg_notify('headway', '');
  return null;
end $$;
`;
