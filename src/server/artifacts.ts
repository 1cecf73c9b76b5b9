import type { RequestHandler, Response } from "express";
import fresh from "fresh";
import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import parseRange from "range-parser";
import type { DataSource } from "typeorm";
import type { Principal } from "../access/principal.js";
import { HeadwayError, messageOf } from "../errors.js";
import type { Logger } from "../logger.js";
import type { BlobStore } from "../storage/blob-store.js";
import { know } from "./connections.js";
import { refuse } from "./refuse.js";

/** What serving artifacts needs. */
export interface ArtifactDeps {
  readonly db: DataSource;
  readonly blobs: BlobStore;
  /** @throws {AccessDenied} */
  readonly authenticate: (authorization: unknown) => Promise<Principal>;
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
 * Streams GET /artifacts/:id, whole or one range of it, always as a download that no browser interprets: what it holds
 * came from documents. Only accepted artifacts that the principal may see are found. An artifact's bytes never change, so its ETag
 * is a strong one, and a download that broke off goes on with Range and If-Range. Several ranges at once get the whole.
 */
export function serveArtifact({ db, blobs, authenticate, logger }: ArtifactDeps): RequestHandler<{ id: string }> {
  return async (req, res) => {
    const { id } = req.params;
    const principal = await authenticate(req.headers.authorization);
    know(req.socket);
    const artifact = UUID.test(id) ? await find(db, principal, id) : null;
    if (artifact === null) return missing(res, id);
    const etag = `"${artifact.sha256}"`;
    res.setHeader("etag", etag);
    res.setHeader("cache-control", "private, no-cache");
    // Without its Cache-Control, which is meant for caches in between and which fetch() adds by itself.
    if (fresh({ "if-none-match": req.headers["if-none-match"] }, { etag })) return void res.status(304).end();
    res.setHeader("accept-ranges", "bytes");
    const sizeBytes = Number(artifact.size_bytes);
    const range = rangeOf(req, sizeBytes, etag);
    if (range === "unsatisfiable") {
      res.setHeader("content-range", `bytes */${sizeBytes}`);
      const message = `Range is ${req.headers.range}, and the artifact has ${sizeBytes} bytes.`;
      return refuse(res, 416, "RANGE_NOT_SATISFIABLE", message);
    }
    const source = req.method === "HEAD" ? null : await open(blobs, artifact.blob_key, range);
    if (source === "missing") {
      res.removeHeader("etag");
      logger.error({ artifactId: id }, "the bytes of an accepted artifact are gone");
      return missing(res, id);
    }
    if (range) res.status(206).setHeader("content-range", `bytes ${range.start}-${range.end}/${sizeBytes}`);
    res.setHeader("content-length", range ? range.end - range.start + 1 : sizeBytes);
    setHeaders(res, artifact);
    if (source === null) return void res.end();
    try {
      await pipeline(source, res);
    } catch (error) {
      // The head is sent: all that is left is to end the connection, which pipeline has done.
      logger.debug({ artifactId: id, error: messageOf(error) }, "an artifact was not sent to its end");
    }
  };
}

function setHeaders(res: Response, { media_type: mediaType, name }: ArtifactRow): void {
  res.setHeader("content-type", MEDIA_TYPE.test(mediaType) ? mediaType : "application/octet-stream");
  res.setHeader("content-disposition", attachment(name));
  res.setHeader("x-content-type-options", "nosniff");
  res.setHeader("content-security-policy", "sandbox; default-src 'none'");
}

function missing(res: Response, id: string): void {
  refuse(res, 404, "NOT_FOUND", `There is no artifact ${JSON.stringify(id)}.`);
}

interface ByteRange {
  readonly start: number;
  /** Inclusive. */
  readonly end: number;
}

/** The one range that is asked for; null for the whole: no range, several, an ill-formed one, or one of other bytes. */
function rangeOf(req: IncomingMessage, sizeBytes: number, etag: string): ByteRange | "unsatisfiable" | null {
  const { range, "if-range": ifRange } = req.headers;
  if (range === undefined || req.method !== "GET") return null;
  // A date never says for certain that the bytes are the same, so only the ETag itself does.
  if (ifRange !== undefined && ifRange !== etag) return null;
  // The last 100 bytes of ten are all ten; the parser would refuse them.
  const asked = range.replace(/^bytes=-(\d+)$/, (_, last) => `bytes=-${Math.min(Number(last), sizeBytes)}`);
  const ranges = parseRange(sizeBytes, asked, { combine: true });
  if (ranges === -1) return "unsatisfiable";
  if (ranges === -2 || ranges.type !== "bytes") return null;
  return ranges.length === 1 ? ranges[0]! : null;
}

async function find(db: DataSource, { projectId, scope }: Principal, id: string): Promise<ArtifactRow | null> {
  const rows: ArtifactRow[] = await db.query(
    `select blob_key, media_type, name, size_bytes, sha256 from headway.artifact
     where id = $1 and project_id = $2 and accepted
       and ($3::uuid is null or job_id in (select id from headway.job where collection_id = $3))
       and ($4::uuid is null or job_id = $4)`,
    [id, projectId, scope?.collectionId ?? null, scope?.jobId ?? null],
  );
  return rows[0] ?? null;
}

async function open(blobs: BlobStore, key: string, range: ByteRange | null): Promise<Readable | "missing"> {
  try {
    return await blobs.read(key, range ?? undefined);
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
