-- Renews just the (task, fence) pairs given that are this worker's; takes no collection lock and waits for nobody. Returns {lost, missed,
-- cancelled}: missed are those that somebody had locked just then, which have not been renewed.
create or replace function headway.heartbeat(p_worker uuid, p_lease_ms int, p_tasks jsonb)
returns jsonb language plpgsql
set lock_timeout = '5s'
set search_path = pg_catalog, pg_temp
as $$
declare
  v_renewed uuid[];
begin
  -- A renewal that a crash of the database forgets is no loss, since no lease is held against anybody after an outage;
  -- and one that waited for a slow disk would come too late (with commits of 300 ms it took up to 900).
  perform set_config('synchronous_commit', 'off', true);
  with renewed as (
    update headway.task t set
      lease_expires_at = clock_timestamp() + make_interval(secs => p_lease_ms::float8 / 1000),
      progress = case when t.stage = p.stage then greatest(t.progress, coalesce(p.progress, 0)) else t.progress end,
      progress_message = case when t.stage = p.stage then coalesce(p.message, t.progress_message)
                              else t.progress_message end
    from (
      select t.id, p.stage, p.progress, p.message
      from jsonb_to_recordset(p_tasks) as p(task uuid, fence bigint, stage text, progress real, message text)
      join headway.task t on t.id = p.task and t.fence = p.fence and t.worker_id = p_worker
      where t.status = 'RUNNING' order by t.id for no key update of t skip locked
    ) p where t.id = p.id
    returning t.id
  )
  select coalesce(array_agg(id), '{}') into v_renewed from renewed;
  return jsonb_build_object(
    'lost', (select coalesce(jsonb_agg(p.task), '[]')
      from jsonb_to_recordset(p_tasks) as p(task uuid, fence bigint)
      left join headway.task t on t.id = p.task and t.fence = p.fence and t.worker_id = p_worker and t.status = 'RUNNING'
      where t.id is null),
    'missed', (select coalesce(jsonb_agg(p.task), '[]')
      from jsonb_to_recordset(p_tasks) as p(task uuid) where p.task <> all (v_renewed)),
    'cancelled', (select coalesce(jsonb_agg(p.task), '[]')
      from jsonb_to_recordset(p_tasks) as p(task uuid, fence bigint)
      join headway.task t on t.id = p.task and t.fence = p.fence and t.worker_id = p_worker and t.status = 'RUNNING'
      where t.cancel_requested_at is not null));
end $$;
