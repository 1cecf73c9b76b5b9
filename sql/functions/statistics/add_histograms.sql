-- The sum of two histograms, {place: count} each.
create or replace function headway.add_histograms(p_one jsonb, p_other jsonb) returns jsonb language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(jsonb_object_agg(s.place, s.count), '{}') from (
    select e.place, sum(e.count::bigint) as count from (
      select * from jsonb_each_text(p_one) union all select * from jsonb_each_text(p_other)) e(place, count)
    group by e.place) s
$$;
