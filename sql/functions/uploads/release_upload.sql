-- Row trigger. Whoever gives a document other content lets go of its upload: the bytes go with their last document.
create or replace function headway.release_upload() returns trigger language plpgsql as $$
begin
  perform headway.release_uploads(array[old.upload_id]);
  return null;
end $$;
