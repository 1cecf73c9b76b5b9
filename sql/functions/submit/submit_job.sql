-- Makes a job and its tasks in a collection whose lock is held, and brings the collection to PROCESSING. Returns the
-- tasks of its documents; those that are not QUEUED are SKIPPED, because the job is INCREMENTAL and has completed what
-- the document now holds before, or because the pipeline has no document stages.
create or replace function headway.submit_job(p_actor_type text, p_actor text, p_project uuid, p_job jsonb)
returns table (task uuid, fence text, pipeline text, priority int, status text) language plpgsql
-- For the triggers of the tables too; see record_changes.
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_job uuid := p_job->>'id';
  v_collection uuid := p_job->>'collectionId';
  v_pipeline text := p_job->>'pipeline';
  v_priority int := p_job->>'priority';
  v_document_stages text[] := array(select jsonb_array_elements_text(p_job->'documentStages'));
  v_collection_stages text[] := array(select jsonb_array_elements_text(p_job->'collectionStages'));
  v_run_at timestamptz := p_job->>'runAt';
  -- Null for all of the collection.
  v_documents uuid[] := case when jsonb_typeof(p_job->'documentIds') = 'array'
    then array(select jsonb_array_elements_text(p_job->'documentIds')::uuid) end;
  v_change uuid := gen_random_uuid();
begin
  update headway.collection set status = 'PROCESSING', version = version + 1, change_id = gen_random_uuid(),
    changed_by_type = p_actor_type, changed_by = p_actor, change_reason = 'SUBMITTED', change_message = null
  where id = v_collection;

  insert into headway.job (id, project_id, collection_id, pipeline, pipeline_version, document_stages, collection_stages,
    options, tags, priority, run_at, idempotency_key, request_hash, mode, traceparent, status, change_id, changed_by_type,
    changed_by, change_reason)
  values (v_job, p_project, v_collection, v_pipeline, (p_job->>'pipelineVersion')::int, v_document_stages,
    v_collection_stages, p_job->'options', array(select jsonb_array_elements_text(p_job->'tags')), v_priority, v_run_at,
    p_job->>'idempotencyKey', p_job->>'requestHash', p_job->>'mode', p_job->>'traceparent', 'QUEUED',
    gen_random_uuid(), p_actor_type, p_actor, 'SUBMITTED');

  return query
    insert into headway.task as t (id, project_id, collection_id, job_id, kind, document_id, document_name, ordinal,
      pipeline, pipeline_version, priority, status, stage, max_attempts, run_at, finished_at, content_sha256, change_id,
      changed_by_type, changed_by, change_reason)
    select gen_random_uuid(), p_project, v_collection, v_job, 'DOCUMENT', d.id, d.name, row_number() over (order by d.id),
      v_pipeline, (p_job->>'pipelineVersion')::int, v_priority, case when d.to_do then 'QUEUED' else 'SKIPPED' end,
      case when d.to_do then v_document_stages[1] end, (p_job->>'documentAttempts')::int,
      -- Of each row its own: what is due is claimed in this order, first document first.
      coalesce(v_run_at, clock_timestamp()),
      case when not d.to_do then clock_timestamp() end, d.known_sha256, v_change, p_actor_type, p_actor,
      case when d.to_do then 'SUBMITTED' else 'UNCHANGED' end
    from (
      select k.*, cardinality(v_document_stages) > 0 and case p_job->>'mode'
        when 'INCREMENTAL' then headway.kept_task(k.id, k.known_sha256, v_pipeline, (p_job->>'pipelineVersion')::int,
          v_document_stages, p_job->'options') is null
        else true end as to_do
      from (
        -- Of a source nobody knows what is behind it now.
        select id, name, case when source_uri is null then sha256 end as known_sha256 from headway.document
        where collection_id = v_collection and (v_documents is null or id = any (v_documents))
      ) k
    ) d
    returning t.id, t.fence::text, t.pipeline, t.priority, t.status;

  if cardinality(v_collection_stages) > 0 then
    insert into headway.task (id, project_id, collection_id, job_id, kind, ordinal, pipeline, pipeline_version,
      priority, status, stage, max_attempts, change_id, changed_by_type, changed_by, change_reason)
    values (gen_random_uuid(), p_project, v_collection, v_job, 'COLLECTION', 2147483647, v_pipeline,
      (p_job->>'pipelineVersion')::int, v_priority, 'WAITING', v_collection_stages[1],
      (p_job->>'collectionAttempts')::int, gen_random_uuid(), p_actor_type, p_actor, 'SUBMITTED');
  end if;
end $$;
