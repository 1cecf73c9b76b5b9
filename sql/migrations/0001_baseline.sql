-- breaking: no
-- Tables, types and indexes. Statuses and other words are text with a CHECK; a test holds them equal to the words in
-- src/lifecycle. Every table has a project: nothing crosses one.

-- What this build's `sql/` has brought in: each file with the hash of its text. For numbered files it says whether a
-- build that does not know the file may go on working.
create table headway.sql_file (
  path text primary key,
  sha256 text not null,
  breaking boolean not null,
  build text not null,
  applied_at timestamptz not null default clock_timestamp()
);

create table headway.project (
  id uuid primary key,
  name text not null unique,
  created_at timestamptz not null default clock_timestamp()
);
insert into headway.project (id, name) values ('00000000-0000-7000-8000-000000000001', 'default');

-- In every cursor: made anew where this database is not the one it was made in.
create table headway.database_identity (
  only_row boolean primary key default true check (only_row),
  id uuid not null,
  system_identifier text not null,
  -- Changes up to this position were made in the database that it was restored from: their transactions count there.
  first_tx xid8 not null default pg_current_xact_id(),
  first_position bigint not null default 0
);

-- How much work is open, all projects together, as the reconcilers last counted it: a scrape of /metrics reads this row,
-- and so costs the same however much that is. Written every ten seconds by whichever reconciler finds it due.
create table headway.measurement (
  only_row boolean primary key default true check (only_row),
  measured_at timestamptz not null default '-infinity',
  -- [{pipeline, stage, status, count}] of queued and running tasks.
  open_tasks jsonb not null default '[]',
  -- [{pipeline, since}] of the oldest task that is due and not taken.
  oldest_due jsonb not null default '[]'
) with (fillfactor = 10);
insert into headway.measurement default values;

-- When a reconciler last looked for what needs a person, and to where it has checked the invariants of jobs.
create table headway.attention_look (
  only_row boolean primary key default true check (only_row),
  looked_at timestamptz not null default clock_timestamp(),
  checked_to timestamptz not null default '-infinity',
  checked_job uuid not null default '00000000-0000-0000-0000-000000000000'
) with (fillfactor = 10);
insert into headway.attention_look default values;

-- What needs a person, as it was last found, at most 101 of a kind in each project; without a project where it concerns
-- the whole installation. A row is one state: once that ends, it goes, and another state gets another id.
create table headway.attention_item (
  id uuid primary key default gen_random_uuid(),
  project_id uuid references headway.project,
  kind text not null check (kind in (
    'INVARIANT_BROKEN', 'DEPENDENCY_AWAY', 'NO_WORKER', 'STUCK_JOB', 'FAILED_JOB', 'WORKER_STALLED', 'WORKER_LOST',
    'PIPELINE_PAUSED', 'WEBHOOK_DISABLED'
  )),
  -- What it is about: an id, or the name of what has none.
  subject text not null,
  subject_id uuid,
  state text not null,
  since timestamptz not null,
  message text not null,
  unique nulls not distinct (project_id, kind, subject)
) with (fillfactor = 70);

-- That somebody knows of a state, and what they said. It goes with its state; that of a failed job stays.
create table headway.acknowledgement (
  item_id uuid not null,
  project_id uuid not null references headway.project,
  kind text not null,
  subject text not null,
  word text not null,
  actor_type text not null check (actor_type in ('USER', 'WORKER', 'SYSTEM')),
  actor text not null,
  at timestamptz not null default clock_timestamp(),
  primary key (project_id, item_id)
);
create index acknowledgement_of_state on headway.acknowledgement (item_id) where kind <> 'FAILED_JOB';

-- The changes of status that are allowed; filled from sql/transitions.sql.
create table headway.transition (
  level text not null,
  from_status text,
  to_status text not null,
  reason text not null,
  unique nulls not distinct (level, from_status, to_status, reason)
);

-- The latest time that the database's clock has shown to a sweep: where it shows less, it has gone back.
create table headway.clock (
  only_row boolean primary key default true check (only_row),
  latest timestamptz not null
);
insert into headway.clock (latest) values (clock_timestamp());

