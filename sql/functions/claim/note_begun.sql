-- Notes that so many have begun at a stage, or in a pipeline, with a limit by rate: see limit_room. The caller has its row
-- locked. What no longer counts goes with the same write, and so a row holds at most some twenty slots.
create or replace function headway.note_begun(p_pipeline text, p_stage text, p_per_ms int, p_begun int) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := clock_timestamp();
  v_width float8 := p_per_ms / 20000.0;
  v_slot_end timestamptz := to_timestamp(ceil(extract(epoch from v_now)::float8 / v_width) * v_width);
begin
  update headway.limit_use l set (slot_ends, begun) = (
    select array_agg(x.slot_end order by x.slot_end), array_agg(x.n order by x.slot_end) from (
      select u.slot_end, sum(u.n)::int as n from (
        select least(o.slot_end, v_slot_end) as slot_end, o.n
        from unnest(l.slot_ends, l.begun) o(slot_end, n)
        where o.slot_end > v_now - make_interval(secs => p_per_ms / 1000.0)
        union all
        select v_slot_end, p_begun
      ) u group by u.slot_end
    ) x)
  where l.pipeline = p_pipeline and l.stage = p_stage;
end $$;
