/**
 * What an incremental submit needs to know: which content each task had before it. Content that came along is known at
 * the task's birth; of a source it is known once this task has fetched it.
 */
export const INCREMENTAL = `
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
`;
