-- Written by npm run schema: what the migrations run, in their order.

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
  status text not null check (status in ('CREATED', 'PROCESSING', 'COMPLETED', 'COMPLETED_WITH_ERRORS', 'FAILED', 'CANCELLED', 'EXPIRED')),
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
  status text not null check (status in ('QUEUED', 'PROCESSING', 'CANCELLING', 'COMPLETED', 'COMPLETED_WITH_ERRORS', 'FAILED', 'CANCELLED')),
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
  cancel_requested_at timestamptz,
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
create unique index job_one_open on job (collection_id) where status in ('QUEUED', 'PROCESSING', 'CANCELLING');
create index job_open on job (id) where status in ('QUEUED', 'PROCESSING', 'CANCELLING');
create index job_newest on job (project_id, created_at desc, id desc);
create index job_of_collection on job (collection_id, created_at desc, id desc);

create table task (
  id uuid primary key,
  project_id uuid not null references project,
  collection_id uuid not null references collection,
  job_id uuid not null references job,
  kind text not null check (kind in ('DOCUMENT', 'COLLECTION')),
  document_id uuid references document on delete set null,
  document_name text,
  ordinal int not null,
  pipeline text not null,
  priority int not null default 0,
  run int not null default 1,
  status text not null check (status in ('WAITING', 'QUEUED', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED', 'SKIPPED')),
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
  chunk_fence bigint,
  version int not null default 1,
  created_at timestamptz not null default clock_timestamp(),
  status_changed_at timestamptz not null default clock_timestamp(),
  change_id uuid not null,
  changed_by_type text not null check (changed_by_type in ('USER', 'WORKER', 'SYSTEM')),
  changed_by text not null,
  change_reason text not null,
  change_message text,
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
  entity_type text not null check (entity_type in ('COLLECTION', 'JOB', 'TASK')),
  entity_id uuid not null,
  collection_id uuid not null,
  job_id uuid,
  task_id uuid,
  version int not null,
  from_status text,
  to_status text not null check (to_status in ('CREATED', 'WAITING', 'QUEUED', 'PROCESSING', 'RUNNING', 'CANCELLING', 'COMPLETED', 'COMPLETED_WITH_ERRORS', 'FAILED', 'CANCELLED', 'SKIPPED', 'EXPIRED')),
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

insert into transition (level, from_status, to_status, reason) values
  ('COLLECTION', null, 'CREATED', 'CREATED'),
  ('COLLECTION', 'CREATED', 'PROCESSING', 'SUBMITTED'),
  ('COLLECTION', 'CREATED', 'EXPIRED', 'EXPIRED_BY_RETENTION'),
  ('COLLECTION', 'CREATED', 'EXPIRED', 'EXPIRED_BY_REQUEST'),
  ('COLLECTION', 'PROCESSING', 'COMPLETED', 'ALL_TASKS_SETTLED'),
  ('COLLECTION', 'PROCESSING', 'COMPLETED_WITH_ERRORS', 'ALL_TASKS_SETTLED'),
  ('COLLECTION', 'PROCESSING', 'FAILED', 'ALL_TASKS_SETTLED'),
  ('COLLECTION', 'PROCESSING', 'CANCELLED', 'ALL_TASKS_SETTLED'),
  ('COLLECTION', 'COMPLETED', 'PROCESSING', 'SUBMITTED'),
  ('COLLECTION', 'COMPLETED', 'PROCESSING', 'RETRIED_BY_REQUEST'),
  ('COLLECTION', 'COMPLETED', 'EXPIRED', 'EXPIRED_BY_RETENTION'),
  ('COLLECTION', 'COMPLETED', 'EXPIRED', 'EXPIRED_BY_REQUEST'),
  ('COLLECTION', 'COMPLETED_WITH_ERRORS', 'PROCESSING', 'SUBMITTED'),
  ('COLLECTION', 'COMPLETED_WITH_ERRORS', 'PROCESSING', 'RETRIED_BY_REQUEST'),
  ('COLLECTION', 'COMPLETED_WITH_ERRORS', 'EXPIRED', 'EXPIRED_BY_RETENTION'),
  ('COLLECTION', 'COMPLETED_WITH_ERRORS', 'EXPIRED', 'EXPIRED_BY_REQUEST'),
  ('COLLECTION', 'FAILED', 'PROCESSING', 'SUBMITTED'),
  ('COLLECTION', 'FAILED', 'PROCESSING', 'RETRIED_BY_REQUEST'),
  ('COLLECTION', 'FAILED', 'EXPIRED', 'EXPIRED_BY_RETENTION'),
  ('COLLECTION', 'FAILED', 'EXPIRED', 'EXPIRED_BY_REQUEST'),
  ('COLLECTION', 'CANCELLED', 'PROCESSING', 'SUBMITTED'),
  ('COLLECTION', 'CANCELLED', 'PROCESSING', 'RETRIED_BY_REQUEST'),
  ('COLLECTION', 'CANCELLED', 'EXPIRED', 'EXPIRED_BY_RETENTION'),
  ('COLLECTION', 'CANCELLED', 'EXPIRED', 'EXPIRED_BY_REQUEST'),
  ('JOB', null, 'QUEUED', 'SUBMITTED'),
  ('JOB', 'QUEUED', 'PROCESSING', 'STARTED'),
  ('JOB', 'QUEUED', 'CANCELLING', 'CANCEL_REQUESTED'),
  ('JOB', 'QUEUED', 'CANCELLED', 'ALL_TASKS_SETTLED'),
  ('JOB', 'QUEUED', 'COMPLETED', 'ALL_TASKS_SETTLED'),
  ('JOB', 'QUEUED', 'COMPLETED_WITH_ERRORS', 'ALL_TASKS_SETTLED'),
  ('JOB', 'QUEUED', 'FAILED', 'ALL_TASKS_SETTLED'),
  ('JOB', 'PROCESSING', 'COMPLETED', 'ALL_TASKS_SETTLED'),
  ('JOB', 'PROCESSING', 'COMPLETED_WITH_ERRORS', 'ALL_TASKS_SETTLED'),
  ('JOB', 'PROCESSING', 'FAILED', 'ALL_TASKS_SETTLED'),
  ('JOB', 'PROCESSING', 'CANCELLED', 'ALL_TASKS_SETTLED'),
  ('JOB', 'PROCESSING', 'CANCELLING', 'CANCEL_REQUESTED'),
  ('JOB', 'CANCELLING', 'CANCELLED', 'ALL_TASKS_SETTLED'),
  ('JOB', 'CANCELLING', 'COMPLETED', 'ALL_TASKS_SETTLED'),
  ('JOB', 'CANCELLING', 'COMPLETED_WITH_ERRORS', 'ALL_TASKS_SETTLED'),
  ('JOB', 'CANCELLING', 'FAILED', 'ALL_TASKS_SETTLED'),
  ('JOB', 'FAILED', 'QUEUED', 'RETRIED_BY_REQUEST'),
  ('JOB', 'COMPLETED_WITH_ERRORS', 'QUEUED', 'RETRIED_BY_REQUEST'),
  ('JOB', 'CANCELLED', 'QUEUED', 'RETRIED_BY_REQUEST'),
  ('DOCUMENT_TASK', null, 'QUEUED', 'SUBMITTED'),
  ('DOCUMENT_TASK', null, 'SKIPPED', 'UNCHANGED'),
  ('DOCUMENT_TASK', 'QUEUED', 'RUNNING', 'CLAIMED'),
  ('DOCUMENT_TASK', 'QUEUED', 'CANCELLED', 'CANCELLED_BY_REQUEST'),
  ('DOCUMENT_TASK', 'RUNNING', 'RUNNING', 'STAGE_STARTED'),
  ('DOCUMENT_TASK', 'RUNNING', 'RUNNING', 'CANCEL_REQUESTED'),
  ('DOCUMENT_TASK', 'RUNNING', 'COMPLETED', 'COMPLETED'),
  ('DOCUMENT_TASK', 'RUNNING', 'FAILED', 'RETRIES_EXHAUSTED'),
  ('DOCUMENT_TASK', 'RUNNING', 'FAILED', 'PERMANENT_ERROR'),
  ('DOCUMENT_TASK', 'RUNNING', 'FAILED', 'POISONED'),
  ('DOCUMENT_TASK', 'RUNNING', 'CANCELLED', 'CANCELLED_BY_REQUEST'),
  ('DOCUMENT_TASK', 'RUNNING', 'CANCELLED', 'CANCEL_DEADLINE'),
  ('DOCUMENT_TASK', 'RUNNING', 'QUEUED', 'RETRY_SCHEDULED'),
  ('DOCUMENT_TASK', 'RUNNING', 'QUEUED', 'LEASE_EXPIRED'),
  ('DOCUMENT_TASK', 'RUNNING', 'QUEUED', 'INTERRUPTED'),
  ('DOCUMENT_TASK', 'RUNNING', 'SKIPPED', 'UNCHANGED'),
  ('DOCUMENT_TASK', 'FAILED', 'QUEUED', 'RETRIED_BY_REQUEST'),
  ('DOCUMENT_TASK', 'CANCELLED', 'QUEUED', 'RETRIED_BY_REQUEST'),
  ('COLLECTION_TASK', null, 'WAITING', 'SUBMITTED'),
  ('COLLECTION_TASK', 'WAITING', 'QUEUED', 'DOCUMENTS_SETTLED'),
  ('COLLECTION_TASK', 'WAITING', 'CANCELLED', 'CANCELLED_BY_REQUEST'),
  ('COLLECTION_TASK', 'WAITING', 'SKIPPED', 'NOTHING_TO_DO'),
  ('COLLECTION_TASK', 'WAITING', 'SKIPPED', 'UNCHANGED'),
  ('COLLECTION_TASK', 'QUEUED', 'RUNNING', 'CLAIMED'),
  ('COLLECTION_TASK', 'QUEUED', 'CANCELLED', 'CANCELLED_BY_REQUEST'),
  ('COLLECTION_TASK', 'QUEUED', 'WAITING', 'RETRIED_BY_REQUEST'),
  ('COLLECTION_TASK', 'RUNNING', 'RUNNING', 'STAGE_STARTED'),
  ('COLLECTION_TASK', 'RUNNING', 'RUNNING', 'CANCEL_REQUESTED'),
  ('COLLECTION_TASK', 'RUNNING', 'COMPLETED', 'COMPLETED'),
  ('COLLECTION_TASK', 'RUNNING', 'FAILED', 'RETRIES_EXHAUSTED'),
  ('COLLECTION_TASK', 'RUNNING', 'FAILED', 'PERMANENT_ERROR'),
  ('COLLECTION_TASK', 'RUNNING', 'FAILED', 'POISONED'),
  ('COLLECTION_TASK', 'RUNNING', 'CANCELLED', 'CANCELLED_BY_REQUEST'),
  ('COLLECTION_TASK', 'RUNNING', 'CANCELLED', 'CANCEL_DEADLINE'),
  ('COLLECTION_TASK', 'RUNNING', 'QUEUED', 'RETRY_SCHEDULED'),
  ('COLLECTION_TASK', 'RUNNING', 'QUEUED', 'LEASE_EXPIRED'),
  ('COLLECTION_TASK', 'RUNNING', 'QUEUED', 'INTERRUPTED'),
  ('COLLECTION_TASK', 'COMPLETED', 'WAITING', 'RETRIED_BY_REQUEST'),
  ('COLLECTION_TASK', 'FAILED', 'WAITING', 'RETRIED_BY_REQUEST'),
  ('COLLECTION_TASK', 'CANCELLED', 'WAITING', 'RETRIED_BY_REQUEST'),
  ('COLLECTION_TASK', 'SKIPPED', 'WAITING', 'RETRIED_BY_REQUEST');

create function lock_collections(p_ids uuid[]) returns void language plpgsql as $$
declare
  v_key bigint;
begin
  -- By key, not by id: two ids may share a key, and the order of the keys is what keeps deadlocks away.
  for v_key in select distinct hashtextextended(id::text, 7) from unnest(p_ids) as id where id is not null order by 1 loop
    perform pg_advisory_xact_lock(v_key);
  end loop;
end $$;

create function assert_transition(p_level text, p_id uuid, p_from text, p_to text, p_reason text) returns void
language plpgsql as $$
begin
  if not exists (
    select from transition
    where level = p_level and from_status is not distinct from p_from and to_status = p_to and reason = p_reason
  ) then
    raise exception '% %: % -> % with reason % is not in the transition table', lower(p_level), p_id,
      coalesce(p_from, '(birth)'), p_to, p_reason
      using hint = 'Status is written by the engine alone; see schema/lifecycle.md for what is allowed.';
  end if;
end $$;

create function assert_next_change(
  p_level text, p_id uuid, p_old_version int, p_new_version int, p_old_change uuid, p_new_change uuid
) returns void language plpgsql as $$
begin
  if p_new_version <> p_old_version + 1 then
    raise exception '% %: version must become %, not %', lower(p_level), p_id, p_old_version + 1, p_new_version
      using hint = 'A guarded column was written without the next version: a stale save or a hand-written UPDATE. Use the API.';
  end if;
  if p_new_change = p_old_change then
    raise exception '% %: change_id % is not new', lower(p_level), p_id, p_new_change
      using hint = 'Every change of a row has a change_id of its own.';
  end if;
end $$;

create function refuse() returns trigger language plpgsql as $$
begin
  raise exception '% of % is refused', tg_op, tg_table_name
    using hint = 'What happened stays on record; contents are removed by expiry.';
end $$;

create function guard_birth() returns trigger language plpgsql as $$
declare
  v_level text := case tg_table_name when 'collection' then 'COLLECTION' when 'job' then 'JOB' end;
begin
  if tg_table_name = 'task' then v_level := new.kind || '_TASK'; end if;
  if new.version <> 1 then
    raise exception '% %: a new row has version 1, not %', lower(v_level), new.id, new.version;
  end if;
  perform assert_transition(v_level, new.id, null, new.status, new.change_reason);
  new.created_at := clock_timestamp();
  new.status_changed_at := new.created_at;
  return new;
end $$;

create function guard_collection() returns trigger language plpgsql as $$
begin
  if (new.status, new.version, new.change_id) is not distinct from (old.status, old.version, old.change_id) then
    new.status_changed_at := old.status_changed_at;
    return new;
  end if;
  perform assert_next_change('COLLECTION', old.id, old.version, new.version, old.change_id, new.change_id);
  perform assert_transition('COLLECTION', old.id, old.status, new.status, new.change_reason);
  new.status_changed_at := greatest(clock_timestamp(), old.status_changed_at);
  return new;
end $$;

create function guard_job() returns trigger language plpgsql as $$
begin
  if (new.total, new.queued, new.running, new.completed, new.failed, new.cancelled, new.skipped)
       is distinct from (old.total, old.queued, old.running, old.completed, old.failed, old.cancelled, old.skipped)
     and pg_trigger_depth() < 2 then
    raise exception 'job %: its counters follow its tasks and are not written by hand', old.id;
  end if;
  if (new.id, new.collection_id, new.project_id) is distinct from (old.id, old.collection_id, old.project_id) then
    raise exception 'job %: id, collection and project never change', old.id;
  end if;
  if (new.status, new.version, new.change_id, new.finished_at, new.run, new.cancel_requested_at)
       is not distinct from (old.status, old.version, old.change_id, old.finished_at, old.run, old.cancel_requested_at) then
    new.status_changed_at := old.status_changed_at;
    return new;
  end if;
  perform assert_next_change('JOB', old.id, old.version, new.version, old.change_id, new.change_id);
  perform assert_transition('JOB', old.id, old.status, new.status, new.change_reason);
  new.status_changed_at := greatest(clock_timestamp(), old.status_changed_at);
  return new;
end $$;

create function guard_task() returns trigger language plpgsql as $$
begin
  if (new.id, new.job_id, new.collection_id, new.project_id, new.kind)
       is distinct from (old.id, old.job_id, old.collection_id, old.project_id, old.kind) then
    raise exception 'task %: id, job, collection, project and kind never change', old.id;
  end if;
  if (new.status, new.stage, new.version, new.fence, new.attempt, new.crashes, new.worker_id, new.finished_at,
      new.error_code, new.error_message, new.change_id, new.cancel_requested_at)
       is not distinct from
     (old.status, old.stage, old.version, old.fence, old.attempt, old.crashes, old.worker_id, old.finished_at,
      old.error_code, old.error_message, old.change_id, old.cancel_requested_at) then
    if old.status <> 'RUNNING'
       and (new.lease_expires_at, new.progress) is distinct from (old.lease_expires_at, old.progress) then
      raise exception 'task %: lease and progress move only while RUNNING; it is %', old.id, old.status;
    end if;
    new.status_changed_at := old.status_changed_at;
    return new;
  end if;
  perform assert_next_change(old.kind || '_TASK', old.id, old.version, new.version, old.change_id, new.change_id);
  if new.fence < old.fence or (old.status = 'QUEUED' and new.status = 'RUNNING' and new.fence <> old.fence + 1) then
    raise exception 'task %: fence may not go from % to %; a claim raises it by one and nothing lowers it',
      old.id, old.fence, new.fence;
  end if;
  perform assert_transition(old.kind || '_TASK', old.id, old.status, new.status, new.change_reason);
  if new.change_reason = 'STAGE_STARTED' and new.stage is not distinct from old.stage then
    raise exception 'task %: STAGE_STARTED must name another stage than %', old.id, old.stage;
  end if;
  if new.change_reason = 'CANCEL_REQUESTED' and old.cancel_requested_at is not null then
    raise exception 'task %: a cancel has been requested already', old.id;
  end if;
  new.status_changed_at := greatest(clock_timestamp(), old.status_changed_at);
  return new;
end $$;

create trigger guard_birth before insert on collection for each row execute function guard_birth();
create trigger guard_birth before insert on job for each row execute function guard_birth();
create trigger guard_birth before insert on task for each row execute function guard_birth();
create trigger guard before update on collection for each row execute function guard_collection();
create trigger guard before update on job for each row execute function guard_job();
create trigger guard before update on task for each row execute function guard_task();
create trigger keep before delete or truncate on collection for each statement execute function refuse();
create trigger keep before delete or truncate on job for each statement execute function refuse();
create trigger keep before delete or truncate on task for each statement execute function refuse();

create function guard_history() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    -- Depth 1 is a statement of a client; the history triggers insert from depth 2.
    if pg_trigger_depth() < 2 then
      raise exception 'INSERT of status_change is refused: the history is written by the database alone';
    end if;
    return null;
  end if;
  if tg_op = 'UPDATE' and current_setting('headway.duty', true) = 'expiry' then return null; end if;
  raise exception '% of status_change is refused: the history is append-only', tg_op;
end $$;
create trigger append_only before insert or update or delete or truncate on status_change
  for each statement execute function guard_history();

create function guard_history_row() returns trigger language plpgsql as $$
begin
  if new.message is not null or (to_jsonb(new) - 'message') is distinct from (to_jsonb(old) - 'message') then
    raise exception 'status_change %: expiry may empty a message, nothing else', old.id;
  end if;
  return new;
end $$;
create trigger append_only_row before update on status_change for each row execute function guard_history_row();

create function record_collections() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    perform lock_collections(array(select id from new_rows));
    insert into status_change (project_id, entity_type, entity_id, collection_id, version, to_status, actor_type, actor,
      reason, message, change_id, at)
    select project_id, 'COLLECTION', id, id, version, status, changed_by_type, changed_by, change_reason,
      change_message, change_id, status_changed_at from new_rows order by id;
  else
    if not exists (select from new_rows n join old_rows o on o.id = n.id where n.version <> o.version) then
      return null;
    end if;
    perform lock_collections(array(select n.id from new_rows n join old_rows o on o.id = n.id where n.version <> o.version));
    insert into status_change (project_id, entity_type, entity_id, collection_id, version, from_status, to_status,
      actor_type, actor, reason, message, change_id, at)
    select n.project_id, 'COLLECTION', n.id, n.id, n.version, o.status, n.status, n.changed_by_type, n.changed_by,
      n.change_reason, n.change_message, n.change_id, n.status_changed_at
    from new_rows n join old_rows o on o.id = n.id where n.version <> o.version order by n.id;
  end if;
  perform pg_notify('headway', '');
  return null;
end $$;
create trigger record_insert after insert on collection referencing new table as new_rows
  for each statement execute function record_collections();
create trigger record_update after update on collection referencing new table as new_rows old table as old_rows
  for each statement execute function record_collections();

create function record_jobs() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    perform lock_collections(array(select collection_id from new_rows));
    insert into status_change (project_id, entity_type, entity_id, collection_id, job_id, version, to_status, run,
      actor_type, actor, reason, message, change_id, at)
    select project_id, 'JOB', id, collection_id, id, version, status, run, changed_by_type, changed_by, change_reason,
      change_message, change_id, status_changed_at from new_rows order by id;
    insert into stage_count (job_id, project_id, stage)
    select n.id, n.project_id, s from new_rows n, unnest(n.document_stages) as s;
  else
    if not exists (select from new_rows n join old_rows o on o.id = n.id where n.version <> o.version) then
      return null;
    end if;
    perform lock_collections(array(
      select n.collection_id from new_rows n join old_rows o on o.id = n.id where n.version <> o.version));
    insert into status_change (project_id, entity_type, entity_id, collection_id, job_id, version, from_status,
      to_status, run, actor_type, actor, reason, message, change_id, at)
    select n.project_id, 'JOB', n.id, n.collection_id, n.id, n.version, o.status, n.status, n.run, n.changed_by_type,
      n.changed_by, n.change_reason, n.change_message, n.change_id, n.status_changed_at
    from new_rows n join old_rows o on o.id = n.id where n.version <> o.version order by n.id;
  end if;
  perform pg_notify('headway', '');
  return null;
end $$;
create trigger record_insert after insert on job referencing new table as new_rows
  for each statement execute function record_jobs();
create trigger record_update after update on job referencing new table as new_rows old table as old_rows
  for each statement execute function record_jobs();

-- Where a document task stands for its job's counts by stage: COMPLETED has passed them all, SKIPPED counts nowhere,
-- any other has passed the stages before its own.
create function task_births_counted() returns trigger language plpgsql as $$
begin
  perform lock_collections(array(select distinct collection_id from new_rows));
  insert into status_change (project_id, entity_type, entity_id, collection_id, job_id, task_id, version, to_status,
    to_stage, run, attempt, actor_type, actor, reason, message, change_id, at)
  select project_id, 'TASK', id, collection_id, job_id, id, version, status, stage, run, attempt, changed_by_type,
    changed_by, change_reason, change_message, change_id, status_changed_at from new_rows order by ordinal, id;
  update job j set total = j.total + d.total, queued = j.queued + d.queued, skipped = j.skipped + d.skipped,
    settled_peak = j.settled_peak + d.skipped
  from (
    select job_id, count(*) as total, count(*) filter (where status = 'QUEUED') as queued,
      count(*) filter (where status = 'SKIPPED') as skipped
    from new_rows where kind = 'DOCUMENT' group by job_id
  ) d where j.id = d.job_id;
  update stage_count s set queued = s.queued + d.queued
  from (
    select job_id, stage, count(*) as queued from new_rows
    where kind = 'DOCUMENT' and status = 'QUEUED' group by job_id, stage
  ) d where s.job_id = d.job_id and s.stage = d.stage;
  perform pg_notify('headway', '');
  return null;
end $$;
create trigger record_insert after insert on task referencing new table as new_rows
  for each statement execute function task_births_counted();

create function task_changes_counted() returns trigger language plpgsql as $$
begin
  if not exists (select from new_rows n join old_rows o on o.id = n.id where n.version <> o.version) then
    return null;
  end if;
  perform lock_collections(array(
    select distinct n.collection_id from new_rows n join old_rows o on o.id = n.id where n.version <> o.version));
  insert into status_change (project_id, entity_type, entity_id, collection_id, job_id, task_id, version, from_status,
    to_status, from_stage, to_stage, run, attempt, fence, actor_type, actor, reason, message, change_id, at)
  select n.project_id, 'TASK', n.id, n.collection_id, n.job_id, n.id, n.version, o.status, n.status, o.stage, n.stage,
    n.run, n.attempt, case when n.changed_by_type = 'WORKER' then n.fence end, n.changed_by_type, n.changed_by,
    n.change_reason, n.change_message, n.change_id, n.status_changed_at
  from new_rows n join old_rows o on o.id = n.id where n.version <> o.version order by n.ordinal, n.id;

  update job j set
    queued = j.queued + d.queued, running = j.running + d.running, completed = j.completed + d.completed,
    failed = j.failed + d.failed, cancelled = j.cancelled + d.cancelled, skipped = j.skipped + d.skipped,
    settled_peak = greatest(j.settled_peak, j.completed + d.completed + j.failed + d.failed + j.cancelled + d.cancelled
      + j.skipped + d.skipped)
  from (
    select n.job_id,
      sum((n.status = 'QUEUED')::int - (o.status = 'QUEUED')::int) as queued,
      sum((n.status = 'RUNNING')::int - (o.status = 'RUNNING')::int) as running,
      sum((n.status = 'COMPLETED')::int - (o.status = 'COMPLETED')::int) as completed,
      sum((n.status = 'FAILED')::int - (o.status = 'FAILED')::int) as failed,
      sum((n.status = 'CANCELLED')::int - (o.status = 'CANCELLED')::int) as cancelled,
      sum((n.status = 'SKIPPED')::int - (o.status = 'SKIPPED')::int) as skipped
    from new_rows n join old_rows o on o.id = n.id
    where n.kind = 'DOCUMENT' and n.status <> o.status group by n.job_id
  ) d where j.id = d.job_id;

  update stage_count s set queued = s.queued + d.queued, running = s.running + d.running,
    completed = s.completed + d.completed, failed = s.failed + d.failed
  from (
    select m.job_id, s.stage,
      sum(m.sign * (m.stage = s.stage and m.status = 'QUEUED')::int) as queued,
      sum(m.sign * (m.stage = s.stage and m.status = 'RUNNING')::int) as running,
      sum(m.sign * (m.status = 'COMPLETED' or s.place < array_position(j.document_stages, m.stage))::int) as completed,
      sum(m.sign * (m.stage = s.stage and m.status = 'FAILED')::int) as failed
    from (
      select n.job_id, n.status, n.stage, count(*) as sign from new_rows n join old_rows o on o.id = n.id
      where n.kind = 'DOCUMENT' and n.version <> o.version group by 1, 2, 3
      union all
      select n.job_id, o.status, o.stage, -count(*) from new_rows n join old_rows o on o.id = n.id
      where n.kind = 'DOCUMENT' and n.version <> o.version group by 1, 2, 3
    ) m
    join job j on j.id = m.job_id
    cross join lateral unnest(j.document_stages) with ordinality as s(stage, place)
    where m.status <> 'SKIPPED'
    group by m.job_id, s.stage
  ) d
  where s.job_id = d.job_id and s.stage = d.stage
    and (d.queued <> 0 or d.running <> 0 or d.completed <> 0 or d.failed <> 0);
  perform pg_notify('headway', '');
  return null;
end $$;
create trigger record_update after update on task referencing new table as new_rows old table as old_rows
  for each statement execute function task_changes_counted();

create function roll_up(
  p_open int, p_completed int, p_failed int, p_cancelled int, p_skipped int, p_collection_task text,
  p_cancel_requested boolean, p_same_documents boolean, out target text, out status text, out reason text
) language plpgsql immutable as $$
declare
  v_some_cancelled boolean := p_cancelled > 0 or p_collection_task is not distinct from 'CANCELLED';
begin
  target := 'JOB'; status := 'OPEN';
  if p_open > 0 then return; end if;
  if p_collection_task = 'WAITING' then
    target := 'COLLECTION_TASK';
    if p_cancel_requested then status := 'CANCELLED'; reason := 'CANCELLED_BY_REQUEST';
    elsif p_completed + p_skipped = 0 then status := 'SKIPPED'; reason := 'NOTHING_TO_DO';
    elsif p_completed + p_failed + p_cancelled = 0 and p_same_documents then status := 'SKIPPED'; reason := 'UNCHANGED';
    else status := 'QUEUED'; reason := 'DOCUMENTS_SETTLED';
    end if;
    return;
  end if;
  if p_collection_task in ('QUEUED', 'RUNNING') then return; end if;
  reason := 'ALL_TASKS_SETTLED';
  status := case
    when p_cancel_requested and v_some_cancelled then 'CANCELLED'
    when p_collection_task = 'FAILED' then 'FAILED'
    when p_completed + p_skipped = 0 then case when p_failed > 0 then 'FAILED' else 'CANCELLED' end
    when p_failed > 0 or v_some_cancelled then 'COMPLETED_WITH_ERRORS'
    else 'COMPLETED'
  end;
end $$;

create function saw_same_documents(p_job uuid) returns boolean language sql stable as $$
  select coalesce((
    select array(select document_id from task where job_id = before.id and kind = 'DOCUMENT' order by document_id)
         = array(select document_id from task where job_id = p_job and kind = 'DOCUMENT' order by document_id)
    from job j
    join job before on before.collection_id = j.collection_id and before.pipeline = j.pipeline
      and before.pipeline_version = j.pipeline_version and before.options = j.options and before.id <> j.id
    join task c on c.job_id = before.id and c.kind = 'COLLECTION' and c.status = 'COMPLETED'
    where j.id = p_job
    order by c.finished_at desc limit 1
  ), false)
$$;

create function keep_summary(p_job uuid, p_status text) returns void language sql as $$
  insert into job_summary (job_id, project_id, run, status, counts, duration_ms, errors, output)
  select j.id, j.project_id, j.run, p_status,
    jsonb_build_object('total', j.total, 'waiting', 0, 'queued', j.queued, 'running', j.running,
      'completed', j.completed, 'failed', j.failed, 'cancelled', j.cancelled, 'skipped', j.skipped),
    extract(epoch from clock_timestamp() - coalesce(j.started_at, j.created_at)) * 1000,
    coalesce((
      select jsonb_agg(to_jsonb(g) order by g.count desc, g.code, g.stage) from (
        select error_code as code, error_stage as stage, count(*) as count, bool_or(error_retryable) as retryable,
          (array_agg(id order by ordinal))[1:5] as "sampleTaskIds"
        from task where job_id = p_job and status = 'FAILED' group by error_code, error_stage
      ) g), '[]'),
    -- Objects of several collection stages are merged in stage order; of others the last stage's output stands.
    (select case when bool_and(jsonb_typeof(o.output) = 'object')
       then (select jsonb_object_agg(e.key, e.value order by o2.place)
             from unnest(j.collection_stages) with ordinality as o2(stage, place)
             join stage_output s2 on s2.task_id = c.id and s2.stage = o2.stage, jsonb_each(s2.output) e)
       else (array_agg(o.output order by s.place desc))[1] end
     from task c cross join unnest(j.collection_stages) with ordinality as s(stage, place)
     join stage_output o on o.task_id = c.id and o.stage = s.stage
     where c.job_id = p_job and c.kind = 'COLLECTION' and c.status = 'COMPLETED'
     group by c.id)
  from job j where j.id = p_job
  on conflict (job_id) do update set run = excluded.run, status = excluded.status, counts = excluded.counts,
    duration_ms = excluded.duration_ms, errors = excluded.errors, output = excluded.output, stages = null,
    created_at = clock_timestamp()
$$;

-- Returns how many rows it changed; 0 when facts and status agree.
create function converge(p_job uuid, p_actor text default 'system:converge') returns int language plpgsql as $$
declare
  j job;
  v_collection_task task;
  v_next record;
  v_changes int := 0;
begin
  perform lock_collections(array(select collection_id from job where id = p_job));
  loop
    select * into j from job where id = p_job;
    if not found or j.finished_at is not null then return v_changes; end if;
    select * into v_collection_task from task where job_id = p_job and kind = 'COLLECTION';
    select * into v_next from roll_up(j.queued + j.running, j.completed, j.failed, j.cancelled, j.skipped,
      v_collection_task.status, j.cancel_requested_at is not null,
      v_collection_task.status = 'WAITING' and j.queued + j.running = 0 and j.skipped = j.total
        and j.mode = 'INCREMENTAL' and saw_same_documents(p_job));
    if v_next.target = 'COLLECTION_TASK' then
      update task set status = v_next.status, version = version + 1, change_id = gen_random_uuid(),
        changed_by_type = 'SYSTEM', changed_by = p_actor, change_reason = v_next.reason, change_message = null,
        stage = case when v_next.status = 'SKIPPED' then null else stage end, run_at = clock_timestamp(),
        finished_at = case when v_next.status = 'QUEUED' then null else clock_timestamp() end
      where id = v_collection_task.id and status = 'WAITING';
      v_changes := v_changes + 1;
      continue;
    end if;
    if v_next.status = 'OPEN' then return v_changes; end if;
    perform keep_summary(p_job, v_next.status);
    update collection set status = v_next.status, version = version + 1, change_id = gen_random_uuid(),
      changed_by_type = 'SYSTEM', changed_by = p_actor, change_reason = v_next.reason, change_message = null
    where id = j.collection_id and status = 'PROCESSING';
    update job set status = v_next.status, version = version + 1, change_id = gen_random_uuid(),
      changed_by_type = 'SYSTEM', changed_by = p_actor, change_reason = v_next.reason, change_message = null,
      finished_at = clock_timestamp()
    where id = p_job and finished_at is null;
    return v_changes + 2;
  end loop;
end $$;

-- The ids of due tasks, at most the limit; within the collections given, or within all.
create function claimable(p_claim jsonb, p_collections uuid[]) returns uuid[] language sql stable as $$
  select array(
    select id from (
      (select id, priority, run_at from task
       where id = any (array(select jsonb_array_elements_text(p_claim->'ids')::uuid)) and status = 'QUEUED'
         and run_at <= clock_timestamp()
         and pipeline = any (array(select jsonb_array_elements_text(p_claim->'pipelines')))
         and (p_collections is null or collection_id = any (p_collections)))
      union
      (select id, priority, run_at from task
       where status = 'QUEUED' and run_at <= clock_timestamp()
         and pipeline = any (array(select jsonb_array_elements_text(p_claim->'pipelines')))
         and (p_collections is null or collection_id = any (p_collections))
       order by priority desc, run_at, id limit (p_claim->>'limit')::int)
    ) due
    order by priority desc, (id = any (array(select jsonb_array_elements_text(p_claim->'ids')::uuid))) desc, run_at, id
    limit (p_claim->>'limit')::int
  )
$$;

create function claimed(p_ids uuid[]) returns jsonb language sql stable as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'taskId', t.id, 'fence', t.fence::text, 'kind', t.kind, 'stage', t.stage, 'attempt', t.attempt,
    'maxAttempts', t.max_attempts, 'run', t.run, 'textFence', t.text_fence::text, 'chunkFence', t.chunk_fence::text,
    'warnings', t.warnings, 'projectId', t.project_id,
    'job', jsonb_build_object('id', j.id, 'pipeline', j.pipeline, 'pipelineVersion', j.pipeline_version,
      'documentStages', j.document_stages, 'collectionStages', j.collection_stages, 'options', j.options,
      'tags', j.tags, 'run', j.run),
    'collection', jsonb_build_object('id', c.id, 'name', c.name, 'metadata', c.metadata),
    'document', case when d.id is not null then jsonb_build_object('id', d.id, 'name', d.name,
      'mediaType', d.media_type, 'sizeBytes', d.size_bytes, 'sha256', d.sha256, 'metadata', d.metadata,
      'sourceUri', d.source_uri, 'blobKey', d.blob_key, 'contentVersion', d.content_version) end,
    'input', o.output
  ) order by t.priority desc, t.run_at, t.ordinal), '[]')
  from task t join job j on j.id = t.job_id join collection c on c.id = t.collection_id
  left join document d on d.id = t.document_id
  left join lateral (
    select case t.kind when 'DOCUMENT' then j.document_stages else j.collection_stages end as stages
  ) s on true
  left join stage_output o on o.task_id = t.id and o.stage = s.stages[array_position(s.stages, t.stage) - 1]
  where t.id = any (p_ids)
