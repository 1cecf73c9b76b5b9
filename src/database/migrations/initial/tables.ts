import {
  ACTOR_TYPES,
  COLLECTION_STATUSES,
  ENTITY_TYPES,
  JOB_STATUSES,
  STATUSES,
  TASK_KINDS,
  TASK_STATUSES,
} from "../../../lifecycle/status.js";

function words(list: readonly string[]): string {
  return list.map((word) => `'${word}'`).join(", ");
}

/** Columns of everything whose status is guarded: its version and its last change. */
const TRACKED = `
  version int not null default 1,
  created_at timestamptz not null default clock_timestamp(),
  status_changed_at timestamptz not null default clock_timestamp(),
  change_id uuid not null,
  changed_by_type text not null check (changed_by_type in (${words(ACTOR_TYPES)})),
  changed_by text not null,
  change_reason text not null,
  change_message text`;

/** Tables, keys and indexes. Every table has a project: nothing crosses one. */
export const TABLES = `
create table project (
  id uuid primary key,
  name text not null unique,
  created_at timestamptz not null default clock_timestamp()
);
insert into project (id, name) values ('00000000-0000-7000-8000-000000000001', 'default');

create table database_identity (
  only_row boolean primary key default true check (only_row),
  id uuid not null,
  system_identifier text not null
);

create table transition (
  level text not null,
  from_status text,
  to_status text not null,
  reason text not null,
  unique nulls not distinct (level, from_status, to_status, reason)
);

create table collection (
  id uuid primary key,
  project_id uuid not null references project,
  name text not null,
  description text,
  metadata jsonb not null default '{}',
  status text not null check (status in (${words(COLLECTION_STATUSES)})),
  expires_at timestamptz,
  document_count int not null default 0,
  chunk_count int not null default 0,
  embedded_chunk_count int not null default 0,
  content_version bigint not null default 0,${TRACKED},
  unique (project_id, name)
) with (fillfactor = 80);
create index collection_newest on collection (project_id, created_at desc, id desc);

create table document (
  id uuid primary key,
  project_id uuid not null references project,
  collection_id uuid not null references collection,
  name text not null,
  media_type text,
  size_bytes bigint,
  sha256 text,
  content_version int not null default 1,
  source_uri text,
  blob_key text,
  metadata jsonb not null default '{}',
  content_task_id uuid,
  text_fence bigint,
  chunk_fence bigint,
  chunk_count int not null default 0,
  embedded_chunk_count int not null default 0,
  created_at timestamptz not null default clock_timestamp(),
  unique (collection_id, name)
) with (fillfactor = 80);
create index document_in_order on document (collection_id, id);

create table document_bytes (
  document_id uuid primary key references document on delete cascade,
  project_id uuid not null references project,
  bytes bytea not null
);

create table job (
  id uuid primary key,
  project_id uuid not null references project,
  collection_id uuid not null references collection,
  pipeline text not null,
  pipeline_version int not null,
  document_stages text[] not null,
  collection_stages text[] not null,
  options jsonb not null default '{}',
  tags text[] not null default '{}',
  priority int not null default 0 check (priority between -100 and 100),
  mode text not null default 'FULL' check (mode in ('FULL', 'INCREMENTAL')),
  status text not null check (status in (${words(JOB_STATUSES)})),
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
  started_at timestamptz,
  finished_at timestamptz,
  cancel_requested_at timestamptz,${TRACKED},
  unique (project_id, idempotency_key)
) with (fillfactor = 70);
create unique index job_one_open on job (collection_id) where status in ('QUEUED', 'PROCESSING', 'CANCELLING');
create index job_open on job (id) where status in ('QUEUED', 'PROCESSING', 'CANCELLING');
create index job_newest on job (project_id, created_at desc, id desc);
create index job_of_collection on job (collection_id, created_at desc, id desc);

create table task (
  id uuid primary key,
  project_id uuid not null references project,
  collection_id uuid not null references collection,
  job_id uuid not null references job,
  kind text not null check (kind in (${words(TASK_KINDS)})),
  document_id uuid references document on delete set null,
  document_name text,
  ordinal int not null,
  pipeline text not null,
  priority int not null default 0,
  run int not null default 1,
  status text not null check (status in (${words(TASK_STATUSES)})),
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
  text_fence bigint,
  chunk_fence bigint,${TRACKED},
  unique (job_id, ordinal)
) with (fillfactor = 70);
create index task_due on task (priority desc, run_at, id) where status = 'QUEUED';
create index task_running on task (worker_id, id) where status = 'RUNNING';
create index task_of_document on task (document_id, id);
create index task_by_error on task (job_id, error_code) where error_code is not null;
create unique index task_one_collection_task on task (job_id) where kind = 'COLLECTION';

create table stage_count (
  job_id uuid not null references job,
  project_id uuid not null references project,
  stage text not null,
  queued int not null default 0 check (queued >= 0),
  running int not null default 0 check (running >= 0),
  completed int not null default 0 check (completed >= 0),
  failed int not null default 0 check (failed >= 0),
  primary key (job_id, stage)
) with (fillfactor = 70);

create table status_change (
  id uuid primary key default gen_random_uuid(),
  position bigint generated always as identity,
  tx xid8 not null default pg_current_xact_id(),
  project_id uuid not null,
  entity_type text not null check (entity_type in (${words(ENTITY_TYPES)})),
  entity_id uuid not null,
  collection_id uuid not null,
  job_id uuid,
  task_id uuid,
  version int not null,
  from_status text,
  to_status text not null check (to_status in (${words(STATUSES)})),
  from_stage text,
  to_stage text,
  run int,
  attempt int,
  fence bigint,
  actor_type text not null check (actor_type in (${words(ACTOR_TYPES)})),
  actor text not null,
  reason text not null,
  message text,
  change_id uuid not null,
  at timestamptz not null,
  unique (entity_id, version)
);
create index status_change_of_collection on status_change (collection_id, position);
create index status_change_of_job on status_change (job_id, position);
create index status_change_of_project on status_change (project_id, tx, position);

create table stage_output (
  task_id uuid not null references task,
  project_id uuid not null references project,
  stage text not null,
  fence bigint not null,
  output jsonb,
  created_at timestamptz not null default clock_timestamp(),
  primary key (task_id, stage)
);

create table document_text (
  document_id uuid not null references document on delete cascade,
  project_id uuid not null references project,
  task_id uuid not null,
  fence bigint not null,
  text text not null,
  primary key (document_id, task_id, fence)
);

create table chunk (
  id uuid primary key,
  document_id uuid not null references document on delete cascade,
  project_id uuid not null references project,
  collection_id uuid not null references collection,
  task_id uuid not null,
  fence bigint not null,
  ordinal int not null,
  text text not null,
  page int,
  start_offset int not null,
  end_offset int not null,
  embedding bytea,
  has_embedding boolean generated always as (embedding is not null) stored,
  unique (document_id, task_id, fence, ordinal)
);

create table artifact (
  id uuid primary key,
  project_id uuid not null references project,
  job_id uuid not null references job,
  task_id uuid not null references task,
  fence bigint not null,
  stage text not null,
  name text not null,
  media_type text not null,
  size_bytes bigint not null,
  sha256 text not null,
  blob_key text not null,
  accepted boolean not null default false,
  created_at timestamptz not null default clock_timestamp(),
  unique (task_id, fence, name)
);
create index artifact_of_job on artifact (job_id, name, id) where accepted;

create table job_summary (
  job_id uuid primary key references job,
  project_id uuid not null references project,
  run int not null,
  status text not null,
  counts jsonb not null,
  duration_ms double precision not null,
  errors jsonb not null,
  stages jsonb,
  output jsonb,
  created_at timestamptz not null default clock_timestamp()
);

create table worker (
  id uuid primary key,
  project_id uuid not null references project,
  hostname text not null,
  pid int not null,
  build text not null,
  pipelines text[] not null,
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
  stopped_at timestamptz
) with (fillfactor = 70);

create table refused_write (
  id bigint generated always as identity primary key,
  project_id uuid not null references project,
  task_id uuid not null references task,
  at timestamptz not null default clock_timestamp(),
  worker text not null,
  fence bigint,
  wanted text not null,
  stage text,
  change_id uuid not null unique
);
create index refused_write_of_task on refused_write (task_id, id desc);
`;
