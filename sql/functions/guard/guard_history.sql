-- Statement trigger: the history is append-only, and the triggers of this schema alone write it.
create or replace function headway.guard_history() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'INSERT' then
    -- Depth 1 is a statement of a client; the history triggers insert from depth 2.
    if pg_trigger_depth() < 2 then
      raise exception 'INSERT of status_change is refused: the history is written by the database alone';
    end if;
    return null;
  end if;
  if tg_op = 'UPDATE' and current_setting('headway_duty.name', true) = 'expiry' then return null; end if;
  raise exception '% of status_change is refused: the history is append-only', tg_op;
end $$;
