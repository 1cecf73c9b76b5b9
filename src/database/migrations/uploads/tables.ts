/** Uploads, and which documents hold their bytes. */
export const UPLOADS_TABLES = `
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
`;

/** The end of uploads: with their time, or with the last document that holds them. */
export const UPLOADS_FUNCTIONS = `
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
`;
