-- The completed task whose results stand for this content under this pipeline, version, stages and options; null where
-- there is none. What ran counts, and not what was asked for: all its outputs must be of this version. Where it made
-- text or chunks, they must be the ones that readers see: another run may have replaced them since.
create or replace function headway.kept_task(
  p_document uuid, p_sha256 text, p_pipeline text, p_version int, p_stages text[], p_options jsonb
) returns uuid language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select t.id from headway.document d
  join headway.task t on t.document_id = d.id and t.kind = 'DOCUMENT' and t.status = 'COMPLETED'
  join headway.job j on j.id = t.job_id
  where d.id = p_document and t.content_sha256 = p_sha256
    and j.pipeline = p_pipeline and t.pipeline_version = p_version and not t.is_mixed
    and j.document_stages = p_stages and j.options = p_options
    and (d.content_task_id = t.id or (t.text_fence is null and t.chunk_fence is null))
  order by t.finished_at desc limit 1
$$;
