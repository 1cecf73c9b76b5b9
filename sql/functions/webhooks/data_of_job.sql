-- What webhooks are told of a job: nothing of its contents.
create or replace function headway.data_of_job(p_job uuid) returns jsonb language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('entityType', 'JOB', 'entityId', j.id, 'version', j.version, 'jobId', j.id,
    'collectionId', j.collection_id, 'pipeline', j.pipeline, 'pipelineVersion', j.pipeline_version, 'tags', j.tags,
    'run', j.run, 'status', j.status, 'counts', jsonb_build_object('total', j.total, 'queued', j.queued,
      'running', j.running, 'completed', j.completed, 'failed', j.failed, 'cancelled', j.cancelled, 'skipped', j.skipped))
  from headway.job j where j.id = p_job
$$;
