-- Row trigger. Transitions are checked by task_updated, once for the statement. While the duty is expiry, the message
-- of an error may be emptied without a new version.
--
-- An UPDATE is one change, or it holds steps: several changes that its worker has taken the task through. It holds steps
-- where it sets steps_version to its new version; what an earlier UPDATE has left in the row counts for nothing.
create or replace function headway.guard_task() returns trigger language plpgsql as $$
declare
  v_steps int := 1;
begin
  if (new.id, new.job_id, new.collection_id, new.project_id, new.kind)
       is distinct from (old.id, old.job_id, old.collection_id, old.project_id, old.kind) then
    raise exception 'task %: id, job, collection, project and kind never change', old.id;
  end if;
  if (new.status, new.stage, new.version, new.fence, new.attempt, new.crashes, new.worker_id, new.finished_at,
      new.error_code, new.change_id, new.cancel_requested_at, new.claim_id, new.recorded_step, new.steps_version)
       is not distinct from
     (old.status, old.stage, old.version, old.fence, old.attempt, old.crashes, old.worker_id, old.finished_at,
      old.error_code, old.change_id, old.cancel_requested_at, old.claim_id, old.recorded_step, old.steps_version)
     and (new.error_message is not distinct from old.error_message
       or (new.error_message is null and current_setting('headway_duty.name', true) = 'expiry')) then
    if old.status <> 'RUNNING'
       and (new.lease_expires_at, new.progress) is distinct from (old.lease_expires_at, old.progress) then
      raise exception 'task %: lease and progress move only while RUNNING; it is %', old.id, old.status;
    end if;
    new.status_changed_at := old.status_changed_at;
    return new;
  end if;
  if new.steps_version is distinct from old.steps_version then
    v_steps := coalesce(cardinality(new.step_times), 0);
    if new.steps_version is distinct from new.version or v_steps < 1 or new.recorded_step <> old.recorded_step + v_steps
       or old.status <> 'RUNNING' or new.fence <> old.fence or new.changed_by_type <> 'WORKER' then
      raise exception 'task %: steps are recorded by the worker that runs it, each once and in their order', old.id
        using hint = 'steps_version and step_times are written by record_changes alone.';
    end if;
    if new.step_times[1] < old.status_changed_at
       or new.step_times[v_steps] > greatest(clock_timestamp(), old.status_changed_at) then
      raise exception 'task %: its steps must lie between its last change and now', old.id;
    end if;
    new.status_changed_at := new.step_times[v_steps];
  else
    if new.recorded_step <> old.recorded_step and (new.recorded_step <> 0 or new.fence <> old.fence + 1) then
      raise exception 'task %: recorded_step may not go from % to %; steps raise it and a claim begins with 0',
        old.id, old.recorded_step, new.recorded_step;
    end if;
    new.status_changed_at := greatest(clock_timestamp(), old.status_changed_at);
  end if;
  if new.version <> old.version + v_steps or new.change_id = old.change_id then
    perform headway.assert_next_change(old.kind || '_TASK', old.id, old.version + v_steps - 1, new.version, old.change_id,
      new.change_id);
  end if;
  if new.fence < old.fence or (old.status = 'QUEUED' and new.status = 'RUNNING' and new.fence <> old.fence + 1) then
    raise exception 'task %: fence may not go from % to %; a claim raises it by one and nothing lowers it',
      old.id, old.fence, new.fence;
  end if;
  if new.change_reason = 'STAGE_STARTED' and new.stage is not distinct from old.stage then
    raise exception 'task %: STAGE_STARTED must name another stage than %', old.id, old.stage;
  end if;
  if new.change_reason = 'CANCEL_REQUESTED' and old.cancel_requested_at is not null then
    raise exception 'task %: a cancel has been requested already', old.id;
  end if;
  return new;
end $$;
