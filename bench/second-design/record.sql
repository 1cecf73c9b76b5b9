-- Only tries: the shared locks of these collections, or of those of them that nobody holds alone. Returns what it has.
create function headway.try_share_collections(p_collections uuid[]) returns uuid[] language plpgsql as $$
begin
  return array(
    select id from unnest(p_collections) as id
    where pg_try_advisory_xact_lock_shared(hashtextextended(id::text, 'headway.collection'::regclass::oid::bigint)));
end $$;

create type headway.step_change as (id uuid, job_id uuid, document_id uuid, status text, fence bigint, change_id uuid,
  text_fence bigint, chunk_fence bigint, change_kind text, document jsonb, staged jsonb, cancel_requested boolean);

-- All steps of a task that wait travel in one entry, in their order:
-- {task, fence, change, first, ages: [ms …], outputs: [json …], maxAttempts, artifacts, kind, …}
-- `first` is the number of the first; each but the last has gone on to the next stage, and so has the last, where kind is
-- null. kind: complete, skip, end, deadline, as record_changes has them. ages: how long before this call each was.
-- p_wait: wait for collections that somebody holds alone; else their tasks come back as `held`, nothing of them recorded.
-- Returns what is to be told: {refused: [task …], cancelRequested: [task …], held: [task …], due, convergeErrors}.
create function headway.record_steps(p_actor text, p_worker uuid, p_lease_ms int, p_crash_limit int, p_entries jsonb, p_wait boolean)
returns jsonb language plpgsql
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
declare
  v_at timestamptz := statement_timestamp();
  v_now timestamptz;
  v_tasks uuid[];
  v_collections uuid[];
  v_held uuid[] := '{}';
  v_applied headway.step_change[];
  v_job uuid;
  v_jobs uuid[];
  v_errors jsonb := '[]';
  v_lease interval := make_interval(secs => p_lease_ms::float8 / 1000);
