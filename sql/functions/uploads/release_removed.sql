-- Statement trigger. Whoever removes documents lets go of their uploads: the bytes go with their last document.
create or replace function headway.release_removed() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_uploads uuid[] := array(select distinct upload_id from old_rows where upload_id is not null);
begin
  if cardinality(v_uploads) > 0 then perform headway.release_uploads(v_uploads); end if;
  return null;
end $$;
