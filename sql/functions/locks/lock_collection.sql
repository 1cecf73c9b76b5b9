-- Takes the collection's lock for the rest of the transaction, and tells how the collection then stands: no row where
-- the project has no such collection; another project's is not locked, nor waited for.
create or replace function headway.lock_collection(p_collection uuid, p_project uuid)
returns table (status text, is_expiring boolean, open_job_id uuid, open_job_status text) language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  perform headway.lock_collections(array(
    select id from headway.collection where id = p_collection and project_id = p_project));
  -- In a statement of its own, which sees what was committed while the lock was waited for.
  return query
    select c.status, headway.is_expiry_due(c), j.id, j.status from headway.collection c
    left join headway.job j on j.collection_id = c.id and j.status in ('QUEUED', 'PROCESSING', 'CANCELLING')
    where c.id = p_collection and c.project_id = p_project;
end $$;
