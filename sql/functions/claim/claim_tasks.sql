-- Takes due tasks for a worker: claimable says which. A transaction of its own, for it tries its locks in whatever order
-- and must hold no others meanwhile. p_claim: {worker, change, serves, turns, limit, leaseMs, waitMs, suspects}, see
-- claimable. Returns {held, hasMore, unchecked, turns, claimed}: as claimable and claimed have them; claimed is null where
-- nothing was taken. Where p_claim.suspects is "tell", `suspects` says whether any are due that this worker can run.
create or replace function headway.claim_tasks(p_worker uuid, p_actor text, p_claim jsonb) returns json language plpgsql
-- See record_changes.
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set lock_timeout = '5s'
set search_path = pg_catalog, pg_temp
as $$
declare
  v_ids uuid[];
  v_held boolean;
  v_has_more boolean;
  v_unchecked jsonb;
  v_turns jsonb;
  v_suspects boolean := false;
  v_now timestamptz;
  v_change uuid := p_claim->>'change';
begin
  select c.taken, c.is_held, c.has_more, c.unchecked, c.turns into v_ids, v_held, v_has_more, v_unchecked, v_turns
  from headway.claimable(p_claim) c;
  if p_claim->>'suspects' = 'tell' then
    -- With those whose options nobody has looked at yet: whoever takes suspects has that done first.
    v_suspects := exists (select from headway.suspects_due(p_claim->'serves', 1));
  end if;
  if cardinality(v_ids) = 0 then
    return json_build_object('held', v_held, 'hasMore', v_has_more, 'unchecked', v_unchecked, 'turns', v_turns,
      'suspects', v_suspects, 'claimed', null);
  end if;
  -- Read only now: a lease must not have been running while the locks were waited for.
  v_now := clock_timestamp();
  update headway.task set
    status = 'RUNNING', version = version + 1, change_id = v_change, changed_by_type = 'WORKER', changed_by = p_actor,
    change_reason = 'CLAIMED', change_message = null, fence = fence + 1, claim_id = v_change, recorded_step = 0,
    worker_id = p_worker, lease_expires_at = v_now + make_interval(secs => (p_claim->>'leaseMs')::float8 / 1000),
    started_at = coalesce(started_at, v_now), finished_at = null,
    error_code = null, error_message = null, error_stage = null, error_retryable = null,
    error_stack = null,
    -- How often a stage is tried is for the version to say that runs it.
    max_attempts = greatest(attempt, coalesce((p_claim->'serves'->pipeline->'stages'->>stage)::int, max_attempts))
  where id = any (v_ids);
  update headway.job set
    status = 'PROCESSING', version = version + 1, change_id = gen_random_uuid(), changed_by_type = 'WORKER',
    changed_by = p_actor, change_reason = 'STARTED', change_message = null, started_at = v_now
  where status = 'QUEUED' and id = any (array(select distinct job_id from headway.task where id = any (v_ids)));
  return json_build_object('held', false, 'hasMore', v_has_more, 'unchecked', v_unchecked, 'turns', v_turns,
    'suspects', v_suspects, 'claimed', headway.claimed(v_ids));
end $$;
