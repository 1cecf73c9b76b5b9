import type { DataSource } from "typeorm";
import type { OpenUpload, UploadAttempt } from "./uploads.js";

/** More pieces than any line breaks an upload into; each is a row and a blob until the upload is complete. */
export const MAX_PARTS = 5_000;

/** A piece of an upload that is sent bit by bit. */
export interface UploadPart {
  readonly blobKey: string;
  readonly startByte: number;
  readonly sizeBytes: number;
}

/** Where a piece that begins at this byte is kept. */
export function partKey({ prefix }: Pick<UploadAttempt, "prefix">, startByte: number): string {
  return `${prefix}/${startByte}`;
}

/**
 * Counts a piece that has been stored: the upload has come so far. Its place stays booked for deletion, since it is wanted no
 * longer than until the upload is complete or over. False when it does not begin where the upload ends by now, as when
 * another request was faster; when the upload is complete, over or in too many pieces; what was stored is then of no use.
 */
export async function keepPart(
  db: DataSource,
  { upload, prefix }: UploadAttempt,
  { startByte, sizeBytes }: Omit<UploadPart, "blobKey">,
): Promise<boolean> {
  const rows: { kept: boolean }[] = await db.query(
    `with grown as (
       update headway.upload set received_bytes = received_bytes + $3
       where id = $1 and received_bytes = $2 and received_bytes + $3 <= size_bytes and completed_at is null
         and expires_at > clock_timestamp()
         and exists (select from headway.blob_deletion where prefix = $4 and delete_after > clock_timestamp())
         and (select count(*) from headway.upload_part where upload_id = $1) < $5
       returning id, project_id
     ), kept as (
       insert into headway.upload_part (upload_id, project_id, start_byte, size_bytes, prefix)
       select id, project_id, $2, $3, $4 from grown returning start_byte
     )
     select exists (select from kept) as kept`,
    [upload.id, startByte, sizeBytes, prefix, MAX_PARTS],
  );
  return rows[0]!.kept;
}

/** What has come of an upload, in order. */
export async function partsOf(db: DataSource, { id }: Pick<OpenUpload, "id">): Promise<readonly UploadPart[]> {
  const rows: { prefix: string; startByte: number; sizeBytes: number }[] = await db.query(
    `select prefix, start_byte::float8 as "startByte", size_bytes::float8 as "sizeBytes"
     from headway.upload_part where upload_id = $1 order by start_byte`,
    [id],
  );
  return rows.map((row) => ({ ...row, blobKey: partKey(row, row.startByte) }));
}

/** Forgets what has come of an upload that turned out to be other bytes than announced: it can be sent anew. */
export async function dropParts(db: DataSource, { id }: Pick<OpenUpload, "id">): Promise<void> {
  await db.query(
    `with open as (
       update headway.upload set received_bytes = 0 where id = $1 and completed_at is null returning id
     ), gone as (
       delete from headway.upload_part where upload_id in (select id from open) returning prefix
     )
     update headway.blob_deletion set delete_after = clock_timestamp() where prefix in (select prefix from gone)`,
    [id],
  );
}
