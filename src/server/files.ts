import type { Request, RequestHandler, Response } from "express";
import fresh from "fresh";
import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import parseRange from "range-parser";
import type { DataSource } from "typeorm";
import { requireRead, type Principal } from "../access/principal.js";
import { isUuid } from "../engine/input.js";
import { HeadwayError, messageOf } from "../errors.js";
import type { Logger } from "../logger.js";
import type { BlobStore } from "../storage/blob-store.js";
import { know } from "./connections.js";
import { refuse } from "./refuse.js";

/** What serving files needs. */
export interface FileDeps {
  readonly db: DataSource;
  readonly blobs: BlobStore;
  /** Whose key came with the request, or has signed its address for this object. @throws {AccessDenied} */
  readonly authenticate: (req: Request, object: string) => Promise<Principal>;
  readonly logger: Logger;
}

/** A file that whoever asks may see. */
export interface StoredFile {
  readonly name: string;
  readonly mediaType: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  /** "missing" where the store has lost them. */
  readonly open: (range: ByteRange | null) => Promise<Readable | "missing">;
}

/** One kind of files, at /<folder>/<id>, or at /<folder>/<id>/<part>. */
interface FileKind {
  /** In a word, such as "artifact". */
  readonly what: string;
  readonly folder: string;
  /** Null where there is none that the principal may see. */
  readonly find: (principal: Principal, id: string, part: string) => Promise<StoredFile | null>;
}

const MEDIA_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?:\s*;\s*[\w-]+=(?:[\w.+-]+|"[\w .+-]*"))*$/;

/**
 * Streams a file, whole or one range of it, always as a download that no browser interprets: what it holds came from
 * documents. Its ETag is a strong one, and a download that broke off goes on with Range and If-Range. Several ranges at once
 * get the whole. The address may carry a right of its own, so no page that is opened from it learns it.
 */
export function serveFiles(
  { authenticate, logger }: Pick<FileDeps, "authenticate" | "logger">,
  { what, folder, find }: FileKind,
): RequestHandler<{ id: string; part?: string }> {
  const missing = (res: Response, id: string): void =>
    refuse(res, 404, "NOT_FOUND", `There is no ${what} ${JSON.stringify(id)}.`);
  return async (req, res) => {
    res.setHeader("referrer-policy", "no-referrer");
    const id = req.params.id.toLowerCase();
    const { part = "" } = req.params;
    const principal = await authenticate(req as Request, `${folder}/${id}${part === "" ? "" : `/${part}`}`);
    know(req.socket);
    requireRead(principal);
    const file = isUuid(id) ? await find(principal, id, part) : null;
    if (file === null) return missing(res, req.params.id);
    const { sizeBytes } = file;
    const etag = `"${file.sha256}"`;
    res.setHeader("etag", etag);
    res.setHeader("cache-control", "private, no-cache");
    // Without its Cache-Control, which is meant for caches in between and which fetch() adds by itself.
    if (fresh({ "if-none-match": req.headers["if-none-match"] }, { etag })) return void res.status(304).end();
    res.setHeader("accept-ranges", "bytes");
    const range = rangeOf(req, sizeBytes, etag);
    if (range === "unsatisfiable") {
      res.setHeader("content-range", `bytes */${sizeBytes}`);
      const message = `Range is ${req.headers.range}, and the ${what} has ${sizeBytes} bytes.`;
      return refuse(res, 416, "RANGE_NOT_SATISFIABLE", message);
    }
    const source = req.method === "HEAD" ? null : await file.open(range);
    if (source === "missing") {
      res.removeHeader("etag");
      logger.error({ id }, `the bytes of an accepted ${what} are gone`);
      return missing(res, req.params.id);
    }
    if (range) res.status(206).setHeader("content-range", `bytes ${range.start}-${range.end}/${sizeBytes}`);
    res.setHeader("content-length", range ? range.end - range.start + 1 : sizeBytes);
    setHeaders(res, file);
    if (source === null) return void res.end();
    try {
      await pipeline(source, res);
    } catch (error) {
      // The head is sent: all that is left is to end the connection, which pipeline has done.
      logger.debug({ id, error: messageOf(error) }, `an ${what} was not sent to its end`);
    }
  };
}

function setHeaders(res: Response, { mediaType, name }: StoredFile): void {
  res.setHeader("content-type", MEDIA_TYPE.test(mediaType) ? mediaType : "application/octet-stream");
  res.setHeader("content-disposition", attachment(name));
  res.setHeader("x-content-type-options", "nosniff");
  res.setHeader("content-security-policy", "sandbox; default-src 'none'");
}

/** A part of a file, by the places of its bytes. */
export interface ByteRange {
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

/** Bytes of the store; "missing" where it has none under this key. */
export async function readBlob(blobs: BlobStore, key: string, range: ByteRange | null): Promise<Readable | "missing"> {
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
