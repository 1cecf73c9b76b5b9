/**
 * Convergence: one idempotent function, called by the flush that settles a task, by the sweep, and on demand.
 * `roll_up` says in SQL what src/lifecycle/roll-up.ts says in TypeScript; a test compares them over every combination.
 */
export const CONVERGE = `
create function roll_up(
  p_open int, p_completed int, p_failed int, p_cancelled int, p_skipped int, p_collection_task text,
  p_cancel_requested boolean, p_same_documents boolean, out target text, out status text, out reason text
) language plpgsql immutable as $$
declare
  v_some_cancelled boolean := p_cancelled > 0 or p_collection_task is not distinct from 'CANCELLED';
begin
  target := 'JOB'; status := 'OPEN';
  if p_open > 0 then return; end if;
  if p_collection_task = 'WAITING' then
    target := 'COLLECTION_TASK';
    if p_cancel_requested then status := 'CANCELLED'; reason := 'CANCELLED_BY_REQUEST';
    elsif p_completed + p_skipped = 0 then status := 'SKIPPED'; reason := 'NOTHING_TO_DO';
    elsif p_completed + p_failed + p_cancelled = 0 and p_same_documents then status := 'SKIPPED'; reason := 'UNCHANGED';
    else status := 'QUEUED'; reason := 'DOCUMENTS_SETTLED';
    end if;
    return;
  end if;
  if p_collection_task in ('QUEUED', 'RUNNING') then return; end if;
  reason := 'ALL_TASKS_SETTLED';
  status := case
    when p_cancel_requested and v_some_cancelled then 'CANCELLED'
    when p_collection_task = 'FAILED' then 'FAILED'
    when p_completed + p_skipped = 0 then case when p_failed > 0 then 'FAILED' else 'CANCELLED' end
    when p_failed > 0 or v_some_cancelled then 'COMPLETED_WITH_ERRORS'
    else 'COMPLETED'
  end;
end $$;

create function saw_same_documents(p_job uuid) returns boolean language sql stable as $$
  select coalesce((
    select array(select document_id from task where job_id = before.id and kind = 'DOCUMENT' order by document_id)
         = array(select document_id from task where job_id = p_job and kind = 'DOCUMENT' order by document_id)
    from job j
    join job before on before.collection_id = j.collection_id and before.pipeline = j.pipeline
      and before.pipeline_version = j.pipeline_version and before.options = j.options and before.id <> j.id
    join task c on c.job_id = before.id and c.kind = 'COLLECTION' and c.status = 'COMPLETED'
    where j.id = p_job
    order by c.finished_at desc limit 1
  ), false)
$$;

create function keep_summary(p_job uuid, p_status text) returns void language sql as $$
  insert into job_summary (job_id, project_id, run, status, counts, duration_ms, errors, output)
  select j.id, j.project_id, j.run, p_status,
    jsonb_build_object('total', j.total, 'waiting', 0, 'queued', j.queued, 'running', j.running,
      'completed', j.completed, 'failed', j.failed, 'cancelled', j.cancelled, 'skipped', j.skipped),
    extract(epoch from clock_timestamp() - coalesce(j.started_at, j.created_at)) * 1000,
    coalesce((
      select jsonb_agg(to_jsonb(g) order by g.count desc, g.code, g.stage) from (
        select error_code as code, error_stage as stage, count(*) as count, bool_or(error_retryable) as retryable,
          (array_agg(id order by ordinal))[1:5] as "sampleTaskIds"
        from task where job_id = p_job and status = 'FAILED' group by error_code, error_stage
      ) g), '[]'),
    -- Objects of several collection stages are merged in stage order; of others the last stage's output stands.
    (select case when bool_and(jsonb_typeof(o.output) = 'object')
       then (select jsonb_object_agg(e.key, e.value order by o2.place)
             from unnest(j.collection_stages) with ordinality as o2(stage, place)
             join stage_output s2 on s2.task_id = c.id and s2.stage = o2.stage, jsonb_each(s2.output) e)
       else (array_agg(o.output order by s.place desc))[1] end
     from task c cross join unnest(j.collection_stages) with ordinality as s(stage, place)
     join stage_output o on o.task_id = c.id and o.stage = s.stage
     where c.job_id = p_job and c.kind = 'COLLECTION' and c.status = 'COMPLETED'
     group by c.id)
  from job j where j.id = p_job
  on conflict (job_id) do update set run = excluded.run, status = excluded.status, counts = excluded.counts,
    duration_ms = excluded.duration_ms, errors = excluded.errors, output = excluded.output, stages = null,
    created_at = clock_timestamp()
$$;

-- Returns how many rows it changed; 0 when facts and status agree.
create function converge(p_job uuid, p_actor text default 'system:converge') returns int language plpgsql as $$
declare
  j job;
  v_collection_task task;
  v_next record;
  v_changes int := 0;
begin
  perform lock_collections(array(select collection_id from job where id = p_job));
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
