-- Where a value lies in a histogram: places grow by 4 %, so that what is read from the middle of one is wrong by 2 % at most. Null of
-- null.
create or replace function headway.place_in_histogram(p_value double precision) returns int language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select case when p_value is not null then ceil(ln(greatest(p_value, 0.001)) / ln(1.04::float8))::int end
$$;