create table headway.collection (
  id uuid primary key,
  project_id uuid not null references headway.project,
  name text not null,
  description text,
  metadata jsonb not null default '{}',
  status text not null check (status in (
    'CREATED', 'PROCESSING', 'COMPLETED', 'COMPLETED_WITH_ERRORS', 'FAILED', 'CANCELLED', 'EXPIRED'
  )),
  expires_at timestamptz,
  document_count int not null default 0,
  chunk_count int not null default 0,
  embedded_chunk_count int not null default 0,
  content_version bigint not null default 0,
  version int not null default 1,
  created_at timestamptz not null default clock_timestamp(),
  status_changed_at timestamptz not null default clock_timestamp(),
  change_id uuid not null,
  changed_by_type text not null check (changed_by_type in ('USER', 'WORKER', 'SYSTEM')),
  changed_by text not null,
  change_reason text not null,
  change_message text,
  deletion_requested_at timestamptz,
  deletion_requested_by_type text,
  deletion_requested_by text,
  emptied_at timestamptz,
  -- How far emptying has come: each step goes on behind it.
  emptied_document uuid,
  emptied_job uuid,
  emptied_ordinal int,
  emptied_position bigint,
  -- How often it could not be expired or emptied, and when that is tried again.
  expiry_failures int not null default 0,
  expiry_retry_at timestamptz,
  unique (project_id, name)
) with (fillfactor = 80);
create index collection_newest on headway.collection (project_id, created_at desc, id desc);
create index collection_expiring on headway.collection (id) where status <> 'EXPIRED' and expires_at is not null;
create index collection_expiring_soonest on headway.collection (project_id, expires_at, id)
  where status <> 'EXPIRED' and expires_at is not null;
create index collection_deleting on headway.collection (id)
  where status <> 'EXPIRED' and deletion_requested_at is not null;
create index collection_emptying on headway.collection (id) where status = 'EXPIRED' and emptied_at is null;
create index collection_by_status on headway.collection (project_id, status, created_at desc, id desc);
create index collection_metadata on headway.collection using gin (metadata jsonb_path_ops);

create table headway.upload (
  id uuid primary key,
  project_id uuid not null references headway.project,
  -- The key that has announced it: one for browsers takes no other's.
  key_id uuid,
  -- The one collection that it is for; null for any.
  collection_id uuid references headway.collection,
  name text not null,
  media_type text,
  size_bytes bigint not null check (size_bytes >= 0),
  -- How much has come of one that is sent bit by bit.
  received_bytes bigint not null default 0 check (received_bytes between 0 and size_bytes),
  -- As announced, where it was; of the bytes themselves once they are there.
  sha256 text,
  blob_key text,
  completed_at timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  -- From then on no new document takes it.
  expires_at timestamptz not null,
  -- When the sweep looks at it; null while documents hold it, so that it is not looked at in vain.
  sweep_at timestamptz,
  -- How often it could not be removed.
  sweep_failures int not null default 0,
  check ((blob_key is null) = (completed_at is null)),
  check (completed_at is null or sha256 is not null)
);
create index upload_to_sweep on headway.upload (sweep_at) where sweep_at is not null;

-- What has come of an upload that is sent bit by bit, until it is complete. Each lies at <prefix>/<start_byte>, which is
-- booked for deletion from the start.
create table headway.upload_part (
  upload_id uuid not null references headway.upload on delete cascade,
  project_id uuid not null references headway.project,
  start_byte bigint not null,
  size_bytes bigint not null check (size_bytes > 0),
  prefix text not null,
  primary key (upload_id, start_byte)
);

create table headway.document (
  id uuid primary key,
  project_id uuid not null references headway.project,
  collection_id uuid not null references headway.collection,
  name text not null,
  media_type text,
  size_bytes bigint,
  sha256 text,
  content_version int not null default 1,
  source_uri text,
  blob_key text,
  metadata jsonb not null default '{}',
  -- Of the task that the text which readers see comes from.
  warnings jsonb not null default '[]',
  content_task_id uuid,
  text_fence bigint,
  chunk_fence bigint,
  chunk_count int not null default 0,
  embedded_chunk_count int not null default 0,
  created_at timestamptz not null default clock_timestamp(),
  upload_id uuid references headway.upload,
  -- The key for browsers that gave it its content, and may give it other; null where somebody else did.
  added_by_key uuid,
  unique (collection_id, name)
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_limit = 1000);
create index document_in_order on headway.document (collection_id, id);
create index document_of_upload on headway.document (upload_id) where upload_id is not null;

create table headway.document_bytes (
  document_id uuid primary key references headway.document on delete cascade,
  project_id uuid not null references headway.project,
  bytes bytea not null
);

