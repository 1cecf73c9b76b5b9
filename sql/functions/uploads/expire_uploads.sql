-- One bounded step: uploads whose time has come go, see remove_uploads. Returns how many it looked at.
create or replace function headway.expire_uploads(p_limit int) returns int language plpgsql
set lock_timeout = '5s'
set search_path = pg_catalog, pg_temp
as $$
declare
  v_due uuid[] := array(
    select id from headway.upload where sweep_at <= clock_timestamp() order by sweep_at limit p_limit
    for update skip locked);
begin
  if cardinality(v_due) > 0 then perform headway.remove_uploads(v_due); end if;
  return cardinality(v_due);
end $$;
