-- Written by npm run schema from a migrated database: what it holds, and not how it came there; for that see sql/.
set check_function_bodies = off;

create schema headway;

create type headway.flush_change as (
  id uuid,
  job_id uuid,
  document_id uuid,
  status text,
  fence bigint,
  change_id uuid,
  text_fence bigint,
  chunk_fence bigint,
  change_kind text,
  document jsonb,
  staged jsonb,
  cancel_requested boolean
);

create type headway.job_in_turn as (
  id uuid,
  ring integer,
  collection_id uuid,
  stages text[],
  ready integer,
  pipeline text,
  version integer,
  unchecked jsonb,
  is_refused boolean
);

create type headway.lane as (
  pipeline text,
  pipeline_version integer,
  stage text,
  version integer
);

create type headway.task_move as (
  job_id uuid,
  collection_id uuid,
  kind text,
  from_status text,
  to_status text,
  from_stage text,
  to_stage text,
  reason text,
  steps integer,
  tasks bigint,
  due timestamp with time zone
);

create sequence headway.migration_id_seq;

create table headway.acknowledgement (
  item_id uuid not null,
  project_id uuid not null,
  kind text not null,
  subject text not null,
  word text not null,
  actor_type text not null,
  actor text not null,
  at timestamp with time zone not null default clock_timestamp(),
  constraint acknowledgement_actor_type_check CHECK ((actor_type = ANY (ARRAY['USER'::text, 'WORKER'::text, 'SYSTEM'::text]))),
  constraint acknowledgement_pkey PRIMARY KEY (project_id, item_id)
);
CREATE INDEX acknowledgement_of_state ON headway.acknowledgement USING btree (item_id) WHERE (kind <> 'FAILED_JOB'::text);

create table headway.api_key (
  id uuid not null,
  project_id uuid not null,
  name text not null,
  role text not null,
  secret_hash bytea not null,
  collection_id uuid,
  job_id uuid,
  permissions text[],
  pipelines text[],
  fixed_options jsonb,
  max_files integer,
  max_bytes bigint,
  uploads_used integer not null default 0,
  documents_used integer not null default 0,
  bytes_used bigint not null default 0,
  created_by text not null,
  made_by uuid,
  created_at timestamp with time zone not null default clock_timestamp(),
  expires_at timestamp with time zone,
  last_used_at timestamp with time zone,
  revoked_at timestamp with time zone,
  constraint api_key_check CHECK (((job_id IS NULL) OR (collection_id IS NOT NULL))),
  constraint api_key_check1 CHECK (((permissions IS NULL) = (collection_id IS NULL))),
  constraint api_key_permissions_check CHECK ((permissions <@ ARRAY['READ'::text, 'UPLOAD'::text, 'SUBMIT'::text, 'CANCEL'::text, 'RETRY'::text])),
  constraint api_key_pkey PRIMARY KEY (id),
  constraint api_key_role_check CHECK ((role = ANY (ARRAY['VIEWER'::text, 'OPERATOR'::text, 'ADMIN'::text]))),
  constraint api_key_secret_hash_check CHECK ((length(secret_hash) = 32))
);
CREATE INDEX api_key_newest ON headway.api_key USING btree (project_id, created_at DESC, id DESC);
CREATE INDEX api_key_of_maker ON headway.api_key USING btree (made_by, expires_at) WHERE (collection_id IS NOT NULL);

create table headway.artifact (
  id uuid not null,
  project_id uuid not null,
  job_id uuid not null,
  task_id uuid not null,
  fence bigint not null,
  stage text not null,
  name text not null,
  media_type text not null,
  size_bytes bigint not null,
  sha256 text not null,
  blob_key text not null,
  accepted boolean not null default false,
  created_at timestamp with time zone not null default clock_timestamp(),
  constraint artifact_pkey PRIMARY KEY (id),
  constraint artifact_task_id_fence_stage_name_key UNIQUE (task_id, fence, stage, name)
);
CREATE INDEX artifact_of_job ON headway.artifact USING btree (job_id, name, id) WHERE accepted;
CREATE INDEX artifact_unaccepted ON headway.artifact USING btree (id) WHERE (NOT accepted);

create table headway.attention_item (
  id uuid not null default gen_random_uuid(),
  project_id uuid,
  kind text not null,
  subject text not null,
  subject_id uuid,
  state text not null,
  since timestamp with time zone not null,
  message text not null,
  constraint attention_item_kind_check CHECK ((kind = ANY (ARRAY['INVARIANT_BROKEN'::text, 'DEPENDENCY_AWAY'::text, 'NO_WORKER'::text, 'STUCK_JOB'::text, 'FAILED_JOB'::text, 'WORKER_STALLED'::text, 'WORKER_LOST'::text, 'PIPELINE_PAUSED'::text, 'WEBHOOK_DISABLED'::text]))),
  constraint attention_item_pkey PRIMARY KEY (id),
  constraint attention_item_project_id_kind_subject_key UNIQUE NULLS NOT DISTINCT (project_id, kind, subject)
) with (fillfactor=70);

create table headway.attention_look (
  only_row boolean not null default true,
  looked_at timestamp with time zone not null default clock_timestamp(),
  checked_to timestamp with time zone not null default '-infinity'::timestamp with time zone,
  checked_job uuid not null default '00000000-0000-0000-0000-000000000000'::uuid,
  constraint attention_look_only_row_check CHECK (only_row),
  constraint attention_look_pkey PRIMARY KEY (only_row)
) with (fillfactor=10);

create table headway.blob_deletion (
  prefix text not null,
  project_id uuid not null,
  delete_after timestamp with time zone not null default clock_timestamp(),
  failures integer not null default 0,
  constraint blob_deletion_pkey PRIMARY KEY (prefix)
);
CREATE INDEX blob_deletion_due ON headway.blob_deletion USING btree (delete_after);
CREATE INDEX blob_deletion_failed ON headway.blob_deletion USING btree (failures DESC) WHERE (failures > 0);

create table headway.chunk (
  id uuid not null,
  document_id uuid not null,
  project_id uuid not null,
  collection_id uuid not null,
  task_id uuid not null,
  fence bigint not null,
  ordinal integer not null,
  text text not null,
  page integer,
  page_end integer,
  headings text[] not null default '{}'::text[],
  context text,
  part text,
  kind text not null default 'TEXT'::text,
  start_offset integer not null,
  end_offset integer not null,
  embedding bytea,
  has_embedding boolean generated always as ((embedding IS NOT NULL)) stored,
  words tsvector not null default ''::tsvector,
  constraint chunk_document_id_task_id_fence_ordinal_key UNIQUE (document_id, task_id, fence, ordinal),
  constraint chunk_kind_check CHECK ((kind = ANY (ARRAY['TEXT'::text, 'TABLE'::text, 'CODE'::text, 'LIST'::text]))),
  constraint chunk_pkey PRIMARY KEY (id)
) with (autovacuum_vacuum_scale_factor=0.02, autovacuum_vacuum_cost_limit=1000);
CREATE INDEX chunk_words ON headway.chunk USING gin (words);

create table headway.clock (
  only_row boolean not null default true,
  latest timestamp with time zone not null,
  constraint clock_only_row_check CHECK (only_row),
  constraint clock_pkey PRIMARY KEY (only_row)
);

create table headway.collection (
  id uuid not null,
  project_id uuid not null,
  name text not null,
  description text,
  metadata jsonb not null default '{}'::jsonb,
  status text not null,
  expires_at timestamp with time zone,
  document_count integer not null default 0,
  chunk_count integer not null default 0,
  embedded_chunk_count integer not null default 0,
  content_version bigint not null default 0,
  version integer not null default 1,
  created_at timestamp with time zone not null default clock_timestamp(),
  status_changed_at timestamp with time zone not null default clock_timestamp(),
  change_id uuid not null,
  changed_by_type text not null,
  changed_by text not null,
  change_reason text not null,
  change_message text,
  deletion_requested_at timestamp with time zone,
  deletion_requested_by_type text,
  deletion_requested_by text,
  emptied_at timestamp with time zone,
  emptied_document uuid,
  emptied_job uuid,
  emptied_ordinal integer,
  emptied_position bigint,
  expiry_failures integer not null default 0,
  expiry_retry_at timestamp with time zone,
  constraint collection_changed_by_type_check CHECK ((changed_by_type = ANY (ARRAY['USER'::text, 'WORKER'::text, 'SYSTEM'::text]))),
  constraint collection_pkey PRIMARY KEY (id),
  constraint collection_project_id_name_key UNIQUE (project_id, name),
  constraint collection_status_check CHECK ((status = ANY (ARRAY['CREATED'::text, 'PROCESSING'::text, 'COMPLETED'::text, 'COMPLETED_WITH_ERRORS'::text, 'FAILED'::text, 'CANCELLED'::text, 'EXPIRED'::text])))
) with (fillfactor=80);
CREATE INDEX collection_by_status ON headway.collection USING btree (project_id, status, created_at DESC, id DESC);
CREATE INDEX collection_deleting ON headway.collection USING btree (id) WHERE ((status <> 'EXPIRED'::text) AND (deletion_requested_at IS NOT NULL));
CREATE INDEX collection_emptying ON headway.collection USING btree (id) WHERE ((status = 'EXPIRED'::text) AND (emptied_at IS NULL));
CREATE INDEX collection_expiring ON headway.collection USING btree (id) WHERE ((status <> 'EXPIRED'::text) AND (expires_at IS NOT NULL));
CREATE INDEX collection_expiring_soonest ON headway.collection USING btree (project_id, expires_at, id) WHERE ((status <> 'EXPIRED'::text) AND (expires_at IS NOT NULL));
CREATE INDEX collection_metadata ON headway.collection USING gin (metadata jsonb_path_ops);
CREATE INDEX collection_newest ON headway.collection USING btree (project_id, created_at DESC, id DESC);

create table headway.database_identity (
  only_row boolean not null default true,
  id uuid not null,
  system_identifier text not null,
  first_tx xid8 not null default pg_current_xact_id(),
  first_position bigint not null default 0,
  constraint database_identity_only_row_check CHECK (only_row),
  constraint database_identity_pkey PRIMARY KEY (only_row)
);

create table headway.document (
  id uuid not null,
  project_id uuid not null,
  collection_id uuid not null,
  name text not null,
  media_type text,
  size_bytes bigint,
  sha256 text,
  content_version integer not null default 1,
  source_uri text,
  blob_key text,
  metadata jsonb not null default '{}'::jsonb,
  warnings jsonb not null default '[]'::jsonb,
  content_task_id uuid,
  text_fence bigint,
  chunk_fence bigint,
  chunk_count integer not null default 0,
  embedded_chunk_count integer not null default 0,
  created_at timestamp with time zone not null default clock_timestamp(),
  upload_id uuid,
  added_by_key uuid,
  constraint document_collection_id_name_key UNIQUE (collection_id, name),
  constraint document_pkey PRIMARY KEY (id)
) with (fillfactor=80, autovacuum_vacuum_scale_factor=0.02, autovacuum_vacuum_cost_limit=1000);
CREATE INDEX document_in_order ON headway.document USING btree (collection_id, id);
CREATE INDEX document_of_upload ON headway.document USING btree (upload_id) WHERE (upload_id IS NOT NULL);

create table headway.document_bytes (
  document_id uuid not null,
  project_id uuid not null,
  bytes bytea not null,
  constraint document_bytes_pkey PRIMARY KEY (document_id)
);

create table headway.document_text (
  document_id uuid not null,
  project_id uuid not null,
  task_id uuid not null,
  fence bigint not null,
  text text not null,
  one_unit_each boolean not null default false,
  constraint document_text_pkey PRIMARY KEY (document_id, task_id, fence)
);

create table headway.error_count (
  job_id uuid not null,
  project_id uuid not null,
  code text not null,
  stage text not null,
  failed integer not null,
  retryable integer not null,
  constraint error_count_pkey PRIMARY KEY (job_id, code, stage)
) with (fillfactor=70);

create table headway.failed_batch (
  job_id uuid not null,
  project_id uuid not null,
  due_at timestamp with time zone not null,
  failed integer not null,
  tasks jsonb not null,
  constraint failed_batch_pkey PRIMARY KEY (job_id)
) with (fillfactor=50);
CREATE INDEX failed_batch_due ON headway.failed_batch USING btree (due_at);

create table headway.forecast_error (
  project_id uuid not null,
  pipeline text not null,
  tenth integer not null,
  ratios jsonb not null,
  constraint forecast_error_pkey PRIMARY KEY (project_id, pipeline, tenth)
);

create table headway.job (
  id uuid not null,
  project_id uuid not null,
  collection_id uuid not null,
  pipeline text not null,
  pipeline_version integer not null,
  document_stages text[] not null,
  collection_stages text[] not null,
  options jsonb not null default '{}'::jsonb,
  tags text[] not null default '{}'::text[],
  priority integer not null default 0,
  mode text not null default 'FULL'::text,
  status text not null,
  run integer not null default 1,
  total integer not null default 0,
  queued integer not null default 0,
  running integer not null default 0,
  completed integer not null default 0,
  failed integer not null default 0,
  cancelled integer not null default 0,
  skipped integer not null default 0,
  settled_peak integer not null default 0,
  idempotency_key text,
  request_hash text,
  run_at timestamp with time zone,
  traceparent text,
  started_at timestamp with time zone,
  finished_at timestamp with time zone,
  cancel_requested_at timestamp with time zone,
  operation jsonb,
  acknowledged_version integer,
  version integer not null default 1,
  created_at timestamp with time zone not null default clock_timestamp(),
  status_changed_at timestamp with time zone not null default clock_timestamp(),
  change_id uuid not null,
  changed_by_type text not null,
  changed_by text not null,
  change_reason text not null,
  change_message text,
  constraint job_changed_by_type_check CHECK ((changed_by_type = ANY (ARRAY['USER'::text, 'WORKER'::text, 'SYSTEM'::text]))),
  constraint job_mode_check CHECK ((mode = ANY (ARRAY['FULL'::text, 'INCREMENTAL'::text]))),
  constraint job_operation_check CHECK (((operation ->> 'kind'::text) = ANY (ARRAY['CANCEL'::text, 'RETRY'::text]))),
  constraint job_pkey PRIMARY KEY (id),
  constraint job_priority_check CHECK (((priority >= '-100'::integer) AND (priority <= 100))),
  constraint job_project_id_idempotency_key_key UNIQUE (project_id, idempotency_key),
  constraint job_status_check CHECK ((status = ANY (ARRAY['QUEUED'::text, 'PROCESSING'::text, 'CANCELLING'::text, 'COMPLETED'::text, 'COMPLETED_WITH_ERRORS'::text, 'FAILED'::text, 'CANCELLED'::text])))
) with (fillfactor=70);
CREATE INDEX job_by_pipeline ON headway.job USING btree (project_id, pipeline, created_at DESC, id DESC);
CREATE INDEX job_by_priority ON headway.job USING btree (project_id, priority DESC, created_at DESC, id DESC);
CREATE INDEX job_by_status ON headway.job USING btree (project_id, status, created_at DESC, id DESC);
CREATE INDEX job_failed ON headway.job USING btree (project_id, status_changed_at DESC, id DESC) WHERE ((status = ANY (ARRAY['FAILED'::text, 'COMPLETED_WITH_ERRORS'::text])) AND (acknowledged_version IS DISTINCT FROM version));
CREATE INDEX job_newest ON headway.job USING btree (project_id, created_at DESC, id DESC);
CREATE INDEX job_of_collection ON headway.job USING btree (collection_id, created_at DESC, id DESC);
CREATE UNIQUE INDEX job_one_open ON headway.job USING btree (collection_id) WHERE (status = ANY (ARRAY['QUEUED'::text, 'PROCESSING'::text, 'CANCELLING'::text]));
CREATE INDEX job_open ON headway.job USING btree (id) WHERE (status = ANY (ARRAY['QUEUED'::text, 'PROCESSING'::text, 'CANCELLING'::text]));
CREATE INDEX job_status_changed ON headway.job USING btree (status_changed_at);
CREATE INDEX job_tags ON headway.job USING gin (tags);
CREATE INDEX job_with_operation ON headway.job USING btree (id) WHERE (operation IS NOT NULL);

create table headway.job_count (
  project_id uuid not null,
  pipeline text not null,
  status text not null,
  jobs bigint not null,
  constraint job_count_pkey PRIMARY KEY (project_id, pipeline, status)
);

create table headway.job_count_change (
  id bigint not null generated always as identity,
  project_id uuid not null,
  pipeline text not null,
  status text not null,
  jobs integer not null,
  constraint job_count_change_pkey PRIMARY KEY (id)
);
CREATE INDEX job_count_change_of_project ON headway.job_count_change USING btree (project_id);

create table headway.job_forecast (
  job_id uuid not null,
  run integer not null,
  tenth integer not null,
  at timestamp with time zone not null,
  fraction double precision not null,
  remaining_ms double precision,
  constraint job_forecast_pkey PRIMARY KEY (job_id, run, tenth)
);

create table headway.job_summary (
  job_id uuid not null,
  project_id uuid not null,
  run integer not null,
  status text not null,
  counts jsonb not null,
  duration_ms double precision not null,
  errors jsonb not null,
  stages jsonb,
  output jsonb,
  created_at timestamp with time zone not null default clock_timestamp(),
  constraint job_summary_pkey PRIMARY KEY (job_id)
);

create table headway.job_timeline (
  job_id uuid not null,
  at timestamp with time zone not null,
  width_ms bigint not null,
  stages jsonb not null,
  completed integer not null,
  failed integer not null,
  constraint job_timeline_pkey PRIMARY KEY (job_id, at)
) with (fillfactor=70);

create table headway.limit_use (
  pipeline text not null,
  stage text not null,
  per_ms integer[] not null default '{}'::integer[],
  slot_ends timestamp with time zone[] not null default '{}'::timestamp with time zone[],
  begun integer[] not null default '{}'::integer[],
  constraint limit_use_pkey PRIMARY KEY (pipeline, stage)
) with (fillfactor=10);

create table headway.measurement (
  only_row boolean not null default true,
  measured_at timestamp with time zone not null default '-infinity'::timestamp with time zone,
  open_tasks jsonb not null default '[]'::jsonb,
  oldest_due jsonb not null default '[]'::jsonb,
  constraint measurement_only_row_check CHECK (only_row),
  constraint measurement_pkey PRIMARY KEY (only_row)
) with (fillfactor=10);

create table headway.migration (
  id integer not null default nextval('headway.migration_id_seq'::regclass),
  "timestamp" bigint not null,
  name character varying not null,
  constraint migration_pkey PRIMARY KEY (id)
);

create table headway.named_entity (
  id uuid not null,
  project_id uuid not null,
  collection_id uuid not null,
  task_id uuid not null,
  fence bigint not null,
  ordinal integer not null,
  name text not null,
  type text not null,
  mentions integer not null,
  document_count integer not null,
  constraint named_entity_pkey PRIMARY KEY (id),
  constraint named_entity_task_id_fence_ordinal_key UNIQUE (task_id, fence, ordinal),
  constraint named_entity_type_check CHECK ((type = ANY (ARRAY['PERSON'::text, 'PLACE'::text, 'ORGANIZATION'::text])))
);
CREATE INDEX named_entity_of_collection ON headway.named_entity USING btree (collection_id, id);

create table headway.named_entity_document (
  entity_id uuid not null,
  document_id uuid not null,
  project_id uuid not null,
  mentions integer not null,
  constraint named_entity_document_pkey PRIMARY KEY (entity_id, document_id)
);
CREATE INDEX named_entity_document_back ON headway.named_entity_document USING btree (document_id);

create table headway.named_entity_pair (
  entity_id uuid not null,
  other_id uuid not null,
  project_id uuid not null,
  together integer not null,
  constraint named_entity_pair_pkey PRIMARY KEY (entity_id, other_id)
);
CREATE INDEX named_entity_pair_back ON headway.named_entity_pair USING btree (other_id);

create table headway.named_entity_set (
  task_id uuid not null,
  project_id uuid not null,
  fence bigint not null,
  constraint named_entity_set_pkey PRIMARY KEY (task_id)
);

create table headway.named_entity_shown (
  collection_id uuid not null,
  project_id uuid not null,
  task_id uuid not null,
  fence bigint not null,
  constraint named_entity_shown_pkey PRIMARY KEY (collection_id)
);

create table headway.options_check (
  job_id uuid not null,
  project_id uuid not null,
  pipeline_version integer not null,
  refusal text,
  checked_at timestamp with time zone not null default clock_timestamp(),
  constraint options_check_pkey PRIMARY KEY (job_id, pipeline_version)
);

create table headway.past_worker (
  id uuid not null,
  versions jsonb not null,
  constraint past_worker_pkey PRIMARY KEY (id)
);

create table headway.pipeline_pause (
  project_id uuid not null,
  pipeline text not null,
  reason text not null,
  paused_by text not null,
  paused_at timestamp with time zone not null default clock_timestamp(),
  constraint pipeline_pause_pkey PRIMARY KEY (project_id, pipeline)
);

create table headway.project (
  id uuid not null,
  name text not null,
  created_at timestamp with time zone not null default clock_timestamp(),
  constraint project_name_key UNIQUE (name),
  constraint project_pkey PRIMARY KEY (id)
);

create table headway.ready_stage (
  job_id uuid not null,
  stage text not null,
  project_id uuid not null,
  pipeline text not null,
  pipeline_version integer not null,
  priority integer not null,
  ring integer not null generated always as (uuid_hash(job_id)) stored,
  ready integer not null,
  not_before timestamp with time zone,
  constraint ready_stage_pkey PRIMARY KEY (job_id, stage),
  constraint ready_stage_ready_check CHECK ((ready > 0))
) with (fillfactor=70, autovacuum_vacuum_scale_factor=0.02, autovacuum_vacuum_cost_limit=1000);
CREATE INDEX ready_stage_due ON headway.ready_stage USING btree (pipeline, pipeline_version, stage, project_id, priority DESC, ring, job_id) WHERE (not_before IS NULL);
CREATE INDEX ready_stage_later ON headway.ready_stage USING btree (not_before) WHERE (not_before IS NOT NULL);

create table headway.refused_write (
  id bigint not null generated always as identity,
  project_id uuid not null,
  task_id uuid not null,
  at timestamp with time zone not null default clock_timestamp(),
  worker text not null,
  fence bigint,
  wanted text not null,
  stage text,
  change_id uuid not null,
  constraint refused_write_change_id_key UNIQUE (change_id),
  constraint refused_write_pkey PRIMARY KEY (id)
);
CREATE INDEX refused_write_of_task ON headway.refused_write USING btree (task_id, id DESC);

create table headway.sql_file (
  path text not null,
  sha256 text not null,
  breaking boolean not null,
  build text not null,
  applied_at timestamp with time zone not null default clock_timestamp(),
  constraint sql_file_pkey PRIMARY KEY (path)
);

create table headway.stage_count (
  job_id uuid not null,
  project_id uuid not null,
  stage text not null,
  queued integer not null default 0,
  running integer not null default 0,
  completed integer not null default 0,
  failed integer not null default 0,
  constraint stage_count_completed_check CHECK ((completed >= 0)),
  constraint stage_count_failed_check CHECK ((failed >= 0)),
  constraint stage_count_pkey PRIMARY KEY (job_id, stage),
  constraint stage_count_queued_check CHECK ((queued >= 0)),
  constraint stage_count_running_check CHECK ((running >= 0))
) with (fillfactor=70);

create table headway.stage_output (
  task_id uuid not null,
  project_id uuid not null,
  stage text not null,
  fence bigint not null,
  output jsonb,
  created_at timestamp with time zone not null default clock_timestamp(),
  constraint stage_output_pkey PRIMARY KEY (task_id, stage)
) with (autovacuum_vacuum_scale_factor=0.02, autovacuum_vacuum_cost_limit=1000);

create table headway.statistic (
  project_id uuid not null,
  minutes integer not null,
  pipeline text not null,
  at timestamp with time zone not null,
  stage text not null,
  submitted integer not null default 0,
  completed integer not null default 0,
  failed integer not null default 0,
  cancelled integer not null default 0,
  skipped integer not null default 0,
  retried integer not null default 0,
  wait jsonb not null default '{}'::jsonb,
  run jsonb not null default '{}'::jsonb,
  run_ms double precision not null default 0,
  constraint statistic_minutes_check CHECK ((minutes = ANY (ARRAY[1, 15]))),
  constraint statistic_pkey PRIMARY KEY (project_id, minutes, pipeline, at, stage)
) with (fillfactor=70);
CREATE INDEX statistic_at ON headway.statistic USING btree (project_id, minutes, at);

create table headway.statistic_cursor (
  project_id uuid not null,
  database_id uuid,
  tx xid8 not null default '0'::xid8,
  "position" bigint not null default 0,
  as_of timestamp with time zone,
  constraint statistic_cursor_pkey PRIMARY KEY (project_id)
) with (fillfactor=50);

