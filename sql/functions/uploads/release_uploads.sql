-- Lets go of uploads: one that no document holds any more goes, and its bytes, with the next sweep. Its row is locked
-- before its documents are counted: of two that remove the last two at once, the second waits for the first and sees
-- what it did. In the order of the ids, so that removals that share several uploads don't wait for each other in a
-- circle.
create or replace function headway.release_uploads(p_ids uuid[]) returns void language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  perform from headway.upload where id = any (p_ids) order by id for no key update;
  update headway.upload u set expires_at = least(expires_at, clock_timestamp()), sweep_at = clock_timestamp()
  where id = any (p_ids) and not exists (select from headway.document d where d.upload_id = u.id);
end $$;
