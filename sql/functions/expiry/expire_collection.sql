-- EXPIRED, if it is due or asked for and no job is open: name, description and metadata go at once, the name is free
-- again. True when this call decided it.
create or replace function headway.expire_collection(p_collection uuid, p_actor text) returns boolean language plpgsql
set lock_timeout = '5s'
set search_path = pg_catalog, pg_temp
as $$
begin
  perform headway.lock_collections(array[p_collection]);
  update headway.collection c set status = 'EXPIRED', version = version + 1, change_id = gen_random_uuid(),
    changed_by_type = coalesce(deletion_requested_by_type, 'SYSTEM'),
    changed_by = coalesce(deletion_requested_by, p_actor),
    change_reason = case when deletion_requested_at is null then 'EXPIRED_BY_RETENTION' else 'EXPIRED_BY_REQUEST' end,
    change_message = null, name = id::text, description = null, metadata = '{}',
    document_count = 0, chunk_count = 0, embedded_chunk_count = 0, content_version = content_version + 1
  where id = p_collection and status <> 'EXPIRED'
    and (expires_at <= clock_timestamp() or deletion_requested_at is not null)
    and not exists (select from headway.job j where j.collection_id = c.id and j.finished_at is null);
  return found;
end $$;
