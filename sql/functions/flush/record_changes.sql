-- What workers and the sweep write: one call is one flush. Locks, claims, stages and endings in one UPDATE, outputs,
-- facts about documents, then convergence of the jobs whose tasks settled.
--
-- p_changes: [{task, fence, change, kind, stage, maxAttempts, again, final, countsAs, code, message, stack, retryable,
--   delayMs, expired, textFence, chunkFence, pipelineVersion, isMixed, output, document, warnings, staged}], kind one of
--   stage (go on at 'stage'), hand_on (the same, but by another worker), complete, skip, end (an Ending of
--   src/lifecycle/reasons.ts), deadline (of a cancel).
-- p_claim: {change, ids, serves, turns, limit, leaseMs, waitMs}, or null. A claim travels alone: it tries its locks, in
--   whatever order, and must not hold others meanwhile.
-- p_wait: wait for collections that somebody else holds alone. Else nothing of their tasks is recorded, and they come
--   back as `held`, so that the others' changes do not wait for them.
--
-- A flush finds its tasks by their ids. Its plans are kept, and are made while next to nothing runs: then all that is
-- RUNNING, or QUEUED, looks like fewer rows than a handful of ids, and a flush of one change would read every running
-- task. `is not distinct from` says what `=` says, for a status is never null; but the indexes of open work don't
-- offer themselves for it.
create or replace function headway.record_changes(
  p_actor_type text, p_actor text, p_worker uuid, p_crash_limit int, p_changes jsonb, p_claim jsonb,
  p_wait boolean default true
) returns jsonb language plpgsql
-- For all that it calls, the triggers of its tables included: planning anew took longer than doing. A plan that is kept
-- must not be one for tables that were small just then.
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set lock_timeout = '5s'
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz;
  v_claims uuid[] := '{}';
  v_claimed uuid[];
  v_collections uuid[];
  v_applied headway.flush_change[];
  v_job uuid;
  v_errors jsonb := '[]';
  v_jobs uuid[];
  v_lease interval;
  v_tasks uuid[];
  v_shared uuid[];
  v_held uuid[] := '{}';
  v_claim_held boolean := false;
  v_unchecked jsonb := '[]';
  v_turns jsonb := '{}';
  v_has_more boolean := false;
