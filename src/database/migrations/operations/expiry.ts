/**
 * Expiry: the decision is one statement, the removal goes on in small transactions until nothing is left. What the
 * guard of tasks allows beyond the ordinary: in the duty 'expiry' an error's message may be emptied without a version.
 */
export const EXPIRY = `
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

-- EXPIRED, if it is due or asked for and no job is open: name, description and metadata go at once, the name is free
-- again. True when this call decided it.
create function expire_collection(p_collection uuid, p_actor text) returns boolean language plpgsql as $$
begin
  perform lock_collections(array[p_collection]);
  update collection c set status = 'EXPIRED', version = version + 1, change_id = gen_random_uuid(),
    changed_by_type = coalesce(deletion_requested_by_type, 'SYSTEM'), changed_by = coalesce(deletion_requested_by, p_actor),
    change_reason = case when deletion_requested_at is null then 'EXPIRED_BY_RETENTION' else 'EXPIRED_BY_REQUEST' end,
    change_message = null, name = id::text, description = null, metadata = '{}',
    document_count = 0, chunk_count = 0, embedded_chunk_count = 0, content_version = content_version + 1
  where id = p_collection and status <> 'EXPIRED'
    and (expires_at <= clock_timestamp() or deletion_requested_at is not null)
    and not exists (select from job j where j.collection_id = c.id and j.finished_at is null);
  return found;
end $$;

-- One bounded step of removing what an EXPIRED collection held; returns how many rows it touched, 0 when all is gone.
create function empty_collection(p_collection uuid, p_limit int) returns int language plpgsql as $$
declare
  v_rows int;
begin
  if not exists (select from collection where id = p_collection and status = 'EXPIRED' and emptied_at is null) then
    return 0;
  end if;
  perform set_config('headway.duty', 'expiry', true);
  delete from chunk where id in (select id from chunk where document_id in (
    select id from document where collection_id = p_collection order by id limit 50) limit p_limit);
  get diagnostics v_rows = row_count;
  if v_rows > 0 then return v_rows; end if;

  with gone as (
    delete from document where id in (select id from document where collection_id = p_collection order by id limit 50)
    returning id, project_id
  )
  insert into doomed_blob (prefix, project_id) select 'sources/' || id, project_id from gone on conflict do nothing;
  get diagnostics v_rows = row_count;
  if v_rows > 0 then return v_rows; end if;

  with gone as (
    delete from artifact where id in (
      select a.id from artifact a join job j on j.id = a.job_id where j.collection_id = p_collection limit p_limit)
    returning job_id, project_id
  )
  insert into doomed_blob (prefix, project_id) select distinct 'artifacts/' || job_id, project_id from gone
  on conflict (prefix) do update set doomed_at = excluded.doomed_at;
  get diagnostics v_rows = row_count;
  if v_rows > 0 then return v_rows; end if;

  delete from stage_output where (task_id, stage) in (
    select o.task_id, o.stage from job j join task t on t.job_id = j.id join stage_output o on o.task_id = t.id
    where j.collection_id = p_collection limit p_limit);
  get diagnostics v_rows = row_count;
  if v_rows > 0 then return v_rows; end if;

  update task set error_message = null, change_message = null, document_name = null, progress_message = null, warnings = '[]'
  where id in (
    select t.id from job j join task t on t.job_id = j.id
    where j.collection_id = p_collection and (t.error_message is not null or t.change_message is not null
      or t.document_name is not null or t.progress_message is not null or t.warnings <> '[]')
    order by t.id limit p_limit for no key update of t);
  get diagnostics v_rows = row_count;
  if v_rows > 0 then return v_rows; end if;

  update job_summary set output = null
  where output is not null and job_id in (select id from job where collection_id = p_collection);
  update job set options = '{}', change_message = null
  where collection_id = p_collection and (options <> '{}' or change_message is not null);
  update status_change set message = null where id in (
    select id from status_change where collection_id = p_collection and message is not null limit p_limit);
  get diagnostics v_rows = row_count;
  if v_rows > 0 then return v_rows; end if;

  update collection set emptied_at = clock_timestamp() where id = p_collection and emptied_at is null;
  return 0;
end $$;
`;