begin
  v_tasks := array(select (c->>'task')::uuid from jsonb_array_elements(p_entries) c);
  v_collections := array(select distinct collection_id from headway.task where id = any (v_tasks));
  if p_wait then
    perform headway.share_collections(v_collections);
  elsif v_collections <> headway.try_share_collections(v_collections) then
    v_collections := headway.try_share_collections(v_collections);
    v_held := array(select id from headway.task where id = any (v_tasks) and collection_id <> all (v_collections));
    v_tasks := array(select id from unnest(v_tasks) id where id <> all (v_held));
  end if;
  perform from headway.task where id = any (v_tasks) and status is not distinct from 'RUNNING' order by id for no key update;
  v_now := clock_timestamp();

  with c as (
    select * from jsonb_to_recordset(p_entries) as c(task uuid, fence bigint, change uuid, first int, ages float8[],
      outputs jsonb[], "maxAttempts" int, artifacts boolean, kind text, again text, final text, "countsAs" text, code text,
      message text, retryable boolean, "delayMs" int, expired boolean, "textFence" bigint, "chunkFence" bigint,
      warnings jsonb, document jsonb, staged jsonb)
  ), m as (
    select c.*, t.version, t.stage, t.attempt, t.max_attempts, t.crashes, t.cancel_requested_at, t.recorded_step,
      t.status_changed_at, t.recorded_step - c.first + 1 as known,
      case t.kind when 'DOCUMENT' then j.document_stages else j.collection_stages end as names,
      -- How many of what is new have gone on to the next stage.
      c.first - 1 - t.recorded_step + cardinality(c.ages) - (c.kind is not null)::int as starts
    from c cross join lateral (
      select * from headway.task t where t.id = c.task and t.status is not distinct from 'RUNNING' offset 0
    ) t
    join headway.job j on j.id = t.job_id
    where t.fence = c.fence and c.first <= t.recorded_step + 1 and c.first + cardinality(c.ages) - 1 > t.recorded_step
      and t.id <> all (v_held) and (c.expired is not true or t.lease_expires_at < v_now)
  ), n as (
    select m.task as id, m.kind, m.change, m.starts, m.names, array_position(m.names, m.stage) as place, m.known,
      case
        when m.kind is null then 'RUNNING'
        when m.kind = 'complete' then 'COMPLETED'
        when m.kind = 'skip' then 'SKIPPED'
        when m.kind = 'deadline' or m.cancel_requested_at is not null then 'CANCELLED'
        when m."countsAs" = 'attempt' and case when m.starts > 0 then 1 < m."maxAttempts" else m.attempt < m.max_attempts end then 'QUEUED'
        when m."countsAs" = 'crash' and case when m.starts > 0 then 0 else m.crashes end + 1 < p_crash_limit then 'QUEUED'
        when m.final is null then 'QUEUED'
        else 'FAILED'
      end as status,
      m.again, m.final, m."countsAs" as counts_as, m.code, m.message, m.retryable, m."delayMs" as delay_ms,
      m."textFence" as text_fence, m."chunkFence" as chunk_fence, m.warnings, m.outputs, m.document, m.staged, m.artifacts,
      case when m.starts > 0 then 1 else m.attempt end as attempt,
      case when m.starts > 0 then m."maxAttempts" else m.max_attempts end as max_attempts,
      case when m.starts > 0 then 0 else m.crashes end as crashes,
      array(select greatest(m.status_changed_at, least(v_at - a * interval '1 ms', v_at))
        from unnest(m.ages) with ordinality u(a, i) where i > m.known order by i) as times
    from m
  ), changed as (
    update headway.task t set
      status = n.status, version = t.version + cardinality(n.times), change_id = n.change, changed_by_type = 'WORKER',
      changed_by = p_actor, recorded_step = t.recorded_step + cardinality(n.times),
      step_times = n.times, steps_version = t.version + cardinality(n.times),
      change_reason = case
        when n.kind is null then 'STAGE_STARTED'
        when n.kind = 'complete' then 'COMPLETED'
        when n.kind = 'skip' then 'UNCHANGED'
        when n.kind = 'deadline' then 'CANCEL_DEADLINE'
        when n.status = 'CANCELLED' then 'CANCELLED_BY_REQUEST'
        when n.status = 'QUEUED' then n.again
        else n.final
      end,
      change_message = n.message,
      stage = case when n.kind in ('complete', 'skip') then null else n.names[n.place + n.starts] end,
      worker_id = case when n.status = 'RUNNING' then t.worker_id end,
      lease_expires_at = case when n.status = 'RUNNING' then greatest(t.lease_expires_at, v_now + v_lease) end,
      attempt = case when n.status = 'QUEUED' and n.counts_as = 'attempt' then n.attempt + 1 else n.attempt end,
      max_attempts = n.max_attempts,
      crashes = case when n.counts_as = 'crash' and n.status <> 'CANCELLED' then n.crashes + 1 else n.crashes end,
      progress = case when n.kind = 'complete' then 1 else 0 end,
      progress_message = null,
      run_at = case when n.status = 'QUEUED'
                    then v_now + make_interval(secs => coalesce(n.delay_ms, 0)::float8 / 1000) else t.run_at end,
      finished_at = case when n.status in ('COMPLETED', 'FAILED', 'CANCELLED', 'SKIPPED') then n.times[cardinality(n.times)] end,
      error_code = case when n.status in ('FAILED', 'QUEUED') then n.code end,
      error_message = case when n.status in ('FAILED', 'QUEUED') then n.message end,
      error_stage = case when n.status in ('FAILED', 'QUEUED') and n.code is not null then n.names[n.place + n.starts] end,
      error_retryable = case when n.status in ('FAILED', 'QUEUED') then n.retryable end,
      text_fence = coalesce(n.text_fence, t.text_fence), chunk_fence = coalesce(n.chunk_fence, t.chunk_fence),
      warnings = coalesce(n.warnings, t.warnings)
    from n where t.id = n.id
    returning t.id, t.job_id, t.project_id, t.document_id, t.status, t.fence, t.change_id, t.text_fence, t.chunk_fence,
      t.cancel_requested_at is not null and t.status = 'RUNNING' as cancel_requested,
      n.kind as change_kind, n.outputs, n.document, n.staged, n.names, n.place, n.known, n.artifacts, n.starts
  ), outputs as (
    insert into headway.stage_output as o (task_id, project_id, stage, fence, output)
    select x.id, x.project_id, x.names[x.place + u.i - x.known - 1], x.fence, u.output
    from changed x cross join lateral unnest(x.outputs) with ordinality u(output, i) where u.i > x.known
    on conflict (task_id, stage) do update set fence = excluded.fence, output = excluded.output,
      created_at = clock_timestamp()
    where excluded.fence >= o.fence
  ), artifacts as (
    update headway.artifact a set accepted = true from changed x
    where x.artifacts and a.task_id = x.id and a.fence = x.fence and not a.accepted
      and a.stage = any (x.names[x.place : x.place + x.starts - (x.change_kind is distinct from 'complete')::int])
  )
  select coalesce(array_agg(row(x.id, x.job_id, x.document_id, x.status, x.fence, x.change_id, x.text_fence, x.chunk_fence,
    x.change_kind, x.document, x.staged, x.cancel_requested)::headway.step_change), '{}') into v_applied from changed x;

  if exists (select from unnest(v_applied) x where x.document is not null or x.text_fence is not null or x.chunk_fence is not null) then
    perform headway.record_facts(f), headway.show_results(f) from (
      select array_agg(row(x.id, x.job_id, x.document_id, x.status, x.fence, x.change_id, x.text_fence, x.chunk_fence,
        x.change_kind, x.document, x.staged)::headway.flush_change) as f from unnest(v_applied) x) y;
  end if;

  v_jobs := array(
    select distinct x.job_id from unnest(v_applied) x
    where x.status in ('COMPLETED', 'FAILED', 'CANCELLED', 'SKIPPED') order by 1);
  for v_job in
    select j.id from headway.job j where j.id = any (v_jobs) and j.queued + j.running = 0 and j.finished_at is null order by j.id
  loop
    begin
      perform headway.converge(v_job);
    exception when others then
      v_errors := v_errors || jsonb_build_object('jobId', v_job, 'code', sqlstate, 'message', sqlerrm);
    end;
  end loop;

  return jsonb_build_object(
    -- Most often there is none, which the number of what was applied tells without a look.
    'refused', case when cardinality(v_applied) = cardinality(v_tasks) then '[]' else (
      select coalesce(jsonb_agg(c.task), '[]')
      from jsonb_to_recordset(p_entries) as c(task uuid, fence bigint, first int, ages jsonb)
      left join headway.task t on t.id = c.task and t.fence = c.fence and t.recorded_step >= c.first + jsonb_array_length(c.ages) - 1
      where t.id is null and c.task <> all (v_held)) end,
    'cancelRequested', (select coalesce(jsonb_agg(x.id), '[]') from unnest(v_applied) x where x.cancel_requested),
    'held', to_jsonb(v_held),
    'due', case when cardinality(v_jobs) = 0 then '[]' else (
      select coalesce(jsonb_agg(jsonb_build_object('task', t.id, 'fence', t.fence::text, 'pipeline', t.pipeline,
        'priority', t.priority)), '[]')
      from headway.task t where t.job_id = any (v_jobs) and t.kind = 'COLLECTION' and t.status is not distinct from 'QUEUED') end,
    'convergeErrors', v_errors);
end $$;
