-- What needs a person as things stand, at most 101 of a kind in each project. p_redis: why Redis is away, null where it is
-- not or there is none. Broken invariants are apart: look_for_attention checks a job at a time.
create or replace function headway.found_for_attention(p_sweep_ms int, p_redis text)
returns table (project_id uuid, kind text, subject text, subject_id uuid, state text, since timestamptz, message text)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  with newest as materialized (
    select p.id as project_id, j.* from headway.project p cross join lateral (
      select f.id, f.collection_id, f.pipeline, f.version, f.status, f.status_changed_at, f.created_at, f.failed, f.total
      from headway.job f
      where f.project_id = p.id and f.status in ('FAILED', 'COMPLETED_WITH_ERRORS')
        and f.acknowledged_version is distinct from f.version
      order by f.status_changed_at desc, f.id desc limit 300) j
  ), unserved as (
    select r.project_id, r.pipeline, min(r.pipeline_version) as version, min(r.stage) as stage, sum(r.ready) as ready
    from (
      select x.project_id, x.pipeline, x.pipeline_version, x.stage, sum(x.ready) as ready from headway.ready_stage x
      where coalesce(x.not_before <= clock_timestamp(), true) group by 1, 2, 3, 4
    ) r
    where not exists (
        select from headway.pipeline_pause p where p.project_id = r.project_id and p.pipeline = r.pipeline)
      and not exists (
        select from headway.worker_now w where w.status in ('RUNNING', 'STARTING')
          and (w.serves->r.pipeline->>'version')::int >= r.pipeline_version
          and w.serves->r.pipeline->'stages' ? r.stage)
    group by 1, 2
  )
  select n.project_id, 'FAILED_JOB', n.id::text, n.id, n.version::text, n.status_changed_at, n.message
  from (
    select w.*, row_number() over (partition by w.project_id order by w.status_changed_at desc) as place,
      format(case w.status
        when 'FAILED' then 'A job of pipeline "%s" has FAILED; retry it, or acknowledge that it has.'
        else '%2$s of %3$s documents failed in a job of pipeline "%1$s"; retry it, or acknowledge that they have.' end,
        w.pipeline, w.failed, w.total) as message
    from newest w where headway.needs_a_person(w.id, w.collection_id, w.created_at, w.status, w.failed)
  ) n where n.place <= 101
  union all
  select p.id, 'STUCK_JOB', s.id::text, s.id, '', clock_timestamp(),
    'A job makes no progress although it could. Its waitingOn says what it waits for.'
  from headway.project p
  cross join lateral (select x.id from headway.stuck_jobs(p.id, p_sweep_ms) x(id) limit 101) s
  union all
  select null, w.kind, w.id::text, w.id, '', w.since, w.message
  from (
    select 'WORKER_' || n.status as kind, n.id, row_number() over (partition by n.status order by n.heartbeat_at desc) as place,
      case n.status when 'LOST' then n.heartbeat_at else n.last_loop_at end as since,
      format(case n.status
        when 'LOST' then 'Worker %s (%s, process %s) sent no heartbeat for the length of a lease. If it is missing, start another.'
        else 'Worker %s (%s, process %s) sends heartbeats but claims no tasks. Read its log, or restart it.' end,
        n.id, n.hostname, n.pid) as message
    from headway.worker_now n
    where n.stopped_at is null and n.status in ('LOST', 'STALLED') and n.heartbeat_at > clock_timestamp() - interval '1 day'
  ) w where w.place <= 101
  union all
  select p.project_id, 'PIPELINE_PAUSED', p.pipeline, null, p.paused_at::text, p.paused_at,
    format('Pipeline "%s" is paused by %s: %s', p.pipeline, p.paused_by, p.reason)
  from (
    select q.*, row_number() over (partition by q.project_id order by q.paused_at desc) as place
    from headway.pipeline_pause q
  ) p where p.place <= 101
  union all
  select u.project_id, 'NO_WORKER', u.pipeline, null, '', clock_timestamp(),
    format('%s tasks of pipeline "%s" are due, and no worker runs its version %s with stage %s; start one.', u.ready,
      u.pipeline, u.version, u.stage)
  from (
    select v.*, row_number() over (partition by v.project_id order by v.ready desc) as place from unserved v
  ) u where u.place <= 101
  union all
  select h.project_id, 'WEBHOOK_DISABLED', h.id::text, h.id, h.given_up_at::text, h.given_up_at,
    format('A webhook to %s is disabled; an ADMIN sees why in webhooks, and enables it again.', h.host)
  from (
    select w.*, row_number() over (partition by w.project_id order by w.given_up_at desc) as place
    from headway.webhook w where w.given_up_at is not null and w.deleted_at is null
  ) h where h.place <= 101
  union all
  select null, 'DEPENDENCY_AWAY', 'redis', null, '', clock_timestamp(),
    format('Redis is away, and work goes on by polling: %s', p_redis)
  where p_redis is not null
  union all
  select null, 'DEPENDENCY_AWAY', 'store', null, '', clock_timestamp(),
    'Stored files can''t be removed, so the store is away or refuses it; the log of the reconciler names them.'
  where exists (select from headway.blob_deletion where failures > 2)
$$;
