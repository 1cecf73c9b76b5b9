-- One bounded step: uploads whose time has come go, and their files are to be deleted; those that documents hold stay.
-- Returns how many it looked at. The lock comes before the look: a document that is being made of one holds it by its
-- foreign key.
create or replace function headway.expire_uploads(p_limit int) returns int language plpgsql
set lock_timeout = '5s'
set search_path = pg_catalog, pg_temp
as $$
declare
  v_due uuid[];
begin
  select array_agg(id) into v_due from (
    select id from headway.upload where sweep_at <= clock_timestamp() order by sweep_at limit p_limit
    for update skip locked) due;
  if v_due is null then return 0; end if;
  update headway.upload u set sweep_at = null
  where id = any (v_due) and exists (select from headway.document d where d.upload_id = u.id);
  with gone as (
    delete from headway.upload where id = any (v_due) and sweep_at is not null returning id, project_id
  )
  insert into headway.blob_deletion (prefix, project_id) select 'uploads/' || id, project_id from gone
  on conflict (prefix) do update set delete_after = excluded.delete_after;
  return cardinality(v_due);
end $$;
