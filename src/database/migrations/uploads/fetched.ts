/**
 * What downloads leave. A worker dooms the place of a download before it writes there (see beginFetch), so that what it
 * does not live to record is removed; the moment a document points to it, it is kept, and what it pointed to before goes.
 */
export const FETCHED = `
create function move_fetched_blob() returns trigger language plpgsql as $$
begin
  if new.blob_key like 'sources/%/bytes' then
    delete from doomed_blob where prefix = left(new.blob_key, -6);
  end if;
  if old.blob_key like 'sources/%/bytes' then
    insert into doomed_blob (prefix, project_id) values (left(old.blob_key, -6), old.project_id)
    on conflict (prefix) do update set doomed_at = excluded.doomed_at;
  end if;
  return null;
end $$;
create trigger document_moves_fetched_blob after update of blob_key on document
  for each row when (old.blob_key is distinct from new.blob_key) execute function move_fetched_blob();
`;