$$;

create or replace function record_changes(
  p_actor_type text, p_actor text, p_worker uuid, p_crash_limit int, p_changes jsonb, p_claim jsonb
) returns jsonb language plpgsql as $$
declare
  v_now timestamptz;
  v_claims uuid[] := '{}';
  v_claimed uuid[];
  v_collections uuid[];
  v_applied jsonb;
  v_job uuid;
  v_errors jsonb := '[]';
  v_jobs uuid[];
  v_lease interval;
begin
  if p_claim is not null then v_claims := claimable(p_claim, null); end if;
  v_collections := array(
    select distinct t.collection_id from task t
    where t.id = any (v_claims || array(select (c->>'task')::uuid from jsonb_array_elements(p_changes) c)));
  perform lock_collections(v_collections);
  -- What was due before the locks may have been taken while waiting for them; what else is due there is as good.
  if p_claim is not null then v_claims := claimable(p_claim, v_collections); end if;
  -- Rows are locked before they are read: a heartbeat that held one while the UPDATE below began would make the UPDATE
  -- re-check its join against a newer row, and lose it (seen: whole batches refused, 516 of 5,000 tasks).
  perform from task
  where id = any (v_claims || array(select (c->>'task')::uuid from jsonb_array_elements(p_changes) c))
  order by id for no key update;
  -- Read only now: a lease must not have been running while the claim waited for its locks.
  v_now := clock_timestamp();
  v_lease := make_interval(secs => coalesce((select lease_ms from worker where id = p_worker), 0)::float8 / 1000);

  with c as (
    select * from jsonb_to_recordset(p_changes) as c(task uuid, fence bigint, change uuid, kind text, stage text,
      "maxAttempts" int, again text, final text, "countsAs" text, code text, message text, retryable boolean,
      "delayMs" int, expired boolean, "textFence" bigint, "chunkFence" bigint, warnings jsonb)
  ), n as (
    select t.id, c.kind, c.change, t.stage as from_stage, c.stage as next_stage, c."maxAttempts" as max_attempts,
      case
        when c.kind = 'complete' then 'COMPLETED'
        when c.kind = 'skip' then 'SKIPPED'
        when c.kind = 'deadline' or t.cancel_requested_at is not null then 'CANCELLED'
        when c.kind = 'stage' then 'RUNNING'
        when c."countsAs" = 'attempt' and t.attempt < t.max_attempts then 'QUEUED'
        when c."countsAs" = 'crash' and t.crashes + 1 < p_crash_limit then 'QUEUED'
        when c.final is null then 'QUEUED'
        else 'FAILED'
      end as status,
      c.again, c.final, c."countsAs" as counts_as, c.code, c.message, c.retryable, c."delayMs" as delay_ms,
      c."textFence" as text_fence, c."chunkFence" as chunk_fence, c.warnings
    from c join task t on t.id = c.task
    where t.status = 'RUNNING' and t.fence = c.fence and t.change_id <> c.change
      and (c.expired is not true or t.lease_expires_at < v_now)
    union all
    select id, 'claim', (p_claim->>'change')::uuid, null, null, null, 'RUNNING', null, null, null, null, null, null,
      null, null, null, null
    from unnest(v_claims) id
  ), changed as (
    update task t set
      status = n.status, version = t.version + 1, change_id = n.change, changed_by_type = p_actor_type,
      changed_by = p_actor,
      change_reason = case
        when n.kind = 'claim' then 'CLAIMED'
        when n.kind = 'complete' then 'COMPLETED'
        when n.kind = 'skip' then 'UNCHANGED'
        when n.kind = 'deadline' then 'CANCEL_DEADLINE'
        when n.status = 'CANCELLED' then 'CANCELLED_BY_REQUEST'
        when n.kind = 'stage' then 'STAGE_STARTED'
        when n.status = 'QUEUED' then n.again
        else n.final
      end,
      change_message = n.message,
      stage = case when n.kind in ('complete', 'skip') then null
                   when n.kind = 'stage' and n.status = 'RUNNING' then n.next_stage else t.stage end,
      fence = t.fence + (n.kind = 'claim')::int,
      worker_id = case when n.kind = 'claim' then p_worker when n.status = 'RUNNING' then t.worker_id end,
      lease_expires_at = case
        when n.kind = 'claim' then v_now + make_interval(secs => (p_claim->>'leaseMs')::float8 / 1000)
        -- Heartbeats pass over a row that a flush holds, and the fence has just shown that the worker is alive.
        when n.status = 'RUNNING' then greatest(t.lease_expires_at, v_now + v_lease) end,
      attempt = case when n.kind = 'stage' and n.status = 'RUNNING' then 1
                     when n.status = 'QUEUED' and n.counts_as = 'attempt' then t.attempt + 1 else t.attempt end,
      max_attempts = case when n.kind = 'stage' and n.status = 'RUNNING' then n.max_attempts else t.max_attempts end,
      crashes = case when n.kind = 'stage' and n.status = 'RUNNING' then 0
                     when n.counts_as = 'crash' and n.status <> 'CANCELLED' then t.crashes + 1 else t.crashes end,
      progress = case when n.kind = 'complete' then 1 else 0 end,
      progress_message = null,
      run_at = case when n.status = 'QUEUED'
                    then v_now + make_interval(secs => coalesce(n.delay_ms, 0)::float8 / 1000) else t.run_at end,
      started_at = case when n.kind = 'claim' then coalesce(t.started_at, v_now) else t.started_at end,
      finished_at = case when n.status in ('COMPLETED', 'FAILED', 'CANCELLED', 'SKIPPED') then v_now end,
      error_code = case when n.status in ('FAILED', 'QUEUED') then n.code end,
      error_message = case when n.status in ('FAILED', 'QUEUED') then n.message end,
      error_stage = case when n.status in ('FAILED', 'QUEUED') and n.code is not null then t.stage end,
      error_retryable = case when n.status in ('FAILED', 'QUEUED') then n.retryable end,
      text_fence = coalesce(n.text_fence, t.text_fence), chunk_fence = coalesce(n.chunk_fence, t.chunk_fence),
      warnings = coalesce(n.warnings, t.warnings)
    from n where t.id = n.id
    returning t.id, t.job_id, t.project_id, t.kind, t.document_id, t.status, t.stage, t.fence, t.change_id, t.pipeline,
      t.priority, t.text_fence, t.chunk_fence, n.kind as change_kind, n.from_stage, t.run_at
  ), outputs as (
    insert into stage_output as o (task_id, project_id, stage, fence, output)
    select x.id, x.project_id, x.from_stage, x.fence, nullif(c->'output', 'null')
    from changed x join jsonb_array_elements(p_changes) c on (c->>'task')::uuid = x.id and (c->>'change')::uuid = x.change_id
    where x.change_kind in ('stage', 'complete')
    on conflict (task_id, stage) do update set fence = excluded.fence, output = excluded.output,
      created_at = clock_timestamp()
    where excluded.fence >= o.fence
  ), artifacts as (
    update artifact a set accepted = true from changed x
    where x.change_kind in ('stage', 'complete') and a.task_id = x.id and a.fence = x.fence and a.stage = x.from_stage
      and not a.accepted
  )
  select coalesce(jsonb_agg(to_jsonb(x)), '[]') into v_applied from changed x;

  v_claimed := array(select (x->>'id')::uuid from jsonb_array_elements(v_applied) x where x->>'change_kind' = 'claim');
  if cardinality(v_claimed) > 0 then
    update job set status = 'PROCESSING', version = version + 1, change_id = gen_random_uuid(),
      changed_by_type = p_actor_type, changed_by = p_actor, change_reason = 'STARTED', change_message = null,
      started_at = v_now
    where status = 'QUEUED'
      and id in (select (x->>'job_id')::uuid from jsonb_array_elements(v_applied) x where x->>'change_kind' = 'claim');
  end if;

  perform apply_document_facts(v_applied, p_changes);

  v_jobs := array(
    select distinct (x->>'job_id')::uuid from jsonb_array_elements(v_applied) x
    where x->>'status' in ('COMPLETED', 'FAILED', 'CANCELLED', 'SKIPPED') order by 1);
  for v_job in
    select j.id from job j where j.id = any (v_jobs) and j.queued + j.running = 0 and j.finished_at is null order by j.id
  loop
    begin
      perform converge(v_job);
    exception when others then
      -- A task's outcome stands whatever becomes of its job: the sweep converges it again.
      v_errors := v_errors || jsonb_build_object('jobId', v_job, 'code', sqlstate, 'message', sqlerrm);
    end;
  end loop;

  return jsonb_build_object(
    'applied', (select coalesce(jsonb_agg(jsonb_build_object('task', x->'id', 'change', x->'change_id',
        'status', x->'status', 'fence', (x->>'fence'), 'runAt', x->'run_at')), '[]')
      from jsonb_array_elements(v_applied) x where x->>'change_kind' <> 'claim'),
    'claims', claimed(v_claimed),
    'due', (select coalesce(jsonb_agg(jsonb_build_object('task', t.id, 'fence', t.fence::text, 'pipeline', t.pipeline,
        'priority', t.priority)), '[]')
      from task t where t.job_id = any (v_jobs) and t.kind = 'COLLECTION' and t.status = 'QUEUED'),
    'convergeErrors', v_errors);
