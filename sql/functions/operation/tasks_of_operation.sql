-- The next tasks behind `p_after` that the job's pending operation is about, in their order. The collection task is the
-- last; while it is WAITING it follows the document tasks by itself.
create or replace function headway.tasks_of_operation(p_job headway.job, p_after int, p_limit int)
returns table (id uuid, ordinal int) language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select t.id, t.ordinal from headway.task t
  where t.job_id = p_job.id and t.ordinal > p_after and t.status <> 'COMPLETED'
    and case p_job.operation->>'kind'
      when 'CANCEL' then (t.status = 'QUEUED' or (t.status = 'WAITING' and t.kind = 'DOCUMENT')
        or (t.status = 'RUNNING' and t.cancel_requested_at is null))
      else t.kind = 'DOCUMENT' and t.run < p_job.run and headway.is_retryable(t, p_job.operation->'codes') end
  order by t.ordinal limit p_limit
$$;
