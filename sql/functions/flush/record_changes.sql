-- What workers and the sweep write: one call is one flush. Locks, then all steps of each task in one UPDATE, outputs,
-- facts about documents, then convergence of the jobs whose tasks settled.
--
-- p_changes: [{task, fence, change, first, ages, ahead, kind, maxAttempts, outputs, again, final, countsAs, code, message,
--   stack, retryable, suspect, delayMs, laterForMs, expired, textFence, chunkFence, pipelineVersion, isMixed, document, warnings, staged,
--   progress, progressMessage}], at most one of a task. It holds all steps of the task that wait, in their order:
--   first: the number of the first, under this claim; where it is null, it is one change of somebody who does not run the
--     task. ages: how many ms before this call each step was.
--   kind: what the last one is: stage (on to the next), hand_on (the same, but by another worker), complete, skip, end (an Ending of src/lifecycle/reasons.ts),
--     deadline (of a cancel). Each step before it has gone on to the next stage of the job's list.
--   again: of an end and a hand_on, the reason of going back to the queue. laterForMs: for how long a stage may be put off.
--   suspect: its worker died with it. It runs with nothing beside it until it has completed a stage.
--   ahead: the stage that the last step leads to has begun already.
--   outputs: of the stages that came to their end, the first of them the stage where the task stands.
-- p_wait: wait for collections that somebody else holds alone. Else nothing of their tasks is recorded, and they come
--   back as `held`, so that the others' changes do not wait for them.
--
-- A flush that is sent again after a lost answer applies nothing: its first step is not the next one any more.
-- Returns what is to be told: {refused: [task], ended: [{task, status}], cancelRequested: [task], held: [{task,
-- collection}], due, convergeErrors}. Of what is not named there everything has come as it was asked for.
--
-- A flush finds its tasks by their ids. Its plans are kept, and are made while next to nothing runs: then all that is
-- RUNNING, or QUEUED, looks like fewer rows than a handful of ids, and a flush of one change would read every running
-- task. `is not distinct from` says what `=` says, for a status is never null; but the indexes of open work don't
-- offer themselves for it.
create or replace function headway.record_changes(
  p_actor_type text, p_actor text, p_worker uuid, p_crash_limit int, p_changes jsonb, p_wait boolean default true
) returns json language plpgsql
-- For all that it calls, the triggers of its tables included: planning anew took longer than doing. A plan that is kept
-- must not be one for tables that were small just then.
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set lock_timeout = '5s'
set search_path = pg_catalog, pg_temp
as $$
declare
  -- Ages are counted from here: this is when the call came, whatever it waits for.
  v_called_at timestamptz := statement_timestamp();
  v_now timestamptz;
  v_collections uuid[];
  v_applied headway.flush_change[];
  v_job uuid;
  v_errors jsonb := '[]';
  v_jobs uuid[];
  v_converged uuid[];
  v_lease interval;
  v_tasks uuid[] := array(select (c->>'task')::uuid from jsonb_array_elements(p_changes) c);
  v_shared uuid[];
  v_held uuid[] := '{}';