end $$;

-- Media type, size, hash and metadata as the stages found them; and, on completion, the pointer that moves readers
-- from all of the old text and chunks to all of the new.
create function apply_document_facts(p_applied jsonb, p_changes jsonb) returns void language plpgsql as $$
begin
  update document d set
    media_type = coalesce(c->'document'->>'mediaType', d.media_type),
    size_bytes = coalesce((c->'document'->>'sizeBytes')::bigint, d.size_bytes),
    sha256 = coalesce(c->'document'->>'sha256', d.sha256),
    blob_key = coalesce(c->'document'->>'blobKey', d.blob_key),
    metadata = d.metadata || coalesce(c->'document'->'metadata', '{}')
  from jsonb_array_elements(p_applied) x
  join jsonb_array_elements(p_changes) c on c->>'task' = x->>'id' and c->>'change' = x->>'change_id'
  where d.id = (x->>'document_id')::uuid and c->'document' is not null;

  if exists (
    select from jsonb_array_elements(p_applied) x
    where x->>'change_kind' = 'complete' and (x->>'text_fence' is not null or x->>'chunk_fence' is not null)
  ) then
    with moved as (
      select d.id, d.collection_id, (x->>'id')::uuid as task_id, (x->>'text_fence')::bigint as text_fence,
        (x->>'chunk_fence')::bigint as chunk_fence, n.chunks, n.embedded, d.chunk_count, d.embedded_chunk_count
      from jsonb_array_elements(p_applied) x join document d on d.id = (x->>'document_id')::uuid
      cross join lateral (
        select count(*)::int as chunks, count(embedding)::int as embedded from chunk
        where document_id = d.id and task_id = (x->>'id')::uuid and fence = (x->>'chunk_fence')::bigint
      ) n
      where x->>'change_kind' = 'complete' and (x->>'text_fence' is not null or x->>'chunk_fence' is not null)
    ), pointed as (
      update document d set content_task_id = m.task_id, text_fence = m.text_fence, chunk_fence = m.chunk_fence,
        chunk_count = m.chunks, embedded_chunk_count = m.embedded
      from moved m where d.id = m.id
    )
    update collection c set content_version = c.content_version + 1, chunk_count = c.chunk_count + s.chunks,
      embedded_chunk_count = c.embedded_chunk_count + s.embedded
    from (
      select collection_id, sum(chunks - chunk_count)::int as chunks, sum(embedded - embedded_chunk_count)::int as embedded
      from moved group by collection_id
    ) s where c.id = s.collection_id;
  end if;
end $$;

-- Renews just the (task, fence) pairs given; takes no collection lock and waits for nobody.
create or replace function heartbeat(p_worker uuid, p_lease_ms int, p_tasks jsonb) returns jsonb language plpgsql as $$
begin
  -- A renewal that a crash of the database forgets is no loss, since no lease is held against anybody after an outage;
  -- and one that waited for a slow disk would come too late (with commits of 300 ms it took up to 900).
  perform set_config('synchronous_commit', 'off', true);
  update task t set
    lease_expires_at = clock_timestamp() + make_interval(secs => p_lease_ms::float8 / 1000),
    progress = case when t.stage = p.stage then greatest(t.progress, coalesce(p.progress, 0)) else t.progress end,
    progress_message = case when t.stage = p.stage then coalesce(p.message, t.progress_message) else t.progress_message end
  from (
    select t.id, p.stage, p.progress, p.message
    from jsonb_to_recordset(p_tasks) as p(task uuid, fence bigint, stage text, progress real, message text)
    join task t on t.id = p.task and t.fence = p.fence
    where t.status = 'RUNNING' order by t.id for no key update of t skip locked
  ) p where t.id = p.id;
  return jsonb_build_object(
    'lost', (select coalesce(jsonb_agg(p.task), '[]')
      from jsonb_to_recordset(p_tasks) as p(task uuid, fence bigint)
      left join task t on t.id = p.task and t.fence = p.fence and t.status = 'RUNNING' where t.id is null),
    'cancelled', (select coalesce(jsonb_agg(p.task), '[]')
      from jsonb_to_recordset(p_tasks) as p(task uuid, fence bigint)
      join task t on t.id = p.task and t.fence = p.fence and t.status = 'RUNNING'
      where t.cancel_requested_at is not null));
