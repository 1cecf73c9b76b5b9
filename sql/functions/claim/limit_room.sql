-- How many tasks may begin now at a stage with limits, or in a pipeline where p_stage is ''; over all workers. p_limit:
-- {concurrency, limit, perMs}, see src/pipelines/limits.ts. by_rate is what the rate alone allows, null where there is none;
-- opens_at is when it allows more, null while it does.
--
-- What goes on there is what is RUNNING: a worker that dies frees its share with its leases. It goes from worker to worker,
-- so that it costs the same however much is queued, or has run.
--
-- Beginnings are counted in slots of a twentieth of perMs, as if each were at the end of its slot: so there are never more
-- in any time of perMs. Versions that differ in perMs have slots of their own; one that none were counted for yet goes by those of
-- the longest. Where the clock has gone back, what lies ahead of it counts as of now.
create or replace function headway.limit_room(
  p_pipeline text, p_stage text, p_limit jsonb, out room int, out by_rate int, out opens_at timestamptz
) language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := clock_timestamp();
  v_per interval := make_interval(secs => (p_limit->>'perMs')::float8 / 1000);
  v_most int := (p_limit->>'limit')::int;
  v_used int;
  v_slots int;
begin
  room := 2147483647;
  if p_limit->>'concurrency' is not null then
    room := greatest(0, (p_limit->>'concurrency')::int - (
      select count(*)::int from headway.worker w cross join lateral (
        select from headway.task t
        where t.worker_id = w.id and t.status = 'RUNNING' and t.pipeline = p_pipeline
          and (p_stage = '' or t.stage = p_stage) offset 0) x
      -- What a worker held that nobody has heard of for so long was given back.
      where w.stopped_at is null and w.heartbeat_at > v_now - interval '1 hour'));
  end if;
  if v_most is null then return; end if;
  select case when (p_limit->>'perMs')::int = any (l.per_ms) then (p_limit->>'perMs')::int
    else (select max(p) from unnest(l.per_ms) p) end into v_slots
  from headway.limit_use l where l.pipeline = p_pipeline and l.stage = p_stage;
  select coalesce(sum(u.n), 0) into v_used
  from headway.limit_use l cross join lateral unnest(l.per_ms, l.slot_ends, l.begun) u(per_ms, slot_end, n)
  where l.pipeline = p_pipeline and l.stage = p_stage and u.per_ms = v_slots and u.slot_end > v_now - v_per;
  by_rate := greatest(0, v_most - v_used);
  room := least(room, by_rate);
  if by_rate = 0 then
    select min(x.slot_end) + v_per into opens_at from (
      select least(u.slot_end, v_now) as slot_end, sum(u.n) over (order by u.slot_end) as gone
      from headway.limit_use l cross join lateral unnest(l.per_ms, l.slot_ends, l.begun) u(per_ms, slot_end, n)
      where l.pipeline = p_pipeline and l.stage = p_stage and u.per_ms = v_slots and u.slot_end > v_now - v_per
    ) x where v_used - x.gone < v_most;
  end if;
end $$;
