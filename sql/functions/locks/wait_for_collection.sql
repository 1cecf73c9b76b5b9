-- Waits for both locks of a collection, its own shared, for at most so long; null for as long as the session may. False
-- when they could not be had; then it holds neither.
create or replace function headway.wait_for_collection(p_collection uuid, p_wait_ms int) returns boolean language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_before text := current_setting('lock_timeout');
begin
  if p_wait_ms is not null then perform set_config('lock_timeout', p_wait_ms || 'ms', true); end if;
  begin
    perform headway.share_collections(array[p_collection]);
    perform headway.lock_history(array[p_collection]);
  exception when lock_not_available then
    if p_wait_ms is null then raise; end if;
    perform set_config('lock_timeout', v_before, true);
    return false;
  end;
  perform set_config('lock_timeout', v_before, true);
  return true;
end $$;