end $$;

create function violations(p_since timestamptz default now() - interval '1 day')
returns table (invariant text, entity_type text, entity_id uuid, detail text) language sql stable as $$
  with jobs as materialized (
    select * from job where status in ('QUEUED', 'PROCESSING', 'CANCELLING') or status_changed_at >= p_since
  ), tasks as materialized (
    select t.*, j.document_stages from task t join jobs j on j.id = t.job_id
  ), collections as materialized (
    select * from collection where status_changed_at >= p_since or id in (select collection_id from jobs)
  ), entities as materialized (
    select 'COLLECTION' as type, 'COLLECTION' as level, id, version, status from collections
    union all select 'JOB', 'JOB', id, version, status from jobs
    union all select 'TASK', kind || '_TASK', id, version, status from tasks
  ), changes as materialized (
    select e.type, e.level, h.*,
      lag(h.to_status) over w as before_to, lag(h.version) over w as before_version, lag(h.at) over w as before_at,
      lag(h.to_stage) over w as before_stage
    from entities e join status_change h on h.entity_id = e.id
    window w as (partition by h.entity_id order by h.version)
  )
  select 'S1', type, id, 'status ' || status from entities
  where not case type when 'COLLECTION' then status in ('CREATED', 'PROCESSING', 'COMPLETED', 'COMPLETED_WITH_ERRORS', 'FAILED', 'CANCELLED', 'EXPIRED')
    when 'JOB' then status in ('QUEUED', 'PROCESSING', 'CANCELLING', 'COMPLETED', 'COMPLETED_WITH_ERRORS', 'FAILED', 'CANCELLED') else status in ('WAITING', 'QUEUED', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED', 'SKIPPED') end
  union all
  select 'S2', 'TASK', id, status || ' with finished_at ' || coalesce(finished_at::text, 'null') from tasks
  where (status in ('COMPLETED', 'FAILED', 'CANCELLED', 'SKIPPED')) <> (finished_at is not null)
  union all
  select 'S2', 'JOB', id, status || ' with finished_at ' || coalesce(finished_at::text, 'null') from jobs
  where (status not in ('QUEUED', 'PROCESSING', 'CANCELLING')) <> (finished_at is not null)
  union all
  select 'S3', 'TASK', id, status || ' with worker ' || coalesce(worker_id::text, 'null') from tasks
  where (status = 'RUNNING') <> (worker_id is not null) or (status = 'RUNNING') <> (lease_expires_at is not null)
  union all
  select 'S4', 'TASK', id, format('attempt %s of %s, crashes %s', attempt, max_attempts, crashes) from tasks
  where (status = 'RUNNING' and attempt not between 1 and max_attempts) or crashes < 0
  union all
  select 'S5', 'TASK', id, status || ' with error code ' || coalesce(error_code, 'null') from tasks
  where (status = 'FAILED' and error_code is null) or (status = 'COMPLETED' and error_code is not null)
  union all
  select 'S6', 'TASK', id, 'progress ' || progress from tasks where progress not between 0 and 1
  union all
  select 'S7', 'JOB', min(id::text)::uuid, 'idempotency key of ' || count(*) || ' jobs' from jobs
  where idempotency_key is not null group by project_id, idempotency_key having count(*) > 1
  union all
  select 'S8', 'JOB', j.id, 'counters differ from its tasks' from jobs j
  cross join lateral (
    select count(*) as total, count(*) filter (where status = 'QUEUED') as queued,
      count(*) filter (where status = 'RUNNING') as running, count(*) filter (where status = 'COMPLETED') as completed,
      count(*) filter (where status = 'FAILED') as failed, count(*) filter (where status = 'CANCELLED') as cancelled,
      count(*) filter (where status = 'SKIPPED') as skipped
    from tasks t where t.job_id = j.id and t.kind = 'DOCUMENT'
  ) n
  where (j.total, j.queued, j.running, j.completed, j.failed, j.cancelled, j.skipped)
    is distinct from (n.total, n.queued, n.running, n.completed, n.failed, n.cancelled, n.skipped)
  union all
  select 'S8', 'JOB', s.job_id, 'counts of stage ' || s.stage || ' differ from its tasks' from stage_count s
  join jobs j on j.id = s.job_id
  cross join lateral (
    select count(*) filter (where t.stage = s.stage and t.status = 'QUEUED') as queued,
      count(*) filter (where t.stage = s.stage and t.status = 'RUNNING') as running,
      count(*) filter (where t.status = 'COMPLETED' or (t.status <> 'SKIPPED'
        and array_position(j.document_stages, s.stage) < array_position(j.document_stages, t.stage))) as completed,
      count(*) filter (where t.stage = s.stage and t.status = 'FAILED') as failed
    from tasks t where t.job_id = s.job_id and t.kind = 'DOCUMENT'
  ) n
  where (s.queued, s.running, s.completed, s.failed) is distinct from (n.queued, n.running, n.completed, n.failed)
  union all
  select 'S8', 'JOB', j.id, j.status || ', but its tasks say ' || r.status from jobs j
  left join tasks c on c.job_id = j.id and c.kind = 'COLLECTION'
  cross join lateral roll_up(j.queued + j.running, j.completed, j.failed, j.cancelled, j.skipped, c.status,
    j.cancel_requested_at is not null, false) r
  where j.finished_at is not null and (r.target <> 'JOB' or r.status <> j.status)
  union all
  select 'S8', 'JOB', j.id, 'open without an open task' from jobs j
  where j.finished_at is null
    and not exists (select from tasks t where t.job_id = j.id and t.status in ('WAITING', 'QUEUED', 'RUNNING'))
  union all
  select 'H1', e.type, e.id, format('version %s, history of %s, highest %s', e.version, count(h.version), max(h.version))
  from entities e left join changes h on h.entity_id = e.id group by e.type, e.id, e.version
  having count(h.version) <> e.version or max(h.version) is distinct from e.version
  union all
  select 'H2', type, entity_id, format('version %s comes from %s, the one before led to %s', version, from_status, before_to)
  from changes where from_status is distinct from before_to
    or (before_version is not null and type = 'TASK' and from_stage is distinct from before_stage)
  union all
  select 'H3', e.type, e.id, 'status ' || e.status || ', history says ' || coalesce(h.to_status, 'nothing')
  from entities e left join changes h on h.entity_id = e.id and h.version = e.version
  where h.to_status is distinct from e.status
  union all
  select 'H4', type, entity_id, format('%s -> %s with %s', from_status, to_status, reason) from changes h
  where not exists (select from transition x where x.level = h.level
    and x.from_status is not distinct from h.from_status and x.to_status = h.to_status and x.reason = h.reason)
  union all
  select 'H5', type, entity_id, 'changed after ' || before_to from changes
  where (level = 'JOB' and before_to = 'COMPLETED') or (level = 'COLLECTION' and before_to = 'EXPIRED')
    or (level = 'DOCUMENT_TASK' and before_to in ('COMPLETED', 'SKIPPED'))
  union all
  select 'H6', 'TASK', h.entity_id, 'worker entry without its fence, or a fence that fell' from (
    select entity_id, actor_type, fence, max(fence) over (partition by entity_id order by version) as highest
    from changes where type = 'TASK'
  ) h where h.actor_type = 'WORKER' and (h.fence is null or h.fence < h.highest)
  union all
  select 'H7', type, entity_id, format('%s is before %s', at, before_at) from changes where at < before_at
  union all
  select 'E1', 'TASK', o.task_id, 'two outputs of stage ' || o.stage from stage_output o
  join tasks t on t.id = o.task_id group by o.task_id, o.stage having count(*) > 1
$$;

create table pipeline_pause (
  project_id uuid not null references project,
  pipeline text not null,
  reason text not null,
  paused_by text not null,
  paused_at timestamptz not null default clock_timestamp(),
  primary key (project_id, pipeline)
);

-- Stored files whose rows are gone: everything below these prefixes is removed, however often that takes.
create table doomed_blob (
  prefix text primary key,
  project_id uuid not null references project,
  doomed_at timestamptz not null default clock_timestamp()
);

alter table collection
  add column deletion_requested_at timestamptz,
  add column deletion_requested_by_type text,
  add column deletion_requested_by text,
  add column emptied_at timestamptz;
create index collection_expiring on collection (id) where status <> 'EXPIRED' and expires_at is not null;
create index collection_deleting on collection (id) where status <> 'EXPIRED' and deletion_requested_at is not null;
create index collection_emptying on collection (id) where status = 'EXPIRED' and emptied_at is null;
create index job_status_changed on job (status_changed_at);

create view worker_now as
select w.*, clock_timestamp() as now, greatest(w.concurrency - w.running, 0) as free,
  case
    when w.stopped_at is not null then 'STOPPED'
    when clock_timestamp() - w.heartbeat_at > make_interval(secs => w.lease_ms / 1000.0) then 'LOST'
    when w.draining_at is not null then 'DRAINING'
    when w.loop_iterations = 0 then 'STARTING'
    -- A loop that has not gone round for this long stands still, unless its lease allows for more.
    when clock_timestamp() - w.last_loop_at > make_interval(secs => greatest(w.lease_ms / 2000.0, 3)) then 'STALLED'
    else 'RUNNING'
  end as status
from worker w;

-- Open tasks whose lease has been past for a sweep, or that are due and untaken for a minute though a worker is free.
create function stuck_jobs(p_project uuid, p_sweep_ms int) returns setof uuid language sql stable as $$
  select job_id from task
  where project_id = p_project and status = 'RUNNING'
    and lease_expires_at < clock_timestamp() - make_interval(secs => p_sweep_ms / 1000.0)
  union
  select t.job_id from task t
  where t.project_id = p_project and t.status = 'QUEUED' and t.run_at < clock_timestamp() - interval '60 s'
    and t.pipeline in (
      select unnest(w.pipelines) from worker_now w where w.project_id = p_project and w.status = 'RUNNING' and w.free > 0)
    and not exists (
      select from pipeline_pause p where p.project_id = t.project_id and p.pipeline = t.pipeline)
$$;

create or replace function claimable(p_claim jsonb, p_collections uuid[]) returns uuid[] language sql stable as $$
  select array(
    select id from (
      (select id, priority, run_at from task t
       where id = any (array(select jsonb_array_elements_text(p_claim->'ids')::uuid)) and status = 'QUEUED'
         and run_at <= clock_timestamp()
         and pipeline = any (array(select jsonb_array_elements_text(p_claim->'pipelines')))
         and (p_collections is null or collection_id = any (p_collections))
         and not exists (select from pipeline_pause p where p.project_id = t.project_id and p.pipeline = t.pipeline))
      union
      (select id, priority, run_at from task t
       where status = 'QUEUED' and run_at <= clock_timestamp()
         and pipeline = any (array(select jsonb_array_elements_text(p_claim->'pipelines')))
         and (p_collections is null or collection_id = any (p_collections))
         and not exists (select from pipeline_pause p where p.project_id = t.project_id and p.pipeline = t.pipeline)
       order by priority desc, run_at, id limit (p_claim->>'limit')::int)
    ) due
    order by priority desc, (id = any (array(select jsonb_array_elements_text(p_claim->'ids')::uuid))) desc, run_at, id
    limit (p_claim->>'limit')::int
  )
$$;

create or replace function guard_task() returns trigger language plpgsql as $$
begin
  if (new.id, new.job_id, new.collection_id, new.project_id, new.kind)
       is distinct from (old.id, old.job_id, old.collection_id, old.project_id, old.kind) then
    raise exception 'task %: id, job, collection, project and kind never change', old.id;
  end if;
  if (new.status, new.stage, new.version, new.fence, new.attempt, new.crashes, new.worker_id, new.finished_at,
      new.error_code, new.change_id, new.cancel_requested_at)
       is not distinct from
     (old.status, old.stage, old.version, old.fence, old.attempt, old.crashes, old.worker_id, old.finished_at,
      old.error_code, old.change_id, old.cancel_requested_at)
     and (new.error_message is not distinct from old.error_message
       or (new.error_message is null and current_setting('headway.duty', true) = 'expiry')) then
    if old.status <> 'RUNNING'
       and (new.lease_expires_at, new.progress) is distinct from (old.lease_expires_at, old.progress) then
      raise exception 'task %: lease and progress move only while RUNNING; it is %', old.id, old.status;
    end if;
    new.status_changed_at := old.status_changed_at;
    return new;
  end if;
  perform assert_next_change(old.kind || '_TASK', old.id, old.version, new.version, old.change_id, new.change_id);
  if new.fence < old.fence or (old.status = 'QUEUED' and new.status = 'RUNNING' and new.fence <> old.fence + 1) then
    raise exception 'task %: fence may not go from % to %; a claim raises it by one and nothing lowers it',
      old.id, old.fence, new.fence;
  end if;
  perform assert_transition(old.kind || '_TASK', old.id, old.status, new.status, new.change_reason);
  if new.change_reason = 'STAGE_STARTED' and new.stage is not distinct from old.stage then
    raise exception 'task %: STAGE_STARTED must name another stage than %', old.id, old.stage;
  end if;
  if new.change_reason = 'CANCEL_REQUESTED' and old.cancel_requested_at is not null then
    raise exception 'task %: a cancel has been requested already', old.id;
  end if;
  new.status_changed_at := greatest(clock_timestamp(), old.status_changed_at);
  return new;
end $$;

-- EXPIRED, if it is due or asked for and no job is open: name, description and metadata go at once, the name is free
-- again. True when this call decided it.
create function expire_collection(p_collection uuid, p_actor text) returns boolean language plpgsql as $$
begin
  perform lock_collections(array[p_collection]);
  update collection c set status = 'EXPIRED', version = version + 1, change_id = gen_random_uuid(),
    changed_by_type = coalesce(deletion_requested_by_type, 'SYSTEM'), changed_by = coalesce(deletion_requested_by, p_actor),
    change_reason = case when deletion_requested_at is null then 'EXPIRED_BY_RETENTION' else 'EXPIRED_BY_REQUEST' end,
    change_message = null, name = id::text, description = null, metadata = '{}',
    document_count = 0, chunk_count = 0, embedded_chunk_count = 0, content_version = content_version + 1
  where id = p_collection and status <> 'EXPIRED'
    and (expires_at <= clock_timestamp() or deletion_requested_at is not null)
    and not exists (select from job j where j.collection_id = c.id and j.finished_at is null);
  return found;
end $$;

-- One bounded step of removing what an EXPIRED collection held; returns how many rows it touched, 0 when all is gone.
create function empty_collection(p_collection uuid, p_limit int) returns int language plpgsql as $$
declare
  v_rows int;
begin
  if not exists (select from collection where id = p_collection and status = 'EXPIRED' and emptied_at is null) then
    return 0;
  end if;
  perform set_config('headway.duty', 'expiry', true);
  delete from chunk where id in (select id from chunk where document_id in (
    select id from document where collection_id = p_collection order by id limit 50) limit p_limit);
  get diagnostics v_rows = row_count;
  if v_rows > 0 then return v_rows; end if;

  with gone as (
    delete from document where id in (select id from document where collection_id = p_collection order by id limit 50)
    returning id, project_id
  )
  insert into doomed_blob (prefix, project_id) select 'sources/' || id, project_id from gone on conflict do nothing;
  get diagnostics v_rows = row_count;
  if v_rows > 0 then return v_rows; end if;

  with gone as (
    delete from artifact where id in (
      select a.id from artifact a join job j on j.id = a.job_id where j.collection_id = p_collection limit p_limit)
    returning job_id, project_id
  )
  insert into doomed_blob (prefix, project_id) select distinct 'artifacts/' || job_id, project_id from gone
  on conflict (prefix) do update set doomed_at = excluded.doomed_at;
  get diagnostics v_rows = row_count;
  if v_rows > 0 then return v_rows; end if;

  delete from stage_output where (task_id, stage) in (
    select o.task_id, o.stage from job j join task t on t.job_id = j.id join stage_output o on o.task_id = t.id
    where j.collection_id = p_collection limit p_limit);
  get diagnostics v_rows = row_count;
  if v_rows > 0 then return v_rows; end if;

  update task set error_message = null, change_message = null, document_name = null, progress_message = null, warnings = '[]'
  where id in (
    select t.id from job j join task t on t.job_id = j.id
    where j.collection_id = p_collection and (t.error_message is not null or t.change_message is not null
      or t.document_name is not null or t.progress_message is not null or t.warnings <> '[]')
    order by t.id limit p_limit for no key update of t);
  get diagnostics v_rows = row_count;
  if v_rows > 0 then return v_rows; end if;

  update job_summary set output = null
  where output is not null and job_id in (select id from job where collection_id = p_collection);
  update job set options = '{}', change_message = null
  where collection_id = p_collection and (options <> '{}' or change_message is not null);
  update status_change set message = null where id in (
    select id from status_change where collection_id = p_collection and message is not null limit p_limit);
  get diagnostics v_rows = row_count;
  if v_rows > 0 then return v_rows; end if;

  update collection set emptied_at = clock_timestamp() where id = p_collection and emptied_at is null;
  return 0;
end $$;

alter table task add column content_sha256 text;

-- The completed task whose results stand for this content under this pipeline, version and options; null where there is
-- none. Where it made text or chunks, they must be the ones that readers see: another run may have replaced them since.
create function kept_task(p_document uuid, p_sha256 text, p_pipeline text, p_version int, p_options jsonb) returns uuid
language sql stable as $$
  select t.id from document d
  join task t on t.document_id = d.id and t.kind = 'DOCUMENT' and t.status = 'COMPLETED'
  join job j on j.id = t.job_id
  where d.id = p_document and t.content_sha256 = p_sha256
    and j.pipeline = p_pipeline and j.pipeline_version = p_version and j.options = p_options
    and (d.content_task_id = t.id or (t.text_fence is null and t.chunk_fence is null))
  order by t.finished_at desc limit 1
$$;

-- What a collection task sees of a job: its documents with their content. What failed, or whose content nobody knows,
-- is like nothing else; what has been removed is like nothing that is still there.
create function documents_seen(p_job uuid) returns text[] language sql stable as $$
  select array(
    select concat_ws(' ', document_id,
      case when status in ('COMPLETED', 'SKIPPED') and content_sha256 is not null then content_sha256 else id::text end)
    from task where job_id = p_job and kind = 'DOCUMENT' order by 1)
$$;

create or replace function saw_same_documents(p_job uuid) returns boolean language sql stable as $$
  select coalesce((
    select documents_seen(before.id) = documents_seen(p_job)
    from job j
    join job before on before.collection_id = j.collection_id and before.pipeline = j.pipeline
      and before.pipeline_version = j.pipeline_version and before.options = j.options and before.id <> j.id
    join task c on c.job_id = before.id and c.kind = 'COLLECTION' and c.status = 'COMPLETED'
    where j.id = p_job
    order by c.finished_at desc limit 1
  ), false)
$$;

-- As before; and a task whose source was fetched knows its content from here on.
create or replace function apply_document_facts(p_applied jsonb, p_changes jsonb) returns void language plpgsql as $$
begin
  update document d set
    media_type = coalesce(c->'document'->>'mediaType', d.media_type),
    size_bytes = coalesce((c->'document'->>'sizeBytes')::bigint, d.size_bytes),
    sha256 = coalesce(c->'document'->>'sha256', d.sha256),
    blob_key = coalesce(c->'document'->>'blobKey', d.blob_key),
    metadata = d.metadata || coalesce(c->'document'->'metadata', '{}')
  from jsonb_array_elements(p_applied) x
  join jsonb_array_elements(p_changes) c on c->>'task' = x->>'id' and c->>'change' = x->>'change_id'
  where d.id = (x->>'document_id')::uuid and c->'document' is not null;

  update task t set content_sha256 = c->'document'->>'sha256'
  from jsonb_array_elements(p_applied) x
  join jsonb_array_elements(p_changes) c on c->>'task' = x->>'id' and c->>'change' = x->>'change_id'
  where t.id = (x->>'id')::uuid and c->'document'->>'sha256' is not null
    and t.content_sha256 is distinct from c->'document'->>'sha256';

  if exists (
    select from jsonb_array_elements(p_applied) x
    where x->>'change_kind' = 'complete' and (x->>'text_fence' is not null or x->>'chunk_fence' is not null)
  ) then
    with moved as (
      select d.id, d.collection_id, (x->>'id')::uuid as task_id, (x->>'text_fence')::bigint as text_fence,
        (x->>'chunk_fence')::bigint as chunk_fence, n.chunks, n.embedded, d.chunk_count, d.embedded_chunk_count
      from jsonb_array_elements(p_applied) x join document d on d.id = (x->>'document_id')::uuid
      cross join lateral (
        select count(*)::int as chunks, count(embedding)::int as embedded from chunk
        where document_id = d.id and task_id = (x->>'id')::uuid and fence = (x->>'chunk_fence')::bigint
      ) n
      where x->>'change_kind' = 'complete' and (x->>'text_fence' is not null or x->>'chunk_fence' is not null)
    ), pointed as (
      update document d set content_task_id = m.task_id, text_fence = m.text_fence, chunk_fence = m.chunk_fence,
        chunk_count = m.chunks, embedded_chunk_count = m.embedded
      from moved m where d.id = m.id
    )
    update collection c set content_version = c.content_version + 1, chunk_count = c.chunk_count + s.chunks,
      embedded_chunk_count = c.embedded_chunk_count + s.embedded
    from (
      select collection_id, sum(chunks - chunk_count)::int as chunks, sum(embedded - embedded_chunk_count)::int as embedded
      from moved group by collection_id
    ) s where c.id = s.collection_id;
  end if;
end $$;

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

create table api_key (
  id uuid primary key,
  project_id uuid not null references project,
  name text not null,
  role text not null check (role in ('VIEWER', 'OPERATOR', 'ADMIN')),
  -- SHA-256 of the secret part, which is random: nothing that a slow hash would protect.
  secret_hash bytea not null check (length(secret_hash) = 32),
  -- A key for browsers sees one collection, or one job, and nothing else.
  collection_id uuid references collection,
  job_id uuid references job,
  created_by text not null,
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz,
  check (job_id is null or collection_id is not null)
);
create index api_key_newest on api_key (project_id, created_at desc, id desc);

-- Workers serve every project: what they are free for does not depend on whose work it is.
create or replace function stuck_jobs(p_project uuid, p_sweep_ms int) returns setof uuid language sql stable rows 20 as $$
  select job_id from task
  where project_id = p_project and status = 'RUNNING'
    and lease_expires_at < clock_timestamp() - make_interval(secs => p_sweep_ms / 1000.0)
  union
  select j.id from job j
  where j.project_id = p_project and j.status in ('QUEUED', 'PROCESSING', 'CANCELLING')
    and j.pipeline = any (array(
      select unnest(w.pipelines) from worker_now w where w.status = 'RUNNING' and w.free > 0))
    and not exists (select from pipeline_pause p where p.project_id = j.project_id and p.pipeline = j.pipeline)
    and exists (
      select from task t
      where t.job_id = j.id and t.status = 'QUEUED' and t.run_at < clock_timestamp() - interval '60 s')
$$;

create table upload (
  id uuid primary key,
  project_id uuid not null references project,
  name text not null,
  media_type text,
  size_bytes bigint not null check (size_bytes >= 0),
  -- As announced, where it was; of the bytes themselves once they are there.
  sha256 text,
  blob_key text,
  completed_at timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  -- From then on no new document takes it.
  expires_at timestamptz not null,
  -- When the sweep looks at it; null while documents hold it, so that it is not looked at in vain.
  sweep_at timestamptz,
  check ((blob_key is null) = (completed_at is null)),
  check (completed_at is null or sha256 is not null)
);
create index upload_to_sweep on upload (sweep_at) where sweep_at is not null;

alter table document add column upload_id uuid references upload;
create index document_of_upload on document (upload_id) where upload_id is not null;

-- Whoever removes a document, or gives it other content, lets go of its upload: the bytes go with their last document.
create function release_upload() returns trigger language plpgsql as $$
begin
  update upload u set expires_at = least(expires_at, clock_timestamp()), sweep_at = clock_timestamp()
  where id = old.upload_id and not exists (select from document d where d.upload_id = u.id and d.id <> old.id);
  return null;
end $$;
create trigger document_gone_releases_upload after delete on document
  for each row when (old.upload_id is not null) execute function release_upload();
create trigger document_changed_releases_upload after update of upload_id on document
  for each row when (old.upload_id is not null and old.upload_id is distinct from new.upload_id)
  execute function release_upload();

-- One bounded step: uploads whose time has come go, and their files are doomed; those that documents hold stay. Returns
-- how many it looked at. The lock comes before the look: a document that is being made of one holds it by its foreign key.
create function expire_uploads(p_limit int) returns int language plpgsql as $$
declare
  v_due uuid[];
begin
  select array_agg(id) into v_due from (
    select id from upload where sweep_at <= clock_timestamp() order by sweep_at limit p_limit for update skip locked) due;
  if v_due is null then return 0; end if;
  update upload u set sweep_at = null
  where id = any (v_due) and exists (select from document d where d.upload_id = u.id);
  with gone as (
    delete from upload where id = any (v_due) and sweep_at is not null returning id, project_id
  )
  insert into doomed_blob (prefix, project_id) select 'uploads/' || id, project_id from gone
  on conflict (prefix) do update set doomed_at = excluded.doomed_at;
  return cardinality(v_due);
end $$;

create function move_fetched_blob() returns trigger language plpgsql as $$
begin
  if new.blob_key like 'sources/%/bytes' then
    delete from doomed_blob where prefix = left(new.blob_key, -6);
  end if;
  if old.blob_key like 'sources/%/bytes' then
    insert into doomed_blob (prefix, project_id) values (left(old.blob_key, -6), old.project_id)
    on conflict (prefix) do update set doomed_at = excluded.doomed_at;
  end if;
  return null;
end $$;
create trigger document_moves_fetched_blob after update of blob_key on document
  for each row when (old.blob_key is distinct from new.blob_key) execute function move_fetched_blob();

alter table document_text add column one_unit_each boolean not null default false;

do $lock$
begin
  for v_try in 1..600 loop
    begin
      perform set_config('lock_timeout', '100ms', true);
      lock table task, document, collection, project in share row exclusive mode;
      return;
    exception when lock_not_available then
      perform pg_sleep(0.05 + random() * 0.1);
    end;
  end loop;
  raise exception using errcode = 'lock_not_available',
    message = 'The tables task, document, collection, project could not be locked together; migrate again when less is running.';
end $lock$;

create table named_entity (
  id uuid primary key,
  project_id uuid not null references project,
  collection_id uuid not null references collection,
  task_id uuid not null references task,
  fence bigint not null,
  ordinal int not null,
  name text not null,
  type text not null check (type in ('PERSON', 'PLACE', 'ORGANIZATION')),
  mentions int not null,
  document_count int not null,
  unique (task_id, fence, ordinal)
);
create index named_entity_of_collection on named_entity (collection_id, id);

create table named_entity_document (
  entity_id uuid not null references named_entity on delete cascade,
  document_id uuid not null references document on delete cascade,
  project_id uuid not null references project,
  mentions int not null,
  primary key (entity_id, document_id)
);
create index named_entity_document_back on named_entity_document (document_id);

-- Both ways round, so that either end leads to the other.
create table named_entity_pair (
  entity_id uuid not null references named_entity on delete cascade,
  other_id uuid not null references named_entity on delete cascade,
  project_id uuid not null references project,
  together int not null,
  primary key (entity_id, other_id)
);
create index named_entity_pair_back on named_entity_pair (other_id);

-- The set that a collection task has staged whole.
create table named_entity_set (
  task_id uuid primary key references task,
  project_id uuid not null references project,
  fence bigint not null
);

-- The set that readers of a collection see.
create table named_entity_shown (
  collection_id uuid primary key references collection,
  project_id uuid not null references project,
  task_id uuid not null references task,
  fence bigint not null
);

create function show_entities() returns trigger language plpgsql as $$
begin
  insert into named_entity_shown (collection_id, project_id, task_id, fence)
  select new.collection_id, new.project_id, s.task_id, s.fence from named_entity_set s where s.task_id = new.id
  on conflict (collection_id) do update set task_id = excluded.task_id, fence = excluded.fence;
  return null;
end $$;
create trigger task_shows_entities after update on task for each row
  when (new.kind = 'COLLECTION' and new.status = 'COMPLETED' and old.status = 'RUNNING')
  execute function show_entities();

create function empty_entities(p_collection uuid, p_limit int) returns int language plpgsql as $$
declare
  v_rows int;
begin
  if not exists (select from collection where id = p_collection and status = 'EXPIRED' and emptied_at is null) then
    return 0;
  end if;
  delete from named_entity_shown where collection_id = p_collection;
  delete from named_entity where id in (
    select id from named_entity where collection_id = p_collection order by id limit p_limit);
  get diagnostics v_rows = row_count;
  return v_rows;
end $$;

create function lock_history(p_collections uuid[]) returns void language plpgsql as $$
declare
  v_key bigint;
begin
  for v_key in select distinct hashtextextended(id::text, 8) from unnest(p_collections) as id order by 1 loop
    perform pg_advisory_xact_lock(v_key);
  end loop;
end $$;

create function share_collections(p_collections uuid[]) returns void language plpgsql as $$
declare
  v_key bigint;
begin
  for v_key in select distinct hashtextextended(id::text, 7) from unnest(p_collections) as id order by 1 loop
    perform pg_advisory_xact_lock_shared(v_key);
  end loop;
end $$;

-- As before, without comparing each due task with each hinted one: for 600 of both that took 10 ms.
create or replace function claimable(p_claim jsonb, p_collections uuid[]) returns uuid[] language sql stable as $$
  select array(
    select id from (
      (select id, priority, run_at, true as hinted from task t
       where id = any (array(select jsonb_array_elements_text(p_claim->'ids')::uuid)) and status = 'QUEUED'
         and run_at <= clock_timestamp()
         and pipeline = any (array(select jsonb_array_elements_text(p_claim->'pipelines')))
         and (p_collections is null or collection_id = any (p_collections))
         and not exists (select from pipeline_pause p where p.project_id = t.project_id and p.pipeline = t.pipeline))
      union all
      (select id, priority, run_at, false from task t
       where status = 'QUEUED' and run_at <= clock_timestamp()
         and pipeline = any (array(select jsonb_array_elements_text(p_claim->'pipelines')))
         and (p_collections is null or collection_id = any (p_collections))
         and not exists (select from pipeline_pause p where p.project_id = t.project_id and p.pipeline = t.pipeline)
       order by priority desc, run_at, id limit (p_claim->>'limit')::int)
    ) due
    group by id, priority, run_at
    order by priority desc, bool_or(hinted) desc, run_at, id
    limit (p_claim->>'limit')::int
  )
$$;

-- Locks what is to be claimed, and returns it: of the tasks found due those that still are; where others were quicker,
-- what else is due in these collections. Waits for nobody.
create function take_due(p_claim jsonb, p_found uuid[], p_collections uuid[]) returns uuid[] language plpgsql as $$
declare
  v_taken uuid[];
begin
  v_taken := array(
    select id from task where id = any (p_found) and status = 'QUEUED' and run_at <= clock_timestamp()
    order by id for no key update skip locked);
  if cardinality(v_taken) < cardinality(p_found) then
    v_taken := v_taken || array(
      select id from task t
      where status = 'QUEUED' and run_at <= clock_timestamp() and id <> all (v_taken)
        and pipeline = any (array(select jsonb_array_elements_text(p_claim->'pipelines')))
        and collection_id = any (p_collections)
        and not exists (select from pipeline_pause p where p.project_id = t.project_id and p.pipeline = t.pipeline)
      order by priority desc, run_at, id limit cardinality(p_found) - cardinality(v_taken)
      for no key update of t skip locked);
  end if;
  return v_taken;
end $$;

create or replace function guard_task() returns trigger language plpgsql as $$
begin
  if (new.id, new.job_id, new.collection_id, new.project_id, new.kind)
       is distinct from (old.id, old.job_id, old.collection_id, old.project_id, old.kind) then
    raise exception 'task %: id, job, collection, project and kind never change', old.id;
  end if;
  if (new.status, new.stage, new.version, new.fence, new.attempt, new.crashes, new.worker_id, new.finished_at,
      new.error_code, new.change_id, new.cancel_requested_at)
       is not distinct from
     (old.status, old.stage, old.version, old.fence, old.attempt, old.crashes, old.worker_id, old.finished_at,
      old.error_code, old.change_id, old.cancel_requested_at)
     and (new.error_message is not distinct from old.error_message
       or (new.error_message is null and current_setting('headway.duty', true) = 'expiry')) then
    if old.status <> 'RUNNING'
       and (new.lease_expires_at, new.progress) is distinct from (old.lease_expires_at, old.progress) then
      raise exception 'task %: lease and progress move only while RUNNING; it is %', old.id, old.status;
    end if;
    new.status_changed_at := old.status_changed_at;
    return new;
  end if;
  if new.version <> old.version + 1 or new.change_id = old.change_id then
    perform assert_next_change(old.kind || '_TASK', old.id, old.version, new.version, old.change_id, new.change_id);
  end if;
  if new.fence < old.fence or (old.status = 'QUEUED' and new.status = 'RUNNING' and new.fence <> old.fence + 1) then
    raise exception 'task %: fence may not go from % to %; a claim raises it by one and nothing lowers it',
      old.id, old.fence, new.fence;
  end if;
  if new.change_reason = 'STAGE_STARTED' and new.stage is not distinct from old.stage then
    raise exception 'task %: STAGE_STARTED must name another stage than %', old.id, old.stage;
  end if;
  if new.change_reason = 'CANCEL_REQUESTED' and old.cancel_requested_at is not null then
    raise exception 'task %: a cancel has been requested already', old.id;
  end if;
  new.status_changed_at := greatest(clock_timestamp(), old.status_changed_at);
  return new;
end $$;

-- What a statement did to tasks, those that went the same way together: a flush of 200 is a handful of these.
create type task_move as (job_id uuid, collection_id uuid, kind text, from_status text, to_status text, from_stage text,
  to_stage text, reason text, tasks bigint);

create or replace function task_changes_counted() returns trigger language plpgsql as $$
declare
  v_moves task_move[];
  v_wrong record;
begin
  -- A full join, though each row has its old one: it is never made by nested loops, and a plan that a session made for
  -- one row stays for its flushes of 200 (5 ms for each join, and minutes for the 10,000 rows of a cancel).
  v_moves := array(
    select row(n.job_id, n.collection_id, n.kind, o.status, n.status, o.stage, n.stage, n.change_reason, count(*))::task_move
    from new_rows n full join old_rows o on o.id = n.id where (n.version = o.version) is not true
    group by n.job_id, n.collection_id, n.kind, o.status, n.status, o.stage, n.stage, n.change_reason);
  if cardinality(v_moves) = 0 then return null; end if;

  -- Here and not row by row in the guard: one look for all the rows of a flush.
  select m.* into v_wrong from unnest(v_moves) m where not exists (
    select from transition r
    where r.level = m.kind || '_TASK' and r.from_status = m.from_status and r.to_status = m.to_status
      and r.reason = m.reason);
  if found then
    perform assert_transition(v_wrong.kind || '_TASK', (
      select n.id from new_rows n join old_rows o on o.id = n.id
      where n.version <> o.version and n.kind = v_wrong.kind and o.status = v_wrong.from_status
        and n.status = v_wrong.to_status and n.change_reason = v_wrong.reason order by n.id limit 1
    ), v_wrong.from_status, v_wrong.to_status, v_wrong.reason);
  end if;

  perform lock_history(array(select distinct m.collection_id from unnest(v_moves) m));
  insert into status_change (project_id, entity_type, entity_id, collection_id, job_id, task_id, version, from_status,
    to_status, from_stage, to_stage, run, attempt, fence, actor_type, actor, reason, message, change_id, at)
  select n.project_id, 'TASK', n.id, n.collection_id, n.job_id, n.id, n.version, o.status, n.status, o.stage, n.stage,
    n.run, n.attempt, case when n.changed_by_type = 'WORKER' then n.fence end, n.changed_by_type, n.changed_by,
    n.change_reason, n.change_message, n.change_id, n.status_changed_at
  from new_rows n full join old_rows o on o.id = n.id where (n.version = o.version) is not true order by n.ordinal, n.id;

  -- An UPDATE of no rows calls the statement triggers of job all the same.
  if exists (select from unnest(v_moves) m where m.kind = 'DOCUMENT' and m.from_status <> m.to_status) then
    update job j set
      queued = j.queued + d.queued, running = j.running + d.running, completed = j.completed + d.completed,
      failed = j.failed + d.failed, cancelled = j.cancelled + d.cancelled, skipped = j.skipped + d.skipped,
      settled_peak = greatest(j.settled_peak, j.completed + d.completed + j.failed + d.failed + j.cancelled + d.cancelled
        + j.skipped + d.skipped)
    from (
      select m.job_id,
        sum(m.tasks * ((m.to_status = 'QUEUED')::int - (m.from_status = 'QUEUED')::int)) as queued,
        sum(m.tasks * ((m.to_status = 'RUNNING')::int - (m.from_status = 'RUNNING')::int)) as running,
        sum(m.tasks * ((m.to_status = 'COMPLETED')::int - (m.from_status = 'COMPLETED')::int)) as completed,
        sum(m.tasks * ((m.to_status = 'FAILED')::int - (m.from_status = 'FAILED')::int)) as failed,
        sum(m.tasks * ((m.to_status = 'CANCELLED')::int - (m.from_status = 'CANCELLED')::int)) as cancelled,
        sum(m.tasks * ((m.to_status = 'SKIPPED')::int - (m.from_status = 'SKIPPED')::int)) as skipped
      from unnest(v_moves) m where m.kind = 'DOCUMENT' and m.from_status <> m.to_status group by m.job_id
    ) d where j.id = d.job_id;
  end if;

  update stage_count s set queued = s.queued + d.queued, running = s.running + d.running,
    completed = s.completed + d.completed, failed = s.failed + d.failed
  from (
    select m.job_id, s.stage,
      sum(m.tasks * (m.stage = s.stage and m.status = 'QUEUED')::int) as queued,
      sum(m.tasks * (m.stage = s.stage and m.status = 'RUNNING')::int) as running,
      sum(m.tasks * (m.status = 'COMPLETED' or s.place < array_position(j.document_stages, m.stage))::int) as completed,
      sum(m.tasks * (m.stage = s.stage and m.status = 'FAILED')::int) as failed
    from (
      select m.job_id, m.to_status as status, m.to_stage as stage, m.tasks from unnest(v_moves) m where m.kind = 'DOCUMENT'
      union all
      select m.job_id, m.from_status, m.from_stage, -m.tasks from unnest(v_moves) m where m.kind = 'DOCUMENT'
    ) m
    join job j on j.id = m.job_id
    cross join lateral unnest(j.document_stages) with ordinality as s(stage, place)
    where m.status <> 'SKIPPED'
    group by m.job_id, s.stage
  ) d
  where s.job_id = d.job_id and s.stage = d.stage
    and (d.queued <> 0 or d.running <> 0 or d.completed <> 0 or d.failed <> 0);
  perform pg_notify('headway', '');
  return null;
end $$;

-- As before, but for tasks, whose statement's own trigger looks for all of its rows.
create or replace function guard_birth() returns trigger language plpgsql as $$
declare
  v_level text := case tg_table_name when 'collection' then 'COLLECTION' when 'job' then 'JOB' else 'TASK' end;
begin
  if new.version <> 1 then
    raise exception '% %: a new row has version 1, not %', lower(v_level), new.id, new.version;
  end if;
  if v_level <> 'TASK' then perform assert_transition(v_level, new.id, null, new.status, new.change_reason); end if;
  new.created_at := clock_timestamp();
  new.status_changed_at := new.created_at;
  return new;
end $$;

create or replace function task_births_counted() returns trigger language plpgsql as $$
declare
  v_wrong record;
begin
  select n.kind || '_TASK' as level, n.id, n.status, n.change_reason as reason into v_wrong from new_rows n
  where not exists (
    select from transition r
    where r.level = n.kind || '_TASK' and r.from_status is null and r.to_status = n.status and r.reason = n.change_reason);
  if found then perform assert_transition(v_wrong.level, v_wrong.id, null, v_wrong.status, v_wrong.reason); end if;
  perform lock_history(array(select distinct collection_id from new_rows));
  insert into status_change (project_id, entity_type, entity_id, collection_id, job_id, task_id, version, to_status,
    to_stage, run, attempt, actor_type, actor, reason, message, change_id, at)
  select project_id, 'TASK', id, collection_id, job_id, id, version, status, stage, run, attempt, changed_by_type,
    changed_by, change_reason, change_message, change_id, status_changed_at from new_rows order by ordinal, id;
  update job j set total = j.total + d.total, queued = j.queued + d.queued, skipped = j.skipped + d.skipped,
    settled_peak = j.settled_peak + d.skipped
  from (
    select job_id, count(*) as total, count(*) filter (where status = 'QUEUED') as queued,
      count(*) filter (where status = 'SKIPPED') as skipped
    from new_rows where kind = 'DOCUMENT' group by job_id
  ) d where j.id = d.job_id;
  update stage_count s set queued = s.queued + d.queued
  from (
    select job_id, stage, count(*) as queued from new_rows
    where kind = 'DOCUMENT' and status = 'QUEUED' group by job_id, stage
  ) d where s.job_id = d.job_id and s.stage = d.stage;
  perform pg_notify('headway', '');
  return null;
end $$;

create or replace function record_collections() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    perform lock_history(array(select id from new_rows));
    insert into status_change (project_id, entity_type, entity_id, collection_id, version, to_status, actor_type, actor,
      reason, message, change_id, at)
    select project_id, 'COLLECTION', id, id, version, status, changed_by_type, changed_by, change_reason,
      change_message, change_id, status_changed_at from new_rows order by id;
  else
    if not exists (select from new_rows n join old_rows o on o.id = n.id where n.version <> o.version) then
      return null;
    end if;
    perform lock_history(array(select n.id from new_rows n join old_rows o on o.id = n.id where n.version <> o.version));
    insert into status_change (project_id, entity_type, entity_id, collection_id, version, from_status, to_status,
      actor_type, actor, reason, message, change_id, at)
    select n.project_id, 'COLLECTION', n.id, n.id, n.version, o.status, n.status, n.changed_by_type, n.changed_by,
      n.change_reason, n.change_message, n.change_id, n.status_changed_at
    from new_rows n join old_rows o on o.id = n.id where n.version <> o.version order by n.id;
  end if;
  perform pg_notify('headway', '');
  return null;
end $$;

create or replace function record_jobs() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    perform lock_history(array(select collection_id from new_rows));
    insert into status_change (project_id, entity_type, entity_id, collection_id, job_id, version, to_status, run,
      actor_type, actor, reason, message, change_id, at)
    select project_id, 'JOB', id, collection_id, id, version, status, run, changed_by_type, changed_by, change_reason,
      change_message, change_id, status_changed_at from new_rows order by id;
    insert into stage_count (job_id, project_id, stage)
    select n.id, n.project_id, s from new_rows n, unnest(n.document_stages) as s;
  else
    if not exists (select from new_rows n join old_rows o on o.id = n.id where n.version <> o.version) then
      return null;
    end if;
    perform lock_history(array(
      select n.collection_id from new_rows n join old_rows o on o.id = n.id where n.version <> o.version));
    insert into status_change (project_id, entity_type, entity_id, collection_id, job_id, version, from_status,
      to_status, run, actor_type, actor, reason, message, change_id, at)
    select n.project_id, 'JOB', n.id, n.collection_id, n.id, n.version, o.status, n.status, n.run, n.changed_by_type,
      n.changed_by, n.change_reason, n.change_message, n.change_id, n.status_changed_at
    from new_rows n join old_rows o on o.id = n.id where n.version <> o.version order by n.id;
  end if;
  perform pg_notify('headway', '');
  return null;
end $$;

create or replace function converge(p_job uuid, p_actor text default 'system:converge') returns int language plpgsql as $$
declare
  j job;
  v_collection_task task;
  v_next record;
  v_changes int := 0;
  v_collection uuid[];
begin
  select array[collection_id] into v_collection from job where id = p_job;
  perform share_collections(v_collection);
  perform lock_history(v_collection);
  loop
    select * into j from job where id = p_job;
    if not found or j.finished_at is not null then return v_changes; end if;
    select * into v_collection_task from task where job_id = p_job and kind = 'COLLECTION';
    select * into v_next from roll_up(j.queued + j.running, j.completed, j.failed, j.cancelled, j.skipped,
      v_collection_task.status, j.cancel_requested_at is not null,
      v_collection_task.status = 'WAITING' and j.queued + j.running = 0 and j.skipped = j.total
        and j.mode = 'INCREMENTAL' and saw_same_documents(p_job));
    if v_next.target = 'COLLECTION_TASK' then
      update task set status = v_next.status, version = version + 1, change_id = gen_random_uuid(),
        changed_by_type = 'SYSTEM', changed_by = p_actor, change_reason = v_next.reason, change_message = null,
        stage = case when v_next.status = 'SKIPPED' then null else stage end, run_at = clock_timestamp(),
        finished_at = case when v_next.status = 'QUEUED' then null else clock_timestamp() end
      where id = v_collection_task.id and status = 'WAITING';
      v_changes := v_changes + 1;
      continue;
    end if;
    if v_next.status = 'OPEN' then return v_changes; end if;
    perform keep_summary(p_job, v_next.status);
    update collection set status = v_next.status, version = version + 1, change_id = gen_random_uuid(),
      changed_by_type = 'SYSTEM', changed_by = p_actor, change_reason = v_next.reason, change_message = null
    where id = j.collection_id and status = 'PROCESSING';
    update job set status = v_next.status, version = version + 1, change_id = gen_random_uuid(),
      changed_by_type = 'SYSTEM', changed_by = p_actor, change_reason = v_next.reason, change_message = null,
      finished_at = clock_timestamp()
    where id = p_job and finished_at is null;
    return v_changes + 2;
  end loop;
end $$;

-- What a flush has changed, for what it does next.
create type flush_change as (id uuid, job_id uuid, document_id uuid, status text, fence bigint, change_id uuid,
  text_fence bigint, chunk_fence bigint, change_kind text, document jsonb, staged jsonb);

-- Media type, size, hash and metadata as the stages found them; a task whose source was fetched knows its content.
create function record_facts(p_applied flush_change[]) returns void language plpgsql as $$
begin
  if not exists (select from unnest(p_applied) x where x.document is not null) then return; end if;
  update document d set
    media_type = coalesce(x.document->>'mediaType', d.media_type),
    size_bytes = coalesce((x.document->>'sizeBytes')::bigint, d.size_bytes),
    sha256 = coalesce(x.document->>'sha256', d.sha256),
    blob_key = coalesce(x.document->>'blobKey', d.blob_key),
    metadata = d.metadata || coalesce(x.document->'metadata', '{}')
  from unnest(p_applied) x where d.id = x.document_id and x.document is not null;

  update task t set content_sha256 = x.document->>'sha256'
  from unnest(p_applied) x
  where t.id = x.id and x.document->>'sha256' is not null and t.content_sha256 is distinct from x.document->>'sha256';
end $$;

-- The pointer that moves readers from all of the old text and chunks to all of the new. What is shown must be what the
-- stage's check was shown, or nothing of the flush is written (HW422).
create function show_results(p_applied flush_change[]) returns void language plpgsql as $$
declare
  v_refused text;
begin
  if not exists (
    select from unnest(p_applied) x
    where x.change_kind = 'complete' and (x.text_fence is not null or x.chunk_fence is not null)
  ) then
    return;
  end if;
  with moved as (
    select d.id, d.collection_id, d.name, x.id as task_id, x.text_fence, x.chunk_fence, x.staged, n.chunks, n.embedded,
      d.chunk_count, d.embedded_chunk_count
    from unnest(p_applied) x join document d on d.id = x.document_id
    cross join lateral (
      select count(*)::int as chunks, count(embedding)::int as embedded from chunk
      where document_id = d.id and task_id = x.id and fence = x.chunk_fence
    ) n
    where x.change_kind = 'complete' and (x.text_fence is not null or x.chunk_fence is not null)
  ), pointed as (
    update document d set content_task_id = m.task_id, text_fence = m.text_fence, chunk_fence = m.chunk_fence,
      chunk_count = m.chunks, embedded_chunk_count = m.embedded
    from moved m where d.id = m.id
  ), counted as (
    update collection c set content_version = c.content_version + 1, chunk_count = c.chunk_count + s.chunks,
      embedded_chunk_count = c.embedded_chunk_count + s.embedded
    from (
      select collection_id, sum(chunks - chunk_count)::int as chunks, sum(embedded - embedded_chunk_count)::int as embedded
      from moved group by collection_id
    ) s where c.id = s.collection_id
  )
  select format('%s has %s chunks, %s with a vector, though %s and %s were checked', m.name, m.chunks, m.embedded,
    m.staged->>'chunks', m.staged->>'embedded') into v_refused
  from moved m where (m.staged->>'chunks')::int <> m.chunks or (m.staged->>'embedded')::int <> m.embedded limit 1;
  if v_refused is not null then raise exception using errcode = 'HW422', message = v_refused; end if;
end $$;

create or replace function record_changes(
  p_actor_type text, p_actor text, p_worker uuid, p_crash_limit int, p_changes jsonb, p_claim jsonb
) returns jsonb language plpgsql
-- For all that it calls, the triggers of its tables included. Its statements are the same for one change and for 200, by
-- index, and planning them anew for each flush took longer than doing them: 6.9 ms a flush of one change for 3.3, and
-- 200 µs a change for 167 in flushes of 200. A plan that is kept must not be one for tables that were small just then.
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
declare
  v_now timestamptz;
  v_claims uuid[] := '{}';
  v_claimed uuid[];
  v_collections uuid[];
  v_applied flush_change[];
  v_job uuid;
  v_errors jsonb := '[]';
  v_jobs uuid[];
  v_lease interval;
  v_tasks uuid[];
begin
  v_tasks := array(select (c->>'task')::uuid from jsonb_array_elements(p_changes) c);
  if p_claim is not null then v_claims := claimable(p_claim, null); end if;
  v_collections := array(select distinct collection_id from task where id = any (v_claims || v_tasks));
  perform share_collections(v_collections);
  -- Rows are locked before they are read: a heartbeat that held one while the UPDATE below began would make the UPDATE
  -- re-check its join against a newer row, and lose it (seen: whole batches refused, 516 of 5,000 tasks). In order, and
  -- before the claims, which wait for nobody: so flushes never wait for each other in a circle.
  perform from task where id = any (v_tasks) and status = 'RUNNING' order by id for no key update;
  if p_claim is not null then v_claims := take_due(p_claim, v_claims, v_collections); end if;
  -- Read only now: a lease must not have been running while the claim waited for its locks.
  v_now := clock_timestamp();
  v_lease := make_interval(secs => coalesce((select lease_ms from worker where id = p_worker),
    (p_claim->>'leaseMs')::int, 0)::float8 / 1000);

  with c as (
    select * from jsonb_to_recordset(p_changes) as c(task uuid, fence bigint, change uuid, kind text, stage text,
      "maxAttempts" int, again text, final text, "countsAs" text, code text, message text, retryable boolean,
      "delayMs" int, expired boolean, "textFence" bigint, "chunkFence" bigint, warnings jsonb, output jsonb,
      document jsonb, staged jsonb)
  ), n as (
    select t.id, c.kind, c.change, t.stage as from_stage, c.stage as next_stage, c."maxAttempts" as max_attempts,
      case
        when c.kind = 'complete' then 'COMPLETED'
        when c.kind = 'skip' then 'SKIPPED'
        when c.kind = 'deadline' or t.cancel_requested_at is not null then 'CANCELLED'
        when c.kind = 'stage' then 'RUNNING'
        when c."countsAs" = 'attempt' and t.attempt < t.max_attempts then 'QUEUED'
        when c."countsAs" = 'crash' and t.crashes + 1 < p_crash_limit then 'QUEUED'
        when c.final is null then 'QUEUED'
        else 'FAILED'
      end as status,
      c.again, c.final, c."countsAs" as counts_as, c.code, c.message, c.retryable, c."delayMs" as delay_ms,
      c."textFence" as text_fence, c."chunkFence" as chunk_fence, c.warnings, c.output, c.document, c.staged
    from c join task t on t.id = c.task
    where t.status = 'RUNNING' and t.fence = c.fence and t.change_id <> c.change
      and (c.expired is not true or t.lease_expires_at < v_now)
    union all
    select id, 'claim', (p_claim->>'change')::uuid, null, null, null, 'RUNNING', null, null, null, null, null, null,
      null, null, null, null, null, null, null
    from unnest(v_claims) id
  ), changed as (
    update task t set
      status = n.status, version = t.version + 1, change_id = n.change, changed_by_type = p_actor_type,
      changed_by = p_actor,
      change_reason = case
        when n.kind = 'claim' then 'CLAIMED'
        when n.kind = 'complete' then 'COMPLETED'
        when n.kind = 'skip' then 'UNCHANGED'
        when n.kind = 'deadline' then 'CANCEL_DEADLINE'
        when n.status = 'CANCELLED' then 'CANCELLED_BY_REQUEST'
        when n.kind = 'stage' then 'STAGE_STARTED'
        when n.status = 'QUEUED' then n.again
        else n.final
      end,
      change_message = n.message,
      stage = case when n.kind in ('complete', 'skip') then null
                   when n.kind = 'stage' and n.status = 'RUNNING' then n.next_stage else t.stage end,
      fence = t.fence + (n.kind = 'claim')::int,
      worker_id = case when n.kind = 'claim' then p_worker when n.status = 'RUNNING' then t.worker_id end,
      lease_expires_at = case
        when n.kind = 'claim' then v_now + make_interval(secs => (p_claim->>'leaseMs')::float8 / 1000)
        -- Heartbeats pass over a row that a flush holds, and the fence has just shown that the worker is alive.
        when n.status = 'RUNNING' then greatest(t.lease_expires_at, v_now + v_lease) end,
      attempt = case when n.kind = 'stage' and n.status = 'RUNNING' then 1
                     when n.status = 'QUEUED' and n.counts_as = 'attempt' then t.attempt + 1 else t.attempt end,
      max_attempts = case when n.kind = 'stage' and n.status = 'RUNNING' then n.max_attempts else t.max_attempts end,
      crashes = case when n.kind = 'stage' and n.status = 'RUNNING' then 0
                     when n.counts_as = 'crash' and n.status <> 'CANCELLED' then t.crashes + 1 else t.crashes end,
      progress = case when n.kind = 'complete' then 1 else 0 end,
      progress_message = null,
      run_at = case when n.status = 'QUEUED'
                    then v_now + make_interval(secs => coalesce(n.delay_ms, 0)::float8 / 1000) else t.run_at end,
      started_at = case when n.kind = 'claim' then coalesce(t.started_at, v_now) else t.started_at end,
      finished_at = case when n.status in ('COMPLETED', 'FAILED', 'CANCELLED', 'SKIPPED') then v_now end,
      error_code = case when n.status in ('FAILED', 'QUEUED') then n.code end,
      error_message = case when n.status in ('FAILED', 'QUEUED') then n.message end,
      error_stage = case when n.status in ('FAILED', 'QUEUED') and n.code is not null then t.stage end,
      error_retryable = case when n.status in ('FAILED', 'QUEUED') then n.retryable end,
      text_fence = coalesce(n.text_fence, t.text_fence), chunk_fence = coalesce(n.chunk_fence, t.chunk_fence),
      warnings = coalesce(n.warnings, t.warnings)
    from n where t.id = n.id
    returning t.id, t.job_id, t.project_id, t.document_id, t.status, t.fence, t.change_id, t.text_fence, t.chunk_fence,
      n.kind as change_kind, n.from_stage, n.output, n.document, n.staged
  ), outputs as (
    insert into stage_output as o (task_id, project_id, stage, fence, output)
    select x.id, x.project_id, x.from_stage, x.fence, x.output from changed x where x.change_kind in ('stage', 'complete')
    on conflict (task_id, stage) do update set fence = excluded.fence, output = excluded.output,
      created_at = clock_timestamp()
    where excluded.fence >= o.fence
  ), artifacts as (
    update artifact a set accepted = true from changed x
    where x.change_kind in ('stage', 'complete') and a.task_id = x.id and a.fence = x.fence and a.stage = x.from_stage
      and not a.accepted
  )
  select coalesce(array_agg(row(x.id, x.job_id, x.document_id, x.status, x.fence, x.change_id, x.text_fence, x.chunk_fence,
    x.change_kind, x.document, x.staged)::flush_change), '{}') into v_applied from changed x;

  -- The history is written one flush after the other: what waited for its turn, on a slow disk, has not had its lease yet.
  if v_lease > interval '0' and clock_timestamp() - v_now > v_lease / 10 then
    update task t set lease_expires_at = greatest(t.lease_expires_at, clock_timestamp() + v_lease)
    from unnest(v_applied) x where t.id = x.id and x.status = 'RUNNING';
  end if;

  v_claimed := array(select x.id from unnest(v_applied) x where x.change_kind = 'claim');
  if cardinality(v_claimed) > 0 then
    update job set status = 'PROCESSING', version = version + 1, change_id = gen_random_uuid(),
      changed_by_type = p_actor_type, changed_by = p_actor, change_reason = 'STARTED', change_message = null,
      started_at = v_now
    where status = 'QUEUED' and id in (select x.job_id from unnest(v_applied) x where x.change_kind = 'claim');
  end if;

  perform record_facts(v_applied);
  perform show_results(v_applied);

  v_jobs := array(
    select distinct x.job_id from unnest(v_applied) x
    where x.status in ('COMPLETED', 'FAILED', 'CANCELLED', 'SKIPPED') order by 1);
  for v_job in
    select j.id from job j where j.id = any (v_jobs) and j.queued + j.running = 0 and j.finished_at is null order by j.id
  loop
    begin
      perform converge(v_job);
    exception when others then
      -- A task's outcome stands whatever becomes of its job: the sweep converges it again.
      v_errors := v_errors || jsonb_build_object('jobId', v_job, 'code', sqlstate, 'message', sqlerrm);
    end;
  end loop;

  return jsonb_build_object(
    'applied', (select coalesce(jsonb_agg(jsonb_build_object('task', x.id, 'change', x.change_id, 'status', x.status,
        'fence', x.fence::text)), '[]') from unnest(v_applied) x where x.change_kind <> 'claim'),
    'claims', claimed(v_claimed),
    'due', (select coalesce(jsonb_agg(jsonb_build_object('task', t.id, 'fence', t.fence::text, 'pipeline', t.pipeline,
        'priority', t.priority)), '[]')
      from task t where t.job_id = any (v_jobs) and t.kind = 'COLLECTION' and t.status = 'QUEUED'),
    'convergeErrors', v_errors);
end $$;

-- apply_document_facts stays: a call of the function before this one may be under way, and is going to call it. Without
-- it that flush failed, and its task stood still until its lease had passed (seen, once in some runs of F27).

do $lock$
begin
  for v_try in 1..600 loop
    begin
      perform set_config('lock_timeout', '100ms', true);
      lock table stage_output, task, job, collection, project in access exclusive mode;
      return;
    exception when lock_not_available then
      perform pg_sleep(0.05 + random() * 0.1);
    end;
  end loop;
  raise exception using errcode = 'lock_not_available',
    message = 'The tables stage_output, task, job, collection, project could not be locked together; migrate again when less is running.';
end $lock$;

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

-- By default a table is vacuumed when a fifth of it is dead: of two million tasks that is 400,000 rows, and between two
-- such vacuums everything that looks for open work walks over them. An append-only table is vacuumed for its visibility.
alter table task set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_cost_limit = 1000);
alter table stage_output set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_limit = 1000);
alter table chunk set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_limit = 1000);
alter table document set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_limit = 1000);
alter table status_change set (autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.02,
  autovacuum_vacuum_cost_limit = 1000);