create table headway.job (
  id uuid primary key,
  project_id uuid not null references headway.project,
  collection_id uuid not null references headway.collection,
  pipeline text not null,
  pipeline_version int not null,
  document_stages text[] not null,
  collection_stages text[] not null,
  options jsonb not null default '{}',
  tags text[] not null default '{}',
  priority int not null default 0 check (priority between -100 and 100),
  mode text not null default 'FULL' check (mode in ('FULL', 'INCREMENTAL')),
  status text not null check (status in (
    'QUEUED', 'PROCESSING', 'CANCELLING', 'COMPLETED', 'COMPLETED_WITH_ERRORS', 'FAILED', 'CANCELLED'
  )),
  run int not null default 1,
  total int not null default 0,
  queued int not null default 0,
  running int not null default 0,
  completed int not null default 0,
  failed int not null default 0,
  cancelled int not null default 0,
  skipped int not null default 0,
  settled_peak int not null default 0,
  idempotency_key text,
  request_hash text,
  run_at timestamptz,
  -- Of the span that submitted it; null where none was wanted.
  traceparent text,
  started_at timestamptz,
  finished_at timestamptz,
  cancel_requested_at timestamptz,
  -- A cancel or a retry that has been decided and has not yet come to all of the job's tasks: see advance_operation.
  operation jsonb check (operation->>'kind' in ('CANCEL', 'RETRY')),
  -- The version at which somebody said that its failure is known, or at which it needs nobody any more.
  acknowledged_version int,
  version int not null default 1,
  created_at timestamptz not null default clock_timestamp(),
  status_changed_at timestamptz not null default clock_timestamp(),
  change_id uuid not null,
  changed_by_type text not null check (changed_by_type in ('USER', 'WORKER', 'SYSTEM')),
  changed_by text not null,
  change_reason text not null,
  change_message text,
  unique (project_id, idempotency_key)
) with (fillfactor = 70);
create index job_with_operation on headway.job (id) where operation is not null;
create unique index job_one_open on headway.job (collection_id) where status in ('QUEUED', 'PROCESSING', 'CANCELLING');
create index job_open on headway.job (id) where status in ('QUEUED', 'PROCESSING', 'CANCELLING');
create index job_newest on headway.job (project_id, created_at desc, id desc);
create index job_of_collection on headway.job (collection_id, created_at desc, id desc);
create index job_status_changed on headway.job (status_changed_at);
create index job_by_status on headway.job (project_id, status, created_at desc, id desc);
create index job_by_pipeline on headway.job (project_id, pipeline, created_at desc, id desc);
create index job_by_priority on headway.job (project_id, priority desc, created_at desc, id desc);
create index job_tags on headway.job using gin (tags);
create index job_failed on headway.job (project_id, status_changed_at desc, id desc)
  where status in ('FAILED', 'COMPLETED_WITH_ERRORS') and acknowledged_version is distinct from version;

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

-- No foreign keys to project, collection and job: see check_task_parents. By default a table is vacuumed when a fifth
-- of it is dead: of two million tasks that is 400,000 rows, and between two such vacuums everything that looks for open
-- work walks over them.
create table headway.task (
  id uuid primary key,
  project_id uuid not null,
  collection_id uuid not null,
  job_id uuid not null,
  kind text not null check (kind in ('DOCUMENT', 'COLLECTION')),
  document_id uuid references headway.document on delete set null,
  document_name text,
  ordinal int not null,
  pipeline text not null,
  -- The lowest version of the pipeline whose output stands in it; before there is one, its job's. And whether outputs
  -- of several versions stand in it.
  pipeline_version int not null default 1,
  is_mixed boolean not null default false,
  priority int not null default 0,
  run int not null default 1,
  status text not null check (status in (
    'WAITING', 'QUEUED', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED', 'SKIPPED'
  )),
  stage text,
  attempt int not null default 1,
  max_attempts int not null default 3,
  crashes int not null default 0,
  progress real not null default 0 check (progress between 0 and 1),
  progress_message text,
  warnings jsonb not null default '[]',
  fence bigint not null default 0,
  worker_id uuid,
  lease_expires_at timestamptz,
  run_at timestamptz not null default clock_timestamp(),
  started_at timestamptz,
  finished_at timestamptz,
  cancel_requested_at timestamptz,
  error_code text,
  error_message text,
  error_stage text,
  error_retryable boolean,
  -- Where the handler threw; at most 8,000 characters.
  error_stack text,
  text_fence bigint,
  chunk_fence bigint,
  version int not null default 1,
  created_at timestamptz not null default clock_timestamp(),
  status_changed_at timestamptz not null default clock_timestamp(),
  change_id uuid not null,
  changed_by_type text not null check (changed_by_type in ('USER', 'WORKER', 'SYSTEM')),
  changed_by text not null,
  change_reason text not null,
  change_message text,
  -- The content of its document, for an incremental submit: content that came along is known at birth, that of a source
  -- once this task has fetched it.
  content_sha256 text,
  -- Its worker has died with it since the run began: from then on no stage begins before the end of the one before it has
  -- been recorded, so that the next crash is laid to the stage that caused it.
  has_crashed boolean not null default false,
  -- When its stage first asked to be tried later; null where it has not.
  later_since timestamptz,
  -- Its worker died with it: it runs with nothing beside it until it has completed a stage.
  is_suspect boolean not null default false,
  -- Of the call that claimed it; nobody else writes it. By it a claim is found again whose answer was lost.
  claim_id uuid,
  -- How many steps have been recorded under the present claim. A flush that is sent again is told by it.
  recorded_step int not null default 0,
  -- When each step of an update was, and the version that the update led to: they count at that update alone.
  step_times timestamptz[],
  steps_version int,
  unique (job_id, ordinal)
) with (
  fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02,
  autovacuum_vacuum_cost_limit = 1000
);
create index task_due on headway.task (job_id, stage, run_at, ordinal) where status = 'QUEUED';
create index task_suspect on headway.task (run_at, id) where is_suspect and status = 'QUEUED';
create index task_running on headway.task (worker_id, id) where status = 'RUNNING';
create index task_of_document on headway.task (document_id, id);
create unique index task_one_collection_task on headway.task (job_id) where kind = 'COLLECTION';
create index task_not_completed on headway.task (job_id, ordinal) where status <> 'COMPLETED';
create index task_open_newest on headway.task (project_id, created_at desc, id desc)
  where status in ('WAITING', 'QUEUED', 'RUNNING');
