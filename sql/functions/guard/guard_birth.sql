-- Row trigger of collection, job and task. Transitions of tasks are checked by task_inserted, once for the statement.
create or replace function headway.guard_birth() returns trigger language plpgsql as $$
declare
  v_level text := case tg_table_name when 'collection' then 'COLLECTION' when 'job' then 'JOB' else 'TASK' end;
begin
  if new.version <> 1 then
    raise exception '% %: a new row has version 1, not %', lower(v_level), new.id, new.version;
  end if;
  if v_level <> 'TASK' then
    perform headway.assert_transition(v_level, new.id, null, new.status, new.change_reason);
  end if;
  new.created_at := clock_timestamp();
  new.status_changed_at := new.created_at;
  return new;
end $$;
