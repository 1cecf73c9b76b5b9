-- Takes due tasks for a worker: claimable says which. A transaction of its own, for it tries its locks in whatever order
-- and must hold no others meanwhile. p_claim: {change, ids, pipelines, limit, leaseMs, waitMs}, see claimable.
-- Returns {held, jobs, tasks}: held when somebody else holds all that is due; jobs and tasks as claimed has them.
create or replace function headway.claim_tasks(p_worker uuid, p_actor text, p_claim jsonb) returns json language plpgsql
-- See record_changes.
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set lock_timeout = '5s'
set search_path = pg_catalog, pg_temp
as $$
declare
  v_ids uuid[] := headway.claimable(p_claim);
  -- Read after claimable has its locks: a lease must not have been running while they were waited for.
  v_now timestamptz := clock_timestamp();
  v_change uuid := p_claim->>'change';
begin
  if v_ids is null then return '{"held": true, "jobs": {}, "tasks": []}'; end if;
  if cardinality(v_ids) = 0 then return '{"held": false, "jobs": {}, "tasks": []}'; end if;
  update headway.task set
    status = 'RUNNING', version = version + 1, change_id = v_change, changed_by_type = 'WORKER', changed_by = p_actor,
    change_reason = 'CLAIMED', change_message = null, fence = fence + 1, claim_id = v_change, recorded_step = 0,
    worker_id = p_worker, lease_expires_at = v_now + make_interval(secs => (p_claim->>'leaseMs')::float8 / 1000),
    progress = 0, progress_message = null, started_at = coalesce(started_at, v_now), finished_at = null,
    error_code = null, error_message = null, error_stage = null, error_retryable = null
  where id = any (v_ids);
  update headway.job set
    status = 'PROCESSING', version = version + 1, change_id = gen_random_uuid(), changed_by_type = 'WORKER',
    changed_by = p_actor, change_reason = 'STARTED', change_message = null, started_at = v_now
  where status = 'QUEUED' and id = any (array(select distinct job_id from headway.task where id = any (v_ids)));
  return headway.claimed(v_ids);
end $$;
