-- Whether the last completed collection task that ran this version of this pipeline whole, with the same stages and
-- options, saw just the documents of this job.
create or replace function headway.saw_same_documents(p_job uuid) returns boolean language sql stable
set search_path = pg_catalog, pg_temp
as $$
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
$$;
