-- What a worker needs to run the tasks it has claimed.
create or replace function headway.claimed(p_ids uuid[]) returns jsonb language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'taskId', t.id, 'fence', t.fence::text, 'kind', t.kind, 'stage', t.stage, 'attempt', t.attempt,
    'maxAttempts', t.max_attempts, 'run', t.run, 'textFence', t.text_fence::text, 'chunkFence', t.chunk_fence::text,
    'warnings', t.warnings, 'projectId', t.project_id, 'pipelineVersion', t.pipeline_version, 'isMixed', t.is_mixed,
    'job', jsonb_build_object('id', j.id, 'pipeline', j.pipeline, 'pipelineVersion', j.pipeline_version,
      'documentStages', j.document_stages, 'collectionStages', j.collection_stages, 'options', j.options,
      'tags', j.tags, 'run', j.run),
    'collection', jsonb_build_object('id', c.id, 'name', c.name, 'metadata', c.metadata),
    'document', case when d.id is not null then jsonb_build_object('id', d.id, 'name', d.name,
      'mediaType', d.media_type, 'sizeBytes', d.size_bytes, 'sha256', d.sha256, 'metadata', d.metadata,
      'sourceUri', d.source_uri, 'blobKey', d.blob_key, 'contentVersion', d.content_version) end,
    'input', o.output
  ) order by t.priority desc, t.run_at, t.ordinal), '[]')
  from headway.task t join headway.job j on j.id = t.job_id join headway.collection c on c.id = t.collection_id
  left join headway.document d on d.id = t.document_id
  left join lateral (
    select case t.kind when 'DOCUMENT' then j.document_stages else j.collection_stages end as stages
  ) s on true
  left join headway.stage_output o on o.task_id = t.id and o.stage = s.stages[array_position(s.stages, t.stage) - 1]
  where t.id = any (p_ids)
$$;