create index task_by_error_in_order on headway.task (job_id, error_code, ordinal) where error_code is not null;

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

create table headway.stage_count (
  job_id uuid not null references headway.job,
  project_id uuid not null references headway.project,
  stage text not null,
  queued int not null default 0 check (queued >= 0),
  running int not null default 0 check (running >= 0),
  completed int not null default 0 check (completed >= 0),
  failed int not null default 0 check (failed >= 0),
  primary key (job_id, stage)
) with (fillfactor = 70);

-- What claims look at: a row for each stage of a job at which tasks are QUEUED, the collection task among them. The
-- triggers of task write it under the lock of the collection's history, claims mark what has become due. It is small,
-- and its rows come and go.
create table headway.ready_stage (
  job_id uuid not null references headway.job,
  stage text not null,
  project_id uuid not null references headway.project,
  pipeline text not null,
  -- That the job was submitted with.
  pipeline_version int not null,
  priority int not null,
  -- Where the job has its turn among those of its project and priority.
  ring int not null generated always as (uuid_hash(job_id)) stored,
  -- The tasks that are QUEUED.
  ready int not null check (ready > 0),
  -- None of them is due before; null where some may be due now.
  not_before timestamptz,
  primary key (job_id, stage)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_limit = 1000);
create index ready_stage_due on headway.ready_stage (
  pipeline, pipeline_version, stage, project_id, priority desc, ring, job_id
) where not_before is null;
create index ready_stage_later on headway.ready_stage (not_before) where not_before is not null;

-- What has begun lately at stages, and in pipelines (stage ''), that have a limit by rate: how many in each slot of time, for
-- each perMs that versions of the pipeline have, see note_begun.
-- Claims at the same limits take turns by locking these rows. No project: a limit is that of somebody else's API.
create table headway.limit_use (
  pipeline text not null,
  stage text not null,
  per_ms int[] not null default '{}',
  slot_ends timestamptz[] not null default '{}',
  begun int[] not null default '{}',
  primary key (pipeline, stage)
) with (fillfactor = 10);

