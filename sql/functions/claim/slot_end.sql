-- When the slot ends that a time lies in, of those by which beginnings are counted over p_per_ms: see limit_room.
create or replace function headway.slot_end(p_per_ms int, p_at timestamptz) returns timestamptz language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select to_timestamp(ceil(extract(epoch from p_at)::float8 / (p_per_ms / 20000.0::float8)) * (p_per_ms / 20000.0::float8))
$$;