begin
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
  v_now := clock_timestamp();
  v_lease := make_interval(secs => coalesce((select lease_ms from headway.worker where id = p_worker), 0)::float8 / 1000);

  with c as (
    select * from jsonb_to_recordset(p_changes) as c(task uuid, fence bigint, change uuid, first int, ages float8[],
      ahead boolean, kind text, "maxAttempts" int, outputs jsonb, again text, final text, "countsAs" text, code text,
      message text, stack text, retryable boolean, suspect boolean, "delayMs" int, "laterForMs" bigint, expired boolean, "textFence" bigint,
      "chunkFence" bigint, "pipelineVersion" int, "isMixed" boolean, document jsonb, warnings jsonb, staged jsonb, progress real, "progressMessage" text)
  ), m as (
    -- An end is judged by how the task stands after the steps before it.
    select c.*, t.names, array_position(t.names, t.stage) as place, t.status_changed_at,
      t.cancel_requested_at is not null as is_cancelled, e.starts,
      case when e.starts > 0 then 1 else t.attempt end as base_attempt,
      case when e.starts > 0 then coalesce(c."maxAttempts", t.max_attempts) else t.max_attempts end as base_max_attempts,
      case when e.starts > 0 then 0 else t.crashes end as base_crashes,
      case when e.starts > 0 then null else t.later_since end as base_later_since
    from c cross join lateral (
      select t.*, case t.kind when 'DOCUMENT' then j.document_stages else j.collection_stages end as names
      from headway.task t join headway.job j on j.id = t.job_id
      where t.id = c.task and t.status is not distinct from 'RUNNING' offset 0
    ) t
    -- Under a cancel request a task goes on to no stage but one that has begun.
    cross join lateral (
      select coalesce(cardinality(c.ages), 1)
        - (c.kind not in ('stage', 'hand_on') or (t.cancel_requested_at is not null and c.ahead is not true))::int as starts
    ) e
    -- By its worker too: where a standby took over without the last changes, a fence has been handed out twice.
    where t.id <> all (v_held) and t.fence = c.fence and (p_worker is null or t.worker_id = p_worker)
      and case when c.first is null then t.change_id <> c.change else c.first = t.recorded_step + 1 end
      and (c.expired is not true or t.lease_expires_at < v_now)
  ), n as (
    select m.*, m.names[m.place + m.starts] as last_stage,
      case
        when m.kind = 'complete' then 'COMPLETED'
        when m.kind = 'skip' then 'SKIPPED'
        when m.kind = 'stage' and not (m.is_cancelled and m.ahead is not true) then 'RUNNING'
        when m.kind = 'deadline' or m.is_cancelled then 'CANCELLED'
        when m.kind = 'hand_on' then 'QUEUED'
        when m."countsAs" = 'attempt' and m.base_attempt < m.base_max_attempts then 'QUEUED'
        when m."countsAs" = 'crash' and m.base_crashes + 1 < p_crash_limit then 'QUEUED'
        when m."countsAs" = 'wait' and v_now + m."delayMs" * interval '1 ms'
          <= coalesce(m.base_later_since, v_now) + m."laterForMs" * interval '1 ms' then 'QUEUED'
        when m.final is null then 'QUEUED'
        else 'FAILED'
      end as status,
      -- Never before the task's last change, and never after now; in their order, whatever was sent.
      case when m.first is not null then array(
        select max(greatest(m.status_changed_at, least(v_called_at - a.age * interval '1 ms', v_called_at))) over (order by a.i)
        from unnest(m.ages) with ordinality a(age, i) order by a.i) end as times
    from m
  ), changed as (
    update headway.task t set
      status = n.status, version = t.version + coalesce(cardinality(n.times), 1), change_id = n.change,
      changed_by_type = p_actor_type, changed_by = p_actor,
      change_reason = case
        when n.kind = 'complete' then 'COMPLETED'
        when n.kind = 'skip' then 'UNCHANGED'
        when n.kind = 'deadline' then 'CANCEL_DEADLINE'
        when n.status = 'CANCELLED' then 'CANCELLED_BY_REQUEST'
        when n.kind = 'stage' then 'STAGE_STARTED'
        when n.kind = 'hand_on' then coalesce(n.again, 'HANDED_ON')
        when n.status = 'QUEUED' then n.again
        else n.final
      end,
      change_message = n.message,
      recorded_step = t.recorded_step + coalesce(cardinality(n.times), 0),
      step_times = n.times, steps_version = case when n.times is null then t.steps_version else t.version + cardinality(n.times) end,
      stage = case when n.kind in ('complete', 'skip') then null else n.last_stage end,
      worker_id = case when n.status = 'RUNNING' then t.worker_id end,
      -- Heartbeats pass over a row that a flush holds, and the fence has just shown that the worker is alive.
      lease_expires_at = case when n.status = 'RUNNING' then greatest(t.lease_expires_at, v_now + v_lease) end,
      attempt = case when n.status = 'QUEUED' and n."countsAs" = 'attempt' then n.base_attempt + 1 else n.base_attempt end,
      max_attempts = n.base_max_attempts,
      crashes = n.base_crashes + (n."countsAs" is not distinct from 'crash' and n.status <> 'CANCELLED')::int,
      later_since = case when n.status = 'QUEUED' and n."countsAs" is not distinct from 'wait' then coalesce(n.base_later_since, v_now)
                         when n.status in ('QUEUED', 'RUNNING') then n.base_later_since end,
      has_crashed = t.has_crashed or n.suspect is true or (n."countsAs" is not distinct from 'crash'),
      is_suspect = n.status in ('QUEUED', 'RUNNING') and (n.suspect is true or (t.is_suspect and n.starts = 0)),
      progress = case when n.kind = 'complete' then 1 when n.status = 'RUNNING' then coalesce(n.progress, 0) else 0 end,
      progress_message = case when n.status = 'RUNNING' then n."progressMessage" end,
      run_at = case when n.status = 'QUEUED'
                    then v_now + make_interval(secs => coalesce(n."delayMs", 0)::float8 / 1000) else t.run_at end,
      finished_at = case when n.status in ('COMPLETED', 'FAILED', 'CANCELLED', 'SKIPPED')
                         then coalesce(n.times[cardinality(n.times)], v_now) end,
      error_code = case when n.status = 'FAILED' and n."countsAs" = 'wait' then 'RETRY_LATER_EXHAUSTED'
                        when n.status in ('FAILED', 'QUEUED') then n.code end,
      error_message = case when n.status in ('FAILED', 'QUEUED') then n.message end,
      error_stage = case when n.status in ('FAILED', 'QUEUED') and n.code is not null then n.last_stage end,
      error_retryable = case when n.status in ('FAILED', 'QUEUED') then n.retryable end,
      error_stack = case when n.status in ('FAILED', 'QUEUED') then n.stack end,
      text_fence = coalesce(n."textFence", t.text_fence), chunk_fence = coalesce(n."chunkFence", t.chunk_fence),
      pipeline_version = coalesce(n."pipelineVersion", t.pipeline_version), is_mixed = coalesce(n."isMixed", t.is_mixed),
      warnings = coalesce(n.warnings, t.warnings)
    from n where t.id = n.task
    returning t.id, t.job_id, t.project_id, t.document_id, t.status, t.fence, t.change_id, t.text_fence, t.chunk_fence,
      n.kind as change_kind, n.is_cancelled and t.status = 'RUNNING' as cancel_requested, n.outputs, n.names, n.place,
      n.document, n.staged
  ), outputs as (
    insert into headway.stage_output as o (task_id, project_id, stage, fence, output)
    select x.id, x.project_id, x.names[x.place + u.i::int - 1], x.fence, nullif(u.output, 'null')
    from changed x cross join lateral jsonb_array_elements(x.outputs) with ordinality u(output, i)
    -- Over whatever is there: this is the fence that the task has now, and fences never fall.
    on conflict (task_id, stage) do update set fence = excluded.fence, output = excluded.output,
      created_at = clock_timestamp()
  ), artifacts as (
    update headway.artifact a set accepted = true from changed x
    where jsonb_array_length(x.outputs) > 0 and a.task_id = x.id and a.fence = x.fence and not a.accepted
      and a.stage = any (x.names[x.place : x.place + jsonb_array_length(x.outputs) - 1])
  )
  select coalesce(array_agg(row(x.id, x.job_id, x.document_id, x.status, x.fence, x.change_id, x.text_fence,
    x.chunk_fence, x.change_kind, x.document, x.staged, x.cancel_requested)::headway.flush_change), '{}')
  into v_applied from changed x;

  -- The history is written one flush after the other: what waited for its turn, on a slow disk, has not had its lease yet.
  if v_lease > interval '0' and clock_timestamp() - v_now > v_lease / 10 then
    update headway.task t set lease_expires_at = greatest(t.lease_expires_at, clock_timestamp() + v_lease)
    from unnest(v_applied) x where t.id = x.id and x.status = 'RUNNING';
  end if;

  perform headway.record_facts(v_applied);
  perform headway.show_results(v_applied);

  v_jobs := array(
    select distinct x.job_id from unnest(v_applied) x
    where x.status in ('COMPLETED', 'FAILED', 'CANCELLED', 'SKIPPED') order by 1);
  v_converged := array(
    select j.id from headway.job j
    where j.id = any (v_jobs) and j.queued + j.running = 0 and j.finished_at is null order by j.id);
  foreach v_job in array v_converged loop
    begin
      perform headway.converge(v_job);
    exception when others then
      -- A task's outcome stands whatever becomes of its job: the sweep converges it again.
      v_errors := v_errors || jsonb_build_object('jobId', v_job, 'code', sqlstate, 'message', sqlerrm);
    end;
  end loop;

  return json_build_object(
    -- Most often there is none, as their number tells.
    'refused', case when cardinality(v_applied) < cardinality(v_tasks) then (
      select coalesce(json_agg(id), '[]') from unnest(v_tasks) as id
      where id not in (select x.id from unnest(v_applied) x)) else '[]' end,
    'ended', (select coalesce(json_agg(json_build_object('task', x.id, 'status', x.status)), '[]')
      from unnest(v_applied) x
      where x.status <> case x.change_kind when 'stage' then 'RUNNING' when 'hand_on' then 'QUEUED'
        when 'complete' then 'COMPLETED' when 'skip' then 'SKIPPED' else '' end),
    'cancelRequested', (select coalesce(json_agg(x.id), '[]') from unnest(v_applied) x where x.cancel_requested),
    'held', case when cardinality(v_held) = 0 then '[]' else (
      select json_agg(json_build_object('task', id, 'collection', collection_id)) from headway.task
      where id = any (v_held)) end,
    'due', case when cardinality(v_converged) = 0 then '[]' else (
      select coalesce(json_agg(json_build_object('task', t.id, 'fence', t.fence::text, 'pipeline', t.pipeline,
        'priority', t.priority)), '[]')
      from headway.task t where t.job_id = any (v_converged) and t.kind = 'COLLECTION' and t.status = 'QUEUED') end,
    'convergeErrors', v_errors);
end $$;
