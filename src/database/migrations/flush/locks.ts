/**
 * Locks of a collection, for the length of a transaction.
 *
 * The collection's own: exclusive for whoever decides about it as a whole (submit, retry, cancel, expiry), shared by
 * flushes, which lock their tasks' rows beside it. Its history's: exclusive, taken by the triggers when they write, and
 * held until the commit, so that a collection's positions are in the order of its commits, whoever writes. What two
 * flushes do before they write history (look up, lock, update, keep outputs) they so do side by side: with five no-op
 * stages 720 documents a second for 610 with one lock for all.
 *
 * Order: the collection's, then rows of tasks by id, then the history's, then job and collection. A flush that waits for
 * the history's lock holds rows that nobody wants who has it: its holder has all its rows, and WAITING tasks, which
 * convergence writes, are locked by no flush. Nobody who shares a collection asks for it alone afterwards.
 */
export const FLUSH_LOCKS = `
create function lock_history(p_collections uuid[]) returns void language plpgsql as $$
declare
  v_key bigint;
begin
  for v_key in select distinct hashtextextended(id::text, 8) from unnest(p_collections) as id order by 1 loop
    perform pg_advisory_xact_lock(v_key);
  end loop;
end $$;

create function share_collections(p_collections uuid[]) returns void language plpgsql as $$
declare
  v_key bigint;
begin
  for v_key in select distinct hashtextextended(id::text, 7) from unnest(p_collections) as id order by 1 loop
    perform pg_advisory_xact_lock_shared(v_key);
  end loop;
end $$;

-- As before, without comparing each due task with each hinted one: for 600 of both that took 10 ms.
create or replace function claimable(p_claim jsonb, p_collections uuid[]) returns uuid[] language sql stable as $$
  select array(
    select id from (
      (select id, priority, run_at, true as hinted from task t
       where id = any (array(select jsonb_array_elements_text(p_claim->'ids')::uuid)) and status = 'QUEUED'
         and run_at <= clock_timestamp()
         and pipeline = any (array(select jsonb_array_elements_text(p_claim->'pipelines')))
         and (p_collections is null or collection_id = any (p_collections))
         and not exists (select from pipeline_pause p where p.project_id = t.project_id and p.pipeline = t.pipeline))
      union all
      (select id, priority, run_at, false from task t
       where status = 'QUEUED' and run_at <= clock_timestamp()
         and pipeline = any (array(select jsonb_array_elements_text(p_claim->'pipelines')))
         and (p_collections is null or collection_id = any (p_collections))
         and not exists (select from pipeline_pause p where p.project_id = t.project_id and p.pipeline = t.pipeline)
       order by priority desc, run_at, id limit (p_claim->>'limit')::int)
    ) due
    group by id, priority, run_at
    order by priority desc, bool_or(hinted) desc, run_at, id
    limit (p_claim->>'limit')::int
  )
$$;

-- Locks what is to be claimed, and returns it: of the tasks found due those that still are; where others were quicker,
-- what else is due in these collections. Waits for nobody.
create function take_due(p_claim jsonb, p_found uuid[], p_collections uuid[]) returns uuid[] language plpgsql as $$
declare
  v_taken uuid[];
begin
  v_taken := array(
    select id from task where id = any (p_found) and status = 'QUEUED' and run_at <= clock_timestamp()
    order by id for no key update skip locked);
  if cardinality(v_taken) < cardinality(p_found) then
    v_taken := v_taken || array(
      select id from task t
      where status = 'QUEUED' and run_at <= clock_timestamp() and id <> all (v_taken)
        and pipeline = any (array(select jsonb_array_elements_text(p_claim->'pipelines')))
        and collection_id = any (p_collections)
        and not exists (select from pipeline_pause p where p.project_id = t.project_id and p.pipeline = t.pipeline)
      order by priority desc, run_at, id limit cardinality(p_found) - cardinality(v_taken)
      for no key update of t skip locked);
  end if;
  return v_taken;
end $$;
`;
