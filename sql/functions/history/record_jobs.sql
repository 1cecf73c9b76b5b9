-- Statement trigger: the history of jobs, from exactly the rows that changed, and how their number by status changes; a new
-- job gets its counts by stage, and of one that is to be cancelled nothing is due any more.
create or replace function headway.record_jobs() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'INSERT' then
    perform headway.lock_history(array(select collection_id from new_rows));
    insert into headway.status_change (project_id, entity_type, entity_id, collection_id, job_id, version, to_status,
      run, actor_type, actor, reason, message, change_id, at)
    select project_id, 'JOB', id, collection_id, id, version, status, run, changed_by_type, changed_by, change_reason,
      change_message, change_id, status_changed_at from new_rows order by id;
    insert into headway.stage_count (job_id, project_id, stage)
    select n.id, n.project_id, s from new_rows n, unnest(n.document_stages) as s;
    insert into headway.job_count_change (project_id, pipeline, status, jobs)
    select project_id, pipeline, status, count(*) from new_rows group by 1, 2, 3;
  else
    if not exists (select from new_rows n join old_rows o on o.id = n.id where n.version <> o.version) then
      return null;
    end if;
    perform headway.lock_history(array(
      select n.collection_id from new_rows n join old_rows o on o.id = n.id where n.version <> o.version));
    insert into headway.status_change (project_id, entity_type, entity_id, collection_id, job_id, version, from_status,
      to_status, run, actor_type, actor, reason, message, change_id, at)
    select n.project_id, 'JOB', n.id, n.collection_id, n.id, n.version, o.status, n.status, n.run, n.changed_by_type,
      n.changed_by, n.change_reason, n.change_message, n.change_id, n.status_changed_at
    from new_rows n join old_rows o on o.id = n.id where n.version <> o.version order by n.id;
    insert into headway.job_count_change (project_id, pipeline, status, jobs)
    select n.project_id, n.pipeline, c.status, sum(c.jobs) from new_rows n join old_rows o on o.id = n.id
    cross join lateral (values (o.status, -1), (n.status, 1)) c(status, jobs)
    where n.status <> o.status group by 1, 2, 3 having sum(c.jobs) <> 0;
    if exists (select from headway.webhook where enabled) then
      perform headway.book_job_deliveries(
        array(select n.id from new_rows n join old_rows o on o.id = n.id
          where n.change_reason = 'STARTED' and o.status = 'QUEUED' and n.status <> 'QUEUED'),
        array(select n.id from new_rows n join old_rows o on o.id = n.id
          where n.finished_at is not null and o.finished_at is null));
    end if;
    if exists (select from new_rows where cancel_requested_at is not null and finished_at is null) then
      update headway.ready_stage set not_before = 'infinity'
      where job_id in (select id from new_rows where cancel_requested_at is not null);
    end if;
  end if;
  perform pg_notify(tg_table_schema, '');
  return null;
end $$;
