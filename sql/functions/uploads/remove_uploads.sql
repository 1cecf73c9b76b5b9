-- Removes those of these uploads whose time has come, and books their files for deletion; those that documents hold stay.
-- Passes over rows that somebody else has locked. The lock comes before the look: a document that is being made of one
-- holds it by its foreign key.
create or replace function headway.remove_uploads(p_ids uuid[]) returns void language plpgsql
set lock_timeout = '5s'
set search_path = pg_catalog, pg_temp
as $$
declare
  v_due uuid[] := array(
    select id from headway.upload where id = any (p_ids) and sweep_at <= clock_timestamp() order by id
    for update skip locked);
begin
  update headway.upload u set sweep_at = null
  where id = any (v_due) and exists (select from headway.document d where d.upload_id = u.id);
  with gone as (
    delete from headway.upload where id = any (v_due) and sweep_at is not null returning id, project_id
  )
  insert into headway.blob_deletion (prefix, project_id) select 'uploads/' || id, project_id from gone
  on conflict (prefix) do update set delete_after = excluded.delete_after;
end $$;
