-- What webhooks are told of tasks that have failed, one batch a job, once its ten seconds are over. Returns how many batches.
create or replace function headway.book_failed_tasks(p_limit int) returns int language sql
set search_path = pg_catalog, pg_temp
as $$
  with due as (
    delete from headway.failed_batch where job_id = any (array(
      select job_id from headway.failed_batch where due_at <= clock_timestamp() or due_at > clock_timestamp() + interval '1 minute'
      order by due_at limit p_limit for update skip locked))
    returning *
  ), booked as (
    insert into headway.webhook_delivery (id, project_id, webhook_id, event, entity_id, version, job_id, payload, next_attempt_at)
    select gen_random_uuid(), j.project_id, w.id, 'TASKS_FAILED', j.id, j.version, j.id,
      headway.webhook_payload('tasks.failed', headway.data_of_job(j.id) || jsonb_build_object('failed', d.failed,
        'tasks', jsonb_path_query_array(d.tasks, '$[0 to 99]'))), clock_timestamp()
    from due d join headway.job j on j.id = d.job_id
    join headway.webhook w on w.project_id = j.project_id and headway.wants_job(w, 'TASKS_FAILED', j.pipeline, j.tags)
  )
  select count(*)::int from due
$$;
