/**
 * Indexes that run as the lists do: what is filtered by first, then the order. Of tasks none that has the stage in it,
 * which changes at every step; the two that are partial leave out what has been completed or has settled.
 */
export const LISTS = `
create index task_not_completed on task (job_id, ordinal) where status <> 'COMPLETED';
create index task_open_newest on task (project_id, created_at desc, id desc)
  where status in ('WAITING', 'QUEUED', 'RUNNING');
create index task_by_error_in_order on task (job_id, error_code, ordinal) where error_code is not null;
drop index task_by_error;

create index job_by_status on job (project_id, status, created_at desc, id desc);
create index job_by_pipeline on job (project_id, pipeline, created_at desc, id desc);
create index job_by_priority on job (project_id, priority desc, created_at desc, id desc);
create index job_tags on job using gin (tags);

create index collection_by_status on collection (project_id, status, created_at desc, id desc);
create index collection_metadata on collection using gin (metadata jsonb_path_ops);

-- Changes come in nearly the order of their times, so that a summary of each range of pages is as good as a tree.
create index status_change_at on status_change using brin (at);

-- As before. Due work is looked for job by job: open jobs are few, and the first task of one that is not completed is
-- most often the one that is looked for. Few are stuck, which the planner is told.
create or replace function stuck_jobs(p_project uuid, p_sweep_ms int) returns setof uuid language sql stable rows 20 as $$
  select job_id from task
  where project_id = p_project and status = 'RUNNING'
    and lease_expires_at < clock_timestamp() - make_interval(secs => p_sweep_ms / 1000.0)
  union
  select j.id from job j
  where j.project_id = p_project and j.status in ('QUEUED', 'PROCESSING', 'CANCELLING')
    and j.pipeline = any (array(
      select unnest(w.pipelines) from worker_now w where w.project_id = p_project and w.status = 'RUNNING' and w.free > 0))
    and not exists (select from pipeline_pause p where p.project_id = j.project_id and p.pipeline = j.pipeline)
    and exists (
      select from task t
      where t.job_id = j.id and t.status = 'QUEUED' and t.run_at < clock_timestamp() - interval '60 s')
$$;
`;
