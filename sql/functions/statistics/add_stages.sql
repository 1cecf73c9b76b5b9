-- The sum of what two places of a timeline hold, {stage: [who, held_s]} each; see job_timeline.
create or replace function headway.add_stages(p_one jsonb, p_other jsonb) returns jsonb language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(jsonb_object_agg(s.stage, jsonb_build_array(s.who, s.held_s)), '{}') from (
    select e.stage, sum((e.pair->>0)::bigint) as who, sum((e.pair->>1)::float8) as held_s from (
      select * from jsonb_each(p_one) union all select * from jsonb_each(p_other)) e(stage, pair)
    group by e.stage) s
$$;
