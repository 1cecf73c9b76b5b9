-- Locks what is to be claimed, and returns it: of the tasks found due those that still are; where others were quicker,
-- what else is due in these collections. Waits for nobody.
create or replace function headway.take_due(p_claim jsonb, p_found uuid[], p_collections uuid[])
returns uuid[] language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_taken uuid[];
begin
  v_taken := array(
    select id from headway.task
    where id = any (p_found) and status is not distinct from 'QUEUED' and run_at <= clock_timestamp()
    order by id for no key update skip locked);
  if cardinality(v_taken) < cardinality(p_found) then
    v_taken := v_taken || array(
      select id from headway.task t
      where status = 'QUEUED' and run_at <= clock_timestamp() and id <> all (v_taken)
        and pipeline = any (array(select jsonb_array_elements_text(p_claim->'pipelines')))
        and collection_id = any (p_collections)
        and not exists (
          select from headway.pipeline_pause p where p.project_id = t.project_id and p.pipeline = t.pipeline)
      order by priority desc, run_at, id limit cardinality(p_found) - cardinality(v_taken)
      for no key update of t skip locked);
  end if;
  return v_taken;
end $$;