do $lock$
begin
  for v_try in 1..600 loop
    begin
      perform set_config('lock_timeout', '100ms', true);
      lock table collection in access exclusive mode;
      return;
    exception when lock_not_available then
      perform pg_sleep(0.05 + random() * 0.1);
    end;
  end loop;
  raise exception using errcode = 'lock_not_available',
    message = 'The tables collection could not be locked together; migrate again when less is running.';
end $lock$;

alter table collection
  add column emptied_document uuid,
  add column emptied_job uuid,
  add column emptied_ordinal int,
  add column emptied_position bigint;

-- One bounded step of removing what an EXPIRED collection held; returns how many rows it looked at. 0 when all is gone, or
-- while another call is at this collection. Nothing comes behind the place: an EXPIRED collection has no open job.
create or replace function empty_collection(p_collection uuid, p_limit int) returns int language plpgsql as $$
declare
  c collection;
  v_at_once int := greatest(p_limit / 5, 1);
  v_ids uuid[];
  v_last bigint;
  v_rows int := 0;
  v_next uuid;
begin
  select * into c from collection where id = p_collection and status = 'EXPIRED' and emptied_at is null
  for no key update skip locked;
  if not found then return 0; end if;
  perform set_config('headway.duty', 'expiry', true);

  v_ids := array(
    select id from document
    where collection_id = p_collection and id > coalesce(c.emptied_document, '00000000-0000-0000-0000-000000000000')
    order by id limit v_at_once);
  if cardinality(v_ids) > 0 then
    delete from chunk where id in (select id from chunk where document_id = any (v_ids) limit p_limit);
    get diagnostics v_rows = row_count;
    if v_rows > 0 then return v_rows; end if;
    with gone as (delete from document where id = any (v_ids) returning id, project_id)
    insert into doomed_blob (prefix, project_id) select 'sources/' || id, project_id from gone on conflict do nothing;
    update collection set emptied_document = v_ids[cardinality(v_ids)] where id = p_collection;
    return cardinality(v_ids);
  end if;

  loop
    if c.emptied_job is not null then
      select array_agg(t.id), max(t.ordinal), v_rows + count(*) into v_ids, v_last, v_rows from (
        select id, ordinal from task where job_id = c.emptied_job and ordinal > c.emptied_ordinal
        order by ordinal limit v_at_once - v_rows) t;
      if v_ids is not null then
        perform empty_tasks(v_ids);
        c.emptied_ordinal := v_last;
      end if;
      exit when v_rows >= v_at_once;
    end if;
    select id into v_next from job
    where collection_id = p_collection and (created_at, id) > (
      coalesce((select created_at from job where id = c.emptied_job), '-infinity'),
      coalesce(c.emptied_job, '00000000-0000-0000-0000-000000000000'))
    order by created_at, id limit 1;
    exit when not found;
    update job_summary set output = null where output is not null and job_id = v_next;
    update job set options = '{}', change_message = null
    where id = v_next and (options <> '{}' or change_message is not null);
    c.emptied_job := v_next;
    c.emptied_ordinal := -1;
    v_rows := v_rows + 1;
    exit when v_rows >= v_at_once;
  end loop;
  if v_rows > 0 then
    update collection set emptied_job = c.emptied_job, emptied_ordinal = c.emptied_ordinal where id = p_collection;
    return v_rows;
  end if;

  select array_agg(h.id) filter (where h.message is not null), max(h.position), count(*) into v_ids, v_last, v_rows from (
    select id, position, message from status_change
    where collection_id = p_collection and position > coalesce(c.emptied_position, 0)
    order by position limit p_limit * 4) h;
  if v_rows > 0 then
    if v_ids is not null then update status_change set message = null where id = any (v_ids); end if;
    update collection set emptied_position = v_last where id = p_collection;
    return v_rows;
  end if;

  update collection set emptied_at = clock_timestamp() where id = p_collection;
  return 0;
