-- The ids of due tasks, at most the limit; within the collections given, or within all. Paused pipelines are left out.
-- No due task is compared with each hinted one: for 600 of both that took 10 ms. About `is not distinct from` see
-- record_changes.
create or replace function headway.claimable(p_claim jsonb, p_collections uuid[]) returns uuid[] language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select array(
    select id from (
      (select id, priority, run_at, true as hinted from headway.task t
       where id = any (array(select jsonb_array_elements_text(p_claim->'ids')::uuid))
         and status is not distinct from 'QUEUED' and run_at <= clock_timestamp()
         and pipeline = any (array(select jsonb_array_elements_text(p_claim->'pipelines')))
         and (p_collections is null or collection_id = any (p_collections))
         and not exists (
           select from headway.pipeline_pause p where p.project_id = t.project_id and p.pipeline = t.pipeline))
      union all
      (select id, priority, run_at, false from headway.task t
       where status = 'QUEUED' and run_at <= clock_timestamp()
         and pipeline = any (array(select jsonb_array_elements_text(p_claim->'pipelines')))
         and (p_collections is null or collection_id = any (p_collections))
         and not exists (
           select from headway.pipeline_pause p where p.project_id = t.project_id and p.pipeline = t.pipeline)
       order by priority desc, run_at, id limit (p_claim->>'limit')::int)
    ) due
    group by id, priority, run_at
    order by priority desc, bool_or(hinted) desc, run_at, id
    limit (p_claim->>'limit')::int
  )
$$;
