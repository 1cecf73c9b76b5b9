-- The invariants of docs/lifecycle.md, over all open jobs and what changed since the given time; empty at every
-- committed instant. S is about one state, H about the history, E about the evidence. Nothing is read but what lies in
-- the given project, collection and job; null for each that does not bound it.
create or replace function headway.violations_within(p_since timestamptz, p_project uuid, p_collection uuid, p_job uuid)
returns table (invariant text, entity_type text, entity_id uuid, detail text) language sql stable as $$
  with jobs as materialized (
    select * from headway.job
    where (status in ('QUEUED', 'PROCESSING', 'CANCELLING') or status_changed_at >= p_since)
      and (p_project is null or project_id = p_project)
      and (p_collection is null or collection_id = p_collection) and (p_job is null or id = p_job)
  ), tasks as materialized (
    select t.*, j.document_stages from headway.task t join jobs j on j.id = t.job_id
  ), collections as materialized (
    select * from headway.collection
    where p_job is null and (status_changed_at >= p_since or id in (select collection_id from jobs))
      and (p_project is null or project_id = p_project) and (p_collection is null or id = p_collection)
  ), entities as materialized (
    select 'COLLECTION' as type, 'COLLECTION' as level, id, version, status from collections
    union all select 'JOB', 'JOB', id, version, status from jobs
    union all select 'TASK', kind || '_TASK', id, version, status from tasks
  ), bounds as materialized (
    select id, headway.first_position(id) as first, headway.last_position(id) as last from jobs
  ), changes as materialized (
    select e.type, e.level, h.*,
      lag(h.to_status) over w as before_to, lag(h.version) over w as before_version, lag(h.at) over w as before_at,
      lag(h.to_stage) over w as before_stage
    from entities e join headway.status_change h on h.entity_id = e.id
    window w as (partition by h.entity_id order by h.version)
  )
  select 'S1', type, id, 'status ' || status from entities
  where not case type when 'COLLECTION' then
      status in ('CREATED', 'PROCESSING', 'COMPLETED', 'COMPLETED_WITH_ERRORS', 'FAILED', 'CANCELLED', 'EXPIRED')
    when 'JOB' then
      status in ('QUEUED', 'PROCESSING', 'CANCELLING', 'COMPLETED', 'COMPLETED_WITH_ERRORS', 'FAILED', 'CANCELLED')
    else status in ('WAITING', 'QUEUED', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED', 'SKIPPED') end
  union all
  select 'S2', 'TASK', id, status || ' with finished_at ' || coalesce(finished_at::text, 'null') from tasks
  where (status in ('COMPLETED', 'FAILED', 'CANCELLED', 'SKIPPED')) <> (finished_at is not null)
  union all
  select 'S2', 'JOB', id, status || ' with finished_at ' || coalesce(finished_at::text, 'null') from jobs
  where (status not in ('QUEUED', 'PROCESSING', 'CANCELLING')) <> (finished_at is not null)
  union all
  select 'S3', 'TASK', id, status || ' with worker ' || coalesce(worker_id::text, 'null') from tasks
  where (status = 'RUNNING') <> (worker_id is not null) or (status = 'RUNNING') <> (lease_expires_at is not null)
  union all
  select 'S4', 'TASK', id, format('attempt %s of %s, crashes %s', attempt, max_attempts, crashes) from tasks
  where (status = 'RUNNING' and attempt not between 1 and max_attempts) or crashes < 0
  union all
  select 'S5', 'TASK', id, status || ' with error code ' || coalesce(error_code, 'null') from tasks
  where (status = 'FAILED' and error_code is null) or (status = 'COMPLETED' and error_code is not null)
  union all
  select 'S6', 'TASK', id, 'progress ' || progress from tasks where progress not between 0 and 1
  union all
  select 'S7', 'JOB', min(id::text)::uuid, 'idempotency key of ' || count(*) || ' jobs' from jobs
  where idempotency_key is not null group by project_id, idempotency_key having count(*) > 1
  union all
  select 'S8', 'JOB', j.id, 'counters differ from its tasks' from jobs j
  cross join lateral (
    select count(*) as total, count(*) filter (where status = 'QUEUED') as queued,
      count(*) filter (where status = 'RUNNING') as running, count(*) filter (where status = 'COMPLETED') as completed,
      count(*) filter (where status = 'FAILED') as failed, count(*) filter (where status = 'CANCELLED') as cancelled,
      count(*) filter (where status = 'SKIPPED') as skipped
    from tasks t where t.job_id = j.id and t.kind = 'DOCUMENT'
  ) n
  where (j.total, j.queued, j.running, j.completed, j.failed, j.cancelled, j.skipped)
    is distinct from (n.total, n.queued, n.running, n.completed, n.failed, n.cancelled, n.skipped)
  union all
  select 'S8', 'JOB', j.id, format('%s tasks are QUEUED at stage %s, %s are ready there from %s on', coalesce(n.queued, 0),
    coalesce(n.stage, r.stage), coalesce(r.ready, 0), coalesce(r.not_before::text, 'now'))
  from (
    select job_id, stage, count(*) as queued, min(run_at) filter (where not is_suspect) as due from tasks where status = 'QUEUED' group by job_id, stage
  ) n
  full join (select * from headway.ready_stage where job_id in (select id from jobs)) r
    on r.job_id = n.job_id and r.stage = n.stage
  join jobs j on j.id = coalesce(n.job_id, r.job_id)
  where n.queued is distinct from r.ready or (r.not_before > n.due and j.cancel_requested_at is null)
  union all
  select 'S8', 'JOB', s.job_id, 'counts of stage ' || s.stage || ' differ from its tasks' from headway.stage_count s
  join jobs j on j.id = s.job_id
  cross join lateral (
    select count(*) filter (where t.stage = s.stage and t.status = 'QUEUED') as queued,
      count(*) filter (where t.stage = s.stage and t.status = 'RUNNING') as running,
      count(*) filter (where t.status = 'COMPLETED' or (t.status <> 'SKIPPED'
        and array_position(j.document_stages, s.stage) < array_position(j.document_stages, t.stage))) as completed,
      count(*) filter (where t.stage = s.stage and t.status = 'FAILED') as failed
    from tasks t where t.job_id = s.job_id and t.kind = 'DOCUMENT'
  ) n
  where (s.queued, s.running, s.completed, s.failed) is distinct from (n.queued, n.running, n.completed, n.failed)
  union all
  select 'S8', 'JOB', coalesce(n.job_id, e.job_id), format('%s tasks are FAILED by %s at stage %s, %s are counted',
    coalesce(n.failed, 0), coalesce(n.code, e.code), coalesce(n.stage, e.stage), coalesce(e.failed, 0))
  from (
    select job_id, coalesce(error_code, '') as code, coalesce(error_stage, '') as stage, count(*) as failed,
      count(*) filter (where error_retryable) as retryable
    from tasks where status = 'FAILED' group by 1, 2, 3
  ) n
  full join (select * from headway.error_count where failed <> 0 and job_id in (select id from jobs)) e
    on e.job_id = n.job_id and e.code = n.code and e.stage = n.stage
  where n.failed is distinct from e.failed or n.retryable is distinct from e.retryable
  union all
  select 'S8', 'JOB', j.id, j.status || ', but its tasks say ' || r.status from jobs j
  left join tasks c on c.job_id = j.id and c.kind = 'COLLECTION'
  cross join lateral headway.roll_up(j.queued + j.running, j.completed, j.failed, j.cancelled, j.skipped, c.status,
    j.cancel_requested_at is not null, false) r
  where j.finished_at is not null and (r.target <> 'JOB' or r.status <> j.status)
  union all
  select 'S8', 'JOB', j.id, 'open without an open task' from jobs j
  where j.finished_at is null and j.operation->>'kind' is distinct from 'RETRY'
    and not exists (select from tasks t where t.job_id = j.id and t.status in ('WAITING', 'QUEUED', 'RUNNING'))
  union all
  select 'S8', 'JOB', id, status || ' with a pending ' || (operation->>'kind') from jobs
  where operation is not null and (finished_at is not null or (operation->>'kind' = 'CANCEL') <> (status = 'CANCELLING'))
  union all
  select 'H1', e.type, e.id, format('version %s, history of %s, highest %s', e.version, count(h.version), max(h.version))
  from entities e left join changes h on h.entity_id = e.id group by e.type, e.id, e.version
  having count(h.version) <> e.version or max(h.version) is distinct from e.version
  union all
  select 'H2', type, entity_id,
    format('version %s comes from %s, the one before led to %s', version, from_status, before_to)
  from changes where from_status is distinct from before_to
    or (before_version is not null and type = 'TASK' and from_stage is distinct from before_stage)
  union all
  select 'H3', e.type, e.id, 'status ' || e.status || ', history says ' || coalesce(h.to_status, 'nothing')
  from entities e left join changes h on h.entity_id = e.id and h.version = e.version
  where h.to_status is distinct from e.status
  union all
  select 'H4', type, entity_id, format('%s -> %s with %s', from_status, to_status, reason) from changes h
  where not exists (select from headway.transition x where x.level = h.level
    and x.from_status is not distinct from h.from_status and x.to_status = h.to_status and x.reason = h.reason)
  union all
  select 'H5', type, entity_id, 'changed after ' || before_to from changes
  where (level = 'JOB' and before_to = 'COMPLETED') or (level = 'COLLECTION' and before_to = 'EXPIRED')
    or (level = 'DOCUMENT_TASK' and before_to in ('COMPLETED', 'SKIPPED'))
  union all
  select 'H6', 'TASK', h.entity_id, 'worker entry without its fence, or a fence that fell' from (
    select entity_id, actor_type, fence, max(fence) over (partition by entity_id order by version) as highest
    from changes where type = 'TASK'
  ) h where h.actor_type = 'WORKER' and (h.fence is null or h.fence < h.highest)
  union all
  select 'H7', type, entity_id, format('%s is before %s', at, before_at) from changes where at < before_at
  union all
  select 'H8', 'TASK', h.entity_id, format('position %s lies outside its job''s, %s to %s', h.position, b.first, b.last)
  from changes h join bounds b on b.id = h.job_id
  where h.type = 'TASK' and h.position not between b.first and b.last
  union all
  select 'E1', 'TASK', o.task_id, 'two outputs of stage ' || o.stage from headway.stage_output o
  join tasks t on t.id = o.task_id group by o.task_id, o.stage having count(*) > 1
$$;
