import type { Principal } from "../access/principal.js";
import { readBlob, serveFiles, type FileDeps, type StoredFile } from "./files.js";

interface ArtifactRow {
  readonly blob_key: string;
  readonly media_type: string;
  readonly name: string;
  /** A bigint, as the driver gives it. */
  readonly size_bytes: string;
  readonly sha256: string;
}

/** Streams GET /artifacts/:id. Only accepted artifacts that the principal may see are found. */
export function serveArtifact(deps: FileDeps): ReturnType<typeof serveFiles> {
  return serveFiles(deps, {
    what: "artifact",
    folder: "artifacts",
    find: (principal, id) => find(deps, principal, id),
  });
}

async function find({ db, blobs }: FileDeps, { projectId, scope }: Principal, id: string): Promise<StoredFile | null> {
  const rows: ArtifactRow[] = await db.query(
    `select blob_key, media_type, name, size_bytes, sha256 from headway.artifact
     where id = $1 and project_id = $2 and accepted
       and ($3::uuid is null or job_id in (select id from headway.job where collection_id = $3))
       and ($4::uuid is null or job_id = $4)`,
    [id, projectId, scope?.collectionId ?? null, scope?.jobId ?? null],
  );
  const [row] = rows;
  if (!row) return null;
  const { blob_key: blobKey, media_type: mediaType, name, sha256 } = row;
  const sizeBytes = Number(row.size_bytes);
  return { name, mediaType, sizeBytes, sha256, open: (range) => readBlob(blobs, blobKey, range) };
}
