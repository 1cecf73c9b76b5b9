-- Renews all that a worker holds, as whoever started its process asks for while that does not say a word: it lives, and is
-- looked after. Waits for nobody: rows that somebody has locked are passed over.
create or replace function headway.renew_leases(p_worker uuid, p_lease_ms int) returns void language plpgsql
set lock_timeout = '5s'
set search_path = pg_catalog, pg_temp
as $$
begin
  -- See heartbeat.
  perform set_config('synchronous_commit', 'off', true);
  update headway.worker set heartbeat_at = clock_timestamp()
  where id = (select id from headway.worker where id = p_worker and stopped_at is null for no key update skip locked);
  update headway.task set
    lease_expires_at = greatest(lease_expires_at, clock_timestamp() + make_interval(secs => p_lease_ms::float8 / 1000))
  where id in (
    select id from headway.task where worker_id = p_worker and status = 'RUNNING' order by id for no key update skip locked);
end $$;