end $$;

-- What tasks have told of their documents, and what their stages have kept.
create function empty_tasks(p_tasks uuid[]) returns void language plpgsql as $$
begin
  with gone as (delete from artifact where task_id = any (p_tasks) returning job_id, project_id)
  insert into doomed_blob (prefix, project_id) select distinct 'artifacts/' || job_id, project_id from gone
  on conflict (prefix) do update set doomed_at = excluded.doomed_at;
  delete from stage_output where task_id = any (p_tasks);
  update task set error_message = null, change_message = null, document_name = null, progress_message = null, warnings = '[]'
  where id = any (p_tasks) and (error_message is not null or change_message is not null or document_name is not null
    or progress_message is not null or warnings <> '[]');
end $$;

-- Whether a collection is to go, though the sweep has not come to it yet.
create function is_expiry_due(c collection) returns boolean language sql as $$
  select c.deletion_requested_at is not null or coalesce(c.expires_at <= clock_timestamp(), false)
$$;

-- Takes the collection's lock for the rest of the transaction, and tells how the collection then stands: no row where the
-- project has no such collection.
create function lock_collection(p_collection uuid, p_project uuid)
returns table (status text, is_expiring boolean, open_job_id uuid, open_job_status text) language plpgsql as $$
#variable_conflict use_column
begin
  perform lock_collections(array[p_collection]);
  -- In a statement of its own, which sees what was committed while the lock was waited for.
  return query
    select c.status, is_expiry_due(c), j.id, j.status from collection c
    left join job j on j.collection_id = c.id and j.status in ('QUEUED', 'PROCESSING', 'CANCELLING')
    where c.id = p_collection and c.project_id = p_project;
