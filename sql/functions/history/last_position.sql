-- Where the history of a job ends in that of its collection: once it is finished, with its last change, and nothing of
-- its tasks comes after that. The highest number there is while it is open.
create or replace function headway.last_position(p_job uuid) returns bigint language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce((
    select h.position from headway.job j
    join headway.status_change h on h.entity_id = j.id and h.version = j.version
    where j.id = p_job and j.finished_at is not null), 9223372036854775807)
$$;
