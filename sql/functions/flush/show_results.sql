-- The pointer that moves readers from all of the old text and chunks to all of the new. What is shown must be what the
-- stage's check was shown, or nothing of the flush is written (HW422).
create or replace function headway.show_results(p_applied headway.flush_change[]) returns void language plpgsql
set search_path = pg_catalog, pg_temp
as $$
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
end $$;
