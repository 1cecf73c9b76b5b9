-- Whoever removes a document, or gives it other content, lets go of its upload: the bytes go with their last document.
create or replace function headway.release_upload() returns trigger language plpgsql as $$
begin
  update headway.upload u set expires_at = least(expires_at, clock_timestamp()), sweep_at = clock_timestamp()
  where id = old.upload_id and not exists (select from headway.document d where d.upload_id = u.id and d.id <> old.id);
  return null;
end $$;
