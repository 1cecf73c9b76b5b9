-- Locks the first due tasks of a job, and returns their ids. Passes over rows that somebody else has locked. Where none is
-- due by now, the job says from when on one will be. The caller has the locks of the job's collection and its history.
create or replace function headway.take_due(p_job uuid, p_limit int) returns uuid[] language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_taken uuid[];
  v_next timestamptz;
begin
  -- In statements of their own, which see what was decided while the locks were waited for.
  perform from headway.job j where j.id = p_job and j.cancel_requested_at is null and not exists (
    select from headway.pipeline_pause p where p.project_id = j.project_id and p.pipeline = j.pipeline);
  if not found then return '{}'; end if;
  v_taken := array(
    select id from headway.task where job_id = p_job and status = 'QUEUED' and run_at <= clock_timestamp()
    order by run_at, ordinal limit p_limit for no key update skip locked);
  if cardinality(v_taken) = 0 then
    select min(run_at) into v_next from headway.task where job_id = p_job and status = 'QUEUED';
    update headway.job set next_due_at = v_next where id = p_job and next_due_at < v_next and v_next > clock_timestamp();
  end if;
  return v_taken;
end $$;
