import type { DataSource } from "typeorm";
import { inTransaction } from "../../database/transaction.js";
import type { OpenUpload, UploadAttempt } from "./uploads.js";

/** What a dying process or store costs at most: a piece is counted once it is stored. */
const PART_BYTES = 8 * 1024 * 1024;
/** An upload has so many full pieces at most: of a very large one they are larger. */
const MAX_FULL_PARTS = 2_000;
/** So many smaller pieces are made into larger ones; each piece is a row and a blob until the upload is complete. */
const MAX_SMALL_PARTS = 200;
/** So many are put together in one request at most, which waits for it; the next goes on. */
const MAX_JOINS = 4;
/** Whoever still reads a piece that has been put together with others has this long to come to its end. */
const READ_WITHIN_MS = 3_600_000;

/** How large a full piece of an upload is. */
export function partBytesOf({ sizeBytes }: Pick<OpenUpload, "sizeBytes">): number {
  return Math.max(PART_BYTES, Math.ceil(sizeBytes / MAX_FULL_PARTS));
}

/** A piece of an upload that is sent bit by bit. */
export interface UploadPart {
  readonly prefix: string;
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
 * another request was faster, or when the upload is complete or over; what was stored is then of no use.
 */
export async function keepPart(
  db: DataSource,
  { upload, prefix }: UploadAttempt,
  { startByte, sizeBytes }: Pick<UploadPart, "startByte" | "sizeBytes">,
): Promise<boolean> {
  const rows: { kept: boolean }[] = await db.query(
    `with grown as (
       update headway.upload set received_bytes = received_bytes + $3
       where id = $1 and received_bytes = $2 and received_bytes + $3 <= size_bytes and completed_at is null
         and expires_at > clock_timestamp()
         and exists (select from headway.blob_deletion where prefix = $4 and delete_after > clock_timestamp())
       returning id, project_id
     ), kept as (
       insert into headway.upload_part (upload_id, project_id, start_byte, size_bytes, prefix)
       select id, project_id, $2, $3, $4 from grown returning start_byte
     )
     select exists (select from kept) as kept`,
    [upload.id, startByte, sizeBytes, prefix],
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

/**
 * Pieces that are to be put together, each run of them to one: those that are not full, where there are many. A line that
 * breaks often makes such, and a client that sends a little at a time. Empty where there are few.
 */
export async function partsToJoin(db: DataSource, upload: OpenUpload): Promise<readonly (readonly UploadPart[])[]> {
  const [{ small }]: [{ small: number }] = await db.query(
    "select count(*)::int as small from headway.upload_part where upload_id = $1 and size_bytes < $2",
    [upload.id, partBytesOf(upload)],
  );
  if (small < MAX_SMALL_PARTS) return [];
  return runsToJoin(await partsOf(db, upload), partBytesOf(upload));
}

/**
 * Which of an upload's pieces, given in order, are put together, each run of them to one; at most four runs. A full piece is
 * never written again, and one that is not only to become full or twice as large: each byte is written some twenty-five times at
 * most, however small the pieces are.
 */
export function runsToJoin<Part extends Pick<UploadPart, "sizeBytes">>(
  parts: readonly Part[],
  fullBytes: number,
): readonly (readonly Part[])[] {
  const runs: Part[][] = [];
  let room = 0;
  for (const part of parts) {
    if (part.sizeBytes >= fullBytes) {
      room = 0;
      continue;
    }
    if (room <= 0) {
      runs.push([]);
      room = fullBytes;
    }
    runs.at(-1)!.push(part);
    room -= part.sizeBytes;
  }
  return runs
    .map((run) => (bytesOf(run) >= fullBytes ? run : withoutLargeHead(run)))
    .filter(({ length }) => length > 1)
    .slice(0, MAX_JOINS);
}

/** The run without the pieces at its beginning that are each larger than all behind it. */
function withoutLargeHead<Part extends Pick<UploadPart, "sizeBytes">>(run: readonly Part[]): readonly Part[] {
  let rest = bytesOf(run);
  const from = run.findIndex(({ sizeBytes }) => {
    rest -= sizeBytes;
    return sizeBytes <= rest;
  });
  return from === -1 ? [] : run.slice(from);
}

function bytesOf(parts: readonly Pick<UploadPart, "sizeBytes">[]): number {
  return parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

/**
 * Counts one piece in the place of these, whose bytes have been stored at the place that `partKey` says. False where the upload
 * is complete or over, or another process was faster; what was stored is then of no use.
 */
export function replaceParts(
  db: DataSource,
  { upload, prefix }: UploadAttempt,
  parts: readonly UploadPart[],
): Promise<boolean> {
  return inTransaction(db, async (tx) => {
    const [open] = await tx.query(
      `select id from headway.upload
       where id = $1 and completed_at is null and expires_at > clock_timestamp() for no key update`,
      [upload.id],
    );
    if (!open) return false;
    // With the lock: nobody else takes pieces away now.
    const [{ count }]: [{ count: number }] = await tx.query(
      `select count(*)::int as count from headway.upload_part p
       join unnest($2::bigint[], $3::bigint[], $4::text[]) n(start_byte, size_bytes, prefix)
         using (start_byte, size_bytes, prefix)
       where p.upload_id = $1`,
      [
        upload.id,
        parts.map(({ startByte }) => startByte),
        parts.map(({ sizeBytes }) => sizeBytes),
        parts.map((part) => part.prefix),
      ],
    );
    if (count < parts.length) return false;
    const gone: { prefix: string }[] = (
      await tx.query(
        "delete from headway.upload_part where upload_id = $1 and start_byte = any ($2) returning prefix",
        [upload.id, parts.map(({ startByte }) => startByte)],
      )
    )[0];
    await tx.query(
      `insert into headway.upload_part (upload_id, project_id, start_byte, size_bytes, prefix) values ($1, $2, $3, $4, $5)`,
      [upload.id, upload.projectId, parts[0]!.startByte, bytesOf(parts), prefix],
    );
    // What one request brought may lie under one prefix with pieces that stay.
    await tx.query(
      `update headway.blob_deletion d set delete_after = least(delete_after, clock_timestamp() + make_interval(secs => $3::float8 / 1000))
       where d.prefix = any ($2) and not exists (
         select from headway.upload_part p where p.upload_id = $1 and p.prefix = d.prefix)`,
      [upload.id, gone.map((part) => part.prefix), READ_WITHIN_MS],
    );
    return true;
  });
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
