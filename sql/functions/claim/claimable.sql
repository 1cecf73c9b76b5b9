-- Takes up to p_claim.limit due tasks that the worker can run: `taken` are their ids; their rows are locked, and so are
-- their collections and histories. `is_held` where there are some, but somebody else holds all their collections just
-- then. `unchecked` are jobs of an earlier version whose options nobody of this version has looked at yet, at most 16:
-- [{jobId, pipeline, version, options}]. Once options_check says whether it takes them, they are claimed like others.
--
-- p_claim.serves says what the worker runs: {pipeline: {version, stages: {name: maxAttempts}}}. It is given no task of a
-- later version than its own, none at a stage that it does not have, and none whose options its version refuses.
--
-- Looks at jobs and not at tasks: what is paused, served by nobody or about to be cancelled costs nothing, however much
-- of it is due. First those of the highest priority, among them those with a hinted task (p_claim.ids), then by the time
-- since when they have been due; of each job its tasks by that time and in their order. At most 16 jobs are looked into.
--
-- p_claim.worker is the worker's id. One that is known to be dead gets nothing.
--
-- Waits for no lock, but where all was held: then for one collection, at most p_claim.waitMs, or as long as the session
-- may where that is null. To be called first of all in a transaction: while it waits it holds nothing.
create or replace function headway.claimable(
  p_claim jsonb, out taken uuid[], out is_held boolean, out unchecked jsonb
) language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  c_candidates constant int := 64;
  c_jobs constant int := 16;
  c_unchecked constant int := 16;
  v_limit int := p_claim->>'limit';
  v_hinted uuid[] := array(select distinct t.job_id from headway.task t
    where t.id = any (array(select jsonb_array_elements_text(p_claim->'ids')::uuid)));
  v_tasks uuid[];
  v_jobs int := 0;
  v_held_job uuid;
  v_held_collection uuid;
  v_held_stages text[];
  j record;
begin
  taken := '{}';
  is_held := false;
  unchecked := '[]';
  -- Whoever says that this worker's process has died waits for its claims, and gives back what they took: none may come
  -- after. Nobody else ever holds this lock alone.
  perform pg_advisory_xact_lock_shared(
    hashtextextended(p_claim->>'worker', 'headway.worker'::regclass::oid::bigint));
  if exists (select from headway.worker where id = (p_claim->>'worker')::uuid and died_at is not null) then return; end if;
  for j in
    with recursive ready as (
      -- Each version of each pipeline of each project that has something ready, from one to the next by the index.
      (select pipeline, project_id, pipeline_version from headway.job where is_ready and cancel_requested_at is null
       order by pipeline, project_id, pipeline_version limit 1)
      union all
      select n.pipeline, n.project_id, n.pipeline_version from ready s cross join lateral (
        select pipeline, project_id, pipeline_version from headway.job
        where is_ready and cancel_requested_at is null
          and (pipeline, project_id, pipeline_version) > (s.pipeline, s.project_id, s.pipeline_version)
        order by pipeline, project_id, pipeline_version limit 1) n
    )
    select x.id, x.collection_id, x.pipeline, s.version, s.stages,
      case when s.pipeline_version < s.version and x.pipeline_version is null then x.options end as unchecked
    from (
      select r.*, (p_claim->'serves'->r.pipeline->>'version')::int as version,
        array(select jsonb_object_keys(p_claim->'serves'->r.pipeline->'stages')) as stages
      from ready r where p_claim->'serves' ? r.pipeline
    ) s cross join lateral (
      select i.id, i.collection_id, i.pipeline, i.options, i.priority, i.next_due_at, o.pipeline_version
      from headway.job i
      left join headway.options_check o on o.job_id = i.id and o.pipeline_version = s.version
      where i.is_ready and i.cancel_requested_at is null and i.pipeline = s.pipeline and i.project_id = s.project_id
        and i.pipeline_version = s.pipeline_version and i.next_due_at <= clock_timestamp() and o.refusal is null
        -- However many jobs wait for a stage that this worker lacks, they take up no place among those looked at.
        and ((i.document_stages || i.collection_stages) <@ s.stages or exists (
          select from headway.task d where d.job_id = i.id and d.status = 'QUEUED' and d.stage = any (s.stages)
            and d.run_at <= clock_timestamp()))
      order by i.priority desc, i.next_due_at, i.id limit c_candidates
    ) x
    where s.pipeline_version <= s.version and not exists (
      select from headway.pipeline_pause p where p.project_id = s.project_id and p.pipeline = s.pipeline)
    order by x.priority desc, x.id = any (v_hinted) desc, x.next_due_at, x.id limit c_candidates
  loop
    if j.unchecked is not null then
      if jsonb_array_length(unchecked) < c_unchecked then
        unchecked := unchecked || jsonb_build_object('jobId', j.id, 'pipeline', j.pipeline, 'version', j.version,
          'options', j.unchecked);
      end if;
      continue;
    end if;
    if pg_try_advisory_xact_lock_shared(
         hashtextextended(j.collection_id::text, 'headway.collection'::regclass::oid::bigint))
       and pg_try_advisory_xact_lock(
         hashtextextended(j.collection_id::text, 'headway.status_change'::regclass::oid::bigint)) then
      v_tasks := headway.take_due(j.id, v_limit - cardinality(taken), j.stages);
      taken := taken || v_tasks;
      v_jobs := v_jobs + 1;
      exit when cardinality(taken) >= v_limit or v_jobs >= c_jobs;
    elsif v_held_job is null then
      v_held_job := j.id;
      v_held_collection := j.collection_id;
      v_held_stages := j.stages;
    end if;
  end loop;
  if v_jobs > 0 or v_held_job is null then return; end if;
  if headway.wait_for_collection(v_held_collection, (p_claim->>'waitMs')::int) then
    taken := headway.take_due(v_held_job, v_limit, v_held_stages);
  else
    is_held := true;
  end if;
end $$;
