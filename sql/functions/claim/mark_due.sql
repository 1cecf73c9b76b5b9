-- Marks what has become due since it was last looked at, at most 256 stages of jobs, so that claims find it. Returns whether
-- there was any. Passes over rows that somebody else has locked, and keeps its own locked to the commit: flushes wait for
-- them, so whoever calls it waits for nothing afterwards.
create or replace function headway.mark_due() returns boolean language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := clock_timestamp();
begin
  update headway.ready_stage set not_before = null where ctid = any (array(
    select ctid from headway.ready_stage where not_before <= v_now
    order by not_before limit 256 for no key update skip locked));
  return found;
end $$;