end $$;

-- Makes a job and its tasks in a collection whose lock is held, and brings the collection to PROCESSING. Returns the tasks
-- of its documents; those that are not QUEUED are SKIPPED, because the job is INCREMENTAL and has completed what the
-- document now holds before, or because the pipeline has no document stages.
create function submit_job(p_actor_type text, p_actor text, p_project uuid, p_job jsonb)
returns table (task uuid, fence text, pipeline text, priority int, status text) language plpgsql
-- For the triggers of the tables too; see record_changes.
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  v_job uuid := p_job->>'id';
  v_collection uuid := p_job->>'collectionId';
  v_pipeline text := p_job->>'pipeline';
  v_priority int := p_job->>'priority';
  v_document_stages text[] := array(select jsonb_array_elements_text(p_job->'documentStages'));
  v_collection_stages text[] := array(select jsonb_array_elements_text(p_job->'collectionStages'));
  v_run_at timestamptz := p_job->>'runAt';
  -- Null for all of the collection.
  v_documents uuid[] := case when jsonb_typeof(p_job->'documentIds') = 'array'
    then array(select jsonb_array_elements_text(p_job->'documentIds')::uuid) end;
  v_change uuid := gen_random_uuid();
begin
  update collection set status = 'PROCESSING', version = version + 1, change_id = gen_random_uuid(),
    changed_by_type = p_actor_type, changed_by = p_actor, change_reason = 'SUBMITTED', change_message = null
  where id = v_collection;

  insert into job (id, project_id, collection_id, pipeline, pipeline_version, document_stages, collection_stages, options,
    tags, priority, run_at, idempotency_key, request_hash, mode, status, change_id, changed_by_type, changed_by,
    change_reason)
  values (v_job, p_project, v_collection, v_pipeline, (p_job->>'pipelineVersion')::int, v_document_stages,
    v_collection_stages, p_job->'options', array(select jsonb_array_elements_text(p_job->'tags')), v_priority, v_run_at,
    p_job->>'idempotencyKey', p_job->>'requestHash', p_job->>'mode', 'QUEUED',
    gen_random_uuid(), p_actor_type, p_actor, 'SUBMITTED');

  return query
    insert into task as t (id, project_id, collection_id, job_id, kind, document_id, document_name, ordinal, pipeline,
      priority, status, stage, max_attempts, run_at, finished_at, content_sha256, change_id, changed_by_type, changed_by,
      change_reason)
    select gen_random_uuid(), p_project, v_collection, v_job, 'DOCUMENT', d.id, d.name, row_number() over (order by d.id),
      v_pipeline, v_priority, case when d.to_do then 'QUEUED' else 'SKIPPED' end,
      case when d.to_do then v_document_stages[1] end, (p_job->>'documentAttempts')::int,
      -- Of each row its own: what is due is claimed in this order, first document first.
      coalesce(v_run_at, clock_timestamp()),
      case when not d.to_do then clock_timestamp() end, d.known_sha256, v_change, p_actor_type, p_actor,
      case when d.to_do then 'SUBMITTED' else 'UNCHANGED' end
    from (
      select k.*, cardinality(v_document_stages) > 0 and case p_job->>'mode'
        when 'INCREMENTAL' then kept_task(k.id, k.known_sha256, v_pipeline, (p_job->>'pipelineVersion')::int,
          p_job->'options') is null
        else true end as to_do
      from (
        -- Of a source nobody knows what is behind it now.
        select id, name, case when source_uri is null then sha256 end as known_sha256 from document
        where collection_id = v_collection and (v_documents is null or id = any (v_documents))
      ) k
    ) d
    returning t.id, t.fence::text, t.pipeline, t.priority, t.status;

  if cardinality(v_collection_stages) > 0 then
    insert into task (id, project_id, collection_id, job_id, kind, ordinal, pipeline, priority, status, stage,
      max_attempts, change_id, changed_by_type, changed_by, change_reason)
    values (gen_random_uuid(), p_project, v_collection, v_job, 'COLLECTION', 2147483647, v_pipeline, v_priority, 'WAITING',
      v_collection_stages[1], (p_job->>'collectionAttempts')::int, gen_random_uuid(), p_actor_type, p_actor, 'SUBMITTED');
  end if;
