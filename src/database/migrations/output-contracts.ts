import type { MigrationInterface, QueryRunner } from "typeorm";

/** As before; and what is shown must be what the stage's check was shown, or nothing of the flush is written (HW422). */
export const OUTPUT_CONTRACTS = `
create or replace function apply_document_facts(p_applied jsonb, p_changes jsonb) returns void language plpgsql as $$
declare
  v_refused text;
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
        (x->>'chunk_fence')::bigint as chunk_fence, n.chunks, n.embedded, d.chunk_count, d.embedded_chunk_count,
        d.name, x->>'change_id' as change_id
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
    ), counted as (
      update collection c set content_version = c.content_version + 1, chunk_count = c.chunk_count + s.chunks,
        embedded_chunk_count = c.embedded_chunk_count + s.embedded
      from (
        select collection_id, sum(chunks - chunk_count)::int as chunks, sum(embedded - embedded_chunk_count)::int as embedded
        from moved group by collection_id
      ) s where c.id = s.collection_id
    )
    select format('%s has %s chunks, %s with a vector, though %s and %s were checked', m.name, m.chunks, m.embedded,
      c->'staged'->>'chunks', c->'staged'->>'embedded') into v_refused
    from moved m join jsonb_array_elements(p_changes) c on c->>'change' = m.change_id
    where (c->'staged'->>'chunks')::int <> m.chunks or (c->'staged'->>'embedded')::int <> m.embedded limit 1;
    if v_refused is not null then
      raise exception using errcode = 'HW422', message = v_refused;
    end if;
  end if;
end $$;
`;

/** Output contracts hold in the finishing transaction. Works beside the build before it, which says nothing of them. */
export class OutputContracts1764430000000 implements MigrationInterface {
  readonly name = "OutputContracts1764430000000";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(OUTPUT_CONTRACTS);
  }

  async down(): Promise<void> {
    throw new Error("This migration has no way back: restore a backup from before it instead.");
  }
}
