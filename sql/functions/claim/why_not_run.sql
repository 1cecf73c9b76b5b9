-- Why a worker that serves this can't run a task of this job at this stage: VERSION where its pipeline is of an earlier
-- version than the job, STAGE where it has no such stage, OPTIONS where its version refuses the job's options, PIPELINE
-- where it does not run the pipeline at all; null where it can. The same rule as that of claimable, for whoever tells
-- what work waits for.
create or replace function headway.why_not_run(
  p_serves jsonb, p_job uuid, p_pipeline text, p_version int, p_stage text
) returns text language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when not p_serves ? p_pipeline then 'PIPELINE'
    when (p_serves->p_pipeline->>'version')::int < p_version then 'VERSION'
    when not p_serves->p_pipeline->'stages' ? p_stage then 'STAGE'
    when exists (
      select from headway.options_check o where o.job_id = p_job and o.refusal is not null
        and o.pipeline_version = (p_serves->p_pipeline->>'version')::int) then 'OPTIONS'
  end
$$;
