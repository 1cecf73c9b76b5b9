-- Row trigger. A worker books the place of a download for deletion before it writes there (see beginFetch), so that
-- what it does not live to record is removed; the moment a document points to it, it is kept, and what it pointed to
-- before goes.
create or replace function headway.move_fetched_blob() returns trigger language plpgsql as $$
begin
  if new.blob_key like 'sources/%/bytes' then
    delete from headway.blob_deletion where prefix = left(new.blob_key, -6);
  end if;
  if old.blob_key like 'sources/%/bytes' then
    insert into headway.blob_deletion (prefix, project_id) values (left(old.blob_key, -6), old.project_id)
    on conflict (prefix) do update set delete_after = excluded.delete_after;
  end if;
  return null;
end $$;
