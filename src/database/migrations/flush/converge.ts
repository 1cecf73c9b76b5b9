/**
 * Convergence as before, under the locks of a flush. One that ends a job holds them already; had it to ask for its
 * collection alone, it waited for another that shares it, which may wait for a row of the first. The history's lock is
 * enough among flushes, because no count of a job changes without it; all other deciders wait for the shared one.
 */
export const FLUSH_CONVERGE = `
create or replace function converge(p_job uuid, p_actor text default 'system:converge') returns int language plpgsql as $$
declare
  j job;
  v_collection_task task;
  v_next record;
  v_changes int := 0;
  v_collection uuid[];
begin
  select array[collection_id] into v_collection from job where id = p_job;
  perform share_collections(v_collection);
  perform lock_history(v_collection);
  loop
    select * into j from job where id = p_job;
    if not found or j.finished_at is not null then return v_changes; end if;
    select * into v_collection_task from task where job_id = p_job and kind = 'COLLECTION';
    select * into v_next from roll_up(j.queued + j.running, j.completed, j.failed, j.cancelled, j.skipped,
      v_collection_task.status, j.cancel_requested_at is not null,
      v_collection_task.status = 'WAITING' and j.queued + j.running = 0 and j.skipped = j.total
        and j.mode = 'INCREMENTAL' and saw_same_documents(p_job));
    if v_next.target = 'COLLECTION_TASK' then
      update task set status = v_next.status, version = version + 1, change_id = gen_random_uuid(),
        changed_by_type = 'SYSTEM', changed_by = p_actor, change_reason = v_next.reason, change_message = null,
        stage = case when v_next.status = 'SKIPPED' then null else stage end, run_at = clock_timestamp(),
        finished_at = case when v_next.status = 'QUEUED' then null else clock_timestamp() end
      where id = v_collection_task.id and status = 'WAITING';
      v_changes := v_changes + 1;
      continue;
    end if;
    if v_next.status = 'OPEN' then return v_changes; end if;
    perform keep_summary(p_job, v_next.status);
    update collection set status = v_next.status, version = version + 1, change_id = gen_random_uuid(),
      changed_by_type = 'SYSTEM', changed_by = p_actor, change_reason = v_next.reason, change_message = null
    where id = j.collection_id and status = 'PROCESSING';
    update job set status = v_next.status, version = version + 1, change_id = gen_random_uuid(),
      changed_by_type = 'SYSTEM', changed_by = p_actor, change_reason = v_next.reason, change_message = null,
      finished_at = clock_timestamp()
    where id = p_job and finished_at is null;
    return v_changes + 2;
  end loop;
end $$;
`;