begin
  if p_claim is not null and p_changes <> '[]' then
    raise exception 'record_changes: a claim travels alone, not beside % changes', jsonb_array_length(p_changes);
  end if;
  v_tasks := array(select (c->>'task')::uuid from jsonb_array_elements(p_changes) c);
  if p_claim is not null then
    select c.taken, c.is_held, c.unchecked, c.turns, c.has_more
      into v_claims, v_claim_held, v_unchecked, v_turns, v_has_more from headway.claimable(p_claim) c;
  end if;
  v_collections := array(select distinct collection_id from headway.task where id = any (v_tasks));
  if p_wait then
    perform headway.share_collections(v_collections);
  else
    v_shared := headway.try_share_collections(v_collections);
    if cardinality(v_shared) < cardinality(v_collections) then
      v_held := array(select id from headway.task where id = any (v_tasks) and collection_id <> all (v_shared));
      v_tasks := array(select id from unnest(v_tasks) as id where id <> all (v_held));
    end if;
  end if;
  -- Rows are locked before they are read: a heartbeat that held one while the UPDATE below began would make the UPDATE
  -- re-check its join against a newer row, and lose it (seen: whole batches refused, 516 of 5,000 tasks). In order, so
  -- that flushes never wait for each other in a circle.
  perform from headway.task where id = any (v_tasks) and status is not distinct from 'RUNNING'
  order by id for no key update;
  -- Read only now: a lease must not have been running while the claim waited for its locks.
  v_now := clock_timestamp();
  v_lease := make_interval(secs => coalesce((select lease_ms from headway.worker where id = p_worker),
    (p_claim->>'leaseMs')::int, 0)::float8 / 1000);

  with c as (
    select * from jsonb_to_recordset(p_changes) as c(task uuid, fence bigint, change uuid, kind text, stage text,
      "maxAttempts" int, again text, final text, "countsAs" text, code text, message text, stack text, retryable boolean,
      "delayMs" int, expired boolean, "textFence" bigint, "chunkFence" bigint, "pipelineVersion" int, "isMixed" boolean,
      warnings jsonb, output jsonb, document jsonb, staged jsonb)
  ), n as (
    select t.id, c.kind, c.change, t.stage as from_stage, c.stage as next_stage, c."maxAttempts" as max_attempts,
      case
        when c.kind = 'complete' then 'COMPLETED'
        when c.kind = 'skip' then 'SKIPPED'
        when c.kind = 'deadline' or t.cancel_requested_at is not null then 'CANCELLED'
        when c.kind = 'stage' then 'RUNNING'
        when c.kind = 'hand_on' then 'QUEUED'
        when c."countsAs" = 'attempt' and t.attempt < t.max_attempts then 'QUEUED'
        when c."countsAs" = 'crash' and t.crashes + 1 < p_crash_limit then 'QUEUED'
        when c.final is null then 'QUEUED'
        else 'FAILED'
      end as status,
      c.again, c.final, c."countsAs" as counts_as, c.code, c.message, c.stack, c.retryable, c."delayMs" as delay_ms,
      c."textFence" as text_fence, c."chunkFence" as chunk_fence, c."pipelineVersion" as pipeline_version,
      c."isMixed" as is_mixed, c.warnings, c.output, c.document, c.staged
    from c cross join lateral (
      select * from headway.task t where t.id = c.task and t.status is not distinct from 'RUNNING' offset 0
    ) t
    where t.id <> all (v_held) and t.fence = c.fence and t.change_id <> c.change and (c.expired is not true or t.lease_expires_at < v_now)
    union all
    select id, 'claim', (p_claim->>'change')::uuid, null, null, null, 'RUNNING', null, null, null, null, null, null,
      null, null, null, null, null, null, null, null, null, null
    from unnest(v_claims) id
  ), changed as (
    update headway.task t set
      status = n.status, version = t.version + 1, change_id = n.change, changed_by_type = p_actor_type,
      changed_by = p_actor,
      change_reason = case
        when n.kind = 'claim' then 'CLAIMED'
        when n.kind = 'complete' then 'COMPLETED'
        when n.kind = 'skip' then 'UNCHANGED'
        when n.kind = 'deadline' then 'CANCEL_DEADLINE'
        when n.status = 'CANCELLED' then 'CANCELLED_BY_REQUEST'
        when n.kind = 'stage' then 'STAGE_STARTED'
        when n.kind = 'hand_on' then 'HANDED_ON'
        when n.status = 'QUEUED' then n.again
        else n.final
      end,
      change_message = n.message,
      stage = case when n.kind in ('complete', 'skip') then null
                   when n.kind in ('stage', 'hand_on') and n.status <> 'CANCELLED' then n.next_stage else t.stage end,
      fence = t.fence + (n.kind = 'claim')::int,
      worker_id = case when n.kind = 'claim' then p_worker when n.status = 'RUNNING' then t.worker_id end,
      lease_expires_at = case
        when n.kind = 'claim' then v_now + make_interval(secs => (p_claim->>'leaseMs')::float8 / 1000)
        -- Heartbeats pass over a row that a flush holds, and the fence has just shown that the worker is alive.
        when n.status = 'RUNNING' then greatest(t.lease_expires_at, v_now + v_lease) end,
      attempt = case when n.kind in ('stage', 'hand_on') and n.status <> 'CANCELLED' then 1
                     when n.status = 'QUEUED' and n.counts_as = 'attempt' then t.attempt + 1 else t.attempt end,
      -- How often a stage is tried is for the version to say that runs it.
      max_attempts = case
        when n.kind = 'stage' and n.status = 'RUNNING' then n.max_attempts
        when n.kind = 'claim' then greatest(t.attempt,
          coalesce((p_claim->'serves'->t.pipeline->'stages'->>t.stage)::int, t.max_attempts))
        else t.max_attempts end,
      crashes = case when n.kind in ('stage', 'hand_on') and n.status <> 'CANCELLED' then 0
                     when n.counts_as = 'crash' and n.status <> 'CANCELLED' then t.crashes + 1 else t.crashes end,
      progress = case when n.kind = 'complete' then 1 else 0 end,
      progress_message = null,
      run_at = case when n.status = 'QUEUED'
                    then v_now + make_interval(secs => coalesce(n.delay_ms, 0)::float8 / 1000) else t.run_at end,
      started_at = case when n.kind = 'claim' then coalesce(t.started_at, v_now) else t.started_at end,
      finished_at = case when n.status in ('COMPLETED', 'FAILED', 'CANCELLED', 'SKIPPED') then v_now end,
      error_code = case when n.status in ('FAILED', 'QUEUED') then n.code end,
      error_message = case when n.status in ('FAILED', 'QUEUED') then n.message end,
      error_stage = case when n.status in ('FAILED', 'QUEUED') and n.code is not null then t.stage end,
      error_retryable = case when n.status in ('FAILED', 'QUEUED') then n.retryable end,
      error_stack = case when n.status in ('FAILED', 'QUEUED') then n.stack end,
      text_fence = coalesce(n.text_fence, t.text_fence), chunk_fence = coalesce(n.chunk_fence, t.chunk_fence),
      pipeline_version = coalesce(n.pipeline_version, t.pipeline_version),
      is_mixed = coalesce(n.is_mixed, t.is_mixed),
      warnings = coalesce(n.warnings, t.warnings)
    from n where t.id = n.id
    returning t.id, t.job_id, t.project_id, t.document_id, t.status, t.fence, t.change_id, t.text_fence, t.chunk_fence,
      n.kind as change_kind, n.from_stage, n.output, n.document, n.staged
  ), outputs as (
    insert into headway.stage_output as o (task_id, project_id, stage, fence, output)
    select x.id, x.project_id, x.from_stage, x.fence, x.output from changed x
    where x.change_kind in ('stage', 'hand_on', 'complete')
    on conflict (task_id, stage) do update set fence = excluded.fence, output = excluded.output,
      created_at = clock_timestamp()
    where excluded.fence >= o.fence
  ), artifacts as (
    update headway.artifact a set accepted = true from changed x
    where x.change_kind in ('stage', 'hand_on', 'complete') and a.task_id = x.id and a.fence = x.fence and a.stage = x.from_stage
      and not a.accepted
  )
  select coalesce(array_agg(row(x.id, x.job_id, x.document_id, x.status, x.fence, x.change_id, x.text_fence,
    x.chunk_fence, x.change_kind, x.document, x.staged)::headway.flush_change), '{}') into v_applied from changed x;

  -- The history is written one flush after the other: what waited for its turn, on a slow disk, has not had its lease yet.
  if v_lease > interval '0' and clock_timestamp() - v_now > v_lease / 10 then
    update headway.task t set lease_expires_at = greatest(t.lease_expires_at, clock_timestamp() + v_lease)
    from unnest(v_applied) x where t.id = x.id and x.status = 'RUNNING';
  end if;

  v_claimed := array(select x.id from unnest(v_applied) x where x.change_kind = 'claim');
  if cardinality(v_claimed) > 0 then
    update headway.job set status = 'PROCESSING', version = version + 1, change_id = gen_random_uuid(),
      changed_by_type = p_actor_type, changed_by = p_actor, change_reason = 'STARTED', change_message = null,
      started_at = v_now
    where status = 'QUEUED' and id in (select x.job_id from unnest(v_applied) x where x.change_kind = 'claim');
  end if;

  perform headway.record_facts(v_applied);
  perform headway.show_results(v_applied);

  v_jobs := array(
    select distinct x.job_id from unnest(v_applied) x
    where x.status in ('COMPLETED', 'FAILED', 'CANCELLED', 'SKIPPED') order by 1);
  for v_job in
    select j.id from headway.job j
    where j.id = any (v_jobs) and j.queued + j.running = 0 and j.finished_at is null order by j.id
  loop
    begin
      perform headway.converge(v_job);
    exception when others then
      -- A task's outcome stands whatever becomes of its job: the sweep converges it again.
      v_errors := v_errors || jsonb_build_object('jobId', v_job, 'code', sqlstate, 'message', sqlerrm);
    end;
  end loop;

  return jsonb_build_object(
    'applied', (select coalesce(jsonb_agg(jsonb_build_object('task', x.id, 'change', x.change_id, 'status', x.status,
        'fence', x.fence::text)), '[]') from unnest(v_applied) x where x.change_kind <> 'claim'),
    'held', case when cardinality(v_held) = 0 then '[]' else (
      select jsonb_agg(jsonb_build_object('task', id, 'collection', collection_id)) from headway.task where id = any (v_held)) end,
    'claimHeld', v_claim_held,
    'unchecked', v_unchecked,
    'turns', v_turns,
    'hasMore', v_has_more,
    'claims', case when cardinality(v_claimed) > 0 then headway.claimed(v_claimed) else '[]' end,
    'due', (select coalesce(jsonb_agg(jsonb_build_object('task', t.id, 'fence', t.fence::text, 'pipeline', t.pipeline,
        'priority', t.priority)), '[]')
      from headway.task t where t.job_id = any (v_jobs) and t.kind = 'COLLECTION' and t.status = 'QUEUED'),
    'convergeErrors', v_errors);
end $$;
