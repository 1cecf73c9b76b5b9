-- Row trigger: what expiry may change of the history.
create or replace function headway.guard_history_row() returns trigger language plpgsql as $$
begin
  if new.message is not null or (to_jsonb(new) - 'message') is distinct from (to_jsonb(old) - 'message') then
    raise exception 'change % of %: expiry may empty a message, nothing else', old.version, old.entity_id;
  end if;
  return new;
end $$;
