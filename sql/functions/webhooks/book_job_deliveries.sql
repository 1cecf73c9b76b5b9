-- What webhooks are told of jobs that have started or settled, in the transaction that does it. Its commit wakes the senders.
create or replace function headway.book_job_deliveries(p_started uuid[], p_settled uuid[]) returns void language sql
set search_path = pg_catalog, pg_temp
as $$
  with booked as (
    insert into headway.webhook_delivery (id, project_id, webhook_id, event, entity_id, version, job_id, payload, next_attempt_at)
    select gen_random_uuid(), j.project_id, w.id, e.event, j.id, j.version, j.id,
      headway.webhook_payload(e.type, headway.data_of_job(j.id)), clock_timestamp()
    from (
      select 'JOB_STARTED' as event, 'job.started' as type, x.id from unnest(p_started) x(id)
      union all
      select 'JOB_SETTLED', 'job.settled', x.id from unnest(p_settled) x(id)
    ) e
    join headway.job j on j.id = e.id
    join headway.webhook w on w.project_id = j.project_id and headway.wants_job(w, e.event, j.pipeline, j.tags)
    returning id
  )
  select pg_notify(n.nspname || ':webhooks', '')
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.oid = 'headway.webhook_delivery'::regclass and exists (select from booked)
$$;
