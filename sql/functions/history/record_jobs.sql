-- Statement trigger: the history of jobs, from exactly the rows that changed; a new job gets its counts by stage, and of
-- one that is to be cancelled nothing is due any more.
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
    if exists (select from new_rows where cancel_requested_at is not null and finished_at is null) then
      update headway.ready_stage set not_before = 'infinity'
      where job_id in (select id from new_rows where cancel_requested_at is not null);
    end if;
  end if;
  perform pg_notify(tg_table_schema, '');
  return null;
end $$;