end $$;

create or replace function lock_history(p_collections uuid[]) returns void language plpgsql as $$
begin
  perform pg_advisory_xact_lock(key) from (
    select distinct hashtextextended(id::text, 8) as key from unnest(p_collections) as id order by 1) keys;
end $$;

create or replace function share_collections(p_collections uuid[]) returns void language plpgsql as $$
begin
  perform pg_advisory_xact_lock_shared(key) from (
    select distinct hashtextextended(id::text, 7) as key from unnest(p_collections) as id order by 1) keys;
end $$;

create or replace function claimable(p_claim jsonb, p_collections uuid[]) returns uuid[] language sql stable as $$
  select array(
    select id from (
      (select id, priority, run_at, true as hinted from task t
       where id = any (array(select jsonb_array_elements_text(p_claim->'ids')::uuid))
         and status is not distinct from 'QUEUED' and run_at <= clock_timestamp()
         and pipeline = any (array(select jsonb_array_elements_text(p_claim->'pipelines')))
         and (p_collections is null or collection_id = any (p_collections))
         and not exists (select from pipeline_pause p where p.project_id = t.project_id and p.pipeline = t.pipeline))
      union all
      (select id, priority, run_at, false from task t
       where status = 'QUEUED' and run_at <= clock_timestamp()
         and pipeline = any (array(select jsonb_array_elements_text(p_claim->'pipelines')))
         and (p_collections is null or collection_id = any (p_collections))
         and not exists (select from pipeline_pause p where p.project_id = t.project_id and p.pipeline = t.pipeline)
       order by priority desc, run_at, id limit (p_claim->>'limit')::int)
    ) due
    group by id, priority, run_at
    order by priority desc, bool_or(hinted) desc, run_at, id
    limit (p_claim->>'limit')::int
  )
$$;

create or replace function take_due(p_claim jsonb, p_found uuid[], p_collections uuid[]) returns uuid[] language plpgsql as $$
declare
  v_taken uuid[];
begin
  v_taken := array(
    select id from task
    where id = any (p_found) and status is not distinct from 'QUEUED' and run_at <= clock_timestamp()
    order by id for no key update skip locked);
  if cardinality(v_taken) < cardinality(p_found) then
    v_taken := v_taken || array(
      select id from task t
      where status = 'QUEUED' and run_at <= clock_timestamp() and id <> all (v_taken)
        and pipeline = any (array(select jsonb_array_elements_text(p_claim->'pipelines')))
        and collection_id = any (p_collections)
        and not exists (select from pipeline_pause p where p.project_id = t.project_id and p.pipeline = t.pipeline)
      order by priority desc, run_at, id limit cardinality(p_found) - cardinality(v_taken)
      for no key update of t skip locked);
  end if;
  return v_taken;
end $$;

create or replace function record_changes(
  p_actor_type text, p_actor text, p_worker uuid, p_crash_limit int, p_changes jsonb, p_claim jsonb
) returns jsonb language plpgsql
-- For all that it calls, the triggers of its tables included: planning anew took longer than doing. A plan that is kept
-- must not be one for tables that were small just then.
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
declare
  v_now timestamptz;
  v_claims uuid[] := '{}';
  v_claimed uuid[];
  v_collections uuid[];
  v_applied flush_change[];
  v_job uuid;
  v_errors jsonb := '[]';
  v_jobs uuid[];
  v_lease interval;
  v_tasks uuid[];
begin
  v_tasks := array(select (c->>'task')::uuid from jsonb_array_elements(p_changes) c);
  if p_claim is not null then v_claims := claimable(p_claim, null); end if;
  v_collections := array(select distinct collection_id from task where id = any (v_claims || v_tasks));
  perform share_collections(v_collections);
  -- Rows are locked before they are read: a heartbeat that held one while the UPDATE below began would make the UPDATE
  -- re-check its join against a newer row, and lose it (seen: whole batches refused, 516 of 5,000 tasks). In order, and
  -- before the claims, which wait for nobody: so flushes never wait for each other in a circle.
  perform from task where id = any (v_tasks) and status is not distinct from 'RUNNING' order by id for no key update;
  if p_claim is not null then v_claims := take_due(p_claim, v_claims, v_collections); end if;
  -- Read only now: a lease must not have been running while the claim waited for its locks.
  v_now := clock_timestamp();
  v_lease := make_interval(secs => coalesce((select lease_ms from worker where id = p_worker),
    (p_claim->>'leaseMs')::int, 0)::float8 / 1000);

  with c as (
    select * from jsonb_to_recordset(p_changes) as c(task uuid, fence bigint, change uuid, kind text, stage text,
      "maxAttempts" int, again text, final text, "countsAs" text, code text, message text, retryable boolean,
      "delayMs" int, expired boolean, "textFence" bigint, "chunkFence" bigint, warnings jsonb, output jsonb,
      document jsonb, staged jsonb)
  ), n as (
    select t.id, c.kind, c.change, t.stage as from_stage, c.stage as next_stage, c."maxAttempts" as max_attempts,
      case
        when c.kind = 'complete' then 'COMPLETED'
        when c.kind = 'skip' then 'SKIPPED'
        when c.kind = 'deadline' or t.cancel_requested_at is not null then 'CANCELLED'
        when c.kind = 'stage' then 'RUNNING'
        when c."countsAs" = 'attempt' and t.attempt < t.max_attempts then 'QUEUED'
        when c."countsAs" = 'crash' and t.crashes + 1 < p_crash_limit then 'QUEUED'
        when c.final is null then 'QUEUED'
        else 'FAILED'
      end as status,
      c.again, c.final, c."countsAs" as counts_as, c.code, c.message, c.retryable, c."delayMs" as delay_ms,
      c."textFence" as text_fence, c."chunkFence" as chunk_fence, c.warnings, c.output, c.document, c.staged
    from c cross join lateral (
      select * from task t where t.id = c.task and t.status is not distinct from 'RUNNING' offset 0
    ) t
    where t.fence = c.fence and t.change_id <> c.change and (c.expired is not true or t.lease_expires_at < v_now)
    union all
    select id, 'claim', (p_claim->>'change')::uuid, null, null, null, 'RUNNING', null, null, null, null, null, null,
      null, null, null, null, null, null, null
    from unnest(v_claims) id
  ), changed as (
    update task t set
      status = n.status, version = t.version + 1, change_id = n.change, changed_by_type = p_actor_type,
      changed_by = p_actor,
      change_reason = case
        when n.kind = 'claim' then 'CLAIMED'
        when n.kind = 'complete' then 'COMPLETED'
        when n.kind = 'skip' then 'UNCHANGED'
        when n.kind = 'deadline' then 'CANCEL_DEADLINE'
        when n.status = 'CANCELLED' then 'CANCELLED_BY_REQUEST'
        when n.kind = 'stage' then 'STAGE_STARTED'
        when n.status = 'QUEUED' then n.again
        else n.final
      end,
      change_message = n.message,
      stage = case when n.kind in ('complete', 'skip') then null
                   when n.kind = 'stage' and n.status = 'RUNNING' then n.next_stage else t.stage end,
      fence = t.fence + (n.kind = 'claim')::int,
      worker_id = case when n.kind = 'claim' then p_worker when n.status = 'RUNNING' then t.worker_id end,
      lease_expires_at = case
        when n.kind = 'claim' then v_now + make_interval(secs => (p_claim->>'leaseMs')::float8 / 1000)
        -- Heartbeats pass over a row that a flush holds, and the fence has just shown that the worker is alive.
        when n.status = 'RUNNING' then greatest(t.lease_expires_at, v_now + v_lease) end,
      attempt = case when n.kind = 'stage' and n.status = 'RUNNING' then 1
                     when n.status = 'QUEUED' and n.counts_as = 'attempt' then t.attempt + 1 else t.attempt end,
      max_attempts = case when n.kind = 'stage' and n.status = 'RUNNING' then n.max_attempts else t.max_attempts end,
      crashes = case when n.kind = 'stage' and n.status = 'RUNNING' then 0
                     when n.counts_as = 'crash' and n.status <> 'CANCELLED' then t.crashes + 1 else t.crashes end,
      progress = case when n.kind = 'complete' then 1 else 0 end,
      progress_message = null,
      run_at = case when n.status = 'QUEUED'
                    then v_now + make_interval(secs => coalesce(n.delay_ms, 0)::float8 / 1000) else t.run_at end,
      started_at = case when n.kind = 'claim' then coalesce(t.started_at, v_now) else t.started_at end,
      finished_at = case when n.status in ('COMPLETED', 'FAILED', 'CANCELLED', 'SKIPPED') then v_now end,
      error_code = case when n.status in ('FAILED', 'QUEUED') then n.code end,
      error_message = case when n.status in ('FAILED', 'QUEUED') then n.message end,
      error_stage = case when n.status in ('FAILED', 'QUEUED') and n.code is not null then t.stage end,
      error_retryable = case when n.status in ('FAILED', 'QUEUED') then n.retryable end,
      text_fence = coalesce(n.text_fence, t.text_fence), chunk_fence = coalesce(n.chunk_fence, t.chunk_fence),
      warnings = coalesce(n.warnings, t.warnings)
    from n where t.id = n.id
    returning t.id, t.job_id, t.project_id, t.document_id, t.status, t.fence, t.change_id, t.text_fence, t.chunk_fence,
      n.kind as change_kind, n.from_stage, n.output, n.document, n.staged
  ), outputs as (
    insert into stage_output as o (task_id, project_id, stage, fence, output)
    select x.id, x.project_id, x.from_stage, x.fence, x.output from changed x where x.change_kind in ('stage', 'complete')
    on conflict (task_id, stage) do update set fence = excluded.fence, output = excluded.output,
      created_at = clock_timestamp()
    where excluded.fence >= o.fence
  ), artifacts as (
    update artifact a set accepted = true from changed x
    where x.change_kind in ('stage', 'complete') and a.task_id = x.id and a.fence = x.fence and a.stage = x.from_stage
      and not a.accepted
  )
  select coalesce(array_agg(row(x.id, x.job_id, x.document_id, x.status, x.fence, x.change_id, x.text_fence, x.chunk_fence,
    x.change_kind, x.document, x.staged)::flush_change), '{}') into v_applied from changed x;

  -- The history is written one flush after the other: what waited for its turn, on a slow disk, has not had its lease yet.
  if v_lease > interval '0' and clock_timestamp() - v_now > v_lease / 10 then
    update task t set lease_expires_at = greatest(t.lease_expires_at, clock_timestamp() + v_lease)
    from unnest(v_applied) x where t.id = x.id and x.status = 'RUNNING';
  end if;

  v_claimed := array(select x.id from unnest(v_applied) x where x.change_kind = 'claim');
  if cardinality(v_claimed) > 0 then
    update job set status = 'PROCESSING', version = version + 1, change_id = gen_random_uuid(),
      changed_by_type = p_actor_type, changed_by = p_actor, change_reason = 'STARTED', change_message = null,
      started_at = v_now
    where status = 'QUEUED' and id in (select x.job_id from unnest(v_applied) x where x.change_kind = 'claim');
  end if;

  perform record_facts(v_applied);
  perform show_results(v_applied);

  v_jobs := array(
    select distinct x.job_id from unnest(v_applied) x
    where x.status in ('COMPLETED', 'FAILED', 'CANCELLED', 'SKIPPED') order by 1);
  for v_job in
    select j.id from job j where j.id = any (v_jobs) and j.queued + j.running = 0 and j.finished_at is null order by j.id
  loop
    begin
      perform converge(v_job);
    exception when others then
      -- A task's outcome stands whatever becomes of its job: the sweep converges it again.
      v_errors := v_errors || jsonb_build_object('jobId', v_job, 'code', sqlstate, 'message', sqlerrm);
    end;
  end loop;

  return jsonb_build_object(
    'applied', (select coalesce(jsonb_agg(jsonb_build_object('task', x.id, 'change', x.change_id, 'status', x.status,
        'fence', x.fence::text)), '[]') from unnest(v_applied) x where x.change_kind <> 'claim'),
    'claims', case when cardinality(v_claimed) > 0 then claimed(v_claimed) else '[]' end,
    'due', (select coalesce(jsonb_agg(jsonb_build_object('task', t.id, 'fence', t.fence::text, 'pipeline', t.pipeline,
        'priority', t.priority)), '[]')
      from task t where t.job_id = any (v_jobs) and t.kind = 'COLLECTION' and t.status = 'QUEUED'),
    'convergeErrors', v_errors);
end $$;
