-- Notes that so many have begun at a stage, or in a pipeline, with a limit by rate: see limit_room. The caller has its row
-- locked. They are noted for the caller's perMs and for those of the workers that are there, which may run another version; each
-- has slots of its own, a twentieth of it long. What no longer counts goes with the same write, by the perMs that it was noted
-- for, and so a row holds at most some twenty slots for each perMs.
create or replace function headway.note_begun(p_pipeline text, p_stage text, p_per_ms int, p_begun int) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := clock_timestamp();
  v_windows int[] := array(
    select p_per_ms union
    select (l.limits->>'perMs')::int from headway.worker w
    cross join lateral jsonb_array_elements(w.serves->p_pipeline->'limits') l(limits)
    where w.stopped_at is null and w.heartbeat_at > v_now - interval '1 hour' and l.limits->>'stage' = p_stage
      and l.limits->>'perMs' is not null);
begin
  update headway.limit_use l set (per_ms, slot_ends, begun) = (
    with slots as (
      select * from unnest(l.per_ms, l.slot_ends, l.begun) o(per_ms, slot_end, n)
      union all
      -- For a perMs that is new what counts is what the longest has known.
      select w, o.slot_end, o.n from unnest(v_windows) w, unnest(l.per_ms, l.slot_ends, l.begun) o(per_ms, slot_end, n)
      where w <> all (l.per_ms) and o.per_ms = (select max(p) from unnest(l.per_ms) p)
    ), counted as (
      select s.per_ms, least(s.slot_end, headway.slot_end(s.per_ms, v_now)) as slot_end, s.n from slots s
      where s.slot_end > v_now - make_interval(secs => s.per_ms / 1000.0)
      union all
      select w, headway.slot_end(w, v_now), p_begun from unnest(v_windows) w
    )
    select array_agg(x.per_ms order by x.per_ms, x.slot_end), array_agg(x.slot_end order by x.per_ms, x.slot_end),
      array_agg(x.n order by x.per_ms, x.slot_end)
    from (select c.per_ms, c.slot_end, sum(c.n)::int as n from counted c group by 1, 2) x)
  where l.pipeline = p_pipeline and l.stage = p_stage;
end $$;
