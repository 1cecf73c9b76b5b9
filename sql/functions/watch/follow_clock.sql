-- Sees that the database's clock goes on. Where it has gone back by more than a second since the sweep before, all that
-- waits for a time would stand still until the clock has caught up; so, in bounded steps, what was due by the clock as it
-- was is due again, in the same order, and leases, and what tells that a worker lives, count from now. Returns how many
-- tasks it moved, and 0 once it takes the clock as it is.
create or replace function headway.follow_clock(p_limit int) returns int language plpgsql
set lock_timeout = '5s'
set search_path = pg_catalog, pg_temp
as $$
declare
  -- So long the clock may have gone on after the last sweep; what came to be due meanwhile was due, too.
  c_unseen constant interval := '10 seconds';
  v_now timestamptz := clock_timestamp();
  v_latest timestamptz;
  v_moved int;
begin
  select latest into v_latest from headway.clock;
  if v_latest <= v_now + interval '1 second' then
    update headway.clock set latest = v_now where latest < v_now;
    return 0;
  end if;

  update headway.task t set run_at = least(t.run_at - (v_latest - v_now), v_now)
  where t.id in (
    select d.id from headway.job j join headway.task d on d.job_id = j.id
    where j.status in ('QUEUED', 'PROCESSING', 'CANCELLING') and d.status = 'QUEUED' and d.run_at > v_now
      and d.run_at <= greatest(v_latest, d.status_changed_at) + c_unseen
    order by d.id limit p_limit for no key update of d skip locked);
  get diagnostics v_moved = row_count;
  if v_moved > 0 then return v_moved; end if;
  -- Before what is ready, in the order in which claims lock them.
  perform from headway.limit_use l
  where exists (select from unnest(l.slot_ends) slot_end where slot_end > v_now)
  order by l.pipeline, l.stage for no key update;
  -- Waits for claims and submissions that are under way: one that looked before the tasks were moved may still note down,
  -- or have noted, that nothing is due for as long as the clock went back, and nobody would look before. What begins after
  -- this sees the tasks where they are now.
  lock table headway.ready_stage in share mode;
  -- Somebody else has locked the others, or has just submitted them: they are left for the next call.
  if exists (
    select from headway.job j join headway.task d on d.job_id = j.id
    where j.status in ('QUEUED', 'PROCESSING', 'CANCELLING') and d.status = 'QUEUED' and d.run_at > v_now
      and d.run_at <= greatest(v_latest, d.status_changed_at) + c_unseen
  ) then
    return 1;
  end if;

  update headway.limit_use l set slot_ends = array(
    select least(o.slot_end, v_now) from unnest(l.slot_ends) with ordinality o(slot_end, i) order by o.i)
  where exists (select from unnest(l.slot_ends) slot_end where slot_end > v_now);

  -- Claims look at them again, where a claim or a submission has noted down the time as it was.
  update headway.ready_stage r set not_before = null
  where r.not_before > v_now and r.not_before < 'infinity' and exists (
    select from headway.task d
    where d.job_id = r.job_id and d.stage = r.stage and d.status = 'QUEUED' and d.run_at <= v_now);

  update headway.task t set lease_expires_at = v_now + make_interval(secs => w.lease_ms / 1000.0)
  from headway.worker w
  where w.id = t.worker_id and t.id in (
    select r.id from headway.task r join headway.worker x on x.id = r.worker_id
    where r.status = 'RUNNING' and r.lease_expires_at > v_now + make_interval(secs => x.lease_ms / 1000.0 + 1)
    order by r.id for no key update of r skip locked);
  update headway.worker set heartbeat_at = least(heartbeat_at, v_now), last_loop_at = least(last_loop_at, v_now)
  where stopped_at is null and (heartbeat_at > v_now or last_loop_at > v_now);
  update headway.clock set latest = v_now where latest = v_latest;
  return 0;
end $$;
