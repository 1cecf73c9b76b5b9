-- Where the history of a job begins in that of its collection: with its birth. 0 for a job that is not known.
create or replace function headway.first_position(p_job uuid) returns bigint language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce((select position from headway.status_change where entity_id = p_job and version = 1), 0)
$$;
