-- Statement trigger: the job of each new task exists, and its collection and project are the task's. Takes the place
-- of three foreign keys, which look up and lock one row for each row written (130 µs a task). Jobs, collections and
-- projects are never deleted, so that one look at birth proves as much as the keys would.
create or replace function headway.check_task_parents() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp
-- Whatever the planner knew of the tables when a session first came here: by sequential scans a flush took 14 ms more
-- after 30,000 tasks. OFFSET 0 keeps each look a look of its own.
set enable_seqscan = off
as $$
declare
  v_stray record;
begin
  select n.* into v_stray from (select distinct job_id, collection_id, project_id from new_rows) n
  where not exists (
    select from headway.job j
    where j.id = n.job_id and j.collection_id = n.collection_id and j.project_id = n.project_id offset 0);
  if found then
    raise exception using errcode = 'foreign_key_violation', message = format(
      'task: there is no job %s in collection %s of project %s', v_stray.job_id, v_stray.collection_id,
      v_stray.project_id);
  end if;
  return null;
end $$;
