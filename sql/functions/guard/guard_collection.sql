-- Row trigger: a change of status takes the next version and a transition of the table.
create or replace function headway.guard_collection() returns trigger language plpgsql as $$
begin
  if (new.status, new.version, new.change_id) is not distinct from (old.status, old.version, old.change_id) then
    new.status_changed_at := old.status_changed_at;
    return new;
  end if;
  perform headway.assert_next_change('COLLECTION', old.id, old.version, new.version, old.change_id, new.change_id);
  perform headway.assert_transition('COLLECTION', old.id, old.status, new.status, new.change_reason);
  new.status_changed_at := greatest(clock_timestamp(), old.status_changed_at);
  return new;
end $$;