-- The history. Append-only, and vacuumed for its visibility.
create table headway.status_change (
  position bigint generated always as identity,
  tx xid8 not null default pg_current_xact_id(),
  project_id uuid not null,
  entity_type text not null check (entity_type in ('COLLECTION', 'JOB', 'TASK')),
  entity_id uuid not null,
  collection_id uuid not null,
  job_id uuid,
  task_id uuid,
  version int not null,
  from_status text,
  to_status text not null check (to_status in (
    'CREATED', 'WAITING', 'QUEUED', 'PROCESSING', 'RUNNING', 'CANCELLING', 'COMPLETED', 'COMPLETED_WITH_ERRORS', 'FAILED',
    'CANCELLED', 'SKIPPED', 'EXPIRED'
  )),
  from_stage text,
  to_stage text,
  run int,
  attempt int,
  fence bigint,
  actor_type text not null check (actor_type in ('USER', 'WORKER', 'SYSTEM')),
  actor text not null,
  reason text not null,
  message text,
  change_id uuid not null,
  at timestamptz not null,
  primary key (entity_id, version)
) with (
  autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.02,
  autovacuum_vacuum_cost_limit = 1000
);
create index status_change_of_collection on headway.status_change (collection_id, position);
create index status_change_of_project on headway.status_change (project_id, tx, position);
-- Changes come in nearly the order of their times, so that a summary of each range of pages is as good as a tree.
create index status_change_at on headway.status_change using brin (at);

-- How much was done in each minute and quarter of an hour, and how long it took: of document tasks where the stage is '', and
-- of each stage. Histograms count by logarithm: {place: count}, see count_history.
create table headway.statistic (
  project_id uuid not null references headway.project,
  minutes int not null check (minutes in (1, 15)),
  pipeline text not null,
  at timestamptz not null,
  stage text not null,
  submitted int not null default 0,
  completed int not null default 0,
  failed int not null default 0,
  cancelled int not null default 0,
  skipped int not null default 0,
  retried int not null default 0,
  wait jsonb not null default '{}',
  run jsonb not null default '{}',
  run_ms double precision not null default 0,
  primary key (project_id, minutes, pipeline, at, stage)
) with (fillfactor = 70);
create index statistic_at on headway.statistic (project_id, minutes, at);

-- How far the history of a project has been counted, in the database of that identity; null before the first count.
create table headway.statistic_cursor (
  project_id uuid primary key references headway.project,
  database_id uuid,
  tx xid8 not null default '0',
  position bigint not null default 0,
  as_of timestamptz
) with (fillfactor = 50);

-- When the tasks of a job were at which stage, in places of one width, of which there are at most 400 a job: then the width
-- doubles, see count_history. Only places in which something began or ended. No foreign key: it would write to the rows of
-- jobs that are at work. It stays as long as its job.
create table headway.job_timeline (
  job_id uuid not null,
  at timestamptz not null,
  width_ms bigint not null,
  -- {stage: [who, held_s]}: how many more tasks are at the stage at the place's end than at its start, and for how many seconds
  -- those that began in it had been there by then, less those for which the ones that ended in it would have been.
  stages jsonb not null,
  completed int not null,
  failed int not null,
  primary key (job_id, at)
) with (fillfactor = 70);

-- What was said of a job's end as it passed each tenth of its work. It goes when the run ends, or does not count any more.
create table headway.job_forecast (
  job_id uuid not null references headway.job,
  run int not null,
  -- 0 at its start, 1 to 10 for the tenths, 11 for its collection stages; -1 where a later run was first seen.
  tenth int not null,
  at timestamptz not null,
  fraction double precision not null,
  remaining_ms double precision,
  primary key (job_id, run, tenth)
);

-- By how much such forecasts were wrong: the real remaining time by the forecast one, as a histogram.
create table headway.forecast_error (
  project_id uuid not null references headway.project,
  pipeline text not null,
  tenth int not null,
  ratios jsonb not null,
  primary key (project_id, pipeline, tenth)
);

-- What each finished stage of a task returned. No foreign keys to task and project: see check_output_task.
create table headway.stage_output (
  task_id uuid not null,
  project_id uuid not null,
  stage text not null,
  fence bigint not null,
  output jsonb,
  created_at timestamptz not null default clock_timestamp(),
  primary key (task_id, stage)
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_limit = 1000);

-- What stages have written to their logs, in the order of claims and of lines within a claim. Bounded by keep_logs. No
-- foreign keys to task and project, as above.
create table headway.task_log (
  task_id uuid not null,
  project_id uuid not null,
  fence bigint not null,
  seq int not null,
  at timestamptz not null,
  -- DEBUG, INFO, WARN, ERROR.
  level int not null check (level between 1 and 4),
  stage text,
  attempt int,
  message text not null,
  fields jsonb,
  size_bytes int not null,
  primary key (task_id, fence, seq)
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_limit = 1000);

-- How much of a task's log there is: of the last claim that has written the number of its last line; of all, how many lines
-- were written, and how many are kept.
create table headway.task_log_count (
  task_id uuid primary key,
  project_id uuid not null,
  fence bigint not null,
  last_seq int not null,
  written bigint not null,
  lines int not null,
  size_bytes bigint not null
) with (fillfactor = 70);

