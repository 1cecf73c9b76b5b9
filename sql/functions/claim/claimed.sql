-- What a worker needs to run the tasks it has claimed: {jobs: {id: …}, tasks: […]}, the tasks in the order in which they
-- are to be begun. What is the same for all tasks of a job is said once, with the job.
create or replace function headway.claimed(p_ids uuid[]) returns json language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select json_build_object(
    'jobs', (
      select coalesce(json_object_agg(j.id, json_build_object('id', j.id, 'projectId', j.project_id,
        'pipeline', j.pipeline, 'pipelineVersion', j.pipeline_version, 'documentStages', j.document_stages,
        'collectionStages', j.collection_stages, 'options', j.options, 'tags', j.tags, 'run', j.run, 'mode', j.mode,
        'traceparent', j.traceparent,
        'collection', json_build_object('id', c.id, 'name', c.name, 'metadata', c.metadata))), '{}')
      from headway.job j join headway.collection c on c.id = j.collection_id
      where j.id = any (array(select distinct job_id from headway.task where id = any (p_ids)))),
    'tasks', (
      select coalesce(json_agg(json_build_object(
        'taskId', t.id, 'jobId', t.job_id, 'fence', t.fence::text, 'kind', t.kind, 'stage', t.stage, 'attempt', t.attempt,
        'maxAttempts', t.max_attempts, 'run', t.run, 'hasCrashed', t.has_crashed, 'textFence', t.text_fence::text,
        'chunkFence', t.chunk_fence::text, 'warnings', t.warnings, 'pipelineVersion', t.pipeline_version,
        'isMixed', t.is_mixed,
        'document', case when d.id is not null then json_build_object('id', d.id, 'name', d.name,
          'mediaType', d.media_type, 'sizeBytes', d.size_bytes, 'sha256', d.sha256, 'metadata', d.metadata,
          'sourceUri', d.source_uri, 'blobKey', d.blob_key, 'contentVersion', d.content_version) end,
        'input', o.output
      ) order by t.priority desc, t.run_at, t.ordinal), '[]')
      from headway.task t join headway.job j on j.id = t.job_id
      left join headway.document d on d.id = t.document_id
      left join lateral (
        select case t.kind when 'DOCUMENT' then j.document_stages else j.collection_stages end as stages
      ) s on true
      left join headway.stage_output o on o.task_id = t.id and o.stage = s.stages[array_position(s.stages, t.stage) - 1]
      where t.id = any (p_ids)))
$$;
