/** Pauses, expiry and the questions about what waits: tables, columns, indexes. */
export const OPERATIONS_TABLES = `
create table pipeline_pause (
  project_id uuid not null references project,
  pipeline text not null,
  reason text not null,
  paused_by text not null,
  paused_at timestamptz not null default clock_timestamp(),
  primary key (project_id, pipeline)
);

-- Stored files whose rows are gone: everything below these prefixes is removed, however often that takes.
create table doomed_blob (
  prefix text primary key,
  project_id uuid not null references project,
  doomed_at timestamptz not null default clock_timestamp()
);

alter table collection
  add column deletion_requested_at timestamptz,
  add column deletion_requested_by_type text,
  add column deletion_requested_by text,
  add column emptied_at timestamptz;
create index collection_expiring on collection (id) where status <> 'EXPIRED' and expires_at is not null;
create index collection_deleting on collection (id) where status <> 'EXPIRED' and deletion_requested_at is not null;
create index collection_emptying on collection (id) where status = 'EXPIRED' and emptied_at is null;
create index job_status_changed on job (status_changed_at);
`;

/** How a worker does, from what its own loop and heart last wrote: the one definition, for the API, waitingOn and stuck. */
export const WORKER_NOW = `
create view worker_now as
select w.*, clock_timestamp() as now, greatest(w.concurrency - w.running, 0) as free,
  case
    when w.stopped_at is not null then 'STOPPED'
    when clock_timestamp() - w.heartbeat_at > make_interval(secs => w.lease_ms / 1000.0) then 'LOST'
    when w.draining_at is not null then 'DRAINING'
    when w.loop_iterations = 0 then 'STARTING'
    -- A loop that has not gone round for this long stands still, unless its lease allows for more.
    when clock_timestamp() - w.last_loop_at > make_interval(secs => greatest(w.lease_ms / 2000.0, 3)) then 'STALLED'
    else 'RUNNING'
  end as status
from worker w;

-- Open tasks whose lease has been past for a sweep, or that are due and untaken for a minute though a worker is free.
create function stuck_jobs(p_project uuid, p_sweep_ms int) returns setof uuid language sql stable as $$
  select job_id from task
  where project_id = p_project and status = 'RUNNING'
    and lease_expires_at < clock_timestamp() - make_interval(secs => p_sweep_ms / 1000.0)
  union
  select t.job_id from task t
  where t.project_id = p_project and t.status = 'QUEUED' and t.run_at < clock_timestamp() - interval '60 s'
    and t.pipeline in (
      select unnest(w.pipelines) from worker_now w where w.project_id = p_project and w.status = 'RUNNING' and w.free > 0)
    and not exists (
      select from pipeline_pause p where p.project_id = t.project_id and p.pipeline = t.pipeline)
$$;
`;

/** As before, with paused pipelines left out. */
export const CLAIMABLE = `
create or replace function claimable(p_claim jsonb, p_collections uuid[]) returns uuid[] language sql stable as $$
  select array(
    select id from (
      (select id, priority, run_at from task t
       where id = any (array(select jsonb_array_elements_text(p_claim->'ids')::uuid)) and status = 'QUEUED'
         and run_at <= clock_timestamp()
         and pipeline = any (array(select jsonb_array_elements_text(p_claim->'pipelines')))
         and (p_collections is null or collection_id = any (p_collections))
         and not exists (select from pipeline_pause p where p.project_id = t.project_id and p.pipeline = t.pipeline))
      union
      (select id, priority, run_at from task t
       where status = 'QUEUED' and run_at <= clock_timestamp()
         and pipeline = any (array(select jsonb_array_elements_text(p_claim->'pipelines')))
         and (p_collections is null or collection_id = any (p_collections))
         and not exists (select from pipeline_pause p where p.project_id = t.project_id and p.pipeline = t.pipeline)
       order by priority desc, run_at, id limit (p_claim->>'limit')::int)
    ) due
    order by priority desc, (id = any (array(select jsonb_array_elements_text(p_claim->'ids')::uuid))) desc, run_at, id
    limit (p_claim->>'limit')::int
  )
$$;
`;
