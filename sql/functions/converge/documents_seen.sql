-- What a collection task sees of a job: its documents with their content. What failed, or whose content nobody knows,
-- is like nothing else; what has been removed is like nothing that is still there.
create or replace function headway.documents_seen(p_job uuid) returns text[] language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select array(
    select concat_ws(' ', document_id,
      case when status in ('COMPLETED', 'SKIPPED') and content_sha256 is not null then content_sha256 else id::text end)
    from headway.task where job_id = p_job and kind = 'DOCUMENT' order by 1)
$$;
