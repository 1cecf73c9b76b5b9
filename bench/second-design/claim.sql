-- Takes due tasks of up to 16 jobs behind the worker's cursor, as many of each. Waits for no lock.
-- p_claim: {claim, limit, leaseMs, pipelines, after: {project, job} | null}
-- Returns {jobs: {id: …}, tasks: [{task, fence, job, …}], held, after: {project, job}}: what is the same for a job is said once.
create function headway.claim_tasks(p_worker uuid, p_actor text, p_claim jsonb) returns jsonb language plpgsql
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
declare
  v_pipelines text[] := array(select jsonb_array_elements_text(p_claim->'pipelines'));
  v_claim uuid := p_claim->>'claim';
  v_limit int := p_claim->>'limit';
  v_lease interval := make_interval(secs => (p_claim->>'leaseMs')::float8 / 1000);
  v_after_project uuid := coalesce((p_claim->'after'->>'project')::uuid, '00000000-0000-0000-0000-000000000000');
  v_after_job uuid := coalesce((p_claim->'after'->>'job')::uuid, '00000000-0000-0000-0000-000000000000');
  v_project uuid;
  v_jobs uuid[];
  v_taken uuid[] := '{}';
  v_share int;
  v_last uuid;
  v_now timestamptz;
  v_held uuid;
  v_waits boolean := false;
  j record;
begin
  -- The next project behind the cursor that has something ready which is served and not paused; round once.
  select p.project_id into v_project from (
    select distinct x.project_id from headway.job x where x.is_ready and x.cancel_requested_at is null and x.pipeline = any (v_pipelines)
      and x.next_due_at <= clock_timestamp()
      and not exists (select from headway.pipeline_pause z where z.project_id = x.project_id and z.pipeline = x.pipeline)
  ) p order by p.project_id > v_after_project desc, p.project_id limit 1;
  if v_project is null then return '{"jobs": {}, "tasks": [], "held": false, "after": null}'; end if;

  -- Of the highest priority there, those behind the last one that had its turn.
  v_jobs := array(
    select x.id from (
      select y.id, y.priority, max(y.priority) over () as highest from headway.job y
      where y.project_id = v_project and y.is_ready and y.cancel_requested_at is null and y.pipeline = any (v_pipelines)
        and y.next_due_at <= clock_timestamp()
        and not exists (select from headway.pipeline_pause z where z.project_id = y.project_id and z.pipeline = y.pipeline)
    ) x where x.priority = x.highest order by x.id > v_after_job desc, x.id limit 16);

  v_share := greatest(1, ceil(v_limit::float8 / greatest(cardinality(v_jobs), 1)));
  loop
    for j in
      select x.id, x.collection_id, x.document_stages || x.collection_stages as names
      from unnest(v_jobs) with ordinality u(id, place) join headway.job x on x.id = u.id
      where not v_waits or x.id = v_held order by u.place
    loop
      exit when cardinality(v_taken) >= v_limit;
      v_last := j.id;
      if not pg_try_advisory_xact_lock_shared(hashtextextended(j.collection_id::text, 'headway.collection'::regclass::oid::bigint))
        or not pg_try_advisory_xact_lock(hashtextextended(j.collection_id::text, 'headway.status_change'::regclass::oid::bigint)) then
        v_held := coalesce(v_held, j.id);
        continue;
      end if;
      v_taken := v_taken || array(
        select t.id from headway.task t where t.id = any (array(
          select d.id from unnest(j.names) s cross join lateral (
            select id, run_at, ordinal from headway.task
            where job_id = j.id and stage = s and status = 'QUEUED' and run_at <= clock_timestamp()
            order by run_at, ordinal limit least(v_share, v_limit - cardinality(v_taken))
          ) d order by d.run_at, d.ordinal limit least(v_share, v_limit - cardinality(v_taken))))
          and t.status is not distinct from 'QUEUED'
        order by t.id for no key update skip locked);
    end loop;
    exit when v_waits or v_held is null or cardinality(v_taken) > 0;
    -- All was held: it waits for one, once, and holds nothing that anybody waits for meanwhile but that one's other key.
    v_waits := true;
    begin
      perform set_config('lock_timeout', '100ms', true);
      perform headway.share_collections(array[x.collection_id]), headway.lock_history(array[x.collection_id]) from headway.job x where x.id = v_held;
    exception when lock_not_available then
      exit;
    end;
  end loop;
  v_now := clock_timestamp();

  update headway.task t set status = 'RUNNING', version = version + 1, change_id = v_claim, changed_by_type = 'WORKER',
    changed_by = p_actor, change_reason = 'CLAIMED', change_message = null, fence = fence + 1, claim_id = v_claim,
    recorded_step = 0, worker_id = p_worker, lease_expires_at = v_now + v_lease, started_at = coalesce(started_at, v_now),
    progress = 0, progress_message = null, finished_at = null, error_code = null, error_message = null, error_stage = null,
    error_retryable = null
  where id = any (v_taken);
  update headway.job set status = 'PROCESSING', version = version + 1, change_id = gen_random_uuid(), changed_by_type = 'WORKER',
    changed_by = p_actor, change_reason = 'STARTED', change_message = null, started_at = v_now
  where id = any (v_jobs) and status = 'QUEUED' and id in (select job_id from headway.task where id = any (v_taken));
  return jsonb_build_object('held', v_held is not null,
    'after', jsonb_build_object('project', v_project, 'job', v_last)) || headway.claimed_lean(v_taken);
end $$;

create function headway.claimed_lean(p_ids uuid[]) returns jsonb language sql stable as $$
  with t as (select * from headway.task where id = any (p_ids))
  select jsonb_build_object(
    'jobs', (
      select coalesce(jsonb_object_agg(j.id, jsonb_build_object('pipeline', j.pipeline, 'pipelineVersion', j.pipeline_version,
        'documentStages', j.document_stages, 'collectionStages', j.collection_stages, 'options', j.options,
        'tags', j.tags, 'run', j.run, 'mode', j.mode, 'projectId', j.project_id,
        'collection', jsonb_build_object('id', c.id, 'name', c.name, 'metadata', c.metadata))), '{}')
      from headway.job j join headway.collection c on c.id = j.collection_id where j.id in (select job_id from t)),
    'tasks', (
      select coalesce(jsonb_agg(jsonb_build_object('taskId', t.id, 'job', t.job_id, 'fence', t.fence::text, 'kind', t.kind,
        'stage', t.stage, 'attempt', t.attempt, 'maxAttempts', t.max_attempts, 'textFence', t.text_fence::text,
        'chunkFence', t.chunk_fence::text, 'warnings', t.warnings,
        'document', case when d.id is not null then jsonb_build_object('id', d.id, 'name', d.name,
          'mediaType', d.media_type, 'sizeBytes', d.size_bytes, 'sha256', d.sha256, 'metadata', d.metadata,
          'sourceUri', d.source_uri, 'blobKey', d.blob_key, 'contentVersion', d.content_version) end,
        'input', o.output) order by t.priority desc, t.run_at, t.ordinal), '[]')
      from t join headway.job j on j.id = t.job_id left join headway.document d on d.id = t.document_id
      left join lateral (
        select case t.kind when 'DOCUMENT' then j.document_stages else j.collection_stages end as names) s on true
      left join headway.stage_output o on o.task_id = t.id and o.stage = s.names[array_position(s.names, t.stage) - 1]))
$$;
