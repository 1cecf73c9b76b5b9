-- Takes each collection's own lock, shared, where nobody holds it alone; returns the collections it was got of. Waits for
-- nobody. About locks and their order see lock_collections.
create or replace function headway.try_share_collections(p_collections uuid[]) returns uuid[] language sql
set search_path = pg_catalog, pg_temp
as $$
  select array(
    select id from unnest(p_collections) as id
    where pg_try_advisory_xact_lock_shared(hashtextextended(id::text, 'headway.collection'::regclass::oid::bigint)))
$$;
