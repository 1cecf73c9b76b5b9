-- A worker's process has ended, as whoever started it knows for certain. It takes nothing any more: a claim of it that
-- is still under way is waited for, and none comes after. Returns what it holds, as [{task, fence, stage, hasCrashed, held}],
-- to be given back; held: how many it ran, with those that a sweep has given back since.
create or replace function headway.worker_died(p_worker uuid) returns jsonb language plpgsql
set lock_timeout = '5s'
set search_path = pg_catalog, pg_temp
as $$
declare
  v_lost_with int;
begin
  perform pg_advisory_xact_lock(hashtextextended(p_worker::text, 'headway.worker'::regclass::oid::bigint));
  -- In a statement of its own, which sees what was claimed while the lock was waited for.
  -- How many it held is kept: of what is given back in several steps the last one has not been alone.
  update headway.worker set died_at = clock_timestamp(), stopped_at = clock_timestamp(), running = 0,
    lost_with = greatest(lost_with, (
      select count(*)::int from headway.task where worker_id = p_worker and status = 'RUNNING'))
  where id = p_worker and stopped_at is null;
  select lost_with into v_lost_with from headway.worker where id = p_worker;
  return (select coalesce(jsonb_agg(jsonb_build_object('task', id, 'fence', fence::text, 'stage', stage,
      'hasCrashed', has_crashed, 'held', greatest(held, v_lost_with))), '[]')
    from (
      select *, count(*) over () as held from headway.task where worker_id = p_worker and status = 'RUNNING') t);
end $$;
