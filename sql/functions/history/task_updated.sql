-- Statement trigger: checks the transitions of tasks, writes their history, and moves the counts of their jobs, stages
-- and errors. Of an UPDATE that holds steps (see guard_task) each step is a row of its own: all but the last have gone on to
-- the next stage of the job's list, so that nothing else can be said of them. In the counts by stage COMPLETED has
-- passed all stages, SKIPPED counts nowhere, any other has passed the stages before its own.
create or replace function headway.task_updated() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_moves headway.task_move[];
  v_wrong record;
begin
  -- A full join, though each row has its old one: it is never made by nested loops, and a plan that a session made for
  -- one row stays for its flushes of 200 (5 ms for each join, and minutes for the 10,000 rows of a cancel).
  v_moves := array(
    select row(n.job_id, n.collection_id, n.kind, o.status, n.status, o.stage, n.stage, n.change_reason, s.steps,
      count(*), min(n.run_at))::headway.task_move
    from new_rows n full join old_rows o on o.id = n.id
    cross join lateral (
      select case when n.steps_version is distinct from o.steps_version then n.version - o.version else 0 end as steps) s
    where (n.version = o.version) is not true
    group by n.job_id, n.collection_id, n.kind, o.status, n.status, o.stage, n.stage, n.change_reason, s.steps);
  if cardinality(v_moves) = 0 then return null; end if;

  -- Here and not row by row in the guard: one look for all the rows of a flush.
  select m.* into v_wrong from unnest(v_moves) m where not exists (
    select from headway.transition r
    where r.level = m.kind || '_TASK' and r.from_status = m.from_status and r.to_status = m.to_status
      and r.reason = m.reason);
  if found then
    perform headway.assert_transition(v_wrong.kind || '_TASK', (
      select n.id from new_rows n join old_rows o on o.id = n.id
      where n.version <> o.version and n.kind = v_wrong.kind and o.status = v_wrong.from_status
        and n.status = v_wrong.to_status and n.change_reason = v_wrong.reason order by n.id limit 1
    ), v_wrong.from_status, v_wrong.to_status, v_wrong.reason);
  end if;

  -- Where the steps before the last have led, the last one stands, or it goes on from there.
  select m.*, g.names into v_wrong from unnest(v_moves) m join headway.job j on j.id = m.job_id
  cross join lateral (
    select x.names, array_position(x.names, m.from_stage) as place from (
      select case m.kind when 'DOCUMENT' then j.document_stages else j.collection_stages end as names) x) g
  where m.steps > 0 and (
    g.names[g.place + m.steps - 1] is null
    or m.to_stage is distinct from case
      when m.reason in ('COMPLETED', 'UNCHANGED') then null
      when m.reason in ('STAGE_STARTED', 'HANDED_ON', 'QUEUED_FOR_LIMIT') then coalesce(g.names[g.place + m.steps], '')
      else g.names[g.place + m.steps - 1] end)
  limit 1;
  if found then
    raise exception 'job %: % steps from stage % do not lead to % in stage %', v_wrong.job_id, v_wrong.steps,
      coalesce(v_wrong.from_stage, '(none)'), v_wrong.to_status, coalesce(v_wrong.to_stage, '(none)')
      using hint = format('Its stages are %s, each step but the last goes on to the next.', v_wrong.names);
  end if;

  perform headway.lock_history(array(select distinct m.collection_id from unnest(v_moves) m));
  insert into headway.status_change (project_id, entity_type, entity_id, collection_id, job_id, task_id, version,
    from_status, to_status, from_stage, to_stage, run, attempt, fence, actor_type, actor, reason, message, change_id, at)
  select n.project_id, 'TASK', n.id, n.collection_id, n.job_id, n.id, o.version + s.step,
    case when s.step = 1 then o.status else 'RUNNING' end, case when l.is_last then n.status else 'RUNNING' end,
    case when s.step = 1 then o.stage else g.names[g.place + s.step::int - 1] end,
    case when l.is_last then n.stage else g.names[g.place + s.step::int] end,
    n.run, case when l.is_last then n.attempt else 1 end, case when n.changed_by_type = 'WORKER' then n.fence end,
    n.changed_by_type, n.changed_by, case when l.is_last then n.change_reason else 'STAGE_STARTED' end,
    case when l.is_last then n.change_message end, n.change_id, s.at
  from new_rows n full join old_rows o on o.id = n.id
  cross join lateral unnest(
    case when n.steps_version is distinct from o.steps_version then n.step_times else array[n.status_changed_at] end
  ) with ordinality s(at, step)
  cross join lateral (select s.step = n.version - o.version as is_last) l
  left join lateral (
    select x.names, array_position(x.names, o.stage) as place from (
      select case n.kind when 'DOCUMENT' then j.document_stages else j.collection_stages end as names
      from headway.job j where j.id = n.job_id and n.version - o.version > 1) x
  ) g on true
  where (n.version = o.version) is not true
  order by n.ordinal, n.id, s.step;

  -- An UPDATE of no rows calls the statement triggers of job all the same.
  if exists (select from unnest(v_moves) m where m.from_status <> m.to_status) then
    update headway.job j set
      queued = j.queued + d.queued, running = j.running + d.running, completed = j.completed + d.completed,
      failed = j.failed + d.failed, cancelled = j.cancelled + d.cancelled, skipped = j.skipped + d.skipped,
      settled_peak = greatest(j.settled_peak, j.completed + d.completed + j.failed + d.failed + j.cancelled + d.cancelled
        + j.skipped + d.skipped)
    from (
      select m.job_id,
        sum(m.documents * ((m.to_status = 'QUEUED')::int - (m.from_status = 'QUEUED')::int)) as queued,
        sum(m.documents * ((m.to_status = 'RUNNING')::int - (m.from_status = 'RUNNING')::int)) as running,
        sum(m.documents * ((m.to_status = 'COMPLETED')::int - (m.from_status = 'COMPLETED')::int)) as completed,
        sum(m.documents * ((m.to_status = 'FAILED')::int - (m.from_status = 'FAILED')::int)) as failed,
        sum(m.documents * ((m.to_status = 'CANCELLED')::int - (m.from_status = 'CANCELLED')::int)) as cancelled,
        sum(m.documents * ((m.to_status = 'SKIPPED')::int - (m.from_status = 'SKIPPED')::int)) as skipped
      from (
        select x.*, case x.kind when 'DOCUMENT' then x.tasks else 0 end as documents from unnest(v_moves) x
      ) m where m.from_status <> m.to_status group by m.job_id
    ) d where j.id = d.job_id;
    perform headway.count_ready(v_moves);
  end if;

  -- The job's row is locked by now, so that no two come to its errors at once.
  if exists (select from unnest(v_moves) m where (m.from_status = 'FAILED') <> (m.to_status = 'FAILED')) then
    insert into headway.error_count as e (job_id, project_id, code, stage, failed, retryable)
    select c.job_id, c.project_id, coalesce(c.code, ''), coalesce(c.stage, ''), sum(c.tasks),
      sum(case when c.retryable then c.tasks else 0 end)
    from new_rows n full join old_rows o on o.id = n.id
    cross join lateral (values
      (o.job_id, o.project_id, o.status, o.error_code, o.error_stage, o.error_retryable, -1),
      (n.job_id, n.project_id, n.status, n.error_code, n.error_stage, n.error_retryable, 1)
    ) c(job_id, project_id, status, code, stage, retryable, tasks)
    where (o.status = 'FAILED') <> (n.status = 'FAILED') and c.status = 'FAILED'
    group by 1, 2, 3, 4 order by 1, 3, 4
    on conflict (job_id, code, stage) do update
      set failed = e.failed + excluded.failed, retryable = e.retryable + excluded.retryable;
  end if;

  if exists (select from unnest(v_moves) m where m.from_status <> 'FAILED' and m.to_status = 'FAILED')
    and exists (select from headway.webhook where enabled and 'TASKS_FAILED' = any (events)) then
    insert into headway.failed_batch as b (job_id, project_id, due_at, failed, tasks)
    select n.job_id, n.project_id, clock_timestamp() + interval '10 s', count(*),
      jsonb_agg(jsonb_build_object('taskId', n.id, 'version', n.version, 'documentId', n.document_id, 'code', n.error_code,
        'stage', n.error_stage) order by n.ordinal)
    from new_rows n full join old_rows o on o.id = n.id
    where n.status = 'FAILED' and o.status <> 'FAILED' group by 1, 2 order by 1
    on conflict (job_id) do update set failed = b.failed + excluded.failed,
      tasks = case when jsonb_array_length(b.tasks) < 100 then b.tasks || excluded.tasks else b.tasks end;
  end if;

  update headway.stage_count s set queued = s.queued + d.queued, running = s.running + d.running,
    completed = s.completed + d.completed, failed = s.failed + d.failed
  from (
    select m.job_id, s.stage,
      sum(m.tasks * (m.stage = s.stage and m.status = 'QUEUED')::int) as queued,
      sum(m.tasks * (m.stage = s.stage and m.status = 'RUNNING')::int) as running,
      sum(m.tasks * (m.status = 'COMPLETED' or s.place < array_position(j.document_stages, m.stage))::int) as completed,
      sum(m.tasks * (m.stage = s.stage and m.status = 'FAILED')::int) as failed
    from (
      select m.job_id, m.to_status as status, m.to_stage as stage, m.tasks from unnest(v_moves) m
      where m.kind = 'DOCUMENT'
      union all
      select m.job_id, m.from_status, m.from_stage, -m.tasks from unnest(v_moves) m where m.kind = 'DOCUMENT'
    ) m
    join headway.job j on j.id = m.job_id
    cross join lateral unnest(j.document_stages) with ordinality as s(stage, place)
    where m.status <> 'SKIPPED'
    group by m.job_id, s.stage
  ) d
  where s.job_id = d.job_id and s.stage = d.stage
    and (d.queued <> 0 or d.running <> 0 or d.completed <> 0 or d.failed <> 0);
  perform pg_notify(tg_table_schema, '');
  return null;
end $$;
