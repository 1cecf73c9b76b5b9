import type { DataSource } from "typeorm";
import type { Claim } from "../flush/claim.js";

/** No stage takes longer from its download to its end. */
const UNRECORDED_LIFE_MS = 24 * 3_600_000;

/**
 * Where this claim's download of its document goes: a place of its own, so that a worker that has lost its lease can't
 * write into another's. It is booked for deletion until a document points to it, which is recorded with the end of the stage; a
 * download whose worker does not live to see that is removed by the sweep after a day.
 */
export async function beginFetch(db: Pick<DataSource, "query">, claim: Claim, documentId: string): Promise<string> {
  const prefix = `sources/${documentId}/${claim.taskId}.${claim.fence}`;
  await db.query(
    `insert into headway.blob_deletion (prefix, project_id, delete_after)
     select $1::text, $2::uuid, clock_timestamp() + make_interval(secs => $3::float8 / 1000)
     where not exists (select from headway.document where id = $4 and blob_key = $1::text || '/bytes')
     on conflict (prefix) do update set delete_after = excluded.delete_after`,
    [prefix, claim.projectId, UNRECORDED_LIFE_MS, documentId],
  );
  return `${prefix}/bytes`;
}
