-- The second design of the write path, on top of the schema as it is: several steps of a task in one update.
-- Measured by bench/cost.ts; not part of the product.

-- recorded_step: how many steps of the present claim are recorded; 0 at the claim. What is sent again is told by it.
-- claim_id: of the claim request that took the task; no other writer touches it.
-- step_times: when each step of the last update was, one entry a step; counts only where steps_version = version, so that
-- nothing that is left in a row is taken for news. A step but the last is STAGE_STARTED, and its stage is the next in the
-- job's list: nothing else can be said, so nothing false can.
alter table headway.task
  add column recorded_step int not null default 0,
  add column claim_id uuid,
  add column step_times timestamptz[],
  add column steps_version int;

-- is_ready: whether some task is QUEUED. A flag and not the count, for the count changes with every flush, and an index
-- on it would keep the job's row from being updated in place. next_due_at: no task is due before.
alter table headway.job
  add column ready int not null default 0,
  add column is_ready boolean not null default false,
  add column next_due_at timestamptz not null default '-infinity';
create index job_ready on headway.job (project_id, pipeline, priority desc, id) where is_ready and cancel_requested_at is null;

create index task_due_of_job on headway.task (job_id, stage, run_at, ordinal) where status = 'QUEUED';
drop index headway.task_due;

-- A change is found by its entity and version, and a job's among its collection's.
alter table headway.status_change drop constraint status_change_pkey;
alter table headway.status_change drop column id;
drop index headway.status_change_of_job;
