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

-- What a statement did to tasks, those that went the same way together: a flush of 200 is a handful of these.
create type task_move as (job_id uuid, collection_id uuid, kind text, from_status text, to_status text, from_stage text,
  to_stage text, reason text, tasks bigint);

create or replace function task_changes_counted() returns trigger language plpgsql as $$
declare
  v_moves task_move[];
  v_wrong record;
begin
  -- A full join, though each row has its old one: it is never made by nested loops, and a plan that a session made for
  -- one row stays for its flushes of 200 (5 ms for each join, and minutes for the 10,000 rows of a cancel).
  v_moves := array(
    select row(n.job_id, n.collection_id, n.kind, o.status, n.status, o.stage, n.stage, n.change_reason, count(*))::task_move
    from new_rows n full join old_rows o on o.id = n.id where (n.version = o.version) is not true
    group by n.job_id, n.collection_id, n.kind, o.status, n.status, o.stage, n.stage, n.change_reason);
  if cardinality(v_moves) = 0 then return null; end if;

  -- Here and not row by row in the guard: one look for all the rows of a flush.
  select m.* into v_wrong from unnest(v_moves) m where not exists (
    select from transition r
    where r.level = m.kind || '_TASK' and r.from_status = m.from_status and r.to_status = m.to_status
      and r.reason = m.reason);
  if found then
    perform assert_transition(v_wrong.kind || '_TASK', (
      select n.id from new_rows n join old_rows o on o.id = n.id
      where n.version <> o.version and n.kind = v_wrong.kind and o.status = v_wrong.from_status
        and n.status = v_wrong.to_status and n.change_reason = v_wrong.reason order by n.id limit 1
    ), v_wrong.from_status, v_wrong.to_status, v_wrong.reason);
  end if;

  perform lock_history(array(select distinct m.collection_id from unnest(v_moves) m));
  insert into status_change (project_id, entity_type, entity_id, collection_id, job_id, task_id, version, from_status,
    to_status, from_stage, to_stage, run, attempt, fence, actor_type, actor, reason, message, change_id, at)
  select n.project_id, 'TASK', n.id, n.collection_id, n.job_id, n.id, n.version, o.status, n.status, o.stage, n.stage,
    n.run, n.attempt, case when n.changed_by_type = 'WORKER' then n.fence end, n.changed_by_type, n.changed_by,
    n.change_reason, n.change_message, n.change_id, n.status_changed_at
  from new_rows n full join old_rows o on o.id = n.id where (n.version = o.version) is not true order by n.ordinal, n.id;

  -- An UPDATE of no rows calls the statement triggers of job all the same.
  if exists (select from unnest(v_moves) m where m.kind = 'DOCUMENT' and m.from_status <> m.to_status) then
    update job j set
      queued = j.queued + d.queued, running = j.running + d.running, completed = j.completed + d.completed,
      failed = j.failed + d.failed, cancelled = j.cancelled + d.cancelled, skipped = j.skipped + d.skipped,
      settled_peak = greatest(j.settled_peak, j.completed + d.completed + j.failed + d.failed + j.cancelled + d.cancelled
        + j.skipped + d.skipped)
    from (
      select m.job_id,
        sum(m.tasks * ((m.to_status = 'QUEUED')::int - (m.from_status = 'QUEUED')::int)) as queued,
        sum(m.tasks * ((m.to_status = 'RUNNING')::int - (m.from_status = 'RUNNING')::int)) as running,
        sum(m.tasks * ((m.to_status = 'COMPLETED')::int - (m.from_status = 'COMPLETED')::int)) as completed,
        sum(m.tasks * ((m.to_status = 'FAILED')::int - (m.from_status = 'FAILED')::int)) as failed,
        sum(m.tasks * ((m.to_status = 'CANCELLED')::int - (m.from_status = 'CANCELLED')::int)) as cancelled,
        sum(m.tasks * ((m.to_status = 'SKIPPED')::int - (m.from_status = 'SKIPPED')::int)) as skipped
      from unnest(v_moves) m where m.kind = 'DOCUMENT' and m.from_status <> m.to_status group by m.job_id
    ) d where j.id = d.job_id;
  end if;

  update stage_count s set queued = s.queued + d.queued, running = s.running + d.running,
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
  perform lock_history(array(select distinct collection_id from new_rows));
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

create or replace function record_collections() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    perform lock_history(array(select id from new_rows));
    insert into status_change (project_id, entity_type, entity_id, collection_id, version, to_status, actor_type, actor,
      reason, message, change_id, at)
    select project_id, 'COLLECTION', id, id, version, status, changed_by_type, changed_by, change_reason,
      change_message, change_id, status_changed_at from new_rows order by id;
  else
    if not exists (select from new_rows n join old_rows o on o.id = n.id where n.version <> o.version) then
      return null;
    end if;
    perform lock_history(array(select n.id from new_rows n join old_rows o on o.id = n.id where n.version <> o.version));
    insert into status_change (project_id, entity_type, entity_id, collection_id, version, from_status, to_status,
      actor_type, actor, reason, message, change_id, at)
    select n.project_id, 'COLLECTION', n.id, n.id, n.version, o.status, n.status, n.changed_by_type, n.changed_by,
      n.change_reason, n.change_message, n.change_id, n.status_changed_at
    from new_rows n join old_rows o on o.id = n.id where n.version <> o.version order by n.id;
  end if;
  perform pg_notify('headway', '');
  return null;
end $$;

create or replace function record_jobs() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    perform lock_history(array(select collection_id from new_rows));
    insert into status_change (project_id, entity_type, entity_id, collection_id, job_id, version, to_status, run,
      actor_type, actor, reason, message, change_id, at)
    select project_id, 'JOB', id, collection_id, id, version, status, run, changed_by_type, changed_by, change_reason,
      change_message, change_id, status_changed_at from new_rows order by id;
    insert into stage_count (job_id, project_id, stage)
    select n.id, n.project_id, s from new_rows n, unnest(n.document_stages) as s;
  else
    if not exists (select from new_rows n join old_rows o on o.id = n.id where n.version <> o.version) then
      return null;
    end if;
    perform lock_history(array(
      select n.collection_id from new_rows n join old_rows o on o.id = n.id where n.version <> o.version));
    insert into status_change (project_id, entity_type, entity_id, collection_id, job_id, version, from_status,
      to_status, run, actor_type, actor, reason, message, change_id, at)
    select n.project_id, 'JOB', n.id, n.collection_id, n.id, n.version, o.status, n.status, n.run, n.changed_by_type,
      n.changed_by, n.change_reason, n.change_message, n.change_id, n.status_changed_at
    from new_rows n join old_rows o on o.id = n.id where n.version <> o.version order by n.id;
  end if;
  perform pg_notify('headway', '');
  return null;
end $$;
`;
