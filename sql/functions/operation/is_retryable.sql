-- Whether a retry takes this task: failed or cancelled, or, where error codes are given, failed with one of them.
create or replace function headway.is_retryable(p_task headway.task, p_codes jsonb) returns boolean language sql immutable
as $$
  select case when jsonb_typeof(p_codes) = 'array' then p_task.status = 'FAILED' and p_codes ? p_task.error_code
    else p_task.status in ('FAILED', 'CANCELLED') end
$$;
