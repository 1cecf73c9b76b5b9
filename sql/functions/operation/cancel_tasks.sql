-- Cancels what waits among these tasks, asks what runs, and wakes the workers when the transaction commits. The caller
-- holds the collection's lock. p_by: {change, actorType, actor, reason}.
create or replace function headway.cancel_tasks(p_tasks uuid[], p_by jsonb) returns void language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  update headway.task set
    status = case when status = 'RUNNING' then 'RUNNING' else 'CANCELLED' end, version = version + 1,
    change_id = (p_by->>'change')::uuid, changed_by_type = p_by->>'actorType', changed_by = p_by->>'actor',
    change_reason = case when status = 'RUNNING' then 'CANCEL_REQUESTED' else 'CANCELLED_BY_REQUEST' end,
    change_message = p_by->>'reason', cancel_requested_at = clock_timestamp(),
    finished_at = case when status = 'RUNNING' then null else clock_timestamp() end,
    error_code = null, error_message = null, error_stage = null, error_retryable = null,
    error_stack = null
  where id = any (p_tasks) and (status is not distinct from 'WAITING' or status is not distinct from 'QUEUED'
    or (status is not distinct from 'RUNNING' and cancel_requested_at is null));
  perform pg_notify(n.nspname || ':cancel', '')
  from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = 'headway.task'::regclass;
end $$;
