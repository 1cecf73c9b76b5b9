-- Row trigger. The bytes of an artifact that has been written again go.
create or replace function headway.replace_artifact_blob() returns trigger language plpgsql as $$
begin
  insert into headway.blob_deletion (prefix, project_id)
  values (regexp_replace(old.blob_key, '/bytes$', ''), old.project_id)
  on conflict (prefix) do update set delete_after = excluded.delete_after;
  return null;
end $$;
