-- Brings a job's status, and its collection's, to what its tasks say. Returns how many rows it changed; 0 when facts
-- and status agree. Called by the flush that settles a task, by the sweep, and on demand.
--
-- Under the locks of a flush: one that ends a job holds them already. Had it to ask for its collection alone, it would
-- wait for another flush that shares it, which may wait for a row of the first. The history's lock is enough among
-- flushes, because no count of a job changes without it; all other deciders wait for the shared one.
create or replace function headway.converge(p_job uuid, p_actor text default 'system:converge')
returns int language plpgsql
set lock_timeout = '5s'
set search_path = pg_catalog, pg_temp
as $$
declare
  j headway.job;
  v_collection_task headway.task;
  v_next record;
  v_changes int := 0;
  v_collection uuid[];
begin
  select array[collection_id] into v_collection from headway.job where id = p_job;
  perform headway.share_collections(v_collection);
  perform headway.lock_history(v_collection);
  loop
    select * into j from headway.job where id = p_job;
    if not found or j.finished_at is not null then return v_changes; end if;
    -- Tasks that a retry has not come to yet look settled.
    if j.operation->>'kind' = 'RETRY' then return v_changes; end if;
    select * into v_collection_task from headway.task where job_id = p_job and kind = 'COLLECTION';
    select * into v_next from headway.roll_up(j.queued + j.running, j.completed, j.failed, j.cancelled, j.skipped,
      v_collection_task.status, j.cancel_requested_at is not null,
      v_collection_task.status = 'WAITING' and j.queued + j.running = 0 and j.skipped = j.total
        and j.mode = 'INCREMENTAL' and headway.saw_same_documents(p_job));
    if v_next.target = 'COLLECTION_TASK' then
      update headway.task set status = v_next.status, version = version + 1, change_id = gen_random_uuid(),
        changed_by_type = 'SYSTEM', changed_by = p_actor, change_reason = v_next.reason, change_message = null,
        stage = case when v_next.status = 'SKIPPED' then null else stage end, run_at = clock_timestamp(),
        finished_at = case when v_next.status = 'QUEUED' then null else clock_timestamp() end
      where id = v_collection_task.id and status = 'WAITING';
      v_changes := v_changes + 1;
      continue;
    end if;
    if v_next.status = 'OPEN' then return v_changes; end if;
    perform headway.keep_summary(p_job, v_next.status);
    update headway.collection set status = v_next.status, version = version + 1, change_id = gen_random_uuid(),
      changed_by_type = 'SYSTEM', changed_by = p_actor, change_reason = v_next.reason, change_message = null
    where id = j.collection_id and status = 'PROCESSING';
    update headway.job set status = v_next.status, version = version + 1, change_id = gen_random_uuid(),
      changed_by_type = 'SYSTEM', changed_by = p_actor, change_reason = v_next.reason, change_message = null,
      finished_at = clock_timestamp(), operation = null
    where id = p_job and finished_at is null;
    return v_changes + 2;
  end loop;
end $$;
