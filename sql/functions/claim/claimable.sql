-- Takes up to p_claim.limit due tasks, and returns their ids: their rows are locked, and so are their collections and
-- histories. Null where there are some, but somebody else holds all their collections just then.
--
-- Looks at jobs and not at tasks: what is paused, served by nobody or about to be cancelled costs nothing, however much
-- of it is due. First those of the highest priority, among them those with a hinted task (p_claim.ids), then by the time
-- since when they have been due; of each job its tasks by that time and in their order. At most 16 jobs are looked into.
--
-- Waits for no lock, but where all was held: then for one collection, at most p_claim.waitMs, or as long as the session
-- may where that is null. To be called first of all in a transaction: while it waits it holds nothing.
create or replace function headway.claimable(p_claim jsonb) returns uuid[] language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  c_candidates constant int := 64;
  c_jobs constant int := 16;
  v_pipelines text[] := array(select jsonb_array_elements_text(p_claim->'pipelines'));
  v_limit int := p_claim->>'limit';
  v_hinted uuid[] := array(select distinct t.job_id from headway.task t
    where t.id = any (array(select jsonb_array_elements_text(p_claim->'ids')::uuid)));
  v_taken uuid[] := '{}';
  v_jobs int := 0;
  v_held_job uuid;
  v_held_collection uuid;
  j record;
begin
  for j in
    with recursive served as (
      -- Each pipeline of each project that has something ready, from one to the next by the index.
      (select pipeline, project_id from headway.job where is_ready and cancel_requested_at is null
       order by pipeline, project_id limit 1)
      union all
      select n.pipeline, n.project_id from served s cross join lateral (
        select pipeline, project_id from headway.job
        where is_ready and cancel_requested_at is null and (pipeline, project_id) > (s.pipeline, s.project_id)
        order by pipeline, project_id limit 1) n
    )
    select x.id, x.collection_id from served s cross join lateral (
      select id, collection_id, priority, next_due_at from headway.job
      where is_ready and cancel_requested_at is null and pipeline = s.pipeline and project_id = s.project_id
        and next_due_at <= clock_timestamp()
      order by priority desc, next_due_at, id limit c_candidates
    ) x
    where s.pipeline = any (v_pipelines) and not exists (
      select from headway.pipeline_pause p where p.project_id = s.project_id and p.pipeline = s.pipeline)
    order by x.priority desc, x.id = any (v_hinted) desc, x.next_due_at, x.id limit c_candidates
  loop
    if pg_try_advisory_xact_lock_shared(
         hashtextextended(j.collection_id::text, 'headway.collection'::regclass::oid::bigint))
       and pg_try_advisory_xact_lock(
         hashtextextended(j.collection_id::text, 'headway.status_change'::regclass::oid::bigint)) then
      v_taken := v_taken || headway.take_due(j.id, v_limit - cardinality(v_taken));
      v_jobs := v_jobs + 1;
      exit when cardinality(v_taken) >= v_limit or v_jobs >= c_jobs;
    elsif v_held_job is null then
      v_held_job := j.id;
      v_held_collection := j.collection_id;
    end if;
  end loop;
  if v_jobs > 0 or v_held_job is null then return v_taken; end if;
  if not headway.wait_for_collection(v_held_collection, (p_claim->>'waitMs')::int) then return null; end if;
  return headway.take_due(v_held_job, v_limit);
end $$;
