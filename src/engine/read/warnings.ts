import type { DataSource } from "typeorm";

/** Something about a collection that deserves a look though it may have failed nothing. */
export interface CollectionWarning {
  readonly collectionId: string;
  readonly code: string;
  readonly message: string;
  /** Of how many documents or chunks it is true. */
  readonly count: number;
  /** Always empty: pages are of a document, not of a collection. */
  readonly pages: number[];
}

/**
 * The warnings of each collection as they stand now: of its contents, its newest job, and its time. To who sees one job
 * only, that one is the newest.
 */
export async function collectionWarnings(
  db: DataSource,
  collectionIds: readonly string[],
  onlyJobId: string | null,
): Promise<CollectionWarning[]> {
  return db.query(WARNINGS, [collectionIds, onlyJobId]);
}

/** Expiry is warned of this long before. */
const SOON = "interval '7 days'";

const WARNINGS = `
  with asked as materialized (
    select c.*, j.id as job_id, j.failed, j.cancelled, j.pipeline, j.finished_at as job_finished_at
    from headway.collection c
    left join lateral (
      select * from headway.job where collection_id = c.id and ($2::uuid is null or id = $2)
      order by created_at desc, id desc limit 1) j on true
    where c.id = any ($1)
  )
  select id as "collectionId", code, message, count::int, '{}'::int[] as pages from (
    select id, 1 as place, 'DELETION_PENDING' as code,
      'It is being deleted; running work has to stop first.' as message, 1 as count
    from asked where deletion_requested_at is not null and status <> 'EXPIRED'
    union all
    select id, 2, 'EXPIRES_SOON', 'Its contents are removed at ' || to_char(expires_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') || '.', 1
    from asked where status <> 'EXPIRED' and deletion_requested_at is null and expires_at < clock_timestamp() + ${SOON}
    union all
    select a.id, 3, 'PIPELINE_PAUSED', 'Its open job waits: pipeline "' || a.pipeline || '" is paused: ' || p.reason, 1
    from asked a join headway.pipeline_pause p on p.project_id = a.project_id and p.pipeline = a.pipeline
    where a.job_id is not null and a.job_finished_at is null
    union all
    select id, 4, 'DOCUMENTS_FAILED', failed || case failed when 1 then ' document' else ' documents' end || ' of its newest job failed; see the job''s summary.', failed
    from asked where failed > 0 and status <> 'EXPIRED'
    union all
    select id, 5, 'DOCUMENTS_CANCELLED', case cancelled when 1 then '1 document of its newest job was' else cancelled || ' documents of its newest job were' end || ' cancelled.', cancelled
    from asked where cancelled > 0 and status <> 'EXPIRED'
    union all
    select id, 6, 'EMBEDDINGS_INCOMPLETE',
      (chunk_count - embedded_chunk_count) || ' of ' || chunk_count || ' chunks have no embedding; search does not find them.',
      chunk_count - embedded_chunk_count
    from asked where embedded_chunk_count < chunk_count
    union all
    select a.id, 7, w.warning->>'code',
      case when count(*) = 1 then min(t.document_name || ': ' || (w.warning->>'message'))
        else count(*) || ' tasks of its newest job, such as ' || min(t.document_name || ': ' || (w.warning->>'message')) end, count(*)
    from asked a join headway.task t on t.job_id = a.job_id and t.warnings <> '[]'
    cross join lateral jsonb_array_elements(t.warnings) as w(warning)
    group by a.id, w.warning->>'code'
  ) all_warnings order by place, code`;
