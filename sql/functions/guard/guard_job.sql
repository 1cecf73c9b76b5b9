-- Row trigger: a change of status takes the next version and a transition of the table; counters follow the tasks.
create or replace function headway.guard_job() returns trigger language plpgsql as $$
begin
  if (new.total, new.queued, new.running, new.completed, new.failed, new.cancelled, new.skipped)
       is distinct from (old.total, old.queued, old.running, old.completed, old.failed, old.cancelled, old.skipped)
     and pg_trigger_depth() < 2 then
    raise exception 'job %: its counters follow its tasks and are not written by hand', old.id;
  end if;
  if (new.id, new.collection_id, new.project_id) is distinct from (old.id, old.collection_id, old.project_id) then
    raise exception 'job %: id, collection and project never change', old.id;
  end if;
  if (new.status, new.version, new.change_id, new.finished_at, new.run, new.cancel_requested_at)
       is not distinct from
     (old.status, old.version, old.change_id, old.finished_at, old.run, old.cancel_requested_at) then
    new.status_changed_at := old.status_changed_at;
    return new;
  end if;
  perform headway.assert_next_change('JOB', old.id, old.version, new.version, old.change_id, new.change_id);
  perform headway.assert_transition('JOB', old.id, old.status, new.status, new.change_reason);
  new.status_changed_at := greatest(clock_timestamp(), old.status_changed_at);
  return new;
end $$;