create table headway.document_text (
  document_id uuid not null references headway.document on delete cascade,
  project_id uuid not null references headway.project,
  task_id uuid not null,
  fence bigint not null,
  text text not null,
  -- Offsets count UTF-16 units, Postgres counts characters: the same where every character of the text is one unit.
  one_unit_each boolean not null default false,
  primary key (document_id, task_id, fence)
);

create table headway.chunk (
  id uuid primary key,
  document_id uuid not null references headway.document on delete cascade,
  project_id uuid not null references headway.project,
  collection_id uuid not null references headway.collection,
  task_id uuid not null,
  fence bigint not null,
  ordinal int not null,
  text text not null,
  page int,
  page_end int,
  -- The headings above it, and what its text is to be understood by: their path and a table's repeated head.
  headings text[] not null default '{}',
  context text,
  part text,
  kind text not null default 'TEXT' check (kind in ('TEXT', 'TABLE', 'CODE', 'LIST')),
  start_offset int not null,
  end_offset int not null,
  embedding bytea,
  has_embedding boolean generated always as (embedding is not null) stored,
  -- What it is found by: its words, folded by the writer (src/engine/search/lexemes.ts), and its collection as one more.
  words tsvector not null default '',
  unique (document_id, task_id, fence, ordinal)
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_limit = 1000);

create index chunk_words on headway.chunk using gin (words);

create table headway.artifact (
  id uuid primary key,
  project_id uuid not null references headway.project,
  job_id uuid not null references headway.job,
  task_id uuid not null references headway.task,
  fence bigint not null,
  stage text not null,
  name text not null,
  media_type text not null,
  size_bytes bigint not null,
  sha256 text not null,
  blob_key text not null,
  accepted boolean not null default false,
  created_at timestamptz not null default clock_timestamp(),
  unique (task_id, fence, stage, name)
);
create index artifact_of_job on headway.artifact (job_id, name, id) where accepted;
create index artifact_unaccepted on headway.artifact (id) where not accepted;

create table headway.job_summary (
  job_id uuid primary key references headway.job,
  project_id uuid not null references headway.project,
  run int not null,
  status text not null,
  counts jsonb not null,
  duration_ms double precision not null,
  errors jsonb not null,
  stages jsonb,
  output jsonb,
  created_at timestamptz not null default clock_timestamp()
);

create table headway.worker (
  id uuid primary key,
  project_id uuid not null references headway.project,
  hostname text not null,
  pid int not null,
  build text not null,
  pipelines text[] not null,
  -- What it runs of each pipeline: {pipeline: {version, stages: {name: maxAttempts}, limits: [{stage, ...}]}}, the limits as
  -- limit_room takes them.
  serves jsonb not null default '{}',
  concurrency int not null,
  lease_ms int not null,
  running int not null default 0,
  loop_iterations bigint not null default 0,
  event_loop_lag_ms double precision not null default 0,
  started_at timestamptz not null default clock_timestamp(),
  heartbeat_at timestamptz not null default clock_timestamp(),
  last_loop_at timestamptz not null default clock_timestamp(),
  last_claim_at timestamptz,
  draining_at timestamptz,
  stopped_at timestamptz,
  -- Its process has ended without a word, as the process that had started it saw; stopped_at is set with it.
  died_at timestamptz,
  -- SUSPECTS: only tasks that a worker has died with, one at a time; OTHERS: all but those.
  takes text not null default 'ALL' check (takes in ('ALL', 'SUSPECTS', 'OTHERS')),
  -- How many tasks it ran when the first of its leases was found to have passed; null since it was last heard from. They
  -- pass one after the other, and with the last of them it is no longer to be seen that it ran others.
  lost_with int
) with (fillfactor = 70);

-- What the history still asks of workers that are gone: {pipeline: version}.
create table headway.past_worker (
  id uuid primary key,
  versions jsonb not null
);

create index worker_not_stopped on headway.worker (id) where stopped_at is null;

-- Whether the options of a job are ones that a later version of its pipeline takes: as a worker of that version has
-- found. The version that a job was submitted with takes them, and has no row.
create table headway.options_check (
  job_id uuid not null references headway.job,
  project_id uuid not null references headway.project,
  pipeline_version int not null,
  -- What the version says against them; null where it takes them.
  refusal text,
  checked_at timestamptz not null default clock_timestamp(),
  primary key (job_id, pipeline_version)
);

