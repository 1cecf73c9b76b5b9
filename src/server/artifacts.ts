import type { RequestHandler } from "express";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { DataSource } from "typeorm";
import type { Viewer } from "../graphql/auth.js";
import { HeadwayError, messageOf } from "../errors.js";
import type { Logger } from "../logger.js";
import type { BlobStore } from "../storage/blob-store.js";

/** What serving artifacts needs. */
export interface ArtifactParts {
  readonly db: DataSource;
  readonly blobs: BlobStore;
  /** @throws {AccessDenied} */
  readonly authenticate: (authorization: unknown) => Promise<Viewer>;
  readonly logger: Logger;
}

interface ArtifactRow {
  readonly blob_key: string;
  readonly media_type: string;
  readonly name: string;
  /** A bigint, as the driver gives it. */
  readonly size_bytes: string;
  readonly sha256: string;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const MEDIA_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?:\s*;\s*[\w-]+=(?:[\w.+-]+|"[\w .+-]*"))*$/;

/**
 * Streams GET /artifacts/:id, always as a download that no browser interprets: what it holds came from documents.
 * Only accepted artifacts that the viewer may see are found.
 */
export function serveArtifact({ db, blobs, authenticate, logger }: ArtifactParts): RequestHandler<{ id: string }> {
  return async (req, res) => {
    const { id } = req.params;
    const viewer = await authenticate(req.headers.authorization);
    const artifact = UUID.test(id) ? await find(db, viewer, id) : null;
    const missing = (): void => {
      res.status(404).json({ error: { code: "NOT_FOUND", message: `There is no artifact ${JSON.stringify(id)}.` } });
    };
    if (artifact === null) return missing();
    const etag = `"${artifact.sha256}"`;
    res.setHeader("etag", etag);
    res.setHeader("cache-control", "private, no-cache");
    if (has(req.headers["if-none-match"], etag)) return void res.status(304).end();
    const source = req.method === "HEAD" ? null : await open(blobs, artifact.blob_key);
    if (source === "missing") {
      res.removeHeader("etag");
      logger.error({ artifactId: id }, "the bytes of an accepted artifact are gone");
      return missing();
    }
    res.setHeader(
      "content-type",
      MEDIA_TYPE.test(artifact.media_type) ? artifact.media_type : "application/octet-stream",
    );
    res.setHeader("content-length", artifact.size_bytes);
    res.setHeader("content-disposition", attachment(artifact.name));
    res.setHeader("x-content-type-options", "nosniff");
    res.setHeader("content-security-policy", "sandbox; default-src 'none'");
    if (source === null) return void res.end();
    try {
      await pipeline(source, res);
    } catch (error) {
      // The head is sent: all that is left is to end the connection, which pipeline has done.
      logger.debug({ artifactId: id, error: messageOf(error) }, "an artifact was not sent to its end");
    }
  };
}

/** Whether a client that sends this If-None-Match has it already. */
function has(ifNoneMatch: string | undefined, etag: string): boolean {
  return (ifNoneMatch ?? "").split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag);
}

async function find(db: DataSource, { projectId, scope }: Viewer, id: string): Promise<ArtifactRow | null> {
  const rows: ArtifactRow[] = await db.query(
    `select blob_key, media_type, name, size_bytes, sha256 from artifact
     where id = $1 and project_id = $2 and accepted
       and ($3::uuid is null or job_id in (select id from job where collection_id = $3))
       and ($4::uuid is null or job_id = $4)`,
    [id, projectId, scope?.collectionId ?? null, scope?.jobId ?? null],
  );
  return rows[0] ?? null;
}

async function open(blobs: BlobStore, key: string): Promise<Readable | "missing"> {
  try {
    return await blobs.read(key);
  } catch (error) {
    if (error instanceof HeadwayError && error.code === "BLOB_MISSING") return "missing";
    throw error;
  }
}

/** RFC 6266: the name in UTF-8, and for old clients one with every doubtful character replaced. */
export function attachment(name: string): string {
  const plain = name.replace(/[^\w .()+-]/g, "_");
  const encoded = encodeURIComponent(name).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}
