-- Media type, size, hash and metadata as the stages found them; a task whose source was fetched knows its content.
create or replace function headway.record_facts(p_applied headway.flush_change[]) returns void language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if not exists (select from unnest(p_applied) x where x.document is not null) then return; end if;
  update headway.document d set
    media_type = coalesce(x.document->>'mediaType', d.media_type),
    size_bytes = coalesce((x.document->>'sizeBytes')::bigint, d.size_bytes),
    sha256 = coalesce(x.document->>'sha256', d.sha256),
    blob_key = coalesce(x.document->>'blobKey', d.blob_key),
    metadata = d.metadata || coalesce(x.document->'metadata', '{}')
  from unnest(p_applied) x where d.id = x.document_id and x.document is not null;

  update headway.task t set content_sha256 = x.document->>'sha256'
  from unnest(p_applied) x
  where t.id = x.id and x.document->>'sha256' is not null and t.content_sha256 is distinct from x.document->>'sha256';
end $$;
