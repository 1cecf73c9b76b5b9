import path from "node:path";
import { Readable } from "node:stream";
import type { DataSource } from "typeorm";
import type { Principal } from "../access/principal.js";
import { readBlob, serveFiles, type ByteRange, type FileDeps, type StoredFile } from "./files.js";

interface OriginalRow {
  readonly blob_key: string | null;
  readonly media_type: string | null;
  readonly name: string;
  /** A bigint, as the driver gives it. */
  readonly size_bytes: string;
  readonly sha256: string;
}

/** Streams GET /originals/:id: the bytes of a document as they came in, where they are kept. */
export function serveOriginal(deps: FileDeps): ReturnType<typeof serveFiles> {
  return serveFiles(deps, {
    what: "original of a document",
    folder: "originals",
    find: (principal, id) => find(deps, principal, id),
  });
}

async function find({ db, blobs }: FileDeps, { projectId, scope }: Principal, id: string): Promise<StoredFile | null> {
  const rows: OriginalRow[] = await db.query(
    `select d.blob_key, d.media_type, d.name, d.size_bytes, d.sha256 from headway.document d
     where d.id = $1 and d.project_id = $2 and d.sha256 is not null
       and (d.blob_key is not null or exists (select from headway.document_bytes where document_id = d.id))
       and ($3::uuid is null or d.collection_id = $3)`,
    [id, projectId, scope?.collectionId ?? null],
  );
  const [row] = rows;
  if (!row) return null;
  return {
    name: path.posix.basename(row.name.replaceAll("\\", "/")),
    mediaType: row.media_type ?? "application/octet-stream",
    sizeBytes: Number(row.size_bytes),
    sha256: row.sha256,
    open: (range) =>
      row.blob_key === null ? readInline(db, { id, sha256: row.sha256 }, range) : readBlob(blobs, row.blob_key, range),
  };
}

/** Bytes that came with the request that added the document: few enough for one read. Others that came since are not these. */
async function readInline(
  db: DataSource,
  { id, sha256 }: { readonly id: string; readonly sha256: string },
  range: ByteRange | null,
): Promise<Readable | "missing"> {
  const rows: { bytes: Buffer }[] = await db.query(
    `select case when $2::int is null then bytes else substring(bytes from $2 for $3) end as bytes
     from headway.document_bytes where document_id = $1 and exists (
       select from headway.document where id = $1 and sha256 = $4)`,
    [id, range ? range.start + 1 : null, range ? range.end - range.start + 1 : null, sha256],
  );
  return rows[0] ? Readable.from([rows[0].bytes], { objectMode: false }) : "missing";
}