create table headway.refused_write (
  id bigint generated always as identity primary key,
  project_id uuid not null references headway.project,
  task_id uuid not null references headway.task,
  at timestamptz not null default clock_timestamp(),
  worker text not null,
  fence bigint,
  wanted text not null,
  stage text,
  change_id uuid not null unique
);
create index refused_write_of_task on headway.refused_write (task_id, id desc);

create table headway.pipeline_pause (
  project_id uuid not null references headway.project,
  pipeline text not null,
  reason text not null,
  paused_by text not null,
  paused_at timestamptz not null default clock_timestamp(),
  primary key (project_id, pipeline)
);

-- Stored files to delete: everything below these prefixes goes once its time has come, however often that takes.
create table headway.blob_deletion (
  prefix text primary key,
  project_id uuid not null references headway.project,
  delete_after timestamptz not null default clock_timestamp(),
  -- How often they could not be removed.
  failures int not null default 0
);
create index blob_deletion_due on headway.blob_deletion (delete_after);
create index blob_deletion_failed on headway.blob_deletion (failures desc) where failures > 0;

create table headway.api_key (
  id uuid primary key,
  project_id uuid not null references headway.project,
  name text not null,
  role text not null check (role in ('VIEWER', 'OPERATOR', 'ADMIN')),
  -- SHA-256 of the secret part, which is random: nothing that a slow hash would protect.
  secret_hash bytea not null check (length(secret_hash) = 32),
  -- A key for browsers sees one collection, or one job, and nothing else.
  collection_id uuid references headway.collection,
  job_id uuid references headway.job,
  -- What such a key may do there; with SUBMIT the pipelines, and the options of its jobs where they are fixed.
  permissions text[] check (permissions <@ array['READ', 'UPLOAD', 'SUBMIT', 'CANCEL', 'RETRY']),
  pipelines text[],
  fixed_options jsonb,
  -- With UPLOAD: how much it may send, and how much it has.
  max_files int,
  max_bytes bigint,
  uploads_used int not null default 0,
  documents_used int not null default 0,
  bytes_used bigint not null default 0,
  created_by text not null,
  -- A key for a browser ends with the key that made it.
  made_by uuid references headway.api_key,
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz,
  check (job_id is null or collection_id is not null),
  check ((permissions is null) = (collection_id is null))
);
create index api_key_newest on headway.api_key (project_id, created_at desc, id desc);
-- The keys for browsers of one maker that are still good.
create index api_key_of_maker on headway.api_key (made_by, expires_at) where collection_id is not null;
alter table headway.upload add foreign key (key_id) references headway.api_key;
alter table headway.document add foreign key (added_by_key) references headway.api_key;

-- Entities are staged under the (task, fence) of a collection task; readers see the set that named_entity_shown points
-- to.
create table headway.named_entity (
  id uuid primary key,
  project_id uuid not null references headway.project,
  collection_id uuid not null references headway.collection,
  task_id uuid not null references headway.task,
  fence bigint not null,
  ordinal int not null,
  name text not null,
  type text not null check (type in ('PERSON', 'PLACE', 'ORGANIZATION')),
  mentions int not null,
  document_count int not null,
  unique (task_id, fence, ordinal)
);
create index named_entity_of_collection on headway.named_entity (collection_id, id);

create table headway.named_entity_document (
  entity_id uuid not null references headway.named_entity on delete cascade,
  document_id uuid not null references headway.document on delete cascade,
  project_id uuid not null references headway.project,
  mentions int not null,
  primary key (entity_id, document_id)
);
create index named_entity_document_back on headway.named_entity_document (document_id);

-- Both ways round, so that either end leads to the other.
create table headway.named_entity_pair (
  entity_id uuid not null references headway.named_entity on delete cascade,
  other_id uuid not null references headway.named_entity on delete cascade,
  project_id uuid not null references headway.project,
  together int not null,
  primary key (entity_id, other_id)
);
create index named_entity_pair_back on headway.named_entity_pair (other_id);

-- The set that a collection task has staged whole.
create table headway.named_entity_set (
  task_id uuid primary key references headway.task,
  project_id uuid not null references headway.project,
  fence bigint not null
);

-- The set that readers of a collection see.
create table headway.named_entity_shown (
  collection_id uuid primary key references headway.collection,
  project_id uuid not null references headway.project,
  task_id uuid not null references headway.task,
  fence bigint not null
);

