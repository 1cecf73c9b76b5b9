-- Puts these failed or cancelled document tasks back to QUEUED, in the job's present run. The caller holds the
-- collection's lock. p_by: {change, actorType, actor, reason, from: FAILED_STAGE | FIRST_STAGE, attempts: {stage: n}}.
create or replace function headway.retry_tasks(p_tasks uuid[], p_job headway.job, p_by jsonb) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  update headway.task t set
    status = 'QUEUED', version = t.version + 1, change_id = (p_by->>'change')::uuid,
    changed_by_type = p_by->>'actorType', changed_by = p_by->>'actor', change_reason = 'RETRIED_BY_REQUEST',
    change_message = p_by->>'reason', stage = s.stage,
    max_attempts = coalesce((p_by->'attempts'->>s.stage)::int, t.max_attempts),
    attempt = 1, crashes = 0, has_crashed = false, is_suspect = false, later_since = null, progress = 0, progress_message = null, warnings = '[]', run = p_job.run,
    run_at = clock_timestamp(), started_at = null, finished_at = null, cancel_requested_at = null,
    error_code = null, error_message = null, error_stage = null, error_retryable = null,
    error_stack = null
  from (
    select id, case when p_by->>'from' = 'FIRST_STAGE' or stage is null then p_job.document_stages[1] else stage end as stage
    from headway.task where id = any (p_tasks)
  ) s
  where t.id = s.id and (t.status is not distinct from 'FAILED' or t.status is not distinct from 'CANCELLED');
end $$;
