import type { DataSource } from "typeorm";
import { eachPageById } from "../../database/each-page.js";
import type { Claim } from "../flush/claim.js";

/** No write takes so long, nor waits so long for the database before it is kept. */
const UNKEPT_LIFE_MS = 24 * 3_600_000;
const PAGE = 200;

type Database = Pick<DataSource, "query">;

/** One write of an artifact, under the claim that makes it. */
export interface ArtifactWrite {
  readonly id: string;
  readonly claim: Claim;
  readonly stage: string;
  readonly name: string;
  readonly mediaType: string;
  readonly blobKey: string;
}

/** Where the bytes of an artifact go. A write has a place of its own, so that nothing is written over. */
export function placeOfArtifact({ job, taskId, fence }: Claim, id: string): string {
  return `artifacts/${job.id}/${taskId}.${fence}/${id}/bytes`;
}

/**
 * To be called before the bytes are written: their place is booked for deletion until keepArtifact. A process that dies
 * in between, or a write that comes to its end too late, leaves nothing for longer than a day.
 */
export async function bookArtifact(db: Database, { claim, blobKey }: ArtifactWrite): Promise<void> {
  await db.query(
    `insert into headway.blob_deletion (prefix, project_id, delete_after)
     values ($1, $2, clock_timestamp() + make_interval(secs => $3::float8 / 1000))
     on conflict (prefix) do update set delete_after = excluded.delete_after`,
    [prefixOf(blobKey), claim.projectId, UNKEPT_LIFE_MS],
  );
}

/**
 * The bytes are there: the artifact gets its row, and its place is no longer booked, both or neither. An earlier one of
 * the same name, stage and claim is replaced, and its bytes go. False when the task is no longer this claim's.
 */
export async function keepArtifact(
  db: Database,
  { id, claim, stage, name, mediaType, blobKey }: ArtifactWrite,
  { sizeBytes, sha256 }: { readonly sizeBytes: number; readonly sha256: string },
): Promise<boolean> {
  const rows: { kept: boolean }[] = await db.query(
    `with kept as (
       -- One that is due may be gone already, though its row is still there.
       delete from headway.blob_deletion where prefix = $12 and delete_after > clock_timestamp()
         and exists (select from headway.task where id = $4 and fence = $5 and status = 'RUNNING')
       returning prefix
     ), made as (
       insert into headway.artifact (id, project_id, job_id, task_id, fence, stage, name, media_type, size_bytes, sha256, blob_key)
       select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11 where exists (select from kept)
       on conflict (task_id, fence, stage, name) do update set media_type = excluded.media_type,
         size_bytes = excluded.size_bytes, sha256 = excluded.sha256, blob_key = excluded.blob_key
       returning id
     )
     -- Or it was kept by a statement whose answer was lost.
     select exists (select from made) or exists (select from headway.artifact where blob_key = $11 and task_id = $4) as kept`,
    [
      id,
      claim.projectId,
      claim.job.id,
      claim.taskId,
      claim.fence,
      stage,
      name,
      mediaType,
      sizeBytes,
      sha256,
      blobKey,
      prefixOf(blobKey),
    ],
  );
  return rows[0]!.kept;
}

/**
 * Removes artifacts of stages that never came to their end: of a claim that is over none is accepted any more. Their
 * files go with the next removal of stored files. Returns how many went.
 */
export async function removeUnacceptedArtifacts(db: Database): Promise<number> {
  let removed = 0;
  const unaccepted = eachPageById<{ id: string }>(PAGE, (after, limit) =>
    db.query("select id from headway.artifact where not accepted and id > $1 order by id limit $2", [after, limit]),
  );
  for await (const rows of unaccepted) {
    const gone: unknown[] = await db.query(
      `with gone as (
         delete from headway.artifact a where id = any ($1) and not accepted and not exists (
           select from headway.task t where t.id = a.task_id and t.fence = a.fence and t.status = 'RUNNING')
         returning blob_key, project_id
       )
       insert into headway.blob_deletion (prefix, project_id)
       select regexp_replace(blob_key, '/bytes$', ''), project_id from gone
       on conflict (prefix) do update set delete_after = excluded.delete_after
       returning prefix`,
      [rows.map(({ id }) => id)],
    );
    removed += gone.length;
  }
  return removed;
}

/** What is booked: stored files are removed by what their keys begin with. */
function prefixOf(blobKey: string): string {
  return blobKey.replace(/\/bytes$/, "");
}