create table headway.status_change (
  "position" bigint not null generated always as identity,
  tx xid8 not null default pg_current_xact_id(),
  project_id uuid not null,
  entity_type text not null,
  entity_id uuid not null,
  collection_id uuid not null,
  job_id uuid,
  task_id uuid,
  version integer not null,
  from_status text,
  to_status text not null,
  from_stage text,
  to_stage text,
  run integer,
  attempt integer,
  fence bigint,
  actor_type text not null,
  actor text not null,
  reason text not null,
  message text,
  change_id uuid not null,
  at timestamp with time zone not null,
  constraint status_change_actor_type_check CHECK ((actor_type = ANY (ARRAY['USER'::text, 'WORKER'::text, 'SYSTEM'::text]))),
  constraint status_change_entity_type_check CHECK ((entity_type = ANY (ARRAY['COLLECTION'::text, 'JOB'::text, 'TASK'::text]))),
  constraint status_change_pkey PRIMARY KEY (entity_id, version),
  constraint status_change_to_status_check CHECK ((to_status = ANY (ARRAY['CREATED'::text, 'WAITING'::text, 'QUEUED'::text, 'PROCESSING'::text, 'RUNNING'::text, 'CANCELLING'::text, 'COMPLETED'::text, 'COMPLETED_WITH_ERRORS'::text, 'FAILED'::text, 'CANCELLED'::text, 'SKIPPED'::text, 'EXPIRED'::text])))
) with (autovacuum_vacuum_insert_scale_factor=0.05, autovacuum_analyze_scale_factor=0.02, autovacuum_vacuum_cost_limit=1000);
CREATE INDEX status_change_at ON headway.status_change USING brin (at);
CREATE INDEX status_change_of_collection ON headway.status_change USING btree (collection_id, "position");
CREATE INDEX status_change_of_project ON headway.status_change USING btree (project_id, tx, "position");

create table headway.task (
  id uuid not null,
  project_id uuid not null,
  collection_id uuid not null,
  job_id uuid not null,
  kind text not null,
  document_id uuid,
  document_name text,
  ordinal integer not null,
  pipeline text not null,
  pipeline_version integer not null default 1,
  is_mixed boolean not null default false,
  priority integer not null default 0,
  run integer not null default 1,
  status text not null,
  stage text,
  attempt integer not null default 1,
  max_attempts integer not null default 3,
  crashes integer not null default 0,
  progress real not null default 0,
  progress_message text,
  warnings jsonb not null default '[]'::jsonb,
  fence bigint not null default 0,
  worker_id uuid,
  lease_expires_at timestamp with time zone,
  run_at timestamp with time zone not null default clock_timestamp(),
  started_at timestamp with time zone,
  finished_at timestamp with time zone,
  cancel_requested_at timestamp with time zone,
  error_code text,
  error_message text,
  error_stage text,
  error_retryable boolean,
  error_stack text,
  text_fence bigint,
  chunk_fence bigint,
  version integer not null default 1,
  created_at timestamp with time zone not null default clock_timestamp(),
  status_changed_at timestamp with time zone not null default clock_timestamp(),
  change_id uuid not null,
  changed_by_type text not null,
  changed_by text not null,
  change_reason text not null,
  change_message text,
  content_sha256 text,
  has_crashed boolean not null default false,
  later_since timestamp with time zone,
  is_suspect boolean not null default false,
  claim_id uuid,
  recorded_step integer not null default 0,
  step_times timestamp with time zone[],
  steps_version integer,
  constraint task_changed_by_type_check CHECK ((changed_by_type = ANY (ARRAY['USER'::text, 'WORKER'::text, 'SYSTEM'::text]))),
  constraint task_job_id_ordinal_key UNIQUE (job_id, ordinal),
  constraint task_kind_check CHECK ((kind = ANY (ARRAY['DOCUMENT'::text, 'COLLECTION'::text]))),
  constraint task_pkey PRIMARY KEY (id),
  constraint task_progress_check CHECK (((progress >= (0)::double precision) AND (progress <= (1)::double precision))),
  constraint task_status_check CHECK ((status = ANY (ARRAY['WAITING'::text, 'QUEUED'::text, 'RUNNING'::text, 'COMPLETED'::text, 'FAILED'::text, 'CANCELLED'::text, 'SKIPPED'::text])))
) with (fillfactor=70, autovacuum_vacuum_scale_factor=0.02, autovacuum_analyze_scale_factor=0.02, autovacuum_vacuum_cost_limit=1000);
CREATE INDEX task_by_error_in_order ON headway.task USING btree (job_id, error_code, ordinal) WHERE (error_code IS NOT NULL);
CREATE INDEX task_due ON headway.task USING btree (job_id, stage, run_at, ordinal) WHERE (status = 'QUEUED'::text);
CREATE INDEX task_not_completed ON headway.task USING btree (job_id, ordinal) WHERE (status <> 'COMPLETED'::text);
CREATE INDEX task_of_document ON headway.task USING btree (document_id, id);
CREATE UNIQUE INDEX task_one_collection_task ON headway.task USING btree (job_id) WHERE (kind = 'COLLECTION'::text);
CREATE INDEX task_open_newest ON headway.task USING btree (project_id, created_at DESC, id DESC) WHERE (status = ANY (ARRAY['WAITING'::text, 'QUEUED'::text, 'RUNNING'::text]));
CREATE INDEX task_running ON headway.task USING btree (worker_id, id) WHERE (status = 'RUNNING'::text);
CREATE INDEX task_suspect ON headway.task USING btree (run_at, id) WHERE (is_suspect AND (status = 'QUEUED'::text));

create table headway.task_log (
  task_id uuid not null,
  project_id uuid not null,
  fence bigint not null,
  seq integer not null,
  at timestamp with time zone not null,
  level integer not null,
  stage text,
  attempt integer,
  message text not null,
  fields jsonb,
  size_bytes integer not null,
  constraint task_log_level_check CHECK (((level >= 1) AND (level <= 4))),
  constraint task_log_pkey PRIMARY KEY (task_id, fence, seq)
) with (autovacuum_vacuum_scale_factor=0.02, autovacuum_vacuum_cost_limit=1000);

create table headway.task_log_count (
  task_id uuid not null,
  project_id uuid not null,
  fence bigint not null,
  last_seq integer not null,
  written bigint not null,
  lines integer not null,
  size_bytes bigint not null,
  constraint task_log_count_pkey PRIMARY KEY (task_id)
) with (fillfactor=70);

create table headway.transition (
  level text not null,
  from_status text,
  to_status text not null,
  reason text not null,
  constraint transition_level_from_status_to_status_reason_key UNIQUE NULLS NOT DISTINCT (level, from_status, to_status, reason)
);

create table headway.upload (
  id uuid not null,
  project_id uuid not null,
  key_id uuid,
  collection_id uuid,
  name text not null,
  media_type text,
  size_bytes bigint not null,
  received_bytes bigint not null default 0,
  sha256 text,
  blob_key text,
  completed_at timestamp with time zone,
  created_at timestamp with time zone not null default clock_timestamp(),
  expires_at timestamp with time zone not null,
  sweep_at timestamp with time zone,
  sweep_failures integer not null default 0,
  constraint upload_check CHECK (((received_bytes >= 0) AND (received_bytes <= size_bytes))),
  constraint upload_check1 CHECK (((blob_key IS NULL) = (completed_at IS NULL))),
  constraint upload_check2 CHECK (((completed_at IS NULL) OR (sha256 IS NOT NULL))),
  constraint upload_pkey PRIMARY KEY (id),
  constraint upload_size_bytes_check CHECK ((size_bytes >= 0))
);
CREATE INDEX upload_to_sweep ON headway.upload USING btree (sweep_at) WHERE (sweep_at IS NOT NULL);

create table headway.upload_part (
  upload_id uuid not null,
  project_id uuid not null,
  start_byte bigint not null,
  size_bytes bigint not null,
  prefix text not null,
  constraint upload_part_pkey PRIMARY KEY (upload_id, start_byte),
  constraint upload_part_size_bytes_check CHECK ((size_bytes > 0))
);

create table headway.webhook (
  id uuid not null,
  project_id uuid not null,
  url text not null,
  host text not null,
  events text[] not null,
  pipelines text[],
  tags text[],
  enabled boolean not null default true,
  disabled_reason text,
  given_up_at timestamp with time zone,
  failing_since timestamp with time zone,
  secret bytea not null,
  previous_secret bytea,
  previous_until timestamp with time zone,
  created_at timestamp with time zone not null default clock_timestamp(),
  created_by text not null,
  deleted_at timestamp with time zone,
  constraint webhook_pkey PRIMARY KEY (id)
) with (fillfactor=70);
CREATE INDEX webhook_deleted ON headway.webhook USING btree (id) WHERE (deleted_at IS NOT NULL);
CREATE INDEX webhook_enabled ON headway.webhook USING btree (project_id) WHERE enabled;
CREATE INDEX webhook_given_up ON headway.webhook USING btree (project_id) WHERE ((given_up_at IS NOT NULL) AND (deleted_at IS NULL));
CREATE INDEX webhook_newest ON headway.webhook USING btree (project_id, created_at DESC, id DESC) WHERE (deleted_at IS NULL);

create table headway.webhook_attempt (
  id bigint not null generated always as identity,
  project_id uuid not null,
  delivery_id uuid not null,
  at timestamp with time zone not null,
  status_code integer,
  error text,
  duration_ms integer not null,
  constraint webhook_attempt_pkey PRIMARY KEY (id)
);
CREATE INDEX webhook_attempt_of_delivery ON headway.webhook_attempt USING btree (delivery_id, id);

create table headway.webhook_delivery (
  id uuid not null,
  project_id uuid not null,
  webhook_id uuid not null,
  event text not null,
  entity_id uuid not null,
  version integer not null,
  job_id uuid,
  payload jsonb,
  created_at timestamp with time zone not null default clock_timestamp(),
  delivered_at timestamp with time zone,
  next_attempt_at timestamp with time zone,
  tries integer not null default 0,
  claim_id uuid,
  claimed_until timestamp with time zone,
  constraint webhook_delivery_event_check CHECK ((event = ANY (ARRAY['JOB_STARTED'::text, 'JOB_SETTLED'::text, 'TASKS_FAILED'::text, 'COLLECTION_EXPIRED'::text]))),
  constraint webhook_delivery_pkey PRIMARY KEY (id)
) with (fillfactor=70);
CREATE INDEX webhook_delivery_claimed ON headway.webhook_delivery USING btree (webhook_id) WHERE (claim_id IS NOT NULL);
CREATE INDEX webhook_delivery_due ON headway.webhook_delivery USING btree (webhook_id, ((event = 'JOB_SETTLED'::text)), next_attempt_at) WHERE (next_attempt_at IS NOT NULL);
CREATE INDEX webhook_delivery_newest ON headway.webhook_delivery USING btree (webhook_id, created_at DESC, id DESC);
CREATE INDEX webhook_delivery_over ON headway.webhook_delivery USING btree (created_at) WHERE (next_attempt_at IS NULL);
CREATE INDEX webhook_delivery_with_payload ON headway.webhook_delivery USING btree (created_at) WHERE ((next_attempt_at IS NULL) AND (payload IS NOT NULL));

create table headway.webhook_turn (
  only_row boolean not null default true,
  constraint webhook_turn_only_row_check CHECK (only_row),
  constraint webhook_turn_pkey PRIMARY KEY (only_row)
);

create table headway.worker (
  id uuid not null,
  project_id uuid not null,
  hostname text not null,
  pid integer not null,
  build text not null,
  pipelines text[] not null,
  serves jsonb not null default '{}'::jsonb,
  concurrency integer not null,
  lease_ms integer not null,
  running integer not null default 0,
  loop_iterations bigint not null default 0,
  event_loop_lag_ms double precision not null default 0,
  started_at timestamp with time zone not null default clock_timestamp(),
  heartbeat_at timestamp with time zone not null default clock_timestamp(),
  last_loop_at timestamp with time zone not null default clock_timestamp(),
  last_claim_at timestamp with time zone,
  draining_at timestamp with time zone,
  stopped_at timestamp with time zone,
  died_at timestamp with time zone,
  takes text not null default 'ALL'::text,
  lost_with integer,
  constraint worker_pkey PRIMARY KEY (id),
  constraint worker_takes_check CHECK ((takes = ANY (ARRAY['ALL'::text, 'SUSPECTS'::text, 'OTHERS'::text])))
) with (fillfactor=70);
CREATE INDEX worker_not_stopped ON headway.worker USING btree (id) WHERE (stopped_at IS NULL);

CREATE OR REPLACE FUNCTION headway.add_histograms(p_one jsonb, p_other jsonb)
 RETURNS jsonb
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select coalesce(jsonb_object_agg(s.place, s.count), '{}') from (
    select e.place, sum(e.count::bigint) as count from (
      select * from jsonb_each_text(p_one) union all select * from jsonb_each_text(p_other)) e(place, count)
    group by e.place) s
$function$
;

CREATE OR REPLACE FUNCTION headway.add_stages(p_one jsonb, p_other jsonb)
 RETURNS jsonb
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select coalesce(jsonb_object_agg(s.stage, jsonb_build_array(s.who, s.held_s)), '{}') from (
    select e.stage, sum((e.pair->>0)::bigint) as who, sum((e.pair->>1)::float8) as held_s from (
      select * from jsonb_each(p_one) union all select * from jsonb_each(p_other)) e(stage, pair)
    group by e.stage) s
$function$
;

CREATE OR REPLACE FUNCTION headway.advance_operation(p_job uuid)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET plan_cache_mode TO 'force_generic_plan'
 SET enable_seqscan TO 'off'
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  c_rows constant int := 100;
  c_rows_a_step constant int := 500;
  c_time_a_step constant interval := '100 ms';
  v_began timestamptz;
  j headway.job;
  v_tasks uuid[];
  v_after int;
  v_done int := 0;
  v_more boolean;
  v_retried uuid[] := '{}';
begin
  perform headway.lock_collections(array(select collection_id from headway.job where id = p_job));
  v_began := clock_timestamp();
  select * into j from headway.job where id = p_job;
  if not found or j.operation is null then return '{"more": false, "due": []}'; end if;
  v_after := coalesce((j.operation->>'after')::int, -1);
  loop
    select array_agg(x.id), coalesce(max(x.ordinal), v_after) into v_tasks, v_after
    from headway.tasks_of_operation(j, v_after, c_rows) x;
    v_more := coalesce(cardinality(v_tasks), 0) = c_rows;
    if v_tasks is not null then
      if j.operation->>'kind' = 'CANCEL' then
        perform headway.cancel_tasks(v_tasks, j.operation);
      else
        perform headway.retry_tasks(v_tasks, j, j.operation);
        v_retried := v_retried || v_tasks;
      end if;
      v_done := v_done + cardinality(v_tasks);
    end if;
    exit when not v_more or v_done >= c_rows_a_step or clock_timestamp() - v_began > c_time_a_step;
  end loop;

  update headway.job set
    operation = case when v_more then operation || jsonb_build_object('after', v_after) end,
    -- Of this run nothing has been settled but what the retry leaves alone.
    settled_peak = case when j.operation->>'kind' = 'RETRY' then completed + failed + cancelled + skipped
                        else settled_peak end
  where id = p_job;
  if not v_more then perform headway.converge(p_job, 'system:converge'); end if;
  return jsonb_build_object('more', v_more, 'due', (
    select coalesce(jsonb_agg(jsonb_build_object('task', t.id, 'fence', t.fence::text, 'pipeline', t.pipeline,
      'priority', t.priority)), '[]')
    from headway.task t where t.id = any (v_retried)));
end $function$
;

CREATE OR REPLACE FUNCTION headway.assert_next_change(p_level text, p_id uuid, p_old_version integer, p_new_version integer, p_old_change uuid, p_new_change uuid)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if p_new_version <> p_old_version + 1 then
    raise exception '% %: version must become %, not %', lower(p_level), p_id, p_old_version + 1, p_new_version
      using hint =
        'A guarded column was written without the next version: a stale save or a hand-written UPDATE. Use the API.';
  end if;
  if p_new_change = p_old_change then
    raise exception '% %: change_id % is not new', lower(p_level), p_id, p_new_change
      using hint = 'Every change of a row has a change_id of its own.';
  end if;
end $function$
;

CREATE OR REPLACE FUNCTION headway.assert_read_committed()
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_isolation text := current_setting('transaction_isolation');
begin
  if v_isolation <> 'read committed' then
    raise exception using errcode = 'invalid_transaction_state',
      message = format('Statuses are decided in transactions of the isolation read committed; this one is %s.', v_isolation),
      hint = 'Begin it so, or set default_transaction_isolation = ''read committed'' for the role.';
  end if;
end $function$
;

