-- Takes a job's pending operation a step further: at most 500 of its tasks, and no more once 100 ms have gone. Returns
-- {more, due}: whether tasks are left for another step, and the tasks that are due now. To be called in a transaction
-- of its own each time, so that nobody waits for this collection for longer.
--
-- A cancel or a retry is decided in one transaction, which changes the job and keeps here what is to be done to its
-- tasks: {kind, change, actorType, actor, reason, after}, of a retry also {from, codes, attempts}. `after` is the
-- ordinal that the steps have come to. Whoever asked takes the steps; where that process died the sweep does. Each step
-- looks at what is true by then, so two that take them at once do no harm. While a retry is pending converge settles
-- nothing, and claims pass over a job that is to be cancelled.
create or replace function headway.advance_operation(p_job uuid) returns jsonb language plpgsql
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set search_path = pg_catalog, pg_temp
as $$
declare
  c_rows constant int := 100;
  c_rows_a_step constant int := 500;
  c_time_a_step constant interval := '100 ms';
  v_began timestamptz;
  j headway.job;
  v_tasks uuid[];
  v_after int;
  v_done int := 0;
  v_more boolean;
  v_retried uuid[] := '{}';
begin
  perform headway.lock_collections(array(select collection_id from headway.job where id = p_job));
  v_began := clock_timestamp();
  select * into j from headway.job where id = p_job;
  if not found or j.operation is null then return '{"more": false, "due": []}'; end if;
  v_after := coalesce((j.operation->>'after')::int, -1);
  loop
    select array_agg(x.id), coalesce(max(x.ordinal), v_after) into v_tasks, v_after
    from headway.tasks_of_operation(j, v_after, c_rows) x;
    v_more := coalesce(cardinality(v_tasks), 0) = c_rows;
    if v_tasks is not null then
      if j.operation->>'kind' = 'CANCEL' then
        perform headway.cancel_tasks(v_tasks, j.operation);
      else
        perform headway.retry_tasks(v_tasks, j, j.operation);
        v_retried := v_retried || v_tasks;
      end if;
      v_done := v_done + cardinality(v_tasks);
    end if;
    exit when not v_more or v_done >= c_rows_a_step or clock_timestamp() - v_began > c_time_a_step;
  end loop;

  update headway.job set
    operation = case when v_more then operation || jsonb_build_object('after', v_after) end,
    -- Of this run nothing has been settled but what the retry leaves alone.
    settled_peak = case when j.operation->>'kind' = 'RETRY' then completed + failed + cancelled + skipped
                        else settled_peak end
  where id = p_job;
  if not v_more then perform headway.converge(p_job, 'system:converge'); end if;
  return jsonb_build_object('more', v_more, 'due', (
    select coalesce(jsonb_agg(jsonb_build_object('task', t.id, 'fence', t.fence::text, 'pipeline', t.pipeline,
      'priority', t.priority)), '[]')
    from headway.task t where t.id = any (v_retried)));
end $$;
