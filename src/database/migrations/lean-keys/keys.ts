import { lockTables } from "../lock-tables.js";

/**
 * A foreign key looks up, and locks, one row for each row written: with three of a task's four and both of a kept output,
 * 36 of the 144 µs that a change of stage took in SQL alone, and 130 µs a task at birth. Jobs, collections, projects and
 * tasks are never deleted (trigger `keep`), so that one look at the birth of a statement's rows together proves as much
 * as the keys did, and more: a task's collection and project are its job's, an output's project is its task's.
 */
export const LEAN_KEYS = `
${lockTables(["stage_output", "task", "job", "collection", "project"], "access exclusive")}
alter table task
  drop constraint task_project_id_fkey,
  drop constraint task_collection_id_fkey,
  drop constraint task_job_id_fkey;
alter table stage_output
  drop constraint stage_output_project_id_fkey,
  drop constraint stage_output_task_id_fkey;

create function task_births_belong() returns trigger language plpgsql as $$
declare
  v_stray record;
begin
  select n.* into v_stray from (select distinct job_id, collection_id, project_id from new_rows) n
  where not exists (
    select from job j where j.id = n.job_id and j.collection_id = n.collection_id and j.project_id = n.project_id offset 0);
  if found then
    raise exception using errcode = 'foreign_key_violation', message = format(
      'task: there is no job %s in collection %s of project %s', v_stray.job_id, v_stray.collection_id, v_stray.project_id);
  end if;
  return null;
end $$;
-- By its name it comes before record_insert, which counts what it has let through.
create trigger belong_insert after insert on task referencing new table as new_rows
  for each statement execute function task_births_belong();

create function outputs_belong() returns trigger language plpgsql as $$
declare
  v_stray record;
begin
  select n.task_id, n.project_id into v_stray from new_rows n
  where not exists (select from task t where t.id = n.task_id and t.project_id = n.project_id offset 0);
  if found then
    raise exception using errcode = 'foreign_key_violation',
      message = format('stage_output: there is no task %s in project %s', v_stray.task_id, v_stray.project_id);
  end if;
  return null;
end $$;
create trigger belong_insert after insert on stage_output referencing new table as new_rows
  for each statement execute function outputs_belong();

-- Whatever the planner knew of the tables when a session first came here: by sequential scans a flush took 14 ms more
-- after 30,000 tasks. OFFSET 0 keeps each look a look of its own.
alter function task_births_belong() set enable_seqscan = off;
alter function outputs_belong() set enable_seqscan = off;
`;