CREATE OR REPLACE FUNCTION headway.assert_transition(p_level text, p_id uuid, p_from text, p_to text, p_reason text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if not exists (
    select from headway.transition
    where level = p_level and from_status is not distinct from p_from and to_status = p_to and reason = p_reason
  ) then
    raise exception '% %: % -> % with reason % is not in the transition table', lower(p_level), p_id,
      coalesce(p_from, '(birth)'), p_to, p_reason
      using hint = 'Status is written by the engine alone; see schema/lifecycle.md for what is allowed.';
  end if;
end $function$
;

CREATE OR REPLACE FUNCTION headway.book_failed_tasks(p_limit integer)
 RETURNS integer
 LANGUAGE sql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  with due as (
    delete from headway.failed_batch where job_id = any (array(
      select job_id from headway.failed_batch where due_at <= clock_timestamp() or due_at > clock_timestamp() + interval '1 minute'
      order by due_at limit p_limit for update skip locked))
    returning *
  ), booked as (
    insert into headway.webhook_delivery (id, project_id, webhook_id, event, entity_id, version, job_id, payload, next_attempt_at)
    select gen_random_uuid(), j.project_id, w.id, 'TASKS_FAILED', j.id, j.version, j.id,
      headway.webhook_payload('tasks.failed', headway.data_of_job(j.id) || jsonb_build_object('failed', d.failed,
        'tasks', jsonb_path_query_array(d.tasks, '$[0 to 99]'))), clock_timestamp()
    from due d join headway.job j on j.id = d.job_id
    join headway.webhook w on w.project_id = j.project_id and headway.wants_job(w, 'TASKS_FAILED', j.pipeline, j.tags)
  )
  select count(*)::int from due
$function$
;

CREATE OR REPLACE FUNCTION headway.book_job_deliveries(p_started uuid[], p_settled uuid[])
 RETURNS void
 LANGUAGE sql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  with booked as (
    insert into headway.webhook_delivery (id, project_id, webhook_id, event, entity_id, version, job_id, payload, next_attempt_at)
    select gen_random_uuid(), j.project_id, w.id, e.event, j.id, j.version, j.id,
      headway.webhook_payload(e.type, headway.data_of_job(j.id)), clock_timestamp()
    from (
      select 'JOB_STARTED' as event, 'job.started' as type, x.id from unnest(p_started) x(id)
      union all
      select 'JOB_SETTLED', 'job.settled', x.id from unnest(p_settled) x(id)
    ) e
    join headway.job j on j.id = e.id
    join headway.webhook w on w.project_id = j.project_id and headway.wants_job(w, e.event, j.pipeline, j.tags)
    returning id
  )
  select pg_notify(n.nspname || ':webhooks', '')
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.oid = 'headway.webhook_delivery'::regclass and exists (select from booked)
$function$
;

CREATE OR REPLACE FUNCTION headway.cancel_tasks(p_tasks uuid[], p_by jsonb)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  update headway.task set
    status = case when status = 'RUNNING' then 'RUNNING' else 'CANCELLED' end, version = version + 1,
    change_id = (p_by->>'change')::uuid, changed_by_type = p_by->>'actorType', changed_by = p_by->>'actor',
    change_reason = case when status = 'RUNNING' then 'CANCEL_REQUESTED' else 'CANCELLED_BY_REQUEST' end,
    change_message = p_by->>'reason', cancel_requested_at = clock_timestamp(),
    finished_at = case when status = 'RUNNING' then null else clock_timestamp() end,
    error_code = null, error_message = null, error_stage = null, error_retryable = null,
    error_stack = null
  where id = any (p_tasks) and (status is not distinct from 'WAITING' or status is not distinct from 'QUEUED'
    or (status is not distinct from 'RUNNING' and cancel_requested_at is null));
  perform pg_notify(n.nspname || ':cancel', '')
  from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = 'headway.task'::regclass;
end $function$
;

CREATE OR REPLACE FUNCTION headway.check_output_task()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET enable_seqscan TO 'off'
AS $function$
declare
  v_stray record;
begin
  select n.task_id, n.project_id into v_stray from new_rows n
  where not exists (select from headway.task t where t.id = n.task_id and t.project_id = n.project_id offset 0);
  if found then
    raise exception using errcode = 'foreign_key_violation',
      message = format('stage_output: there is no task %s in project %s', v_stray.task_id, v_stray.project_id);
  end if;
  return null;
end $function$
;

CREATE OR REPLACE FUNCTION headway.check_task_parents()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET enable_seqscan TO 'off'
AS $function$
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
end $function$
;

CREATE OR REPLACE FUNCTION headway.claim_deliveries(p_limit integer, p_claim_ms integer)
 RETURNS TABLE(id uuid, claim uuid, url text, payload jsonb, tries integer, secret bytea, previous_secret bytea)
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if not exists (select from headway.webhook h where h.enabled) then return; end if;
  perform from headway.webhook_turn for update skip locked;
  if not found then return; end if;
  return query
  with busy as (
    select w.host, count(*) as sending from headway.webhook_delivery d join headway.webhook w on w.id = d.webhook_id
    where d.claim_id is not null and d.claimed_until > clock_timestamp() group by w.host
  ), ranked as materialized (
    -- Webhooks of one host take turns.
    select d.id, w.host, d.event, d.next_attempt_at, row_number() over (
      partition by w.id order by d.event <> 'JOB_SETTLED', d.next_attempt_at, d.id) as turn
    from headway.webhook w cross join (values (true), (false)) s(settled) cross join lateral (
      select * from headway.webhook_delivery x
      where x.webhook_id = w.id and (x.event = 'JOB_SETTLED') = s.settled and x.next_attempt_at <= clock_timestamp()
        and coalesce(x.claimed_until <= clock_timestamp(), true)
      order by x.next_attempt_at limit 2) d
    where w.enabled
  ), due as (
    select r.id, r.host, r.next_attempt_at, row_number() over (
      partition by r.host order by r.turn, r.event <> 'JOB_SETTLED', r.next_attempt_at, r.id) as place
    from ranked r
  ), taken as (
    update headway.webhook_delivery d set claim_id = gen_random_uuid(),
      claimed_until = clock_timestamp() + make_interval(secs => p_claim_ms / 1000.0)
    where d.id in (
      select u.id from due u left join busy b on b.host = u.host
      where u.place + coalesce(b.sending, 0) <= 2 order by u.next_attempt_at limit p_limit)
    returning d.*
  )
  select t.id, t.claim_id, w.url, t.payload, t.tries, w.secret,
    case when w.previous_until > clock_timestamp() then w.previous_secret end
  from taken t join headway.webhook w on w.id = t.webhook_id;
end $function$
;

CREATE OR REPLACE FUNCTION headway.claim_limited(p_worker uuid, p_actor text, p_claim jsonb, p_groups jsonb)
 RETURNS json
 LANGUAGE plpgsql
 SET plan_cache_mode TO 'force_generic_plan'
 SET enable_seqscan TO 'off'
 SET lock_timeout TO '5s'
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_index int := -1;
  v_group jsonb;
  v_limit jsonb;
  v_room int;
  v_opens_at timestamptz;
  v_first timestamptz;
  v_answer json;
  v_begun int;
  v_lanes headway.lane[] := headway.lanes_served(p_claim->'serves');
  -- Suspects are not in ready_stage once nothing else is due.
  v_only boolean := p_claim->>'suspects' is not distinct from 'only';
begin
  for v_group in select g from jsonb_array_elements(p_groups) with ordinality x(g, i) order by i loop
    v_index := v_index + 1;
    continue when not v_only and not exists (
      select from unnest(v_lanes) l where l.pipeline = v_group->>'pipeline' and v_group->'stages' ? l.stage);
    continue when v_only and not exists (select from headway.suspects_due(v_group->'serves', 1));
    select min(x.room), max(x.opens_at) filter (where x.room = x.by_rate) into v_room, v_opens_at
    from jsonb_array_elements(v_group->'limits') l
    cross join lateral headway.limit_room(v_group->>'pipeline', l->>'stage', l) x;
    if v_room <= 0 then
      v_first := least(v_first, v_opens_at);
      continue;
    end if;
    if not headway.lock_limits(v_group->>'pipeline', array(select l->>'stage' from jsonb_array_elements(v_group->'limits') l),
        (p_claim->>'waitMs')::int) then
      return json_build_object('group', v_index, 'answer', json_build_object('held', true, 'hasMore', true,
        'unchecked', json_build_array(), 'turns', json_build_object(), 'claimed', null), 'suspects', false);
    end if;
    -- In a statement of its own, which sees what has begun while the lock was waited for.
    select min(x.room) into v_room
    from jsonb_array_elements(v_group->'limits') l
    cross join lateral headway.limit_room(v_group->>'pipeline', l->>'stage', l) x;
    -- Somebody else has had the last of it; a suspect would be taken whatever the number. Asked again, this group is closed.
    if v_room <= 0 then
      return json_build_object('group', v_index, 'answer', json_build_object('held', true, 'hasMore', true,
        'unchecked', json_build_array(), 'turns', json_build_object(), 'claimed', null), 'suspects', false);
    end if;
    v_answer := headway.claim_tasks(p_worker, p_actor, p_claim || jsonb_build_object(
      'limit', least(v_room, (p_claim->>'limit')::int), 'serves', v_group->'serves', 'turns', v_group->'turns'));
    v_begun := coalesce(json_array_length(v_answer->'claimed'->'tasks'), 0);
    if v_begun > 0 then
      for v_limit in select l from jsonb_array_elements(v_group->'limits') l where l->>'perMs' is not null loop
        perform headway.note_begun(v_group->>'pipeline', v_limit->>'stage', (v_limit->>'perMs')::int, v_begun);
      end loop;
    end if;
    exit;
  end loop;
  return json_build_object(
    'group', case when v_answer is not null then v_index end,
    'answer', v_answer,
    'opensInMs', ceil(extract(epoch from v_first - clock_timestamp()) * 1000),
    -- Of those that may begin alone: whoever is told of others would ask for them over and over.
    'suspects', p_claim->>'suspects' is not distinct from 'tell' and exists (
      select from jsonb_array_elements(p_groups) g
      where exists (select from headway.suspects_due(g->'serves', 1)) and (
        select min(x.room) from jsonb_array_elements(g->'limits') l
        cross join lateral headway.limit_room(g->>'pipeline', l->>'stage', l) x) > 0));
end $function$
;

CREATE OR REPLACE FUNCTION headway.claim_tasks(p_worker uuid, p_actor text, p_claim jsonb)
 RETURNS json
 LANGUAGE plpgsql
 SET plan_cache_mode TO 'force_generic_plan'
 SET enable_seqscan TO 'off'
 SET lock_timeout TO '5s'
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_ids uuid[];
  v_held boolean;
  v_has_more boolean;
  v_unchecked jsonb;
  v_turns jsonb;
  v_suspects boolean := false;
  v_now timestamptz;
  v_change uuid := p_claim->>'change';
begin
  select c.taken, c.is_held, c.has_more, c.unchecked, c.turns into v_ids, v_held, v_has_more, v_unchecked, v_turns
  from headway.claimable(p_claim) c;
  if p_claim->>'suspects' = 'tell' then
    -- With those whose options nobody has looked at yet: whoever takes suspects has that done first.
    v_suspects := exists (select from headway.suspects_due(p_claim->'serves', 1));
  end if;
  if cardinality(v_ids) = 0 then
    return json_build_object('held', v_held, 'hasMore', v_has_more, 'unchecked', v_unchecked, 'turns', v_turns,
      'suspects', v_suspects, 'claimed', null);
  end if;
  -- Read only now: a lease must not have been running while the locks were waited for.
  v_now := clock_timestamp();
  update headway.task set
    status = 'RUNNING', version = version + 1, change_id = v_change, changed_by_type = 'WORKER', changed_by = p_actor,
    change_reason = 'CLAIMED', change_message = null, fence = fence + 1, claim_id = v_change, recorded_step = 0,
    worker_id = p_worker, lease_expires_at = v_now + make_interval(secs => (p_claim->>'leaseMs')::float8 / 1000),
    started_at = coalesce(started_at, v_now), finished_at = null,
    error_code = null, error_message = null, error_stage = null, error_retryable = null,
    error_stack = null,
    -- How often a stage is tried is for the version to say that runs it.
    max_attempts = greatest(attempt, coalesce((p_claim->'serves'->pipeline->'stages'->>stage)::int, max_attempts))
  where id = any (v_ids);
  update headway.job set
    status = 'PROCESSING', version = version + 1, change_id = gen_random_uuid(), changed_by_type = 'WORKER',
    changed_by = p_actor, change_reason = 'STARTED', change_message = null, started_at = v_now
  where status = 'QUEUED' and id = any (array(select distinct job_id from headway.task where id = any (v_ids)));
  return json_build_object('held', false, 'hasMore', v_has_more, 'unchecked', v_unchecked, 'turns', v_turns,
    'suspects', v_suspects, 'claimed', headway.claimed(v_ids));
end $function$
;

CREATE OR REPLACE FUNCTION headway.claimable(p_claim jsonb, OUT taken uuid[], OUT is_held boolean, OUT unchecked jsonb, OUT turns jsonb, OUT has_more boolean)
 RETURNS record
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  c_jobs constant int := 16;
  c_looks constant int := 64;
  c_first constant uuid := '00000000-0000-0000-0000-000000000000';
  v_lanes headway.lane[];
  v_open headway.lane[];
  v_left int := p_claim->>'limit';
  v_jobs int := 0;
  v_looks int := 0;
  v_project uuid := coalesce((p_claim->'turns'->>'project')::uuid, c_first);
  v_began_at uuid;
  v_priority int;
  v_key text;
  v_places jsonb := '{}';
  v_ring headway.job_in_turn[];
  v_got headway.job_in_turn[];
  v_shares int[];
  v_held headway.job_in_turn;
  -- Jobs wait behind those whose turn it is; or may, behind those that were passed over.
  v_behind boolean := false;
  v_further boolean := false;
  j headway.job_in_turn;
begin
  taken := '{}';
  unchecked := '[]';
  turns := '{}';
  has_more := false;
  is_held := false;
  -- Whoever says that this worker's process has died waits for its claims, and gives back what they took: none may come
  -- after. Nobody else ever holds this lock alone.
  perform pg_advisory_xact_lock_shared(
    hashtextextended(p_claim->>'worker', 'headway.worker'::regclass::oid::bigint));
  if exists (select from headway.worker where id = (p_claim->>'worker')::uuid and coalesce(died_at, stopped_at) is not null) then
    return;
  end if;
  -- What it marks is locked to the commit, so nothing else is done in this transaction.
  is_held := headway.mark_due();
  if is_held then return; end if;
  if p_claim->>'suspects' = 'only' then
    select s.taken, s.is_held, s.unchecked into taken, is_held, unchecked from headway.take_suspect(p_claim) s;
    return;
  end if;

  v_lanes := headway.lanes_served(p_claim->'serves');
  <<projects>>
  while v_left > 0 and v_jobs < c_jobs loop
    v_project := headway.next_project(v_lanes, v_project);
    exit when v_project is null or v_project = v_began_at;
    if v_looks >= c_looks then
      v_further := true;
      exit;
    end if;
    v_began_at := coalesce(v_began_at, v_project);
    v_looks := v_looks + 1;
    turns := jsonb_build_object('project', v_project);
    v_open := array(select l from unnest(v_lanes) l where not exists (
      select from headway.pipeline_pause p where p.project_id = v_project and p.pipeline = (l).pipeline));
    v_priority := null;
    loop
      v_priority := headway.next_priority(v_open, v_project, v_priority);
      exit when v_priority is null;
      v_key := v_project || ' ' || v_priority;
      -- One more than can have a turn, so that it is known whether there are any behind them.
      v_ring := headway.jobs_in_turn(v_open, v_project, v_priority,
        coalesce((p_claim->'turns'->'jobs'->v_key->>0)::int, uuid_hash((p_claim->>'change')::uuid), 0),
        coalesce((p_claim->'turns'->'jobs'->v_key->>1)::uuid, c_first), c_jobs + 1);
      v_got := '{}';
      foreach j in array v_ring loop
        v_behind := v_behind or cardinality(v_got) >= least(c_jobs - v_jobs, v_left);
        exit when v_behind;
        v_looks := v_looks + 1;
        if j.unchecked is not null then
          unchecked := unchecked || jsonb_build_object('jobId', j.id, 'pipeline', j.pipeline, 'version', j.version,
            'options', j.unchecked);
          continue;
        end if;
        -- It will be its turn next time, when its options have been looked at.
        continue when unchecked <> '[]';
        v_places := v_places || jsonb_build_object(v_key, jsonb_build_array(j.ring, j.id));
        continue when j.is_refused;
        if pg_try_advisory_xact_lock_shared(
             hashtextextended(j.collection_id::text, 'headway.collection'::regclass::oid::bigint))
           and pg_try_advisory_xact_lock(
             hashtextextended(j.collection_id::text, 'headway.status_change'::regclass::oid::bigint)) then
          v_got := v_got || j;
        else
          v_held := coalesce(v_held, j);
        end if;
      end loop;
      v_behind := v_behind or unchecked <> '[]';
      v_further := v_further or cardinality(v_ring) > c_jobs;
      v_shares := headway.turn_shares(v_left, array(select g.ready from unnest(v_got) g), not v_behind);
      for i in 1 .. cardinality(v_got) loop
        taken := taken || headway.take_due((v_got[i]).id, v_shares[i], (v_got[i]).stages);
      end loop;
      v_jobs := v_jobs + cardinality(v_got);
      v_left := (p_claim->>'limit')::int - cardinality(taken);
      exit projects when v_behind or v_left <= 0 or v_jobs >= c_jobs;
    end loop;
  end loop;
  if v_places <> '{}' then turns := turns || jsonb_build_object('jobs', v_places); end if;
  has_more := v_left > 0 and (v_behind or v_further or v_jobs >= c_jobs or v_held.id is not null);
  if v_jobs = 0 and v_held.id is not null then
    if headway.wait_for_collection(v_held.collection_id, (p_claim->>'waitMs')::int) then
      taken := headway.take_due(v_held.id, v_left, v_held.stages);
    else
      is_held := true;
    end if;
  end if;
end $function$
;

CREATE OR REPLACE FUNCTION headway.claimed(p_ids uuid[])
 RETURNS json
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select json_build_object(
    'jobs', (
      select coalesce(json_object_agg(j.id, json_build_object('id', j.id, 'projectId', j.project_id,
        'pipeline', j.pipeline, 'pipelineVersion', j.pipeline_version, 'documentStages', j.document_stages,
        'collectionStages', j.collection_stages, 'options', j.options, 'tags', j.tags, 'run', j.run, 'mode', j.mode,
        'traceparent', j.traceparent,
        'collection', json_build_object('id', c.id, 'name', c.name, 'metadata', c.metadata))), '{}')
      from headway.job j join headway.collection c on c.id = j.collection_id
      where j.id = any (array(select distinct job_id from headway.task where id = any (p_ids)))),
    'tasks', (
      select coalesce(json_agg(json_build_object(
        'taskId', t.id, 'jobId', t.job_id, 'fence', t.fence::text, 'kind', t.kind, 'stage', t.stage, 'attempt', t.attempt,
        'maxAttempts', t.max_attempts, 'run', t.run, 'hasCrashed', t.has_crashed, 'textFence', t.text_fence::text,
        'chunkFence', t.chunk_fence::text, 'warnings', t.warnings, 'pipelineVersion', t.pipeline_version,
        'isMixed', t.is_mixed,
        'document', case when d.id is not null then json_build_object('id', d.id, 'name', d.name,
          'mediaType', d.media_type, 'sizeBytes', d.size_bytes, 'sha256', d.sha256, 'metadata', d.metadata,
          'sourceUri', d.source_uri, 'blobKey', d.blob_key, 'contentVersion', d.content_version) end,
        'input', o.output
      ) order by t.priority desc, t.run_at, t.ordinal), '[]')
      from headway.task t join headway.job j on j.id = t.job_id
      left join headway.document d on d.id = t.document_id
      left join lateral (
        select case t.kind when 'DOCUMENT' then j.document_stages else j.collection_stages end as stages
      ) s on true
      left join headway.stage_output o on o.task_id = t.id and o.stage = s.stages[array_position(s.stages, t.stage) - 1]
      where t.id = any (p_ids)))
$function$
;

CREATE OR REPLACE FUNCTION headway.converge(p_job uuid, p_actor text DEFAULT 'system:converge'::text)
 RETURNS integer
 LANGUAGE plpgsql
 SET lock_timeout TO '5s'
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  j headway.job;
  v_collection_task headway.task;
  v_next record;
  v_changes int := 0;
  v_collection uuid[];
begin
  select array[collection_id] into v_collection from headway.job where id = p_job;
  perform headway.share_collections(v_collection);
  perform headway.lock_history(v_collection);
  loop
    select * into j from headway.job where id = p_job;
    if not found or j.finished_at is not null then return v_changes; end if;
    -- Tasks that a retry has not come to yet look settled.
    if j.operation->>'kind' = 'RETRY' then return v_changes; end if;
    select * into v_collection_task from headway.task where job_id = p_job and kind = 'COLLECTION';
    select * into v_next from headway.roll_up(j.queued + j.running, j.completed, j.failed, j.cancelled, j.skipped,
      v_collection_task.status, j.cancel_requested_at is not null,
      v_collection_task.status = 'WAITING' and j.queued + j.running = 0 and j.skipped = j.total
        and j.mode = 'INCREMENTAL' and headway.saw_same_documents(p_job));
    if v_next.target = 'COLLECTION_TASK' then
      update headway.task set status = v_next.status, version = version + 1, change_id = gen_random_uuid(),
        changed_by_type = 'SYSTEM', changed_by = p_actor, change_reason = v_next.reason, change_message = null,
        stage = case when v_next.status = 'SKIPPED' then null else stage end, run_at = clock_timestamp(),
        finished_at = case when v_next.status = 'QUEUED' then null else clock_timestamp() end
      where id = v_collection_task.id and status = 'WAITING';
      v_changes := v_changes + 1;
      continue;
    end if;
    if v_next.status = 'OPEN' then return v_changes; end if;
    perform headway.keep_summary(p_job, v_next.status);
    update headway.collection set status = v_next.status, version = version + 1, change_id = gen_random_uuid(),
      changed_by_type = 'SYSTEM', changed_by = p_actor, change_reason = v_next.reason, change_message = null
    where id = j.collection_id and status = 'PROCESSING';
    update headway.job set status = v_next.status, version = version + 1, change_id = gen_random_uuid(),
      changed_by_type = 'SYSTEM', changed_by = p_actor, change_reason = v_next.reason, change_message = null,
      finished_at = clock_timestamp(), operation = null
    where id = p_job and finished_at is null;
    return v_changes + 2;
  end loop;
end $function$
;

CREATE OR REPLACE FUNCTION headway.count_history(p_project uuid, p_limit integer)
 RETURNS integer
 LANGUAGE plpgsql
 SET lock_timeout TO '5s'
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  c headway.statistic_cursor;
  i headway.database_identity;
  v_now timestamptz := clock_timestamp();
  v_xmin xid8;
  v_rest boolean;
  v_count int;
  v_tx xid8;
  v_position bigint;
  v_as_of timestamptz;
  v_statistics headway.statistic[];
  v_timeline headway.job_timeline[];
  v_jobs uuid[];
  v_job uuid;
begin
  if not pg_try_advisory_xact_lock(
    hashtextextended(p_project::text, 'headway.statistic_cursor'::regclass::oid::bigint)) then return 0; end if;
  select * into c from headway.statistic_cursor where project_id = p_project;
  if not found then return 0; end if;
  -- Once the cursor is held: by an older one than its last holder's, it would go back.
  v_xmin := greatest(c.tx, pg_snapshot_xmin(pg_current_snapshot()));
  select * into i from headway.database_identity;
  v_rest := c.database_id is distinct from i.id;

  select count(*), (array_agg(b.tx order by b.tx desc, b.position desc))[1],
    (array_agg(b.position order by b.tx desc, b.position desc))[1], max(b.at)
  into v_count, v_tx, v_position, v_as_of from (
    select s.tx, s.position, s.at from headway.status_change s
    where s.project_id = p_project and (s.tx, s.position) > (c.tx, c.position)
      and case when v_rest then s.position <= i.first_position else s.tx < v_xmin and s.position > i.first_position end
    order by s.tx, s.position limit p_limit) b;

  if v_count > 0 then
    with changes as materialized (
      select s.job_id, s.from_status, s.to_status, s.from_stage, s.to_stage, s.reason, s.at, j.pipeline, j.run_at,
        b.at as before_at, b.reason as before_reason,
        'WAITING' in (coalesce(s.from_status, ''), s.to_status)
          or coalesce(s.from_stage, s.to_stage) = any (j.collection_stages) is true as is_collection,
        case when s.to_status = 'COMPLETED' then (
          select h.at from headway.status_change h
          where h.entity_id = s.entity_id and h.version < s.version and h.reason = 'CLAIMED'
          order by h.version desc limit 1) end as claimed_at
      from headway.status_change s
      join headway.job j on j.id = s.job_id
      left join headway.status_change b on b.entity_id = s.entity_id and b.version = s.version - 1
      where s.project_id = p_project and s.entity_type = 'TASK'
        and (s.tx, s.position) > (c.tx, c.position) and (s.tx, s.position) <= (v_tx, v_position)
        and case when v_rest then s.position <= i.first_position else s.position > i.first_position end
    ), facts as materialized (
      select h.at, h.pipeline, '' as stage, (h.from_status is null)::int as submitted,
        (h.to_status = 'COMPLETED')::int as completed, (h.to_status = 'FAILED')::int as failed,
        (h.to_status = 'CANCELLED')::int as cancelled, (h.to_status = 'SKIPPED')::int as skipped,
        (h.reason in ('RETRY_SCHEDULED', 'RETRIED_BY_REQUEST'))::int as retried,
        case when h.reason = 'CLAIMED' and h.before_reason in ('SUBMITTED', 'RETRIED_BY_REQUEST')
          then extract(epoch from h.at - greatest(h.before_at, h.run_at)) * 1000 end as wait_ms,
        extract(epoch from h.at - h.claimed_at) * 1000 as run_ms
      from changes h where not h.is_collection
      union all
      select h.at, h.pipeline, h.from_stage, 0, p.passed::int, (h.to_status = 'FAILED')::int, (h.to_status = 'CANCELLED')::int,
        0, (h.reason = 'RETRY_SCHEDULED')::int, null,
        case when p.passed then extract(epoch from h.at - h.before_at) * 1000 end
      from changes h
      cross join lateral (select h.reason in ('STAGE_STARTED', 'HANDED_ON', 'QUEUED_FOR_LIMIT', 'COMPLETED') as passed) p
      where h.from_status = 'RUNNING' and h.from_stage is not null
    ), binned as materialized (
      select m.minutes, f.pipeline, date_bin(make_interval(mins => m.minutes), f.at, 'epoch') as at, f.stage, f.submitted,
        f.completed, f.failed, f.cancelled, f.skipped, f.retried, f.run_ms,
        headway.place_in_histogram(f.wait_ms::float8) as wait_place, headway.place_in_histogram(f.run_ms::float8) as run_place
      from facts f cross join (values (1), (15)) m(minutes)
    ), waits as (
      select w.minutes, w.pipeline, w.at, w.stage, jsonb_object_agg(w.place, w.count) as places from (
        select b.minutes, b.pipeline, b.at, b.stage, b.wait_place as place, count(*) from binned b
        where b.wait_place is not null group by 1, 2, 3, 4, 5) w group by 1, 2, 3, 4
    ), runs as (
      select w.minutes, w.pipeline, w.at, w.stage, jsonb_object_agg(w.place, w.count) as places from (
        select b.minutes, b.pipeline, b.at, b.stage, b.run_place as place, count(*) from binned b
        where b.run_place is not null group by 1, 2, 3, 4, 5) w group by 1, 2, 3, 4
    ), widths as materialized (
      select x.job_id, coalesce((
        select t.width_ms from headway.job_timeline t where t.job_id = x.job_id limit 1), 250) as width_ms
      from (select distinct h.job_id from changes h) x
    ), moments as materialized (
      -- Who is at a stage: one more where a task begins, one less where it ends, whether it goes on at another or not.
      select h.job_id, m.stage, m.who, h.at, w.width_ms,
        (not h.is_collection and h.to_status = 'COMPLETED')::int as completed,
        (not h.is_collection and h.to_status = 'FAILED')::int as failed
      from changes h
      join widths w using (job_id)
      cross join lateral (
        select h.from_stage as stage, -1 as who where h.from_status = 'RUNNING' and h.from_stage is not null
        union all select h.to_stage, 1 where h.to_status = 'RUNNING' and h.to_stage is not null) m
    ), placed as (
      select m.*, b.at as bin, extract(epoch from b.at - m.at)::float8 + m.width_ms / 1000.0::float8 as left_s
      from moments m cross join lateral (
        select date_bin(make_interval(secs => m.width_ms / 1000.0), m.at, 'epoch') as at) b
    ), of_stages as (
      select p.job_id, p.bin, p.width_ms, p.stage, sum(p.who) as who, sum(p.who * p.left_s) as held_s,
        sum(p.completed) as completed, sum(p.failed) as failed
      from placed p group by 1, 2, 3, 4
    )
    select array(
      select row(p_project, n.minutes, n.pipeline, n.at, n.stage, n.submitted, n.completed, n.failed, n.cancelled, n.skipped,
        n.retried, coalesce(w.places, '{}'), coalesce(r.places, '{}'), n.run_ms)::headway.statistic
      from (
        select b.minutes, b.pipeline, b.at, b.stage, sum(b.submitted) as submitted, sum(b.completed) as completed,
          sum(b.failed) as failed, sum(b.cancelled) as cancelled, sum(b.skipped) as skipped, sum(b.retried) as retried,
          coalesce(sum(b.run_ms), 0) as run_ms
        from binned b group by 1, 2, 3, 4
      ) n
      left join waits w using (minutes, pipeline, at, stage)
      left join runs r using (minutes, pipeline, at, stage)
      where n.submitted + n.completed + n.failed + n.cancelled + n.skipped + n.retried > 0 or w.places is not null
    ), array(
      select row(o.job_id, o.bin, o.width_ms, jsonb_object_agg(o.stage, jsonb_build_array(o.who, o.held_s)),
        sum(o.completed), sum(o.failed))::headway.job_timeline
      from of_stages o group by o.job_id, o.bin, o.width_ms
    ) into v_statistics, v_timeline;

    insert into headway.statistic as t select * from unnest(v_statistics)
    on conflict (project_id, minutes, pipeline, at, stage) do update set
      submitted = t.submitted + excluded.submitted, completed = t.completed + excluded.completed,
      failed = t.failed + excluded.failed, cancelled = t.cancelled + excluded.cancelled,
      skipped = t.skipped + excluded.skipped, retried = t.retried + excluded.retried,
      wait = headway.add_histograms(t.wait, excluded.wait), run = headway.add_histograms(t.run, excluded.run),
      run_ms = t.run_ms + excluded.run_ms;
    with drawn as (
      insert into headway.job_timeline as t select * from unnest(v_timeline)
      on conflict (job_id, at) do update set stages = headway.add_stages(t.stages, excluded.stages),
        completed = t.completed + excluded.completed, failed = t.failed + excluded.failed
      returning t.job_id
    )
    select array_agg(distinct d.job_id) into v_jobs from drawn d;
    foreach v_job in array coalesce(v_jobs, '{}') loop
      while (select count(*) from headway.job_timeline t where t.job_id = v_job) > 400 loop
        perform headway.widen_timeline(v_job);
      end loop;
    end loop;
  end if;

  if v_count = p_limit then
    update headway.statistic_cursor u set tx = v_tx, position = v_position, as_of = v_as_of
    where u.project_id = p_project and (u.tx, u.position) = (c.tx, c.position);
  elsif v_rest then
    update headway.statistic_cursor u set database_id = i.id, tx = i.first_tx, position = 0
    where u.project_id = p_project and (u.tx, u.position) = (c.tx, c.position);
  else
    -- What is there already and may not be counted yet is the first that is missing.
    select s.at into v_as_of from headway.status_change s
    where s.project_id = p_project and (s.tx, s.position) >= (v_xmin, 0) order by s.tx, s.position limit 1;
    update headway.statistic_cursor u set tx = v_xmin, position = case when c.tx = v_xmin then c.position else 0 end,
      as_of = least(v_now, v_as_of)
    where u.project_id = p_project and (u.tx, u.position) = (c.tx, c.position);
  end if;
  if not found then
    raise exception using errcode = 'serialization_failure',
      message = format('The statistics of project %s were counted by another at the same time; they are counted again.', p_project);
  end if;
  return v_count;
end $function$
;

CREATE OR REPLACE FUNCTION headway.count_ready(p_moves headway.task_move[])
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_now timestamptz := clock_timestamp();
  m record;
begin
  for m in
    select x.job_id, x.stage, sum(x.tasks)::int as more, min(x.due) as due
    from (
      select q.job_id, q.to_stage as stage, q.tasks, q.due from unnest(p_moves) q where q.to_status = 'QUEUED'
      union all
      select q.job_id, q.from_stage, -q.tasks, null from unnest(p_moves) q where q.from_status = 'QUEUED'
    ) x group by x.job_id, x.stage
  loop
    update headway.ready_stage r set ready = r.ready + m.more,
      not_before = case when r.not_before is not null and (m.due > v_now) is not false then least(r.not_before, m.due) end
    where r.job_id = m.job_id and r.stage = m.stage and r.ready + m.more <> 0;
    continue when found;
    delete from headway.ready_stage r where r.job_id = m.job_id and r.stage = m.stage;
    continue when found;
    -- Fewer than none is an error, which the check of the table tells.
    insert into headway.ready_stage (job_id, stage, project_id, pipeline, pipeline_version, priority, ready, not_before)
    select j.id, m.stage, j.project_id, j.pipeline, j.pipeline_version, j.priority, m.more,
      case when m.due > v_now then m.due end
    from headway.job j where j.id = m.job_id;
  end loop;
end $function$
;

CREATE OR REPLACE FUNCTION headway.data_of_job(p_job uuid)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select jsonb_build_object('entityType', 'JOB', 'entityId', j.id, 'version', j.version, 'jobId', j.id,
    'collectionId', j.collection_id, 'pipeline', j.pipeline, 'pipelineVersion', j.pipeline_version, 'tags', j.tags,
    'run', j.run, 'status', j.status, 'counts', jsonb_build_object('total', j.total, 'queued', j.queued,
      'running', j.running, 'completed', j.completed, 'failed', j.failed, 'cancelled', j.cancelled, 'skipped', j.skipped))
  from headway.job j where j.id = p_job
$function$
;

CREATE OR REPLACE FUNCTION headway.documents_seen(p_job uuid)
 RETURNS text[]
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select array(
    select concat_ws(' ', document_id,
      case when status in ('COMPLETED', 'SKIPPED') and content_sha256 is not null then content_sha256 else id::text end)
    from headway.task where job_id = p_job and kind = 'DOCUMENT' order by 1)
$function$
;

CREATE OR REPLACE FUNCTION headway.empty_collection(p_collection uuid, p_limit integer)
 RETURNS integer
 LANGUAGE plpgsql
 SET lock_timeout TO '5s'
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  c headway.collection;
  v_at_once int := greatest(p_limit / 5, 1);
  v_ids uuid[];
  v_positions bigint[];
  v_last bigint;
  v_rows int := 0;
  v_next uuid;
begin
  select * into c from headway.collection where id = p_collection and status = 'EXPIRED' and emptied_at is null
  for no key update skip locked;
  if not found then return 0; end if;
  perform set_config('headway_duty.name', 'expiry', true);

  v_ids := array(
    select id from headway.document
    where collection_id = p_collection and id > coalesce(c.emptied_document, '00000000-0000-0000-0000-000000000000')
    order by id limit v_at_once);
  if cardinality(v_ids) > 0 then
    delete from headway.chunk where id in (select id from headway.chunk where document_id = any (v_ids) limit p_limit);
    get diagnostics v_rows = row_count;
    if v_rows > 0 then return v_rows; end if;
    with gone as (delete from headway.document where id = any (v_ids) returning id, project_id)
    insert into headway.blob_deletion (prefix, project_id)
    select 'sources/' || id, project_id from gone on conflict do nothing;
    update headway.collection set emptied_document = v_ids[cardinality(v_ids)] where id = p_collection;
    return cardinality(v_ids);
  end if;

  loop
    if c.emptied_job is not null then
      select array_agg(t.id), max(t.ordinal), v_rows + count(*) into v_ids, v_last, v_rows from (
        select id, ordinal from headway.task where job_id = c.emptied_job and ordinal > c.emptied_ordinal
        order by ordinal limit v_at_once - v_rows) t;
      if v_ids is not null then
        perform headway.empty_tasks(v_ids);
        c.emptied_ordinal := v_last;
      end if;
      exit when v_rows >= v_at_once;
    end if;
    select id into v_next from headway.job
    where collection_id = p_collection and (created_at, id) > (
      coalesce((select created_at from headway.job where id = c.emptied_job), '-infinity'),
      coalesce(c.emptied_job, '00000000-0000-0000-0000-000000000000'))
    order by created_at, id limit 1;
    exit when not found;
    -- Refusals quote the options.
    delete from headway.options_check where job_id = v_next;
    -- Whether or not there are rows for them: a worker may have died before it made one.
    insert into headway.blob_deletion (prefix, project_id) values ('artifacts/' || v_next, c.project_id)
    on conflict (prefix) do update set delete_after = excluded.delete_after;
    update headway.job_summary set output = null where output is not null and job_id = v_next;
    update headway.job set options = '{}', change_message = null
    where id = v_next and (options <> '{}' or change_message is not null);
    c.emptied_job := v_next;
    c.emptied_ordinal := -1;
    v_rows := v_rows + 1;
    exit when v_rows >= v_at_once;
  end loop;
  if v_rows > 0 then
    update headway.collection set emptied_job = c.emptied_job, emptied_ordinal = c.emptied_ordinal
    where id = p_collection;
    return v_rows;
  end if;

  select array_agg(h.position) filter (where h.message is not null), max(h.position), count(*) into v_positions, v_last, v_rows
  from (
    select position, message from headway.status_change
    where collection_id = p_collection and position > coalesce(c.emptied_position, 0)
    order by position limit p_limit * 4) h;
  if v_rows > 0 then
    if v_positions is not null then
      update headway.status_change set message = null
      where collection_id = p_collection and position = any (v_positions);
    end if;
    update headway.collection set emptied_position = v_last where id = p_collection;
    return v_rows;
  end if;

  update headway.collection set emptied_at = clock_timestamp() where id = p_collection;
  return 0;
end $function$
;

CREATE OR REPLACE FUNCTION headway.empty_entities(p_collection uuid, p_limit integer)
 RETURNS integer
 LANGUAGE plpgsql
 SET lock_timeout TO '5s'
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_rows int;
begin
  if not exists (
    select from headway.collection where id = p_collection and status = 'EXPIRED' and emptied_at is null
  ) then
    return 0;
  end if;
  delete from headway.named_entity_shown where collection_id = p_collection;
  delete from headway.named_entity where id in (
    select id from headway.named_entity where collection_id = p_collection order by id limit p_limit);
  get diagnostics v_rows = row_count;
  return v_rows;
end $function$
;

CREATE OR REPLACE FUNCTION headway.empty_tasks(p_tasks uuid[])
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  delete from headway.artifact where task_id = any (p_tasks);
  delete from headway.stage_output where task_id = any (p_tasks);
  delete from headway.task_log where task_id = any (p_tasks);
  delete from headway.task_log_count where task_id = any (p_tasks);
  update headway.task set error_message = null, change_message = null, document_name = null, progress_message = null,
    error_stack = null, warnings = '[]'
  where id = any (p_tasks) and (error_message is not null or change_message is not null or document_name is not null
    or progress_message is not null or error_stack is not null or warnings <> '[]');
end $function$
;

CREATE OR REPLACE FUNCTION headway.expire_collection(p_collection uuid, p_actor text)
 RETURNS boolean
 LANGUAGE plpgsql
 SET lock_timeout TO '5s'
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  perform headway.lock_collections(array[p_collection]);
  update headway.collection c set status = 'EXPIRED', version = version + 1, change_id = gen_random_uuid(),
    changed_by_type = coalesce(deletion_requested_by_type, 'SYSTEM'),
    changed_by = coalesce(deletion_requested_by, p_actor),
    change_reason = case when deletion_requested_at is null then 'EXPIRED_BY_RETENTION' else 'EXPIRED_BY_REQUEST' end,
    change_message = null, name = id::text, description = null, metadata = '{}',
    document_count = 0, chunk_count = 0, embedded_chunk_count = 0, content_version = content_version + 1
  where id = p_collection and status <> 'EXPIRED'
    and (expires_at <= clock_timestamp() or deletion_requested_at is not null)
    and not exists (select from headway.job j where j.collection_id = c.id and j.finished_at is null);
  return found;
end $function$
;

CREATE OR REPLACE FUNCTION headway.expire_uploads(p_limit integer)
 RETURNS integer
 LANGUAGE plpgsql
 SET lock_timeout TO '5s'
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_due uuid[] := array(
    select id from headway.upload where sweep_at <= clock_timestamp() order by sweep_at limit p_limit
    for update skip locked);
begin
  if cardinality(v_due) > 0 then perform headway.remove_uploads(v_due); end if;
  return cardinality(v_due);
end $function$
;

CREATE OR REPLACE FUNCTION headway.first_position(p_job uuid)
 RETURNS bigint
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select coalesce((select position from headway.status_change where entity_id = p_job and version = 1), 0)
$function$
;

CREATE OR REPLACE FUNCTION headway.fold_job_counts()
 RETURNS integer
 LANGUAGE sql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  with gone as (
    delete from headway.job_count_change where id = any (array(
      select id from headway.job_count_change order by id limit 10000 for update skip locked))
    returning project_id, pipeline, status, jobs
  ), folded as (
    insert into headway.job_count as c (project_id, pipeline, status, jobs)
    select project_id, pipeline, status, sum(jobs) from gone group by 1, 2, 3 order by 1, 2, 3
    on conflict (project_id, pipeline, status) do update set jobs = c.jobs + excluded.jobs
  )
  select count(*)::int from gone
$function$
;

CREATE OR REPLACE FUNCTION headway.follow_clock(p_limit integer)
 RETURNS integer
 LANGUAGE plpgsql
 SET lock_timeout TO '5s'
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  -- So long the clock may have gone on after the last sweep; what came to be due meanwhile was due, too.
  c_unseen constant interval := '10 seconds';
  v_now timestamptz := clock_timestamp();
  v_latest timestamptz;
  v_moved int;
begin
  select latest into v_latest from headway.clock;
  if v_latest <= v_now + interval '1 second' then
    update headway.clock set latest = v_now where latest < v_now;
    return 0;
  end if;

  update headway.task t set run_at = least(t.run_at - (v_latest - v_now), v_now)
  where t.id in (
    select d.id from headway.job j join headway.task d on d.job_id = j.id
    where j.status in ('QUEUED', 'PROCESSING', 'CANCELLING') and d.status = 'QUEUED' and d.run_at > v_now
      and d.run_at <= greatest(v_latest, d.status_changed_at) + c_unseen
    order by d.id limit p_limit for no key update of d skip locked);
  get diagnostics v_moved = row_count;
  if v_moved > 0 then return v_moved; end if;
  -- Before what is ready, in the order in which claims lock them.
  perform from headway.limit_use l
  where exists (select from unnest(l.slot_ends) slot_end where slot_end > v_now)
  order by l.pipeline, l.stage for no key update;
  -- Waits for claims and submissions that are under way: one that looked before the tasks were moved may still note down,
  -- or have noted, that nothing is due for as long as the clock went back, and nobody would look before. What begins after
  -- this sees the tasks where they are now.
  lock table headway.ready_stage in share mode;
  -- Somebody else has locked the others, or has just submitted them: they are left for the next call.
  if exists (
    select from headway.job j join headway.task d on d.job_id = j.id
    where j.status in ('QUEUED', 'PROCESSING', 'CANCELLING') and d.status = 'QUEUED' and d.run_at > v_now
      and d.run_at <= greatest(v_latest, d.status_changed_at) + c_unseen
  ) then
    return 1;
  end if;

  update headway.limit_use l set slot_ends = array(
    select least(o.slot_end, v_now) from unnest(l.slot_ends) with ordinality o(slot_end, i) order by o.i)
  where exists (select from unnest(l.slot_ends) slot_end where slot_end > v_now);

  -- Claims look at them again, where a claim or a submission has noted down the time as it was.
  update headway.ready_stage r set not_before = null
  where r.not_before > v_now and r.not_before < 'infinity' and exists (
    select from headway.task d
    where d.job_id = r.job_id and d.stage = r.stage and d.status = 'QUEUED' and d.run_at <= v_now);

  update headway.task t set lease_expires_at = v_now + make_interval(secs => w.lease_ms / 1000.0)
  from headway.worker w
  where w.id = t.worker_id and t.id in (
    select r.id from headway.task r join headway.worker x on x.id = r.worker_id
    where r.status = 'RUNNING' and r.lease_expires_at > v_now + make_interval(secs => x.lease_ms / 1000.0 + 1)
    order by r.id for no key update of r skip locked);
  update headway.worker set heartbeat_at = least(heartbeat_at, v_now), last_loop_at = least(last_loop_at, v_now)
  where stopped_at is null and (heartbeat_at > v_now or last_loop_at > v_now);
  update headway.clock set latest = v_now where latest = v_latest;
  return 0;
end $function$
;

CREATE OR REPLACE FUNCTION headway.forbid_delete()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  raise exception '% of % is refused', tg_op, tg_table_name
    using hint = 'What happened stays on record; contents are removed by expiry.';
end $function$
;

CREATE OR REPLACE FUNCTION headway.found_for_attention(p_sweep_ms integer, p_redis text)
 RETURNS TABLE(project_id uuid, kind text, subject text, subject_id uuid, state text, since timestamp with time zone, message text)
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  with newest as materialized (
    select p.id as project_id, j.* from headway.project p cross join lateral (
      select f.id, f.collection_id, f.pipeline, f.version, f.status, f.status_changed_at, f.created_at, f.failed, f.total
      from headway.job f
      where f.project_id = p.id and f.status in ('FAILED', 'COMPLETED_WITH_ERRORS')
        and f.acknowledged_version is distinct from f.version
      order by f.status_changed_at desc, f.id desc limit 300) j
  ), unserved as (
    select r.project_id, r.pipeline, min(r.pipeline_version) as version, min(r.stage) as stage, sum(r.ready) as ready
    from (
      select x.project_id, x.pipeline, x.pipeline_version, x.stage, sum(x.ready) as ready from headway.ready_stage x
      where coalesce(x.not_before <= clock_timestamp(), true) group by 1, 2, 3, 4
    ) r
    where not exists (
        select from headway.pipeline_pause p where p.project_id = r.project_id and p.pipeline = r.pipeline)
      and not exists (
        select from headway.worker_now w where w.status in ('RUNNING', 'STARTING')
          and (w.serves->r.pipeline->>'version')::int >= r.pipeline_version
          and w.serves->r.pipeline->'stages' ? r.stage)
    group by 1, 2
  )
  select n.project_id, 'FAILED_JOB', n.id::text, n.id, n.version::text, n.status_changed_at, n.message
  from (
    select w.*, row_number() over (partition by w.project_id order by w.status_changed_at desc) as place,
      format(case w.status
        when 'FAILED' then 'A job of pipeline "%s" has FAILED; retry it, or acknowledge that it has.'
        else '%2$s of %3$s documents failed in a job of pipeline "%1$s"; retry it, or acknowledge that they have.' end,
        w.pipeline, w.failed, w.total) as message
    from newest w where headway.needs_a_person(w.id, w.collection_id, w.created_at, w.status, w.failed)
  ) n where n.place <= 101
  union all
  select p.id, 'STUCK_JOB', s.id::text, s.id, '', clock_timestamp(),
    'A job makes no progress although it could. Its waitingOn says what it waits for.'
  from headway.project p
  cross join lateral (select x.id from headway.stuck_jobs(p.id, p_sweep_ms) x(id) limit 101) s
  union all
  select null, w.kind, w.id::text, w.id, '', w.since, w.message
  from (
    select 'WORKER_' || n.status as kind, n.id, row_number() over (partition by n.status order by n.heartbeat_at desc) as place,
      case n.status when 'LOST' then n.heartbeat_at else n.last_loop_at end as since,
      format(case n.status
        when 'LOST' then 'Worker %s (%s, process %s) sent no heartbeat for the length of a lease. If it is missing, start another.'
        else 'Worker %s (%s, process %s) sends heartbeats but claims no tasks. Read its log, or restart it.' end,
        n.id, n.hostname, n.pid) as message
    from headway.worker_now n
    where n.stopped_at is null and n.status in ('LOST', 'STALLED') and n.heartbeat_at > clock_timestamp() - interval '1 day'
  ) w where w.place <= 101
  union all
  select p.project_id, 'PIPELINE_PAUSED', p.pipeline, null, p.paused_at::text, p.paused_at,
    format('Pipeline "%s" is paused by %s: %s', p.pipeline, p.paused_by, p.reason)
  from (
    select q.*, row_number() over (partition by q.project_id order by q.paused_at desc) as place
    from headway.pipeline_pause q
  ) p where p.place <= 101
  union all
  select u.project_id, 'NO_WORKER', u.pipeline, null, '', clock_timestamp(),
    format('%s tasks of pipeline "%s" are due, and no worker runs its version %s with stage %s; start one.', u.ready,
      u.pipeline, u.version, u.stage)
  from (
    select v.*, row_number() over (partition by v.project_id order by v.ready desc) as place from unserved v
  ) u where u.place <= 101
  union all
  select h.project_id, 'WEBHOOK_DISABLED', h.id::text, h.id, h.given_up_at::text, h.given_up_at,
    format('A webhook to %s is disabled; an ADMIN sees why in webhooks, and enables it again.', h.host)
  from (
    select w.*, row_number() over (partition by w.project_id order by w.given_up_at desc) as place
    from headway.webhook w where w.given_up_at is not null and w.deleted_at is null
  ) h where h.place <= 101
  union all
  select null, 'DEPENDENCY_AWAY', 'redis', null, '', clock_timestamp(),
    format('Redis is away, and work goes on by polling: %s', p_redis)
  where p_redis is not null
  union all
  select null, 'DEPENDENCY_AWAY', 'store', null, '', clock_timestamp(),
    'Stored files can''t be removed, so the store is away or refuses it; the log of the reconciler names them.'
  where exists (select from headway.blob_deletion where failures > 2)
$function$
;

CREATE OR REPLACE FUNCTION headway.guard_birth()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
  v_level text := case tg_table_name when 'collection' then 'COLLECTION' when 'job' then 'JOB' else 'TASK' end;
begin
  if new.version <> 1 then
    raise exception '% %: a new row has version 1, not %', lower(v_level), new.id, new.version;
  end if;
  if v_level <> 'TASK' then
    perform headway.assert_transition(v_level, new.id, null, new.status, new.change_reason);
  end if;
  new.created_at := clock_timestamp();
  new.status_changed_at := new.created_at;
  return new;
end $function$
;

CREATE OR REPLACE FUNCTION headway.guard_collection()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if (new.status, new.version, new.change_id) is not distinct from (old.status, old.version, old.change_id) then
    new.status_changed_at := old.status_changed_at;
    return new;
  end if;
  perform headway.assert_next_change('COLLECTION', old.id, old.version, new.version, old.change_id, new.change_id);
  perform headway.assert_transition('COLLECTION', old.id, old.status, new.status, new.change_reason);
  new.status_changed_at := greatest(clock_timestamp(), old.status_changed_at);
  return new;
end $function$
;

CREATE OR REPLACE FUNCTION headway.guard_history()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if tg_op = 'INSERT' then
    -- Depth 1 is a statement of a client; the history triggers insert from depth 2.
    if pg_trigger_depth() < 2 then
      raise exception 'INSERT of status_change is refused: the history is written by the database alone';
    end if;
    return null;
  end if;
  if tg_op = 'UPDATE' and current_setting('headway_duty.name', true) = 'expiry' then return null; end if;
  raise exception '% of status_change is refused: the history is append-only', tg_op;
end $function$
;

CREATE OR REPLACE FUNCTION headway.guard_history_row()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if new.message is not null or (to_jsonb(new) - 'message') is distinct from (to_jsonb(old) - 'message') then
    raise exception 'change % of %: expiry may empty a message, nothing else', old.version, old.entity_id;
  end if;
  return new;
end $function$
;

CREATE OR REPLACE FUNCTION headway.guard_job()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
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
       is not distinct from
     (old.status, old.version, old.change_id, old.finished_at, old.run, old.cancel_requested_at) then
    new.status_changed_at := old.status_changed_at;
    return new;
  end if;
  perform headway.assert_next_change('JOB', old.id, old.version, new.version, old.change_id, new.change_id);
  perform headway.assert_transition('JOB', old.id, old.status, new.status, new.change_reason);
  new.status_changed_at := greatest(clock_timestamp(), old.status_changed_at);
  return new;
end $function$
;

CREATE OR REPLACE FUNCTION headway.guard_task()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
  v_steps int := 1;
begin
  if (new.id, new.job_id, new.collection_id, new.project_id, new.kind)
       is distinct from (old.id, old.job_id, old.collection_id, old.project_id, old.kind) then
    raise exception 'task %: id, job, collection, project and kind never change', old.id;
  end if;
  if (new.status, new.stage, new.version, new.fence, new.attempt, new.crashes, new.worker_id, new.finished_at,
      new.error_code, new.change_id, new.cancel_requested_at, new.claim_id, new.recorded_step, new.steps_version)
       is not distinct from
     (old.status, old.stage, old.version, old.fence, old.attempt, old.crashes, old.worker_id, old.finished_at,
      old.error_code, old.change_id, old.cancel_requested_at, old.claim_id, old.recorded_step, old.steps_version)
     and (new.error_message is not distinct from old.error_message
       or (new.error_message is null and current_setting('headway_duty.name', true) = 'expiry')) then
    if old.status <> 'RUNNING'
       and (new.lease_expires_at, new.progress) is distinct from (old.lease_expires_at, old.progress) then
      raise exception 'task %: lease and progress move only while RUNNING; it is %', old.id, old.status;
    end if;
    new.status_changed_at := old.status_changed_at;
    return new;
  end if;
  if new.steps_version is distinct from old.steps_version then
    v_steps := coalesce(cardinality(new.step_times), 0);
    if new.steps_version is distinct from new.version or v_steps < 1 or new.recorded_step <> old.recorded_step + v_steps
       or old.status <> 'RUNNING' or new.fence <> old.fence or new.changed_by_type <> 'WORKER' then
      raise exception 'task %: steps are recorded by the worker that runs it, each once and in their order', old.id
        using hint = 'steps_version and step_times are written by record_changes alone.';
    end if;
    if new.step_times[1] < old.status_changed_at
       or new.step_times[v_steps] > greatest(clock_timestamp(), old.status_changed_at) then
      raise exception 'task %: its steps must lie between its last change and now', old.id;
    end if;
    new.status_changed_at := new.step_times[v_steps];
  else
    if new.recorded_step <> old.recorded_step and (new.recorded_step <> 0 or new.fence <> old.fence + 1) then
      raise exception 'task %: recorded_step may not go from % to %; steps raise it and a claim begins with 0',
        old.id, old.recorded_step, new.recorded_step;
    end if;
    new.status_changed_at := greatest(clock_timestamp(), old.status_changed_at);
  end if;
  if new.version <> old.version + v_steps or new.change_id = old.change_id then
    perform headway.assert_next_change(old.kind || '_TASK', old.id, old.version + v_steps - 1, new.version, old.change_id,
      new.change_id);
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
  return new;
end $function$
;

CREATE OR REPLACE FUNCTION headway.heartbeat(p_worker uuid, p_lease_ms integer, p_tasks jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET lock_timeout TO '5s'
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_renewed uuid[];
begin
  -- A renewal that a crash of the database forgets is no loss, since no lease is held against anybody after an outage;
  -- and one that waited for a slow disk would come too late (with commits of 300 ms it took up to 900).
  perform set_config('synchronous_commit', 'off', true);
  with renewed as (
    update headway.task t set
      lease_expires_at = clock_timestamp() + make_interval(secs => p_lease_ms::float8 / 1000),
      progress = case when t.stage = p.stage then greatest(t.progress, coalesce(p.progress, 0)) else t.progress end,
      progress_message = case when t.stage = p.stage then coalesce(p.message, t.progress_message)
                              else t.progress_message end
    from (
      select t.id, p.stage, p.progress, p.message
      from jsonb_to_recordset(p_tasks) as p(task uuid, fence bigint, stage text, progress real, message text)
      join headway.task t on t.id = p.task and t.fence = p.fence and t.worker_id = p_worker
      where t.status = 'RUNNING' order by t.id for no key update of t skip locked
    ) p where t.id = p.id
    returning t.id
  )
  select coalesce(array_agg(id), '{}') into v_renewed from renewed;
  return jsonb_build_object(
    'lost', (select coalesce(jsonb_agg(p.task), '[]')
      from jsonb_to_recordset(p_tasks) as p(task uuid, fence bigint)
      left join headway.task t on t.id = p.task and t.fence = p.fence and t.worker_id = p_worker and t.status = 'RUNNING'
      where t.id is null),
    'missed', (select coalesce(jsonb_agg(p.task), '[]')
      from jsonb_to_recordset(p_tasks) as p(task uuid) where p.task <> all (v_renewed)),
    'cancelled', (select coalesce(jsonb_agg(p.task), '[]')
      from jsonb_to_recordset(p_tasks) as p(task uuid, fence bigint)
      join headway.task t on t.id = p.task and t.fence = p.fence and t.worker_id = p_worker and t.status = 'RUNNING'
      where t.cancel_requested_at is not null));
end $function$
;

CREATE OR REPLACE FUNCTION headway.is_expiry_due(c headway.collection)
 RETURNS boolean
 LANGUAGE sql
AS $function$
  select c.deletion_requested_at is not null or coalesce(c.expires_at <= clock_timestamp(), false)
$function$
;

CREATE OR REPLACE FUNCTION headway.is_retryable(p_task headway.task, p_codes jsonb)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE
AS $function$
  select case when jsonb_typeof(p_codes) = 'array' then p_task.status = 'FAILED' and p_codes ? p_task.error_code
    else p_task.status in ('FAILED', 'CANCELLED') end
$function$
;

CREATE OR REPLACE FUNCTION headway.jobs_in_turn(p_lanes headway.lane[], p_project uuid, p_priority integer, p_ring integer, p_job uuid, p_limit integer)
 RETURNS headway.job_in_turn[]
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  return array(
    with near as (
      select 1 as part, r.job_id, r.ring, r.stage, r.ready, l.pipeline, l.pipeline_version, l.version
      from unnest(p_lanes) l cross join lateral (
        select x.job_id, x.ring, x.stage, x.ready from headway.ready_stage x
        where x.not_before is null and x.pipeline = l.pipeline and x.pipeline_version = l.pipeline_version
          and x.stage = l.stage and x.project_id = p_project and x.priority = p_priority
          and (x.ring, x.job_id) > (p_ring, p_job)
        order by x.ring, x.job_id limit p_limit) r
      union all
      select 2, r.job_id, r.ring, r.stage, r.ready, l.pipeline, l.pipeline_version, l.version
      from unnest(p_lanes) l cross join lateral (
        select x.job_id, x.ring, x.stage, x.ready from headway.ready_stage x
        where x.not_before is null and x.pipeline = l.pipeline and x.pipeline_version = l.pipeline_version
          and x.stage = l.stage and x.project_id = p_project and x.priority = p_priority
          and (x.ring, x.job_id) <= (p_ring, p_job)
        order by x.ring, x.job_id limit p_limit) r
    ), jobs as (
      select n.part, n.ring, n.job_id, n.pipeline, n.pipeline_version, n.version, array_agg(n.stage) as stages,
        sum(n.ready)::int as ready
      from near n group by n.part, n.ring, n.job_id, n.pipeline, n.pipeline_version, n.version
      order by n.part, n.ring, n.job_id limit p_limit
    )
    select row(n.job_id, n.ring, j.collection_id, n.stages, n.ready, n.pipeline, n.version,
      case when n.pipeline_version < n.version and o.job_id is null then j.options end,
      o.refusal is not null)::headway.job_in_turn
    from jobs n
    -- One look each: a join that is planned while there are few jobs reads all of them once there are many.
    cross join lateral (select collection_id, options from headway.job where id = n.job_id offset 0) j
    left join lateral (
      select job_id, refusal from headway.options_check where job_id = n.job_id and pipeline_version = n.version offset 0
    ) o on true
    order by n.part, n.ring, n.job_id);
end $function$
;

CREATE OR REPLACE FUNCTION headway.keep_logs(p_logs jsonb)
 RETURNS void
 LANGUAGE plpgsql
 SET plan_cache_mode TO 'force_generic_plan'
 SET enable_seqscan TO 'off'
 SET lock_timeout TO '5s'
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  c_lines constant int := 1000;
  c_bytes constant int := 262144;
  v_called_at timestamptz := statement_timestamp();
  v_task uuid;
begin
  with l as (
    select t.id, t.project_id, x.fence, n.*
    from jsonb_to_recordset(p_logs) as x(task uuid, fence bigint, lines jsonb)
    cross join lateral (
      select t.id, t.project_id, t.collection_id from headway.task t where t.id = x.task and t.fence = x.fence offset 0) t
    cross join lateral jsonb_to_recordset(x.lines) as n(seq int, age float8, level int, stage text, attempt int, message text,
      fields jsonb, bytes int)
    where exists (select from headway.collection c where c.id = t.collection_id and c.status <> 'EXPIRED')
  ), kept as (
    insert into headway.task_log (task_id, project_id, fence, seq, at, level, stage, attempt, message, fields, size_bytes)
    select l.id, l.project_id, l.fence, l.seq, v_called_at - l.age * interval '1 ms', l.level, l.stage, l.attempt, l.message,
      l.fields, l.bytes
    from l order by l.id, l.seq
    on conflict do nothing
    returning task_id, project_id, fence, seq, size_bytes
  )
  insert into headway.task_log_count as c (task_id, project_id, fence, last_seq, written, lines, size_bytes)
  select k.task_id, k.project_id, k.fence, max(k.seq), max(k.seq), count(*), sum(k.size_bytes)
  from kept k group by k.task_id, k.project_id, k.fence order by k.task_id
  on conflict (task_id) do update set
    written = c.written + greatest(0, excluded.last_seq - case when c.fence = excluded.fence then c.last_seq else 0 end),
    last_seq = case when c.fence = excluded.fence then greatest(c.last_seq, excluded.last_seq) else excluded.last_seq end,
    fence = excluded.fence, lines = c.lines + excluded.lines, size_bytes = c.size_bytes + excluded.size_bytes;

  for v_task in
    select c.task_id from headway.task_log_count c
    where c.task_id = any (array(select (x->>'task')::uuid from jsonb_array_elements(p_logs) x))
      and (c.lines > 1.25 * c_lines or c.size_bytes > 1.25 * c_bytes)
    order by c.task_id
  loop
    delete from headway.task_log g using (
      select r.fence, r.seq from (
        select o.fence, o.seq, row_number() over w as place, sum(o.size_bytes) over w as bytes
        from headway.task_log o where o.task_id = v_task window w as (order by o.fence desc, o.seq desc)
      ) r where r.place > c_lines or r.bytes > c_bytes
    ) d where g.task_id = v_task and g.fence = d.fence and g.seq = d.seq;
    update headway.task_log_count c set (lines, size_bytes) = (
      select count(*), coalesce(sum(g.size_bytes), 0) from headway.task_log g where g.task_id = v_task)
    where c.task_id = v_task;
  end loop;
end $function$
;

CREATE OR REPLACE FUNCTION headway.keep_summary(p_job uuid, p_status text)
 RETURNS void
 LANGUAGE sql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  insert into headway.job_summary (job_id, project_id, run, status, counts, duration_ms, errors, output)
  select j.id, j.project_id, j.run, p_status,
    jsonb_build_object('total', j.total, 'waiting', 0, 'queued', j.queued, 'running', j.running,
      'completed', j.completed, 'failed', j.failed, 'cancelled', j.cancelled, 'skipped', j.skipped),
    extract(epoch from clock_timestamp() - coalesce(j.started_at, j.created_at)) * 1000,
    coalesce((
      select jsonb_agg(to_jsonb(g) order by g.count desc, g.code, g.stage) from (
        select error_code as code, error_stage as stage, count(*) as count, bool_or(error_retryable) as retryable,
          (array_agg(id order by ordinal))[1:5] as "sampleTaskIds"
        from headway.task where job_id = p_job and status = 'FAILED' group by error_code, error_stage
      ) g), '[]'),
    -- Objects of several collection stages are merged in stage order; of others the last stage's output stands.
    (select case when bool_and(jsonb_typeof(o.output) = 'object')
       then (select jsonb_object_agg(e.key, e.value order by o2.place)
             from unnest(j.collection_stages) with ordinality as o2(stage, place)
             join headway.stage_output s2 on s2.task_id = c.id and s2.stage = o2.stage, jsonb_each(s2.output) e)
       else (array_agg(o.output order by s.place desc))[1] end
     from headway.task c cross join unnest(j.collection_stages) with ordinality as s(stage, place)
     join headway.stage_output o on o.task_id = c.id and o.stage = s.stage
     where c.job_id = p_job and c.kind = 'COLLECTION' and c.status = 'COMPLETED'
     group by c.id)
  from headway.job j where j.id = p_job
  on conflict (job_id) do update set run = excluded.run, status = excluded.status, counts = excluded.counts,
    duration_ms = excluded.duration_ms, errors = excluded.errors, output = excluded.output, stages = null,
    created_at = clock_timestamp()
$function$
;

CREATE OR REPLACE FUNCTION headway.kept_task(p_document uuid, p_sha256 text, p_pipeline text, p_version integer, p_stages text[], p_options jsonb)
 RETURNS uuid
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select t.id from headway.document d
  join headway.task t on t.document_id = d.id and t.kind = 'DOCUMENT' and t.status = 'COMPLETED'
  join headway.job j on j.id = t.job_id
  where d.id = p_document and t.content_sha256 = p_sha256
    and j.pipeline = p_pipeline and t.pipeline_version = p_version and not t.is_mixed
    and j.document_stages = p_stages and j.options = p_options
    and (d.content_task_id = t.id or (t.text_fence is null and t.chunk_fence is null))
  order by t.finished_at desc limit 1
$function$
;

CREATE OR REPLACE FUNCTION headway.lanes_served(p_serves jsonb)
 RETURNS headway.lane[]
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  return array(
    with recursive ready as (
      (select pipeline, pipeline_version, stage from headway.ready_stage where not_before is null
       order by pipeline, pipeline_version, stage limit 1)
      union all
      select n.pipeline, n.pipeline_version, n.stage from ready r cross join lateral (
        select x.pipeline, x.pipeline_version, x.stage from headway.ready_stage x
        where x.not_before is null
          and (x.pipeline, x.pipeline_version, x.stage) > (r.pipeline, r.pipeline_version, r.stage)
        order by x.pipeline, x.pipeline_version, x.stage limit 1) n
    )
    select row(r.pipeline, r.pipeline_version, r.stage, s.version)::headway.lane
    from ready r cross join lateral (select (p_serves->r.pipeline->>'version')::int as version) s
    where r.pipeline_version <= s.version and p_serves->r.pipeline->'stages' ? r.stage);
end $function$
;

CREATE OR REPLACE FUNCTION headway.last_position(p_job uuid)
 RETURNS bigint
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select coalesce((
    select h.position from headway.job j
    join headway.status_change h on h.entity_id = j.id and h.version = j.version
    where j.id = p_job and j.finished_at is not null), 9223372036854775807)
$function$
;

CREATE OR REPLACE FUNCTION headway.limit_room(p_pipeline text, p_stage text, p_limit jsonb, OUT room integer, OUT by_rate integer, OUT opens_at timestamp with time zone)
 RETURNS record
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_now timestamptz := clock_timestamp();
  v_per interval := make_interval(secs => (p_limit->>'perMs')::float8 / 1000);
  v_most int := (p_limit->>'limit')::int;
  v_used int;
  v_slots int;
begin
  room := 2147483647;
  if p_limit->>'concurrency' is not null then
    room := greatest(0, (p_limit->>'concurrency')::int - (
      select count(*)::int from headway.worker w cross join lateral (
        select from headway.task t
        where t.worker_id = w.id and t.status = 'RUNNING' and t.pipeline = p_pipeline
          and (p_stage = '' or t.stage = p_stage) offset 0) x
      -- What a worker held that nobody has heard of for so long was given back.
      where w.stopped_at is null and w.heartbeat_at > v_now - interval '1 hour'));
  end if;
  if v_most is null then return; end if;
  select case when (p_limit->>'perMs')::int = any (l.per_ms) then (p_limit->>'perMs')::int
    else (select max(p) from unnest(l.per_ms) p) end into v_slots
  from headway.limit_use l where l.pipeline = p_pipeline and l.stage = p_stage;
  select coalesce(sum(u.n), 0) into v_used
  from headway.limit_use l cross join lateral unnest(l.per_ms, l.slot_ends, l.begun) u(per_ms, slot_end, n)
  where l.pipeline = p_pipeline and l.stage = p_stage and u.per_ms = v_slots and u.slot_end > v_now - v_per;
  by_rate := greatest(0, v_most - v_used);
  room := least(room, by_rate);
  if by_rate = 0 then
    select min(x.slot_end) + v_per into opens_at from (
      select least(u.slot_end, v_now) as slot_end, sum(u.n) over (order by u.slot_end) as gone
      from headway.limit_use l cross join lateral unnest(l.per_ms, l.slot_ends, l.begun) u(per_ms, slot_end, n)
      where l.pipeline = p_pipeline and l.stage = p_stage and u.per_ms = v_slots and u.slot_end > v_now - v_per
    ) x where v_used - x.gone < v_most;
  end if;
end $function$
;

CREATE OR REPLACE FUNCTION headway.lock_collection(p_collection uuid, p_project uuid)
 RETURNS TABLE(status text, is_expiring boolean, open_job_id uuid, open_job_status text)
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_column
begin
  perform headway.lock_collections(array(
    select id from headway.collection where id = p_collection and project_id = p_project));
  -- In a statement of its own, which sees what was committed while the lock was waited for.
  return query
    select c.status, headway.is_expiry_due(c), j.id, j.status from headway.collection c
    left join headway.job j on j.collection_id = c.id and j.status in ('QUEUED', 'PROCESSING', 'CANCELLING')
    where c.id = p_collection and c.project_id = p_project;
end $function$
;

CREATE OR REPLACE FUNCTION headway.lock_collections(p_ids uuid[])
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_key bigint;
begin
  perform headway.assert_read_committed();
  -- By key, not by id: two ids may share a key, and the order of the keys is what keeps deadlocks away.
  for v_key in
    select distinct hashtextextended(id::text, 'headway.collection'::regclass::oid::bigint)
    from unnest(p_ids) as id where id is not null order by 1
  loop
    perform pg_advisory_xact_lock(v_key);
  end loop;
end $function$
;

CREATE OR REPLACE FUNCTION headway.lock_history(p_collections uuid[])
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  perform headway.assert_read_committed();
  perform pg_advisory_xact_lock(key) from (
    select distinct hashtextextended(id::text, 'headway.status_change'::regclass::oid::bigint) as key
    from unnest(p_collections) as id order by 1) keys;
end $function$
;

CREATE OR REPLACE FUNCTION headway.lock_limits(p_pipeline text, p_stages text[], p_wait_ms integer)
 RETURNS boolean
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_before text := current_setting('lock_timeout');
begin
  perform set_config('lock_timeout', p_wait_ms || 'ms', true);
  begin
    insert into headway.limit_use (pipeline, stage)
    select p_pipeline, s from unnest(p_stages) s
    where not exists (select from headway.limit_use l where l.pipeline = p_pipeline and l.stage = s)
    order by s on conflict do nothing;
    perform from headway.limit_use where pipeline = p_pipeline and stage = any (p_stages)
    order by stage for no key update;
  exception when lock_not_available then
    perform set_config('lock_timeout', v_before, true);
    return false;
  end;
  perform set_config('lock_timeout', v_before, true);
  return true;
end $function$
;

CREATE OR REPLACE FUNCTION headway.look_for_attention(p_sweep_ms integer, p_every_ms integer, p_redis text)
 RETURNS integer
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_now timestamptz := clock_timestamp();
  l headway.attention_look;
  v_next record;
  v_checked uuid[];
  v_found headway.attention_item[];
  v_changed int;
begin
  if not pg_try_advisory_xact_lock('headway.attention_look'::regclass::oid::bigint) then return 0; end if;
  select * into l from headway.attention_look
  where looked_at <= v_now - make_interval(secs => p_every_ms / 1000.0) or looked_at > v_now;
  if not found then return 0; end if;

  -- Jobs are checked in the order in which they changed, from a day ago on.
  select id, status_changed_at, total into v_next from headway.job
  where status_changed_at >= greatest(l.checked_to, v_now - interval '1 day')
    and (status_changed_at, id) > (l.checked_to, l.checked_job)
  order by status_changed_at, id limit 1;
  v_checked := array(
    select subject_id from headway.attention_item where kind = 'INVARIANT_BROKEN' order by random() limit 3);
  if v_next.total <= 500 then v_checked := v_checked || v_next.id; end if;

  v_found := array(
    select row(null::uuid, f.project_id, f.kind, f.subject, f.subject_id, f.state, f.since, f.message)::headway.attention_item
    from (
      select * from headway.found_for_attention(p_sweep_ms, p_redis)
      union all
      select j.project_id, 'INVARIANT_BROKEN', j.id::text, j.id, '', v_now,
        format('%s broken invariants in a job, such as %s: %s. doctor tells all; repair mends a status that does not follow from its facts.',
          b.count, b.invariant, b.detail)
      from headway.job j cross join lateral (
        select min(v.invariant) as invariant, min(v.detail) as detail, count(*) as count
        from headway.violations_within(v_now - interval '1 day', j.project_id, j.collection_id, j.id) v) b
      where j.id = any (v_checked) and b.count > 0
      union all
      select i.project_id, i.kind, i.subject, i.subject_id, i.state, i.since, i.message from headway.attention_item i
      where i.kind = 'INVARIANT_BROKEN' and i.subject_id <> all (v_checked)
    ) f);

  -- Failures that need nobody any more are not looked at again.
  update headway.job j set acknowledged_version = j.version from (
    select f.id, f.version from headway.project p cross join lateral (
      select * from headway.job q
      where q.project_id = p.id and q.status in ('FAILED', 'COMPLETED_WITH_ERRORS')
        and q.acknowledged_version is distinct from q.version
      order by q.status_changed_at desc, q.id desc limit 300 for no key update skip locked) f
    where not headway.needs_a_person(f.id, f.collection_id, f.created_at, f.status, f.failed)
  ) d where j.id = d.id and j.version = d.version;

  with found as materialized (
    select * from unnest(v_found)
  ), put as (
    insert into headway.attention_item as i (project_id, kind, subject, subject_id, state, since, message)
    select f.project_id, f.kind, f.subject, f.subject_id, f.state, f.since, f.message from found f
    on conflict (project_id, kind, subject) do update set message = excluded.message,
      id = case when i.state = excluded.state then i.id else excluded.id end,
      since = case when i.state = excluded.state then i.since else excluded.since end, state = excluded.state
    where (i.state, i.message) is distinct from (excluded.state, excluded.message)
    returning 1
  ), gone as (
    delete from headway.attention_item i where not exists (
      select from found f
      where f.kind = i.kind and f.subject = i.subject and f.project_id is not distinct from i.project_id)
    returning 1
  )
  select (select count(*) from put) + (select count(*) from gone) into v_changed;
  delete from headway.acknowledgement a where a.kind <> 'FAILED_JOB'
    and not exists (select from headway.attention_item i where i.id = a.item_id);
  update headway.attention_look set looked_at = v_now,
    checked_to = coalesce(v_next.status_changed_at, least(checked_to, v_now)), checked_job = coalesce(v_next.id, checked_job);
  return v_changed;
end $function$
;

CREATE OR REPLACE FUNCTION headway.mark_due()
 RETURNS boolean
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_now timestamptz := clock_timestamp();
begin
  update headway.ready_stage set not_before = null where ctid = any (array(
    select ctid from headway.ready_stage where not_before <= v_now
    order by not_before limit 256 for no key update skip locked));
  return found;
end $function$
;

CREATE OR REPLACE FUNCTION headway.move_fetched_blob()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if new.blob_key like 'sources/%/bytes' then
    delete from headway.blob_deletion where prefix = left(new.blob_key, -6);
  end if;
  if old.blob_key like 'sources/%/bytes' then
    insert into headway.blob_deletion (prefix, project_id) values (left(old.blob_key, -6), old.project_id)
    on conflict (prefix) do update set delete_after = excluded.delete_after;
  end if;
  return null;
end $function$
;

CREATE OR REPLACE FUNCTION headway.needs_a_person(p_job uuid, p_collection uuid, p_created_at timestamp with time zone, p_status text, p_failed integer)
 RETURNS boolean
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select (p_status = 'FAILED' or p_failed > 0)
    and exists (select from headway.collection c where c.id = p_collection and c.status <> 'EXPIRED')
    and not exists (
      select from headway.job o where o.collection_id = p_collection and (o.created_at, o.id) > (p_created_at, p_job))
$function$
;

CREATE OR REPLACE FUNCTION headway.next_priority(p_lanes headway.lane[], p_project uuid, p_below integer)
 RETURNS integer
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_below int := coalesce(p_below, 2147483647);
begin
  return (
    select n.priority from unnest(p_lanes) l cross join lateral (
      select r.priority from headway.ready_stage r
      where r.not_before is null and r.pipeline = l.pipeline and r.pipeline_version = l.pipeline_version
        and r.stage = l.stage and r.project_id = p_project and r.priority < v_below
      order by r.priority desc limit 1) n
    order by n.priority desc limit 1);
end $function$
;

CREATE OR REPLACE FUNCTION headway.next_project(p_lanes headway.lane[], p_after uuid)
 RETURNS uuid
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  c_before_all constant uuid := '00000000-0000-0000-0000-000000000000';
  v_after uuid := p_after;
  v_next uuid;
begin
  loop
    select n.project_id into v_next from unnest(p_lanes) l cross join lateral (
      select r.project_id from headway.ready_stage r
      where r.not_before is null and r.pipeline = l.pipeline and r.pipeline_version = l.pipeline_version
        and r.stage = l.stage and r.project_id > v_after
      order by r.project_id limit 1) n
    order by n.project_id limit 1;
    exit when v_next is not null or v_after = c_before_all;
    v_after := c_before_all;
  end loop;
  return v_next;
end $function$
;

CREATE OR REPLACE FUNCTION headway.note_begun(p_pipeline text, p_stage text, p_per_ms integer, p_begun integer)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_now timestamptz := clock_timestamp();
  v_windows int[] := array(
    select p_per_ms union
    select (l.limits->>'perMs')::int from headway.worker w
    cross join lateral jsonb_array_elements(w.serves->p_pipeline->'limits') l(limits)
    where w.stopped_at is null and w.heartbeat_at > v_now - interval '1 hour' and l.limits->>'stage' = p_stage
      and l.limits->>'perMs' is not null);
begin
  update headway.limit_use l set (per_ms, slot_ends, begun) = (
    with slots as (
      select * from unnest(l.per_ms, l.slot_ends, l.begun) o(per_ms, slot_end, n)
      union all
      -- For a perMs that is new what counts is what the longest has known.
      select w, o.slot_end, o.n from unnest(v_windows) w, unnest(l.per_ms, l.slot_ends, l.begun) o(per_ms, slot_end, n)
      where w <> all (l.per_ms) and o.per_ms = (select max(p) from unnest(l.per_ms) p)
    ), counted as (
      select s.per_ms, least(s.slot_end, headway.slot_end(s.per_ms, v_now)) as slot_end, s.n from slots s
      where s.slot_end > v_now - make_interval(secs => s.per_ms / 1000.0)
      union all
      select w, headway.slot_end(w, v_now), p_begun from unnest(v_windows) w
    )
    select array_agg(x.per_ms order by x.per_ms, x.slot_end), array_agg(x.slot_end order by x.per_ms, x.slot_end),
      array_agg(x.n order by x.per_ms, x.slot_end)
    from (select c.per_ms, c.slot_end, sum(c.n)::int as n from counted c group by 1, 2) x)
  where l.pipeline = p_pipeline and l.stage = p_stage;
end $function$
;

CREATE OR REPLACE FUNCTION headway.place_in_histogram(p_value double precision)
 RETURNS integer
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select case when p_value is not null then ceil(ln(greatest(p_value, 0.001)) / ln(1.04::float8))::int end
$function$
;

CREATE OR REPLACE FUNCTION headway.prune_deliveries(p_limit integer)
 RETURNS integer
 LANGUAGE plpgsql
 SET lock_timeout TO '5s'
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_emptied int;
  v_removed int;
begin
  update headway.webhook_delivery set payload = null where id = any (array(
    select id from headway.webhook_delivery
    where next_attempt_at is null and payload is not null and created_at < clock_timestamp() - interval '7 days'
    order by created_at limit p_limit for update skip locked));
  get diagnostics v_emptied = row_count;
  delete from headway.webhook_delivery where id = any (array(
    (select id from headway.webhook_delivery
     where next_attempt_at is null and created_at < clock_timestamp() - interval '30 days'
     order by created_at limit p_limit)
    union
    (select d.id from headway.webhook w join headway.webhook_delivery d on d.webhook_id = w.id
     where w.deleted_at is not null limit p_limit)));
  get diagnostics v_removed = row_count;
  delete from headway.webhook w where w.deleted_at < clock_timestamp() - interval '10 minutes'
    and not exists (select from headway.webhook_delivery d where d.webhook_id = w.id);
  return v_emptied + v_removed;
end $function$
;

CREATE OR REPLACE FUNCTION headway.record_attempt(p_delivery uuid, p_claim uuid, p_at timestamp with time zone, p_duration_ms integer, p_status integer, p_error text, p_next_ms double precision, p_is_gone boolean)
 RETURNS boolean
 LANGUAGE plpgsql
 SET lock_timeout TO '5s'
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_now timestamptz := clock_timestamp();
  d headway.webhook_delivery;
begin
  update headway.webhook_delivery w set tries = w.tries + 1, claim_id = null, claimed_until = null,
    delivered_at = case when p_error is null then v_now end,
    next_attempt_at = case when p_error is not null then v_now + make_interval(secs => p_next_ms / 1000) end
  where w.id = p_delivery and w.claim_id = p_claim returning * into d;
  if not found then return false; end if;
  insert into headway.webhook_attempt (project_id, delivery_id, at, status_code, error, duration_ms)
  values (d.project_id, d.id, p_at, p_status, p_error, p_duration_ms);
  if p_error is null then
    update headway.webhook set failing_since = null where id = d.webhook_id and failing_since is not null;
    return true;
  end if;
  update headway.webhook set failing_since = v_now where id = d.webhook_id and failing_since is null;
  update headway.webhook set enabled = false, given_up_at = v_now,
    disabled_reason = case when p_is_gone then 'It answered 410 Gone.'
      else format('Nothing has come through since %s; the last attempt failed: %s',
        to_char(failing_since at time zone 'UTC', 'YYYY-MM-DD HH24:MI "UTC"'), p_error) end
  where id = d.webhook_id and enabled and (p_is_gone or failing_since < v_now - interval '3 days');
  return true;
end $function$
;

CREATE OR REPLACE FUNCTION headway.record_changes(p_actor_type text, p_actor text, p_worker uuid, p_crash_limit integer, p_changes jsonb, p_wait boolean DEFAULT true)
 RETURNS json
 LANGUAGE plpgsql
 SET plan_cache_mode TO 'force_generic_plan'
 SET enable_seqscan TO 'off'
 SET lock_timeout TO '5s'
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  -- Ages are counted from here: this is when the call came, whatever it waits for.
  v_called_at timestamptz := statement_timestamp();
  v_now timestamptz;
  v_collections uuid[];
  v_applied headway.flush_change[];
  v_job uuid;
  v_errors jsonb := '[]';
  v_jobs uuid[];
  v_converged uuid[];
  v_lease interval;
  v_tasks uuid[] := array(select (c->>'task')::uuid from jsonb_array_elements(p_changes) c);
  v_shared uuid[];
  v_held uuid[] := '{}';
begin
  v_collections := array(select distinct collection_id from headway.task where id = any (v_tasks));
  if p_wait then
    perform headway.share_collections(v_collections);
  else
    v_shared := headway.try_share_collections(v_collections);
    if cardinality(v_shared) < cardinality(v_collections) then
      v_held := array(select id from headway.task where id = any (v_tasks) and collection_id <> all (v_shared));
      v_tasks := array(select id from unnest(v_tasks) as id where id <> all (v_held));
    end if;
  end if;
  -- Rows are locked before they are read: a heartbeat that held one while the UPDATE below began would make the UPDATE
  -- re-check its join against a newer row, and lose it (seen: whole batches refused, 516 of 5,000 tasks). In order, so
  -- that flushes never wait for each other in a circle.
  perform from headway.task where id = any (v_tasks) and status is not distinct from 'RUNNING'
  order by id for no key update;
  v_now := clock_timestamp();
  v_lease := make_interval(secs => coalesce((select lease_ms from headway.worker where id = p_worker), 0)::float8 / 1000);

  with c as (
    select * from jsonb_to_recordset(p_changes) as c(task uuid, fence bigint, change uuid, first int, ages float8[],
      ahead boolean, kind text, "maxAttempts" int, outputs jsonb, again text, final text, "countsAs" text, code text,
      message text, stack text, retryable boolean, suspect boolean, "delayMs" int, "laterForMs" bigint, expired boolean, "textFence" bigint,
      "chunkFence" bigint, "pipelineVersion" int, "isMixed" boolean, document jsonb, warnings jsonb, staged jsonb, progress real, "progressMessage" text)
  ), m as (
    -- An end is judged by how the task stands after the steps before it.
    select c.*, t.names, array_position(t.names, t.stage) as place, t.status_changed_at,
      t.cancel_requested_at is not null as is_cancelled, e.starts,
      case when e.starts > 0 then 1 else t.attempt end as base_attempt,
      case when e.starts > 0 then coalesce(c."maxAttempts", t.max_attempts) else t.max_attempts end as base_max_attempts,
      case when e.starts > 0 then 0 else t.crashes end as base_crashes,
      case when e.starts > 0 then null else t.later_since end as base_later_since
    from c cross join lateral (
      select t.*, case t.kind when 'DOCUMENT' then j.document_stages else j.collection_stages end as names
      from headway.task t join headway.job j on j.id = t.job_id
      where t.id = c.task and t.status is not distinct from 'RUNNING' offset 0
    ) t
    -- Under a cancel request a task goes on to no stage but one that has begun.
    cross join lateral (
      select coalesce(cardinality(c.ages), 1)
        - (c.kind not in ('stage', 'hand_on') or (t.cancel_requested_at is not null and c.ahead is not true))::int as starts
    ) e
    -- By its worker too: where a standby took over without the last changes, a fence has been handed out twice.
    where t.id <> all (v_held) and t.fence = c.fence and (p_worker is null or t.worker_id = p_worker)
      and case when c.first is null then t.change_id <> c.change else c.first = t.recorded_step + 1 end
      and (c.expired is not true or t.lease_expires_at < v_now)
  ), n as (
    select m.*, m.names[m.place + m.starts] as last_stage,
      case
        when m.kind = 'complete' then 'COMPLETED'
        when m.kind = 'skip' then 'SKIPPED'
        when m.kind = 'stage' and not (m.is_cancelled and m.ahead is not true) then 'RUNNING'
        when m.kind = 'deadline' or m.is_cancelled then 'CANCELLED'
        when m.kind = 'hand_on' then 'QUEUED'
        when m."countsAs" = 'attempt' and m.base_attempt < m.base_max_attempts then 'QUEUED'
        when m."countsAs" = 'crash' and m.base_crashes + 1 < p_crash_limit then 'QUEUED'
        when m."countsAs" = 'wait' and v_now + m."delayMs" * interval '1 ms'
          <= coalesce(m.base_later_since, v_now) + m."laterForMs" * interval '1 ms' then 'QUEUED'
        when m.final is null then 'QUEUED'
        else 'FAILED'
      end as status,
      -- Never before the task's last change, and never after now; in their order, whatever was sent.
      case when m.first is not null then array(
        select max(greatest(m.status_changed_at, least(v_called_at - a.age * interval '1 ms', v_called_at))) over (order by a.i)
        from unnest(m.ages) with ordinality a(age, i) order by a.i) end as times
    from m
  ), changed as (
    update headway.task t set
      status = n.status, version = t.version + coalesce(cardinality(n.times), 1), change_id = n.change,
      changed_by_type = p_actor_type, changed_by = p_actor,
      change_reason = case
        when n.kind = 'complete' then 'COMPLETED'
        when n.kind = 'skip' then 'UNCHANGED'
        when n.kind = 'deadline' then 'CANCEL_DEADLINE'
        when n.status = 'CANCELLED' then 'CANCELLED_BY_REQUEST'
        when n.kind = 'stage' then 'STAGE_STARTED'
        when n.kind = 'hand_on' then coalesce(n.again, 'HANDED_ON')
        when n.status = 'QUEUED' then n.again
        else n.final
      end,
      change_message = n.message,
      recorded_step = t.recorded_step + coalesce(cardinality(n.times), 0),
      step_times = n.times, steps_version = case when n.times is null then t.steps_version else t.version + cardinality(n.times) end,
      stage = case when n.kind in ('complete', 'skip') then null else n.last_stage end,
      worker_id = case when n.status = 'RUNNING' then t.worker_id end,
      -- Heartbeats pass over a row that a flush holds, and the fence has just shown that the worker is alive.
      lease_expires_at = case when n.status = 'RUNNING' then greatest(t.lease_expires_at, v_now + v_lease) end,
      attempt = case when n.status = 'QUEUED' and n."countsAs" = 'attempt' then n.base_attempt + 1 else n.base_attempt end,
      max_attempts = n.base_max_attempts,
      crashes = n.base_crashes + (n."countsAs" is not distinct from 'crash' and n.status <> 'CANCELLED')::int,
      later_since = case when n.status = 'QUEUED' and n."countsAs" is not distinct from 'wait' then coalesce(n.base_later_since, v_now)
                         when n.status in ('QUEUED', 'RUNNING') then n.base_later_since end,
      has_crashed = t.has_crashed or n.suspect is true or (n."countsAs" is not distinct from 'crash'),
      is_suspect = n.status in ('QUEUED', 'RUNNING') and (n.suspect is true or (t.is_suspect and n.starts = 0)),
      progress = case when n.kind = 'complete' then 1 when n.status = 'RUNNING' then coalesce(n.progress, 0) else 0 end,
      progress_message = case when n.status = 'RUNNING' then n."progressMessage" end,
      run_at = case when n.status = 'QUEUED'
                    then v_now + make_interval(secs => coalesce(n."delayMs", 0)::float8 / 1000) else t.run_at end,
      finished_at = case when n.status in ('COMPLETED', 'FAILED', 'CANCELLED', 'SKIPPED')
                         then coalesce(n.times[cardinality(n.times)], v_now) end,
      error_code = case when n.status = 'FAILED' and n."countsAs" = 'wait' then 'RETRY_LATER_EXHAUSTED'
                        when n.status in ('FAILED', 'QUEUED') then n.code end,
      error_message = case when n.status in ('FAILED', 'QUEUED') then n.message end,
      error_stage = case when n.status in ('FAILED', 'QUEUED') and n.code is not null then n.last_stage end,
      error_retryable = case when n.status in ('FAILED', 'QUEUED') then n.retryable end,
      error_stack = case when n.status in ('FAILED', 'QUEUED') then n.stack end,
      text_fence = coalesce(n."textFence", t.text_fence), chunk_fence = coalesce(n."chunkFence", t.chunk_fence),
      pipeline_version = coalesce(n."pipelineVersion", t.pipeline_version), is_mixed = coalesce(n."isMixed", t.is_mixed),
      warnings = coalesce(n.warnings, t.warnings)
    from n where t.id = n.task
    returning t.id, t.job_id, t.project_id, t.document_id, t.status, t.fence, t.change_id, t.text_fence, t.chunk_fence,
      n.kind as change_kind, n.is_cancelled and t.status = 'RUNNING' as cancel_requested, n.outputs, n.names, n.place,
      n.document, n.staged
  ), outputs as (
    insert into headway.stage_output as o (task_id, project_id, stage, fence, output)
    select x.id, x.project_id, x.names[x.place + u.i::int - 1], x.fence, nullif(u.output, 'null')
    from changed x cross join lateral jsonb_array_elements(x.outputs) with ordinality u(output, i)
    -- Over whatever is there: this is the fence that the task has now, and fences never fall.
    on conflict (task_id, stage) do update set fence = excluded.fence, output = excluded.output,
      created_at = clock_timestamp()
  ), artifacts as (
    update headway.artifact a set accepted = true from changed x
    where jsonb_array_length(x.outputs) > 0 and a.task_id = x.id and a.fence = x.fence and not a.accepted
      and a.stage = any (x.names[x.place : x.place + jsonb_array_length(x.outputs) - 1])
  )
  select coalesce(array_agg(row(x.id, x.job_id, x.document_id, x.status, x.fence, x.change_id, x.text_fence,
    x.chunk_fence, x.change_kind, x.document, x.staged, x.cancel_requested)::headway.flush_change), '{}')
  into v_applied from changed x;

  -- The history is written one flush after the other: what waited for its turn, on a slow disk, has not had its lease yet.
  if v_lease > interval '0' and clock_timestamp() - v_now > v_lease / 10 then
    update headway.task t set lease_expires_at = greatest(t.lease_expires_at, clock_timestamp() + v_lease)
    from unnest(v_applied) x where t.id = x.id and x.status = 'RUNNING';
  end if;

  perform headway.record_facts(v_applied);
  perform headway.show_results(v_applied);

  v_jobs := array(
    select distinct x.job_id from unnest(v_applied) x
    where x.status in ('COMPLETED', 'FAILED', 'CANCELLED', 'SKIPPED') order by 1);
  v_converged := array(
    select j.id from headway.job j
    where j.id = any (v_jobs) and j.queued + j.running = 0 and j.finished_at is null order by j.id);
  foreach v_job in array v_converged loop
    begin
      perform headway.converge(v_job);
    exception when others then
      -- A task's outcome stands whatever becomes of its job: the sweep converges it again.
      v_errors := v_errors || jsonb_build_object('jobId', v_job, 'code', sqlstate, 'message', sqlerrm);
    end;
  end loop;

  return json_build_object(
    -- Most often there is none, as their number tells.
    'refused', case when cardinality(v_applied) < cardinality(v_tasks) then (
      select coalesce(json_agg(id), '[]') from unnest(v_tasks) as id
      where id not in (select x.id from unnest(v_applied) x)) else '[]' end,
    'ended', (select coalesce(json_agg(json_build_object('task', x.id, 'status', x.status)), '[]')
      from unnest(v_applied) x
      where x.status <> case x.change_kind when 'stage' then 'RUNNING' when 'hand_on' then 'QUEUED'
        when 'complete' then 'COMPLETED' when 'skip' then 'SKIPPED' else '' end),
    'cancelRequested', (select coalesce(json_agg(x.id), '[]') from unnest(v_applied) x where x.cancel_requested),
    'held', case when cardinality(v_held) = 0 then '[]' else (
      select json_agg(json_build_object('task', id, 'collection', collection_id)) from headway.task
      where id = any (v_held)) end,
    'due', case when cardinality(v_converged) = 0 then '[]' else (
      select coalesce(json_agg(json_build_object('task', t.id, 'fence', t.fence::text, 'pipeline', t.pipeline,
        'priority', t.priority)), '[]')
      from headway.task t where t.job_id = any (v_converged) and t.kind = 'COLLECTION' and t.status = 'QUEUED') end,
    'convergeErrors', v_errors);
end $function$
;

CREATE OR REPLACE FUNCTION headway.record_collections()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if tg_op = 'INSERT' then
    perform headway.lock_history(array(select id from new_rows));
    insert into headway.status_change (project_id, entity_type, entity_id, collection_id, version, to_status, actor_type,
      actor, reason, message, change_id, at)
    select project_id, 'COLLECTION', id, id, version, status, changed_by_type, changed_by, change_reason,
      change_message, change_id, status_changed_at from new_rows order by id;
  else
    if not exists (select from new_rows n join old_rows o on o.id = n.id where n.version <> o.version) then
      return null;
    end if;
    perform headway.lock_history(array(
      select n.id from new_rows n join old_rows o on o.id = n.id where n.version <> o.version));
    insert into headway.status_change (project_id, entity_type, entity_id, collection_id, version, from_status,
      to_status, actor_type, actor, reason, message, change_id, at)
    select n.project_id, 'COLLECTION', n.id, n.id, n.version, o.status, n.status, n.changed_by_type, n.changed_by,
      n.change_reason, n.change_message, n.change_id, n.status_changed_at
    from new_rows n join old_rows o on o.id = n.id where n.version <> o.version order by n.id;
    if exists (select from headway.webhook where enabled) then
      insert into headway.webhook_delivery (id, project_id, webhook_id, event, entity_id, version, payload, next_attempt_at)
      select gen_random_uuid(), w.project_id, w.id, 'COLLECTION_EXPIRED', n.id, n.version,
        headway.webhook_payload('collection.expired', jsonb_build_object('entityType', 'COLLECTION', 'entityId', n.id,
          'version', n.version, 'collectionId', n.id, 'status', n.status, 'reason', n.change_reason)), clock_timestamp()
      from new_rows n join old_rows o on o.id = n.id
      join headway.webhook w on w.project_id = n.project_id and w.enabled and 'COLLECTION_EXPIRED' = any (w.events)
      where n.status = 'EXPIRED' and o.status <> 'EXPIRED';
    end if;
  end if;
  perform pg_notify(tg_table_schema, '');
  return null;
end $function$
;

CREATE OR REPLACE FUNCTION headway.record_facts(p_applied headway.flush_change[])
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if not exists (select from unnest(p_applied) x where x.document is not null) then return; end if;
  update headway.document d set
    media_type = coalesce(x.document->>'mediaType', d.media_type),
    size_bytes = coalesce((x.document->>'sizeBytes')::bigint, d.size_bytes),
    sha256 = coalesce(x.document->>'sha256', d.sha256),
    blob_key = coalesce(x.document->>'blobKey', d.blob_key),
    metadata = d.metadata || coalesce(x.document->'metadata', '{}')
  from unnest(p_applied) x where d.id = x.document_id and x.document is not null;

  update headway.task t set content_sha256 = x.document->>'sha256'
  from unnest(p_applied) x
  where t.id = x.id and x.document->>'sha256' is not null and t.content_sha256 is distinct from x.document->>'sha256';
end $function$
;

CREATE OR REPLACE FUNCTION headway.record_jobs()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
end $function$
;

CREATE OR REPLACE FUNCTION headway.release_removed()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_uploads uuid[] := array(select distinct upload_id from old_rows where upload_id is not null);
begin
  if cardinality(v_uploads) > 0 then perform headway.release_uploads(v_uploads); end if;
  return null;
end $function$
;

CREATE OR REPLACE FUNCTION headway.release_upload()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  perform headway.release_uploads(array[old.upload_id]);
  return null;
end $function$
;

CREATE OR REPLACE FUNCTION headway.release_uploads(p_ids uuid[])
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  perform from headway.upload where id = any (p_ids) order by id for no key update;
  update headway.upload u set expires_at = least(expires_at, clock_timestamp()), sweep_at = clock_timestamp()
  where id = any (p_ids) and not exists (select from headway.document d where d.upload_id = u.id);
end $function$
;

CREATE OR REPLACE FUNCTION headway.remove_uploads(p_ids uuid[])
 RETURNS void
 LANGUAGE plpgsql
 SET lock_timeout TO '5s'
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_due uuid[] := array(
    select id from headway.upload where id = any (p_ids) and sweep_at <= clock_timestamp() order by id
    for update skip locked);
begin
  update headway.upload u set sweep_at = null
  where id = any (v_due) and exists (select from headway.document d where d.upload_id = u.id);
  with gone as (
    delete from headway.upload where id = any (v_due) and sweep_at is not null returning id, project_id
  )
  insert into headway.blob_deletion (prefix, project_id) select 'uploads/' || id, project_id from gone
  on conflict (prefix) do update set delete_after = excluded.delete_after;
end $function$
;

CREATE OR REPLACE FUNCTION headway.renew_leases(p_worker uuid, p_lease_ms integer)
 RETURNS void
 LANGUAGE plpgsql
 SET lock_timeout TO '5s'
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  -- See heartbeat.
  perform set_config('synchronous_commit', 'off', true);
  update headway.worker set heartbeat_at = clock_timestamp()
  where id = (select id from headway.worker where id = p_worker and stopped_at is null for no key update skip locked);
  update headway.task set
    lease_expires_at = greatest(lease_expires_at, clock_timestamp() + make_interval(secs => p_lease_ms::float8 / 1000))
  where id in (
    select id from headway.task where worker_id = p_worker and status = 'RUNNING' order by id for no key update skip locked);
end $function$
;

CREATE OR REPLACE FUNCTION headway.replace_artifact_blob()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  insert into headway.blob_deletion (prefix, project_id)
  values (regexp_replace(old.blob_key, '/bytes$', ''), old.project_id)
  on conflict (prefix) do update set delete_after = excluded.delete_after;
  return null;
end $function$
;

CREATE OR REPLACE FUNCTION headway.retry_tasks(p_tasks uuid[], p_job headway.job, p_by jsonb)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  update headway.task t set
    status = 'QUEUED', version = t.version + 1, change_id = (p_by->>'change')::uuid,
    changed_by_type = p_by->>'actorType', changed_by = p_by->>'actor', change_reason = 'RETRIED_BY_REQUEST',
    change_message = p_by->>'reason', stage = s.stage,
    max_attempts = coalesce((p_by->'attempts'->>s.stage)::int, t.max_attempts),
    attempt = 1, crashes = 0, has_crashed = false, is_suspect = false, later_since = null, progress = 0, progress_message = null, warnings = '[]', run = p_job.run,
    run_at = clock_timestamp(), started_at = null, finished_at = null, cancel_requested_at = null,
    error_code = null, error_message = null, error_stage = null, error_retryable = null,
    error_stack = null
  from (
    select id, case when p_by->>'from' = 'FIRST_STAGE' or stage is null then p_job.document_stages[1] else stage end as stage
    from headway.task where id = any (p_tasks)
  ) s
  where t.id = s.id and (t.status is not distinct from 'FAILED' or t.status is not distinct from 'CANCELLED');
end $function$
;

CREATE OR REPLACE FUNCTION headway.roll_up(p_open integer, p_completed integer, p_failed integer, p_cancelled integer, p_skipped integer, p_collection_task text, p_cancel_requested boolean, p_same_documents boolean, OUT target text, OUT status text, OUT reason text)
 RETURNS record
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
end $function$
;

CREATE OR REPLACE FUNCTION headway.saw_same_documents(p_job uuid)
 RETURNS boolean
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select coalesce((
    select headway.documents_seen(before.id) = headway.documents_seen(p_job)
    from headway.job j
    join headway.job before on before.collection_id = j.collection_id and before.pipeline = j.pipeline
      and before.document_stages = j.document_stages and before.collection_stages = j.collection_stages
      and before.options = j.options and before.id <> j.id
    join headway.task c on c.job_id = before.id and c.kind = 'COLLECTION' and c.status = 'COMPLETED'
      and c.pipeline_version = j.pipeline_version and not c.is_mixed
    where j.id = p_job
    order by c.finished_at desc limit 1
  ), false)
$function$
;

CREATE OR REPLACE FUNCTION headway.share_collections(p_collections uuid[])
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  perform headway.assert_read_committed();
  perform pg_advisory_xact_lock_shared(key) from (
    select distinct hashtextextended(id::text, 'headway.collection'::regclass::oid::bigint) as key
    from unnest(p_collections) as id order by 1) keys;
end $function$
;

CREATE OR REPLACE FUNCTION headway.show_entities()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  insert into headway.named_entity_shown (collection_id, project_id, task_id, fence)
  select new.collection_id, new.project_id, s.task_id, s.fence from headway.named_entity_set s where s.task_id = new.id
  on conflict (collection_id) do update set task_id = excluded.task_id, fence = excluded.fence;
  return null;
end $function$
;

CREATE OR REPLACE FUNCTION headway.show_results(p_applied headway.flush_change[])
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
      d.chunk_count, d.embedded_chunk_count, t.warnings
    from unnest(p_applied) x join headway.document d on d.id = x.document_id join headway.task t on t.id = x.id
    cross join lateral (
      select count(*)::int as chunks, count(embedding)::int as embedded from headway.chunk
      where document_id = d.id and task_id = x.id and fence = x.chunk_fence
    ) n
    where x.change_kind = 'complete' and (x.text_fence is not null or x.chunk_fence is not null)
  ), pointed as (
    update headway.document d set content_task_id = m.task_id, text_fence = m.text_fence, chunk_fence = m.chunk_fence,
      chunk_count = m.chunks, embedded_chunk_count = m.embedded, warnings = m.warnings
    from moved m where d.id = m.id
  ), counted as (
    update headway.collection c set content_version = c.content_version + 1, chunk_count = c.chunk_count + s.chunks,
      embedded_chunk_count = c.embedded_chunk_count + s.embedded
    from (
      select collection_id, sum(chunks - chunk_count)::int as chunks,
        sum(embedded - embedded_chunk_count)::int as embedded
      from moved group by collection_id
    ) s where c.id = s.collection_id
  )
  select format('%s has %s chunks, %s with a vector, though %s and %s were checked', m.name, m.chunks, m.embedded,
    m.staged->>'chunks', m.staged->>'embedded') into v_refused
  from moved m where (m.staged->>'chunks')::int <> m.chunks or (m.staged->>'embedded')::int <> m.embedded limit 1;
  if v_refused is not null then raise exception using errcode = 'HW422', message = v_refused; end if;
end $function$
;

CREATE OR REPLACE FUNCTION headway.slot_end(p_per_ms integer, p_at timestamp with time zone)
 RETURNS timestamp with time zone
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select to_timestamp(ceil(extract(epoch from p_at)::float8 / (p_per_ms / 20000.0::float8)) * (p_per_ms / 20000.0::float8))
$function$
;

CREATE OR REPLACE FUNCTION headway.stuck_jobs(p_project uuid, p_sweep_ms integer)
 RETURNS SETOF uuid
 LANGUAGE sql
 STABLE ROWS 20
AS $function$
  with able as materialized (
    select distinct w.serves from headway.worker_now w
    where w.status = 'RUNNING' and w.free > 0 and w.takes <> 'SUSPECTS'
  ), reached as materialized (
    select n.pipeline, n.limits
    from (
      select distinct p.pipeline, l.limits
      from able w cross join lateral jsonb_each(w.serves) p(pipeline, served)
      cross join lateral jsonb_array_elements(p.served->'limits') l(limits)
    ) n cross join lateral headway.limit_room(n.pipeline, n.limits->>'stage', n.limits) r
    where r.room <= 0
  ), taking as materialized (
    select distinct w.serves from headway.worker_now w
    where w.stopped_at is null and w.last_claim_at > clock_timestamp() - interval '60 s'
  )
  select job_id from headway.task
  where project_id = p_project and status = 'RUNNING'
    and lease_expires_at < clock_timestamp() - make_interval(secs => p_sweep_ms / 1000.0)
  union
  select j.id from headway.job j
  where j.project_id = p_project and j.status in ('QUEUED', 'PROCESSING', 'CANCELLING')
    and not exists (select from headway.pipeline_pause p where p.project_id = j.project_id and p.pipeline = j.pipeline)
    and exists (
      select from unnest(j.document_stages || j.collection_stages) s(stage)
      where exists (
          select from headway.task t
          where t.job_id = j.id and t.stage = s.stage and t.status = 'QUEUED' and not t.is_suspect
            and t.run_at < clock_timestamp() - interval '60 s')
        and exists (
          select from able w
          where headway.why_not_run(w.serves, j.id, j.pipeline, j.pipeline_version, s.stage) is null
            and not exists (
              select from jsonb_array_elements(w.serves->j.pipeline->'limits') l(limits)
              where l.limits->>'stage' in ('', s.stage) and (
                exists (select from taking t where t.serves->j.pipeline->'stages' ? s.stage)
                or exists (select from reached r where r.pipeline = j.pipeline and r.limits = l.limits)))))
$function$
;

CREATE OR REPLACE FUNCTION headway.submit_job(p_actor_type text, p_actor text, p_project uuid, p_job jsonb)
 RETURNS TABLE(task uuid, fence text, pipeline text, priority integer, status text)
 LANGUAGE plpgsql
 SET plan_cache_mode TO 'force_generic_plan'
 SET enable_seqscan TO 'off'
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
  update headway.collection set status = 'PROCESSING', version = version + 1, change_id = gen_random_uuid(),
    changed_by_type = p_actor_type, changed_by = p_actor, change_reason = 'SUBMITTED', change_message = null
  where id = v_collection;

  insert into headway.job (id, project_id, collection_id, pipeline, pipeline_version, document_stages, collection_stages,
    options, tags, priority, run_at, idempotency_key, request_hash, mode, traceparent, status, change_id, changed_by_type,
    changed_by, change_reason)
  values (v_job, p_project, v_collection, v_pipeline, (p_job->>'pipelineVersion')::int, v_document_stages,
    v_collection_stages, p_job->'options', array(select jsonb_array_elements_text(p_job->'tags')), v_priority, v_run_at,
    p_job->>'idempotencyKey', p_job->>'requestHash', p_job->>'mode', p_job->>'traceparent', 'QUEUED',
    gen_random_uuid(), p_actor_type, p_actor, 'SUBMITTED');

  return query
    insert into headway.task as t (id, project_id, collection_id, job_id, kind, document_id, document_name, ordinal,
      pipeline, pipeline_version, priority, status, stage, max_attempts, run_at, finished_at, content_sha256, change_id,
      changed_by_type, changed_by, change_reason)
    select gen_random_uuid(), p_project, v_collection, v_job, 'DOCUMENT', d.id, d.name, row_number() over (order by d.id),
      v_pipeline, (p_job->>'pipelineVersion')::int, v_priority, case when d.to_do then 'QUEUED' else 'SKIPPED' end,
      case when d.to_do then v_document_stages[1] end, (p_job->>'documentAttempts')::int,
      -- Of each row its own: what is due is claimed in this order, first document first.
      coalesce(v_run_at, clock_timestamp()),
      case when not d.to_do then clock_timestamp() end, d.known_sha256, v_change, p_actor_type, p_actor,
      case when d.to_do then 'SUBMITTED' else 'UNCHANGED' end
    from (
      select k.*, cardinality(v_document_stages) > 0 and case p_job->>'mode'
        when 'INCREMENTAL' then headway.kept_task(k.id, k.known_sha256, v_pipeline, (p_job->>'pipelineVersion')::int,
          v_document_stages, p_job->'options') is null
        else true end as to_do
      from (
        -- Of a source nobody knows what is behind it now.
        select id, name, case when source_uri is null then sha256 end as known_sha256 from headway.document
        where collection_id = v_collection and (v_documents is null or id = any (v_documents))
      ) k
    ) d
    returning t.id, t.fence::text, t.pipeline, t.priority, t.status;

  if cardinality(v_collection_stages) > 0 then
    insert into headway.task (id, project_id, collection_id, job_id, kind, ordinal, pipeline, pipeline_version,
      priority, status, stage, max_attempts, change_id, changed_by_type, changed_by, change_reason)
    values (gen_random_uuid(), p_project, v_collection, v_job, 'COLLECTION', 2147483647, v_pipeline,
      (p_job->>'pipelineVersion')::int, v_priority, 'WAITING', v_collection_stages[1],
      (p_job->>'collectionAttempts')::int, gen_random_uuid(), p_actor_type, p_actor, 'SUBMITTED');
  end if;
end $function$
;

CREATE OR REPLACE FUNCTION headway.suspects_due(p_serves jsonb, p_limit integer, OUT task_id uuid, OUT job_id uuid, OUT collection_id uuid, OUT pipeline text, OUT version integer, OUT unchecked jsonb)
 RETURNS SETOF record
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select t.id, j.id, t.collection_id, t.pipeline, v.version,
    case when j.pipeline_version < v.version and o.job_id is null then j.options end
  from headway.task t join headway.job j on j.id = t.job_id
  cross join lateral (select (p_serves->t.pipeline->>'version')::int as version) v
  left join headway.options_check o on o.job_id = j.id and o.pipeline_version = v.version
  where t.is_suspect and t.status = 'QUEUED' and t.run_at <= clock_timestamp()
    and j.pipeline_version <= v.version and p_serves->t.pipeline->'stages' ? t.stage and o.refusal is null
    and j.cancel_requested_at is null and not exists (
      select from headway.pipeline_pause p where p.project_id = t.project_id and p.pipeline = t.pipeline)
  order by t.run_at, t.id limit p_limit
$function$
;

CREATE OR REPLACE FUNCTION headway.take_due(p_job uuid, p_limit integer, p_stages text[])
 RETURNS uuid[]
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  -- A constant for the index: what is due later costs nothing, however much of it there is.
  v_now timestamptz := clock_timestamp();
  v_taken uuid[];
begin
  -- In statements of their own, which see what was decided while the locks were waited for.
  if not exists (
    select from headway.job j where j.id = p_job and j.cancel_requested_at is null and not exists (
      select from headway.pipeline_pause p where p.project_id = j.project_id and p.pipeline = j.pipeline)
  ) then return '{}'; end if;
  -- Stage by stage, so that what is due at a stage of no use costs nothing. Only one claim at a time chooses among a
  -- collection's tasks, so that hardly ever one of them is locked by the time it is chosen.
  v_taken := array(
    select t.id from headway.task t where t.id = any (array(
      select x.id from unnest(p_stages) s(stage) cross join lateral (
        select d.id, d.run_at, d.ordinal from headway.task d
        where d.job_id = p_job and d.stage = s.stage and d.status = 'QUEUED' and d.run_at <= v_now
          and not d.is_suspect
        order by d.run_at, d.ordinal limit p_limit
      ) x order by x.run_at, x.ordinal limit p_limit
    )) and t.status is not distinct from 'QUEUED' for no key update skip locked);
  if cardinality(v_taken) = 0 then
    update headway.ready_stage r set not_before = coalesce(x.run_at, 'infinity')
    from unnest(p_stages) s(stage) left join lateral (
      select d.run_at from headway.task d
      where d.job_id = p_job and d.stage = s.stage and d.status = 'QUEUED' and not d.is_suspect
      order by d.run_at limit 1
    ) x on true
    where r.job_id = p_job and r.stage = s.stage and r.not_before is null and (x.run_at > v_now) is not false;
  end if;
  return v_taken;
end $function$
;

CREATE OR REPLACE FUNCTION headway.take_suspect(p_claim jsonb, OUT taken uuid[], OUT is_held boolean, OUT unchecked jsonb)
 RETURNS record
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  s record;
  v_held uuid;
  v_holds boolean := false;
begin
  taken := '{}';
  is_held := false;
  unchecked := '[]';
  for s in select * from headway.suspects_due(p_claim->'serves', 16) loop
    if s.unchecked is not null then
      unchecked := unchecked || jsonb_build_object('jobId', s.job_id, 'pipeline', s.pipeline, 'version', s.version,
        'options', s.unchecked);
    elsif pg_try_advisory_xact_lock_shared(
        hashtextextended(s.collection_id::text, 'headway.collection'::regclass::oid::bigint))
      and pg_try_advisory_xact_lock(
        hashtextextended(s.collection_id::text, 'headway.status_change'::regclass::oid::bigint)) then
      v_holds := true;
      -- In a statement of its own, which sees what was decided while the locks were taken.
      taken := array(
        select t.id from headway.task t join headway.job j on j.id = t.job_id
        where t.id = s.task_id and t.is_suspect and t.status is not distinct from 'QUEUED'
          and j.cancel_requested_at is null and not exists (
            select from headway.pipeline_pause p where p.project_id = t.project_id and p.pipeline = t.pipeline)
        for no key update of t skip locked);
      if cardinality(taken) > 0 then return; end if;
    else
      v_held := coalesce(v_held, s.collection_id);
    end if;
  end loop;
  if v_held is not null then
    if not v_holds then perform headway.wait_for_collection(v_held, (p_claim->>'waitMs')::int); end if;
    is_held := true;
  end if;
end $function$
;

CREATE OR REPLACE FUNCTION headway.task_inserted()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_wrong record;
begin
  select n.kind || '_TASK' as level, n.id, n.status, n.change_reason as reason into v_wrong from new_rows n
  where not exists (
    select from headway.transition r
    where r.level = n.kind || '_TASK' and r.from_status is null and r.to_status = n.status
      and r.reason = n.change_reason);
  if found then
    perform headway.assert_transition(v_wrong.level, v_wrong.id, null, v_wrong.status, v_wrong.reason);
  end if;
  perform headway.lock_history(array(select distinct collection_id from new_rows));
  insert into headway.status_change (project_id, entity_type, entity_id, collection_id, job_id, task_id, version,
    to_status, to_stage, run, attempt, actor_type, actor, reason, message, change_id, at)
  select project_id, 'TASK', id, collection_id, job_id, id, version, status, stage, run, attempt, changed_by_type,
    changed_by, change_reason, change_message, change_id, status_changed_at from new_rows order by ordinal, id;
  update headway.job j set total = j.total + d.total, queued = j.queued + d.queued, skipped = j.skipped + d.skipped,
    settled_peak = j.settled_peak + d.skipped
  from (
    select job_id, count(*) filter (where kind = 'DOCUMENT') as total,
      count(*) filter (where kind = 'DOCUMENT' and status = 'QUEUED') as queued,
      count(*) filter (where kind = 'DOCUMENT' and status = 'SKIPPED') as skipped
    from new_rows group by job_id
  ) d where j.id = d.job_id;
  update headway.stage_count s set queued = s.queued + d.queued
  from (
    select job_id, stage, count(*) as queued from new_rows
    where kind = 'DOCUMENT' and status = 'QUEUED' group by job_id, stage
  ) d where s.job_id = d.job_id and s.stage = d.stage;
  insert into headway.ready_stage as r (job_id, stage, project_id, pipeline, pipeline_version, priority, ready, not_before)
  select j.id, d.stage, j.project_id, j.pipeline, j.pipeline_version, j.priority, d.ready,
    case when d.due > clock_timestamp() then d.due end
  from (
    select job_id, stage, count(*) as ready, min(run_at) as due from new_rows where status = 'QUEUED' group by job_id, stage
  ) d cross join lateral (select * from headway.job where id = d.job_id offset 0) j
  on conflict (job_id, stage) do update set ready = r.ready + excluded.ready,
    not_before = case when r.not_before is not null and excluded.not_before is not null
                      then least(r.not_before, excluded.not_before) end;
  perform pg_notify(tg_table_schema, '');
  return null;
end $function$
;

CREATE OR REPLACE FUNCTION headway.task_updated()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_moves headway.task_move[];
  v_wrong record;
begin
  -- A full join, though each row has its old one: it is never made by nested loops, and a plan that a session made for
  -- one row stays for its flushes of 200 (5 ms for each join, and minutes for the 10,000 rows of a cancel).
  v_moves := array(
    select row(n.job_id, n.collection_id, n.kind, o.status, n.status, o.stage, n.stage, n.change_reason, s.steps,
      count(*), min(n.run_at))::headway.task_move
    from new_rows n full join old_rows o on o.id = n.id
    cross join lateral (
      select case when n.steps_version is distinct from o.steps_version then n.version - o.version else 0 end as steps) s
    where (n.version = o.version) is not true
    group by n.job_id, n.collection_id, n.kind, o.status, n.status, o.stage, n.stage, n.change_reason, s.steps);
  if cardinality(v_moves) = 0 then return null; end if;

  -- Here and not row by row in the guard: one look for all the rows of a flush.
  select m.* into v_wrong from unnest(v_moves) m where not exists (
    select from headway.transition r
    where r.level = m.kind || '_TASK' and r.from_status = m.from_status and r.to_status = m.to_status
      and r.reason = m.reason);
  if found then
    perform headway.assert_transition(v_wrong.kind || '_TASK', (
      select n.id from new_rows n join old_rows o on o.id = n.id
      where n.version <> o.version and n.kind = v_wrong.kind and o.status = v_wrong.from_status
        and n.status = v_wrong.to_status and n.change_reason = v_wrong.reason order by n.id limit 1
    ), v_wrong.from_status, v_wrong.to_status, v_wrong.reason);
  end if;

  -- Where the steps before the last have led, the last one stands, or it goes on from there.
  select m.*, g.names into v_wrong from unnest(v_moves) m join headway.job j on j.id = m.job_id
  cross join lateral (
    select x.names, array_position(x.names, m.from_stage) as place from (
      select case m.kind when 'DOCUMENT' then j.document_stages else j.collection_stages end as names) x) g
  where m.steps > 0 and (
    g.names[g.place + m.steps - 1] is null
    or m.to_stage is distinct from case
      when m.reason in ('COMPLETED', 'UNCHANGED') then null
      when m.reason in ('STAGE_STARTED', 'HANDED_ON', 'QUEUED_FOR_LIMIT') then coalesce(g.names[g.place + m.steps], '')
      else g.names[g.place + m.steps - 1] end)
  limit 1;
  if found then
    raise exception 'job %: % steps from stage % do not lead to % in stage %', v_wrong.job_id, v_wrong.steps,
      coalesce(v_wrong.from_stage, '(none)'), v_wrong.to_status, coalesce(v_wrong.to_stage, '(none)')
      using hint = format('Its stages are %s, each step but the last goes on to the next.', v_wrong.names);
  end if;

  perform headway.lock_history(array(select distinct m.collection_id from unnest(v_moves) m));
  insert into headway.status_change (project_id, entity_type, entity_id, collection_id, job_id, task_id, version,
    from_status, to_status, from_stage, to_stage, run, attempt, fence, actor_type, actor, reason, message, change_id, at)
  select n.project_id, 'TASK', n.id, n.collection_id, n.job_id, n.id, o.version + s.step,
    case when s.step = 1 then o.status else 'RUNNING' end, case when l.is_last then n.status else 'RUNNING' end,
    case when s.step = 1 then o.stage else g.names[g.place + s.step::int - 1] end,
    case when l.is_last then n.stage else g.names[g.place + s.step::int] end,
    n.run, case when l.is_last then n.attempt else 1 end, case when n.changed_by_type = 'WORKER' then n.fence end,
    n.changed_by_type, n.changed_by, case when l.is_last then n.change_reason else 'STAGE_STARTED' end,
    case when l.is_last then n.change_message end, n.change_id, s.at
  from new_rows n full join old_rows o on o.id = n.id
  cross join lateral unnest(
    case when n.steps_version is distinct from o.steps_version then n.step_times else array[n.status_changed_at] end
  ) with ordinality s(at, step)
  cross join lateral (select s.step = n.version - o.version as is_last) l
  left join lateral (
    select x.names, array_position(x.names, o.stage) as place from (
      select case n.kind when 'DOCUMENT' then j.document_stages else j.collection_stages end as names
      from headway.job j where j.id = n.job_id and n.version - o.version > 1) x
  ) g on true
  where (n.version = o.version) is not true
  order by n.ordinal, n.id, s.step;

  -- An UPDATE of no rows calls the statement triggers of job all the same.
  if exists (select from unnest(v_moves) m where m.from_status <> m.to_status) then
    update headway.job j set
      queued = j.queued + d.queued, running = j.running + d.running, completed = j.completed + d.completed,
      failed = j.failed + d.failed, cancelled = j.cancelled + d.cancelled, skipped = j.skipped + d.skipped,
      settled_peak = greatest(j.settled_peak, j.completed + d.completed + j.failed + d.failed + j.cancelled + d.cancelled
        + j.skipped + d.skipped)
    from (
      select m.job_id,
        sum(m.documents * ((m.to_status = 'QUEUED')::int - (m.from_status = 'QUEUED')::int)) as queued,
        sum(m.documents * ((m.to_status = 'RUNNING')::int - (m.from_status = 'RUNNING')::int)) as running,
        sum(m.documents * ((m.to_status = 'COMPLETED')::int - (m.from_status = 'COMPLETED')::int)) as completed,
        sum(m.documents * ((m.to_status = 'FAILED')::int - (m.from_status = 'FAILED')::int)) as failed,
        sum(m.documents * ((m.to_status = 'CANCELLED')::int - (m.from_status = 'CANCELLED')::int)) as cancelled,
        sum(m.documents * ((m.to_status = 'SKIPPED')::int - (m.from_status = 'SKIPPED')::int)) as skipped
      from (
        select x.*, case x.kind when 'DOCUMENT' then x.tasks else 0 end as documents from unnest(v_moves) x
      ) m where m.from_status <> m.to_status group by m.job_id
    ) d where j.id = d.job_id;
    perform headway.count_ready(v_moves);
  end if;

  -- The job's row is locked by now, so that no two come to its errors at once.
  if exists (select from unnest(v_moves) m where (m.from_status = 'FAILED') <> (m.to_status = 'FAILED')) then
    insert into headway.error_count as e (job_id, project_id, code, stage, failed, retryable)
    select c.job_id, c.project_id, coalesce(c.code, ''), coalesce(c.stage, ''), sum(c.tasks),
      sum(case when c.retryable then c.tasks else 0 end)
    from new_rows n full join old_rows o on o.id = n.id
    cross join lateral (values
      (o.job_id, o.project_id, o.status, o.error_code, o.error_stage, o.error_retryable, -1),
      (n.job_id, n.project_id, n.status, n.error_code, n.error_stage, n.error_retryable, 1)
    ) c(job_id, project_id, status, code, stage, retryable, tasks)
    where (o.status = 'FAILED') <> (n.status = 'FAILED') and c.status = 'FAILED'
    group by 1, 2, 3, 4 order by 1, 3, 4
    on conflict (job_id, code, stage) do update
      set failed = e.failed + excluded.failed, retryable = e.retryable + excluded.retryable;
  end if;

  if exists (select from unnest(v_moves) m where m.from_status <> 'FAILED' and m.to_status = 'FAILED')
    and exists (select from headway.webhook where enabled and 'TASKS_FAILED' = any (events)) then
    insert into headway.failed_batch as b (job_id, project_id, due_at, failed, tasks)
    select n.job_id, n.project_id, clock_timestamp() + interval '10 s', count(*),
      jsonb_agg(jsonb_build_object('taskId', n.id, 'version', n.version, 'documentId', n.document_id, 'code', n.error_code,
        'stage', n.error_stage) order by n.ordinal)
    from new_rows n full join old_rows o on o.id = n.id
    where n.status = 'FAILED' and o.status <> 'FAILED' group by 1, 2 order by 1
    on conflict (job_id) do update set failed = b.failed + excluded.failed,
      tasks = case when jsonb_array_length(b.tasks) < 100 then b.tasks || excluded.tasks else b.tasks end;
  end if;

  update headway.stage_count s set queued = s.queued + d.queued, running = s.running + d.running,
    completed = s.completed + d.completed, failed = s.failed + d.failed
  from (
    select m.job_id, s.stage,
      sum(m.tasks * (m.stage = s.stage and m.status = 'QUEUED')::int) as queued,
      sum(m.tasks * (m.stage = s.stage and m.status = 'RUNNING')::int) as running,
      sum(m.tasks * (m.status = 'COMPLETED' or s.place < array_position(j.document_stages, m.stage))::int) as completed,
      sum(m.tasks * (m.stage = s.stage and m.status = 'FAILED')::int) as failed
    from (
      select m.job_id, m.to_status as status, m.to_stage as stage, m.tasks from unnest(v_moves) m
      where m.kind = 'DOCUMENT'
      union all
      select m.job_id, m.from_status, m.from_stage, -m.tasks from unnest(v_moves) m where m.kind = 'DOCUMENT'
    ) m
    join headway.job j on j.id = m.job_id
    cross join lateral unnest(j.document_stages) with ordinality as s(stage, place)
    where m.status <> 'SKIPPED'
    group by m.job_id, s.stage
  ) d
  where s.job_id = d.job_id and s.stage = d.stage
    and (d.queued <> 0 or d.running <> 0 or d.completed <> 0 or d.failed <> 0);
  perform pg_notify(tg_table_schema, '');
  return null;
end $function$
;

CREATE OR REPLACE FUNCTION headway.tasks_of_operation(p_job headway.job, p_after integer, p_limit integer)
 RETURNS TABLE(id uuid, ordinal integer)
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select t.id, t.ordinal from headway.task t
  where t.job_id = p_job.id and t.ordinal > p_after and t.status <> 'COMPLETED'
    and case p_job.operation->>'kind'
      when 'CANCEL' then (t.status = 'QUEUED' or (t.status = 'WAITING' and t.kind = 'DOCUMENT')
        or (t.status = 'RUNNING' and t.cancel_requested_at is null))
      else t.kind = 'DOCUMENT' and t.run < p_job.run and headway.is_retryable(t, p_job.operation->'codes') end
  order by t.ordinal limit p_limit
$function$
;

CREATE OR REPLACE FUNCTION headway.try_share_collections(p_collections uuid[])
 RETURNS uuid[]
 LANGUAGE sql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select array(
    select id from unnest(p_collections) as id
    where pg_try_advisory_xact_lock_shared(hashtextextended(id::text, 'headway.collection'::regclass::oid::bigint)))
$function$
;

CREATE OR REPLACE FUNCTION headway.turn_shares(p_limit integer, p_ready integer[], p_all boolean)
 RETURNS integer[]
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_each int;
  v_spare int;
  v_wanting int := cardinality(p_ready);
begin
  if v_wanting = 0 then return '{}'; end if;
  v_each := p_limit / v_wanting;
  v_spare := p_limit % v_wanting;
  while p_all loop
    select p_limit - sum(least(n, v_each)), count(*) filter (where n > v_each) into v_spare, v_wanting
    from unnest(p_ready) n;
    exit when v_wanting = 0 or v_spare < v_wanting;
    v_each := v_each + v_spare / v_wanting;
  end loop;
  return array(
    select least(x.n, v_each) + (x.n > v_each and x.place <= v_spare)::int from (
      select n, at, count(*) filter (where n > v_each) over (order by at) as place
      from unnest(p_ready) with ordinality r(n, at)) x
    order by x.at);
end $function$
;

CREATE OR REPLACE FUNCTION headway.violations(p_since timestamp with time zone DEFAULT (now() - '1 day'::interval))
 RETURNS TABLE(invariant text, entity_type text, entity_id uuid, detail text)
 LANGUAGE sql
 STABLE
AS $function$
  select invariant, entity_type, entity_id, detail from headway.violations_within(p_since, null, null, null)
$function$
;

CREATE OR REPLACE FUNCTION headway.violations_within(p_since timestamp with time zone, p_project uuid, p_collection uuid, p_job uuid)
 RETURNS TABLE(invariant text, entity_type text, entity_id uuid, detail text)
 LANGUAGE sql
 STABLE
AS $function$
  with jobs as materialized (
    select * from headway.job
    where (status in ('QUEUED', 'PROCESSING', 'CANCELLING') or status_changed_at >= p_since)
      and (p_project is null or project_id = p_project)
      and (p_collection is null or collection_id = p_collection) and (p_job is null or id = p_job)
  ), tasks as materialized (
    select t.*, j.document_stages from headway.task t join jobs j on j.id = t.job_id
  ), collections as materialized (
    select * from headway.collection
    where p_job is null and (status_changed_at >= p_since or id in (select collection_id from jobs))
      and (p_project is null or project_id = p_project) and (p_collection is null or id = p_collection)
  ), entities as materialized (
    select 'COLLECTION' as type, 'COLLECTION' as level, id, version, status from collections
    union all select 'JOB', 'JOB', id, version, status from jobs
    union all select 'TASK', kind || '_TASK', id, version, status from tasks
  ), bounds as materialized (
    select id, headway.first_position(id) as first, headway.last_position(id) as last from jobs
  ), changes as materialized (
    select e.type, e.level, h.*,
      lag(h.to_status) over w as before_to, lag(h.version) over w as before_version, lag(h.at) over w as before_at,
      lag(h.to_stage) over w as before_stage
    from entities e join headway.status_change h on h.entity_id = e.id
    window w as (partition by h.entity_id order by h.version)
  )
  select 'S1', type, id, 'status ' || status from entities
  where not case type when 'COLLECTION' then
      status in ('CREATED', 'PROCESSING', 'COMPLETED', 'COMPLETED_WITH_ERRORS', 'FAILED', 'CANCELLED', 'EXPIRED')
    when 'JOB' then
      status in ('QUEUED', 'PROCESSING', 'CANCELLING', 'COMPLETED', 'COMPLETED_WITH_ERRORS', 'FAILED', 'CANCELLED')
    else status in ('WAITING', 'QUEUED', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED', 'SKIPPED') end
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
  select 'S8', 'JOB', j.id, format('%s tasks are QUEUED at stage %s, %s are ready there from %s on', coalesce(n.queued, 0),
    coalesce(n.stage, r.stage), coalesce(r.ready, 0), coalesce(r.not_before::text, 'now'))
  from (
    select job_id, stage, count(*) as queued, min(run_at) filter (where not is_suspect) as due from tasks where status = 'QUEUED' group by job_id, stage
  ) n
  full join (select * from headway.ready_stage where job_id in (select id from jobs)) r
    on r.job_id = n.job_id and r.stage = n.stage
  join jobs j on j.id = coalesce(n.job_id, r.job_id)
  where n.queued is distinct from r.ready or (r.not_before > n.due and j.cancel_requested_at is null)
  union all
  select 'S8', 'JOB', s.job_id, 'counts of stage ' || s.stage || ' differ from its tasks' from headway.stage_count s
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
  select 'S8', 'JOB', coalesce(n.job_id, e.job_id), format('%s tasks are FAILED by %s at stage %s, %s are counted',
    coalesce(n.failed, 0), coalesce(n.code, e.code), coalesce(n.stage, e.stage), coalesce(e.failed, 0))
  from (
    select job_id, coalesce(error_code, '') as code, coalesce(error_stage, '') as stage, count(*) as failed,
      count(*) filter (where error_retryable) as retryable
    from tasks where status = 'FAILED' group by 1, 2, 3
  ) n
  full join (select * from headway.error_count where failed <> 0 and job_id in (select id from jobs)) e
    on e.job_id = n.job_id and e.code = n.code and e.stage = n.stage
  where n.failed is distinct from e.failed or n.retryable is distinct from e.retryable
  union all
  select 'S8', 'JOB', j.id, j.status || ', but its tasks say ' || r.status from jobs j
  left join tasks c on c.job_id = j.id and c.kind = 'COLLECTION'
  cross join lateral headway.roll_up(j.queued + j.running, j.completed, j.failed, j.cancelled, j.skipped, c.status,
    j.cancel_requested_at is not null, false) r
  where j.finished_at is not null and (r.target <> 'JOB' or r.status <> j.status)
  union all
  select 'S8', 'JOB', j.id, 'open without an open task' from jobs j
  where j.finished_at is null and j.operation->>'kind' is distinct from 'RETRY'
    and not exists (select from tasks t where t.job_id = j.id and t.status in ('WAITING', 'QUEUED', 'RUNNING'))
  union all
  select 'S8', 'JOB', id, status || ' with a pending ' || (operation->>'kind') from jobs
  where operation is not null and (finished_at is not null or (operation->>'kind' = 'CANCEL') <> (status = 'CANCELLING'))
  union all
  select 'H1', e.type, e.id, format('version %s, history of %s, highest %s', e.version, count(h.version), max(h.version))
  from entities e left join changes h on h.entity_id = e.id group by e.type, e.id, e.version
  having count(h.version) <> e.version or max(h.version) is distinct from e.version
  union all
  select 'H2', type, entity_id,
    format('version %s comes from %s, the one before led to %s', version, from_status, before_to)
  from changes where from_status is distinct from before_to
    or (before_version is not null and type = 'TASK' and from_stage is distinct from before_stage)
  union all
  select 'H3', e.type, e.id, 'status ' || e.status || ', history says ' || coalesce(h.to_status, 'nothing')
  from entities e left join changes h on h.entity_id = e.id and h.version = e.version
  where h.to_status is distinct from e.status
  union all
  select 'H4', type, entity_id, format('%s -> %s with %s', from_status, to_status, reason) from changes h
  where not exists (select from headway.transition x where x.level = h.level
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
  select 'H8', 'TASK', h.entity_id, format('position %s lies outside its job''s, %s to %s', h.position, b.first, b.last)
  from changes h join bounds b on b.id = h.job_id
  where h.type = 'TASK' and h.position not between b.first and b.last
  union all
  select 'E1', 'TASK', o.task_id, 'two outputs of stage ' || o.stage from headway.stage_output o
  join tasks t on t.id = o.task_id group by o.task_id, o.stage having count(*) > 1
$function$
;

CREATE OR REPLACE FUNCTION headway.wait_for_collection(p_collection uuid, p_wait_ms integer)
 RETURNS boolean
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_before text := current_setting('lock_timeout');
begin
  if p_wait_ms is not null then perform set_config('lock_timeout', p_wait_ms || 'ms', true); end if;
  begin
    perform headway.share_collections(array[p_collection]);
    perform headway.lock_history(array[p_collection]);
  exception when lock_not_available then
    if p_wait_ms is null then raise; end if;
    perform set_config('lock_timeout', v_before, true);
    return false;
  end;
  perform set_config('lock_timeout', v_before, true);
  return true;
end $function$
;

CREATE OR REPLACE FUNCTION headway.wants_job(w headway.webhook, p_event text, p_pipeline text, p_tags text[])
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select w.enabled and p_event = any (w.events) and coalesce(p_pipeline = any (w.pipelines), true)
    and coalesce(w.tags <@ p_tags, true)
$function$
;

CREATE OR REPLACE FUNCTION headway.webhook_payload(p_type text, p_data jsonb)
 RETURNS jsonb
 LANGUAGE sql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select jsonb_build_object('type', p_type, 'data', p_data,
    'timestamp', to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
$function$
;

CREATE OR REPLACE FUNCTION headway.why_not_run(p_serves jsonb, p_job uuid, p_pipeline text, p_version integer, p_stage text)
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select case
    when not p_serves ? p_pipeline then 'PIPELINE'
    when (p_serves->p_pipeline->>'version')::int < p_version then 'VERSION'
    when not p_serves->p_pipeline->'stages' ? p_stage then 'STAGE'
    when exists (
      select from headway.options_check o where o.job_id = p_job and o.refusal is not null
        and o.pipeline_version = (p_serves->p_pipeline->>'version')::int) then 'OPTIONS'
  end
$function$
;

CREATE OR REPLACE FUNCTION headway.widen_timeline(p_job uuid)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  -- What is inserted is made of all that is deleted, so nothing is inserted before all is gone.
  with gone as (
    delete from headway.job_timeline where job_id = p_job returning *
  ), wide as (
    select g.*, date_bin(make_interval(secs => g.width_ms * 2 / 1000.0), g.at, 'epoch') as bin from gone g
  ), of_stages as (
    select w.bin, e.stage, sum((e.pair->>0)::bigint) as who,
      sum((e.pair->>1)::float8 + case when w.at = w.bin then (e.pair->>0)::bigint * w.width_ms / 1000.0::float8 else 0 end)
        as held_s
    from wide w cross join lateral jsonb_each(w.stages) e(stage, pair) group by 1, 2
  )
  insert into headway.job_timeline (job_id, at, width_ms, stages, completed, failed)
  select p_job, w.bin, max(w.width_ms) * 2, (
      select jsonb_object_agg(s.stage, jsonb_build_array(s.who, s.held_s)) from of_stages s where s.bin = w.bin),
    sum(w.completed), sum(w.failed)
  from wide w group by w.bin;
end $function$
;

CREATE OR REPLACE FUNCTION headway.worker_died(p_worker uuid)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET lock_timeout TO '5s'
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_lost_with int;
begin
  perform pg_advisory_xact_lock(hashtextextended(p_worker::text, 'headway.worker'::regclass::oid::bigint));
  -- In a statement of its own, which sees what was claimed while the lock was waited for.
  -- How many it held is kept: of what is given back in several steps the last one has not been alone.
  update headway.worker set died_at = clock_timestamp(), stopped_at = clock_timestamp(), running = 0,
    lost_with = greatest(lost_with, (
      select count(*)::int from headway.task where worker_id = p_worker and status = 'RUNNING'))
  where id = p_worker and stopped_at is null;
  select lost_with into v_lost_with from headway.worker where id = p_worker;
  return (select coalesce(jsonb_agg(jsonb_build_object('task', id, 'fence', fence::text, 'stage', stage,
      'hasCrashed', has_crashed, 'held', greatest(held, v_lost_with))), '[]')
    from (
      select *, count(*) over () as held from headway.task where worker_id = p_worker and status = 'RUNNING') t);
end $function$
;

create view headway.worker_now as
 SELECT clock_timestamp() AS now,
    GREATEST(concurrency - running, 0) AS free,
        CASE
            WHEN died_at IS NOT NULL THEN 'LOST'::text
            WHEN stopped_at IS NOT NULL THEN 'STOPPED'::text
            WHEN (clock_timestamp() - heartbeat_at) > make_interval(secs => (lease_ms::numeric / 1000.0)::double precision) THEN 'LOST'::text
            WHEN draining_at IS NOT NULL THEN 'DRAINING'::text
            WHEN loop_iterations = 0 THEN 'STARTING'::text
            WHEN (clock_timestamp() - last_loop_at) > make_interval(secs => GREATEST(lease_ms::numeric / 2000.0, 3::numeric)::double precision) THEN 'STALLED'::text
            ELSE 'RUNNING'::text
        END AS status,
    id,
    project_id,
    hostname,
    pid,
    build,
    pipelines,
    serves,
    concurrency,
    lease_ms,
    running,
    loop_iterations,
    event_loop_lag_ms,
    started_at,
    heartbeat_at,
    last_loop_at,
    last_claim_at,
    draining_at,
    stopped_at,
    died_at,
    takes,
    lost_with
   FROM headway.worker w;

CREATE TRIGGER artifact_replaces_blob AFTER UPDATE OF blob_key ON headway.artifact FOR EACH ROW WHEN ((old.blob_key IS DISTINCT FROM new.blob_key)) EXECUTE FUNCTION headway.replace_artifact_blob();

CREATE TRIGGER forbid_delete BEFORE DELETE OR TRUNCATE ON headway.collection FOR EACH STATEMENT EXECUTE FUNCTION headway.forbid_delete();

CREATE TRIGGER guard BEFORE UPDATE ON headway.collection FOR EACH ROW EXECUTE FUNCTION headway.guard_collection();

CREATE TRIGGER guard_birth BEFORE INSERT ON headway.collection FOR EACH ROW EXECUTE FUNCTION headway.guard_birth();

CREATE TRIGGER record_insert AFTER INSERT ON headway.collection REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION headway.record_collections();

CREATE TRIGGER record_update AFTER UPDATE ON headway.collection REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION headway.record_collections();

CREATE TRIGGER document_changed_releases_upload AFTER UPDATE OF upload_id ON headway.document FOR EACH ROW WHEN (((old.upload_id IS NOT NULL) AND (old.upload_id IS DISTINCT FROM new.upload_id))) EXECUTE FUNCTION headway.release_upload();

CREATE TRIGGER document_gone_releases_upload AFTER DELETE ON headway.document REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION headway.release_removed();

CREATE TRIGGER document_moves_fetched_blob AFTER UPDATE OF blob_key ON headway.document FOR EACH ROW WHEN ((old.blob_key IS DISTINCT FROM new.blob_key)) EXECUTE FUNCTION headway.move_fetched_blob();

CREATE TRIGGER forbid_delete BEFORE DELETE OR TRUNCATE ON headway.job FOR EACH STATEMENT EXECUTE FUNCTION headway.forbid_delete();

CREATE TRIGGER guard BEFORE UPDATE ON headway.job FOR EACH ROW EXECUTE FUNCTION headway.guard_job();

CREATE TRIGGER guard_birth BEFORE INSERT ON headway.job FOR EACH ROW EXECUTE FUNCTION headway.guard_birth();

CREATE TRIGGER record_insert AFTER INSERT ON headway.job REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION headway.record_jobs();

CREATE TRIGGER record_update AFTER UPDATE ON headway.job REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION headway.record_jobs();

CREATE TRIGGER check_task AFTER INSERT ON headway.stage_output REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION headway.check_output_task();

CREATE TRIGGER append_only BEFORE INSERT OR DELETE OR UPDATE OR TRUNCATE ON headway.status_change FOR EACH STATEMENT EXECUTE FUNCTION headway.guard_history();

CREATE TRIGGER append_only_row BEFORE UPDATE ON headway.status_change FOR EACH ROW EXECUTE FUNCTION headway.guard_history_row();

CREATE TRIGGER check_parents AFTER INSERT ON headway.task REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION headway.check_task_parents();

CREATE TRIGGER forbid_delete BEFORE DELETE OR TRUNCATE ON headway.task FOR EACH STATEMENT EXECUTE FUNCTION headway.forbid_delete();

CREATE TRIGGER guard BEFORE UPDATE ON headway.task FOR EACH ROW EXECUTE FUNCTION headway.guard_task();

CREATE TRIGGER guard_birth BEFORE INSERT ON headway.task FOR EACH ROW EXECUTE FUNCTION headway.guard_birth();

CREATE TRIGGER record_insert AFTER INSERT ON headway.task REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION headway.task_inserted();

CREATE TRIGGER record_update AFTER UPDATE ON headway.task REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION headway.task_updated();

CREATE TRIGGER task_shows_entities AFTER UPDATE ON headway.task FOR EACH ROW WHEN (((new.kind = 'COLLECTION'::text) AND (new.status = 'COMPLETED'::text) AND (old.status = 'RUNNING'::text))) EXECUTE FUNCTION headway.show_entities();

alter table headway.acknowledgement add constraint acknowledgement_project_id_fkey FOREIGN KEY (project_id) REFERENCES headway.project(id);

alter table headway.api_key add constraint api_key_collection_id_fkey FOREIGN KEY (collection_id) REFERENCES headway.collection(id);

alter table headway.api_key add constraint api_key_job_id_fkey FOREIGN KEY (job_id) REFERENCES headway.job(id);

alter table headway.api_key add constraint api_key_made_by_fkey FOREIGN KEY (made_by) REFERENCES headway.api_key(id);

alter table headway.api_key add constraint api_key_project_id_fkey FOREIGN KEY (project_id) REFERENCES headway.project(id);

alter table headway.artifact add constraint artifact_job_id_fkey FOREIGN KEY (job_id) REFERENCES headway.job(id);

alter table headway.artifact add constraint artifact_project_id_fkey FOREIGN KEY (project_id) REFERENCES headway.project(id);

alter table headway.artifact add constraint artifact_task_id_fkey FOREIGN KEY (task_id) REFERENCES headway.task(id);

alter table headway.attention_item add constraint attention_item_project_id_fkey FOREIGN KEY (project_id) REFERENCES headway.project(id);

alter table headway.blob_deletion add constraint blob_deletion_project_id_fkey FOREIGN KEY (project_id) REFERENCES headway.project(id);

alter table headway.chunk add constraint chunk_collection_id_fkey FOREIGN KEY (collection_id) REFERENCES headway.collection(id);

alter table headway.chunk add constraint chunk_document_id_fkey FOREIGN KEY (document_id) REFERENCES headway.document(id) ON DELETE CASCADE;

alter table headway.chunk add constraint chunk_project_id_fkey FOREIGN KEY (project_id) REFERENCES headway.project(id);

alter table headway.collection add constraint collection_project_id_fkey FOREIGN KEY (project_id) REFERENCES headway.project(id);

alter table headway.document add constraint document_added_by_key_fkey FOREIGN KEY (added_by_key) REFERENCES headway.api_key(id);

alter table headway.document add constraint document_collection_id_fkey FOREIGN KEY (collection_id) REFERENCES headway.collection(id);

alter table headway.document add constraint document_project_id_fkey FOREIGN KEY (project_id) REFERENCES headway.project(id);

alter table headway.document add constraint document_upload_id_fkey FOREIGN KEY (upload_id) REFERENCES headway.upload(id);

alter table headway.document_bytes add constraint document_bytes_document_id_fkey FOREIGN KEY (document_id) REFERENCES headway.document(id) ON DELETE CASCADE;

alter table headway.document_bytes add constraint document_bytes_project_id_fkey FOREIGN KEY (project_id) REFERENCES headway.project(id);

alter table headway.document_text add constraint document_text_document_id_fkey FOREIGN KEY (document_id) REFERENCES headway.document(id) ON DELETE CASCADE;

alter table headway.document_text add constraint document_text_project_id_fkey FOREIGN KEY (project_id) REFERENCES headway.project(id);

alter table headway.error_count add constraint error_count_job_id_fkey FOREIGN KEY (job_id) REFERENCES headway.job(id);

alter table headway.error_count add constraint error_count_project_id_fkey FOREIGN KEY (project_id) REFERENCES headway.project(id);

alter table headway.failed_batch add constraint failed_batch_job_id_fkey FOREIGN KEY (job_id) REFERENCES headway.job(id);

alter table headway.failed_batch add constraint failed_batch_project_id_fkey FOREIGN KEY (project_id) REFERENCES headway.project(id);

alter table headway.forecast_error add constraint forecast_error_project_id_fkey FOREIGN KEY (project_id) REFERENCES headway.project(id);

alter table headway.job add constraint job_collection_id_fkey FOREIGN KEY (collection_id) REFERENCES headway.collection(id);

alter table headway.job add constraint job_project_id_fkey FOREIGN KEY (project_id) REFERENCES headway.project(id);

alter table headway.job_count add constraint job_count_project_id_fkey FOREIGN KEY (project_id) REFERENCES headway.project(id);

alter table headway.job_count_change add constraint job_count_change_project_id_fkey FOREIGN KEY (project_id) REFERENCES headway.project(id);

alter table headway.job_forecast add constraint job_forecast_job_id_fkey FOREIGN KEY (job_id) REFERENCES headway.job(id);

alter table headway.job_summary add constraint job_summary_job_id_fkey FOREIGN KEY (job_id) REFERENCES headway.job(id);

alter table headway.job_summary add constraint job_summary_project_id_fkey FOREIGN KEY (project_id) REFERENCES headway.project(id);

alter table headway.named_entity add constraint named_entity_collection_id_fkey FOREIGN KEY (collection_id) REFERENCES headway.collection(id);

alter table headway.named_entity add constraint named_entity_project_id_fkey FOREIGN KEY (project_id) REFERENCES headway.project(id);

alter table headway.named_entity add constraint named_entity_task_id_fkey FOREIGN KEY (task_id) REFERENCES headway.task(id);

alter table headway.named_entity_document add constraint named_entity_document_document_id_fkey FOREIGN KEY (document_id) REFERENCES headway.document(id) ON DELETE CASCADE;

alter table headway.named_entity_document add constraint named_entity_document_entity_id_fkey FOREIGN KEY (entity_id) REFERENCES headway.named_entity(id) ON DELETE CASCADE;

alter table headway.named_entity_document add constraint named_entity_document_project_id_fkey FOREIGN KEY (project_id) REFERENCES headway.project(id);

alter table headway.named_entity_pair add constraint named_entity_pair_entity_id_fkey FOREIGN KEY (entity_id) REFERENCES headway.named_entity(id) ON DELETE CASCADE;

alter table headway.named_entity_pair add constraint named_entity_pair_other_id_fkey FOREIGN KEY (other_id) REFERENCES headway.named_entity(id) ON DELETE CASCADE;

alter table headway.named_entity_pair add constraint named_entity_pair_project_id_fkey FOREIGN KEY (project_id) REFERENCES headway.project(id);

alter table headway.named_entity_set add constraint named_entity_set_project_id_fkey FOREIGN KEY (project_id) REFERENCES headway.project(id);

alter table headway.named_entity_set add constraint named_entity_set_task_id_fkey FOREIGN KEY (task_id) REFERENCES headway.task(id);

alter table headway.named_entity_shown add constraint named_entity_shown_collection_id_fkey FOREIGN KEY (collection_id) REFERENCES headway.collection(id);

alter table headway.named_entity_shown add constraint named_entity_shown_project_id_fkey FOREIGN KEY (project_id) REFERENCES headway.project(id);

alter table headway.named_entity_shown add constraint named_entity_shown_task_id_fkey FOREIGN KEY (task_id) REFERENCES headway.task(id);

alter table headway.options_check add constraint options_check_job_id_fkey FOREIGN KEY (job_id) REFERENCES headway.job(id);

alter table headway.options_check add constraint options_check_project_id_fkey FOREIGN KEY (project_id) REFERENCES headway.project(id);

alter table headway.pipeline_pause add constraint pipeline_pause_project_id_fkey FOREIGN KEY (project_id) REFERENCES headway.project(id);

alter table headway.ready_stage add constraint ready_stage_job_id_fkey FOREIGN KEY (job_id) REFERENCES headway.job(id);

alter table headway.ready_stage add constraint ready_stage_project_id_fkey FOREIGN KEY (project_id) REFERENCES headway.project(id);

alter table headway.refused_write add constraint refused_write_project_id_fkey FOREIGN KEY (project_id) REFERENCES headway.project(id);

alter table headway.refused_write add constraint refused_write_task_id_fkey FOREIGN KEY (task_id) REFERENCES headway.task(id);

alter table headway.stage_count add constraint stage_count_job_id_fkey FOREIGN KEY (job_id) REFERENCES headway.job(id);

alter table headway.stage_count add constraint stage_count_project_id_fkey FOREIGN KEY (project_id) REFERENCES headway.project(id);

alter table headway.statistic add constraint statistic_project_id_fkey FOREIGN KEY (project_id) REFERENCES headway.project(id);

alter table headway.statistic_cursor add constraint statistic_cursor_project_id_fkey FOREIGN KEY (project_id) REFERENCES headway.project(id);

alter table headway.task add constraint task_document_id_fkey FOREIGN KEY (document_id) REFERENCES headway.document(id) ON DELETE SET NULL;

alter table headway.upload add constraint upload_collection_id_fkey FOREIGN KEY (collection_id) REFERENCES headway.collection(id);

alter table headway.upload add constraint upload_key_id_fkey FOREIGN KEY (key_id) REFERENCES headway.api_key(id);

alter table headway.upload add constraint upload_project_id_fkey FOREIGN KEY (project_id) REFERENCES headway.project(id);

alter table headway.upload_part add constraint upload_part_project_id_fkey FOREIGN KEY (project_id) REFERENCES headway.project(id);

alter table headway.upload_part add constraint upload_part_upload_id_fkey FOREIGN KEY (upload_id) REFERENCES headway.upload(id) ON DELETE CASCADE;

alter table headway.webhook add constraint webhook_project_id_fkey FOREIGN KEY (project_id) REFERENCES headway.project(id);

alter table headway.webhook_attempt add constraint webhook_attempt_delivery_id_fkey FOREIGN KEY (delivery_id) REFERENCES headway.webhook_delivery(id) ON DELETE CASCADE;

alter table headway.webhook_attempt add constraint webhook_attempt_project_id_fkey FOREIGN KEY (project_id) REFERENCES headway.project(id);

alter table headway.webhook_delivery add constraint webhook_delivery_project_id_fkey FOREIGN KEY (project_id) REFERENCES headway.project(id);

alter table headway.webhook_delivery add constraint webhook_delivery_webhook_id_fkey FOREIGN KEY (webhook_id) REFERENCES headway.webhook(id);

alter table headway.worker add constraint worker_project_id_fkey FOREIGN KEY (project_id) REFERENCES headway.project(id);
