-- Takes each collection's own lock, shared: for flushes. About locks and their order see lock_collections.
create or replace function headway.share_collections(p_collections uuid[]) returns void language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  perform headway.assert_read_committed();
  perform pg_advisory_xact_lock_shared(key) from (
    select distinct hashtextextended(id::text, 'headway.collection'::regclass::oid::bigint) as key
    from unnest(p_collections) as id order by 1) keys;
end $$;
