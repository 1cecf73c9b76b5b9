/**
 * The door: what may change, and what every change leaves behind.
 *
 * Row triggers (guards) refuse what the transition table does not know, a version that is not the next, a change id
 * that is not new and a fence that falls. Statement triggers write the history, the job's counters and the counts by
 * stage from exactly the rows that changed, and wake the listeners once a transaction.
 */
export const DOOR = `
create function lock_collections(p_ids uuid[]) returns void language plpgsql as $$
declare
  v_key bigint;
begin
  -- By key, not by id: two ids may share a key, and the order of the keys is what keeps deadlocks away.
  for v_key in select distinct hashtextextended(id::text, 7) from unnest(p_ids) as id where id is not null order by 1 loop
    perform pg_advisory_xact_lock(v_key);
  end loop;
end $$;

create function assert_transition(p_level text, p_id uuid, p_from text, p_to text, p_reason text) returns void
language plpgsql as $$
begin
  if not exists (
    select from transition
    where level = p_level and from_status is not distinct from p_from and to_status = p_to and reason = p_reason
  ) then
    raise exception '% %: % -> % with reason % is not in the transition table', lower(p_level), p_id,
      coalesce(p_from, '(birth)'), p_to, p_reason
      using hint = 'Status is written by the engine alone; see schema/lifecycle.md for what is allowed.';
  end if;
end $$;

create function assert_next_change(
  p_level text, p_id uuid, p_old_version int, p_new_version int, p_old_change uuid, p_new_change uuid
) returns void language plpgsql as $$
begin
  if p_new_version <> p_old_version + 1 then
    raise exception '% %: version must become %, not %', lower(p_level), p_id, p_old_version + 1, p_new_version
      using hint = 'A guarded column was written without the next version: a stale save or a hand-written UPDATE. Use the API.';
  end if;
  if p_new_change = p_old_change then
    raise exception '% %: change_id % is not new', lower(p_level), p_id, p_new_change
      using hint = 'Every change of a row has a change_id of its own.';
  end if;
end $$;

create function refuse() returns trigger language plpgsql as $$
begin
  raise exception '% of % is refused', tg_op, tg_table_name
    using hint = 'What happened stays on record; contents are removed by expiry.';
end $$;

create function guard_birth() returns trigger language plpgsql as $$
declare
  v_level text := case tg_table_name when 'collection' then 'COLLECTION' when 'job' then 'JOB' end;
begin
  if tg_table_name = 'task' then v_level := new.kind || '_TASK'; end if;
  if new.version <> 1 then
    raise exception '% %: a new row has version 1, not %', lower(v_level), new.id, new.version;
  end if;
  perform assert_transition(v_level, new.id, null, new.status, new.change_reason);
  new.created_at := clock_timestamp();
  new.status_changed_at := new.created_at;
  return new;
end $$;

create function guard_collection() returns trigger language plpgsql as $$
begin
  if (new.status, new.version, new.change_id) is not distinct from (old.status, old.version, old.change_id) then
    new.status_changed_at := old.status_changed_at;
    return new;
  end if;
  perform assert_next_change('COLLECTION', old.id, old.version, new.version, old.change_id, new.change_id);
  perform assert_transition('COLLECTION', old.id, old.status, new.status, new.change_reason);
  new.status_changed_at := greatest(clock_timestamp(), old.status_changed_at);
  return new;
end $$;

create function guard_job() returns trigger language plpgsql as $$
begin
  if (new.total, new.queued, new.running, new.completed, new.failed, new.cancelled, new.skipped)
       is distinct from (old.total, old.queued, old.running, old.completed, old.failed, old.cancelled, old.skipped)
     and pg_trigger_depth() < 2 then
    raise exception 'job %: its counters follow its tasks and are not written by hand', old.id;
  end if;
  if (new.id, new.collection_id, new.project_id) is distinct from (old.id, old.collection_id, old.project_id) then
    raise exception 'job %: id, collection and project never change', old.id;
  end if;
  if (new.status, new.version, new.change_id, new.finished_at, new.run, new.cancel_requested_at)
       is not distinct from (old.status, old.version, old.change_id, old.finished_at, old.run, old.cancel_requested_at) then
    new.status_changed_at := old.status_changed_at;
    return new;
  end if;
  perform assert_next_change('JOB', old.id, old.version, new.version, old.change_id, new.change_id);
  perform assert_transition('JOB', old.id, old.status, new.status, new.change_reason);
  new.status_changed_at := greatest(clock_timestamp(), old.status_changed_at);
  return new;
end $$;

create function guard_task() returns trigger language plpgsql as $$
begin
  if (new.id, new.job_id, new.collection_id, new.project_id, new.kind)
       is distinct from (old.id, old.job_id, old.collection_id, old.project_id, old.kind) then
    raise exception 'task %: id, job, collection, project and kind never change', old.id;
  end if;
  if (new.status, new.stage, new.version, new.fence, new.attempt, new.crashes, new.worker_id, new.finished_at,
      new.error_code, new.error_message, new.change_id, new.cancel_requested_at)
       is not distinct from
     (old.status, old.stage, old.version, old.fence, old.attempt, old.crashes, old.worker_id, old.finished_at,
      old.error_code, old.error_message, old.change_id, old.cancel_requested_at) then
    if old.status <> 'RUNNING'
       and (new.lease_expires_at, new.progress) is distinct from (old.lease_expires_at, old.progress) then
      raise exception 'task %: lease and progress move only while RUNNING; it is %', old.id, old.status;
    end if;
    new.status_changed_at := old.status_changed_at;
    return new;
  end if;
  perform assert_next_change(old.kind || '_TASK', old.id, old.version, new.version, old.change_id, new.change_id);
  if new.fence < old.fence or (old.status = 'QUEUED' and new.status = 'RUNNING' and new.fence <> old.fence + 1) then
    raise exception 'task %: fence may not go from % to %; a claim raises it by one and nothing lowers it',
      old.id, old.fence, new.fence;
  end if;
  perform assert_transition(old.kind || '_TASK', old.id, old.status, new.status, new.change_reason);
  if new.change_reason = 'STAGE_STARTED' and new.stage is not distinct from old.stage then
    raise exception 'task %: STAGE_STARTED must name another stage than %', old.id, old.stage;
  end if;
  if new.change_reason = 'CANCEL_REQUESTED' and old.cancel_requested_at is not null then
    raise exception 'task %: a cancel has been requested already', old.id;
  end if;
  new.status_changed_at := greatest(clock_timestamp(), old.status_changed_at);
  return new;
end $$;

create trigger guard_birth before insert on collection for each row execute function guard_birth();
create trigger guard_birth before insert on job for each row execute function guard_birth();
create trigger guard_birth before insert on task for each row execute function guard_birth();
create trigger guard before update on collection for each row execute function guard_collection();
create trigger guard before update on job for each row execute function guard_job();
create trigger guard before update on task for each row execute function guard_task();
create trigger keep before delete or truncate on collection for each statement execute function refuse();
create trigger keep before delete or truncate on job for each statement execute function refuse();
create trigger keep before delete or truncate on task for each statement execute function refuse();

create function guard_history() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    -- Depth 1 is a statement of a client; the history triggers insert from depth 2.
    if pg_trigger_depth() < 2 then
      raise exception 'INSERT of status_change is refused: the history is written by the database alone';
    end if;
    return null;
  end if;
  if tg_op = 'UPDATE' and current_setting('headway.duty', true) = 'expiry' then return null; end if;
  raise exception '% of status_change is refused: the history is append-only', tg_op;
end $$;
create trigger append_only before insert or update or delete or truncate on status_change
  for each statement execute function guard_history();

create function guard_history_row() returns trigger language plpgsql as $$
begin
  if new.message is not null or (to_jsonb(new) - 'message') is distinct from (to_jsonb(old) - 'message') then
    raise exception 'status_change %: expiry may empty a message, nothing else', old.id;
  end if;
  return new;
end $$;
create trigger append_only_row before update on status_change for each row execute function guard_history_row();

create function record_collections() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    perform lock_collections(array(select id from new_rows));
    insert into status_change (project_id, entity_type, entity_id, collection_id, version, to_status, actor_type, actor,
      reason, message, change_id, at)
    select project_id, 'COLLECTION', id, id, version, status, changed_by_type, changed_by, change_reason,
      change_message, change_id, status_changed_at from new_rows order by id;
  else
    if not exists (select from new_rows n join old_rows o on o.id = n.id where n.version <> o.version) then
      return null;
    end if;
    perform lock_collections(array(select n.id from new_rows n join old_rows o on o.id = n.id where n.version <> o.version));
    insert into status_change (project_id, entity_type, entity_id, collection_id, version, from_status, to_status,
      actor_type, actor, reason, message, change_id, at)
    select n.project_id, 'COLLECTION', n.id, n.id, n.version, o.status, n.status, n.changed_by_type, n.changed_by,
      n.change_reason, n.change_message, n.change_id, n.status_changed_at
    from new_rows n join old_rows o on o.id = n.id where n.version <> o.version order by n.id;
  end if;
  perform pg_notify('headway', '');
  return null;
end $$;
create trigger record_insert after insert on collection referencing new table as new_rows
  for each statement execute function record_collections();
create trigger record_update after update on collection referencing new table as new_rows old table as old_rows
  for each statement execute function record_collections();

create function record_jobs() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    perform lock_collections(array(select collection_id from new_rows));
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
    perform lock_collections(array(
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
create trigger record_insert after insert on job referencing new table as new_rows
  for each statement execute function record_jobs();
create trigger record_update after update on job referencing new table as new_rows old table as old_rows
  for each statement execute function record_jobs();

-- Where a document task stands for its job's counts by stage: COMPLETED has passed them all, SKIPPED counts nowhere,
-- any other has passed the stages before its own.
create function task_births_counted() returns trigger language plpgsql as $$
begin
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
create trigger record_insert after insert on task referencing new table as new_rows
  for each statement execute function task_births_counted();

create function task_changes_counted() returns trigger language plpgsql as $$
begin
  if not exists (select from new_rows n join old_rows o on o.id = n.id where n.version <> o.version) then
    return null;
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
create trigger record_update after update on task referencing new table as new_rows old table as old_rows
  for each statement execute function task_changes_counted();
`;
