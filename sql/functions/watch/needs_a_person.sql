-- Whether a settled job that has not been acknowledged waits for somebody: not where it was only cancelled, where a newer
-- job has taken its place, or where its collection is gone.
create or replace function headway.needs_a_person(
  p_job uuid, p_collection uuid, p_created_at timestamptz, p_status text, p_failed int
) returns boolean language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select (p_status = 'FAILED' or p_failed > 0)
    and exists (select from headway.collection c where c.id = p_collection and c.status <> 'EXPIRED')
    and not exists (
      select from headway.job o where o.collection_id = p_collection and (o.created_at, o.id) > (p_created_at, p_job))
$$;
