-- Takes each collection's own lock, exclusive, for the rest of the transaction.
--
-- Each collection has two locks. Its own: exclusive for whoever decides about it as a whole (submit, retry, cancel,
-- expiry), shared by flushes (share_collections), which lock their tasks' rows beside it. Its history's
-- (lock_history): exclusive, taken by the triggers when they write, and held until the commit, so that a collection's
-- positions are in the order of its commits, whoever writes. What two flushes do before they write history (look up,
-- lock, update, keep outputs) they so do side by side: with five no-op stages 720 documents a second for 610 with one
-- lock for all.
--
-- Order: the collection's own, then rows of tasks by id, then the history's, then job and collection. A flush that
-- waits for the history's lock holds rows that its holder does not need: the holder has all its rows, and WAITING
-- tasks, which convergence writes, are locked by no flush. Nobody who shares a collection asks for it alone
-- afterwards.
--
-- The seed of a key is the oid of the table that the lock is about: advisory locks are shared by all of a database,
-- and another installation in it, even one with the same ids, gets other keys.
create or replace function headway.lock_collections(p_ids uuid[]) returns void language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_key bigint;
begin
  perform headway.assert_read_committed();
  -- By key, not by id: two ids may share a key, and the order of the keys is what keeps deadlocks away.
  for v_key in
    select distinct hashtextextended(id::text, 'headway.collection'::regclass::oid::bigint)
    from unnest(p_ids) as id where id is not null order by 1
  loop
    perform pg_advisory_xact_lock(v_key);
  end loop;
end $$;
