-- breaking: no
-- Counts of what a query would otherwise have to read all jobs of a project for, or all failed tasks of a job.

-- How many jobs of each status a project has of a pipeline: the counts as they were last added up, and what has changed
-- since. Changes are rows of their own, so that no two jobs wait for each other to be counted.
create table headway.job_count (
  project_id uuid not null references headway.project,
  pipeline text not null,
  status text not null,
  jobs bigint not null,
  primary key (project_id, pipeline, status)
);
create table headway.job_count_change (
  id bigint generated always as identity primary key,
  project_id uuid not null references headway.project,
  pipeline text not null,
  status text not null,
  jobs int not null
);
create index job_count_change_of_project on headway.job_count_change (project_id);

-- How many tasks of a job are FAILED by each error; of those that failed in no stage the stage is ''.
create table headway.error_count (
  job_id uuid not null references headway.job,
  project_id uuid not null references headway.project,
  code text not null,
  stage text not null,
  failed int not null,
  retryable int not null,
  primary key (job_id, code, stage)
) with (fillfactor = 70);

-- Nothing may change between this look and the triggers that count from here on, which come in the same transaction.
lock table headway.job, headway.task in share row exclusive mode;
insert into headway.job_count (project_id, pipeline, status, jobs)
select project_id, pipeline, status, count(*) from headway.job group by project_id, pipeline, status;
insert into headway.error_count (job_id, project_id, code, stage, failed, retryable)
select job_id, project_id, coalesce(error_code, ''), coalesce(error_stage, ''), count(*), count(*) filter (where error_retryable)
from headway.task where status = 'FAILED' group by 1, 2, 3, 4;