-- Who is told of what happens. Its secrets sign what is sent; for a day after a rotation the one before does so, too.
create table headway.webhook (
  id uuid primary key,
  project_id uuid not null references headway.project,
  url text not null,
  -- Host and port, by which deliveries wait for each other.
  host text not null,
  events text[] not null,
  pipelines text[],
  tags text[],
  enabled boolean not null default true,
  disabled_reason text,
  -- When it was disabled because nothing came through.
  given_up_at timestamptz,
  -- The first failure since something last came through.
  failing_since timestamptz,
  secret bytea not null,
  previous_secret bytea,
  previous_until timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  created_by text not null,
  -- From then on it is not there; what it leaves is removed bit by bit.
  deleted_at timestamptz
) with (fillfactor = 70);
create index webhook_newest on headway.webhook (project_id, created_at desc, id desc) where deleted_at is null;
create index webhook_enabled on headway.webhook (project_id) where enabled;
create index webhook_given_up on headway.webhook (project_id) where given_up_at is not null and deleted_at is null;
create index webhook_deleted on headway.webhook (id) where deleted_at is not null;

-- What is to be sent: written in the transaction that it tells of. No foreign keys to jobs, which other locks guard.
create table headway.webhook_delivery (
  id uuid primary key,
  project_id uuid not null references headway.project,
  webhook_id uuid not null references headway.webhook,
  event text not null check (event in ('JOB_STARTED', 'JOB_SETTLED', 'TASKS_FAILED', 'COLLECTION_EXPIRED')),
  entity_id uuid not null,
  version int not null,
  job_id uuid,
  payload jsonb,
  created_at timestamptz not null default clock_timestamp(),
  delivered_at timestamptz,
  -- Null once it was delivered or given up.
  next_attempt_at timestamptz,
  -- Since it was last asked for.
  tries int not null default 0,
  claim_id uuid,
  claimed_until timestamptz
) with (fillfactor = 70);
create index webhook_delivery_due on headway.webhook_delivery (webhook_id, (event = 'JOB_SETTLED'), next_attempt_at)
  where next_attempt_at is not null;
create index webhook_delivery_claimed on headway.webhook_delivery (webhook_id) where claim_id is not null;
create index webhook_delivery_newest on headway.webhook_delivery (webhook_id, created_at desc, id desc);
create index webhook_delivery_over on headway.webhook_delivery (created_at) where next_attempt_at is null;
create index webhook_delivery_with_payload on headway.webhook_delivery (created_at)
  where next_attempt_at is null and payload is not null;

create table headway.webhook_attempt (
  id bigint generated always as identity primary key,
  project_id uuid not null references headway.project,
  delivery_id uuid not null references headway.webhook_delivery on delete cascade,
  at timestamptz not null,
  status_code int,
  error text,
  duration_ms int not null
);
create index webhook_attempt_of_delivery on headway.webhook_attempt (delivery_id, id);

-- Whoever claims deliveries holds it, so that no host is asked by more than two at a time.
create table headway.webhook_turn (
  only_row boolean primary key default true check (only_row)
);
insert into headway.webhook_turn default values;

-- Tasks of a job that have failed since it was last told of them; a row only where a webhook wants to know.
create table headway.failed_batch (
  job_id uuid primary key references headway.job,
  project_id uuid not null references headway.project,
  due_at timestamptz not null,
  failed int not null,
  -- The first of them, at least 100 where there are so many.
  tasks jsonb not null
) with (fillfactor = 50);
create index failed_batch_due on headway.failed_batch (due_at);

-- What a statement did to tasks, those that went the same way together: a flush of 200 is a handful of these. steps: how
-- many at once, 0 where it was a plain change.
create type headway.task_move as (
  job_id uuid, collection_id uuid, kind text, from_status text, to_status text, from_stage text, to_stage text,
  reason text, steps int, tasks bigint, due timestamptz
);

-- Where tasks are claimed from: a stage of a version of a pipeline, and the version of the worker that can run it.
create type headway.lane as (pipeline text, pipeline_version int, stage text, version int);

-- A job that may have a turn: where it stands in its ring, at which stages how many of its tasks are ready, and the
-- version of the worker's pipeline. Its options where nobody of that version has looked at them, and whether it refuses
-- them.
create type headway.job_in_turn as (
  id uuid, ring int, collection_id uuid, stages text[], ready int, pipeline text, version int, unchecked jsonb,
  is_refused boolean
);

-- What a flush has changed, for what it does next.
create type headway.flush_change as (
  id uuid, job_id uuid, document_id uuid, status text, fence bigint, change_id uuid, text_fence bigint,
  chunk_fence bigint, change_kind text, document jsonb, staged jsonb, cancel_requested boolean
);
