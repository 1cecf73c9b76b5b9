-- Locks the rows of these stages' limits ('' is the pipeline's own), in their order, to the end of the transaction; makes
-- them where they are missing. False when they could not be had within p_wait_ms; then it holds none. Only claims at the
-- same limits wait here, each for the one before it, and none of them holds anything else yet.
create or replace function headway.lock_limits(p_pipeline text, p_stages text[], p_wait_ms int) returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_before text := current_setting('lock_timeout');
begin
  perform set_config('lock_timeout', p_wait_ms || 'ms', true);
  begin
    insert into headway.limit_use (pipeline, stage)
    select p_pipeline, s from unnest(p_stages) s
    where not exists (select from headway.limit_use l where l.pipeline = p_pipeline and l.stage = s)
    order by s on conflict do nothing;
    perform from headway.limit_use where pipeline = p_pipeline and stage = any (p_stages)
    order by stage for no key update;
  exception when lock_not_available then
    perform set_config('lock_timeout', v_before, true);
    return false;
  end;
  perform set_config('lock_timeout', v_before, true);
  return true;
end $$;
