import type { Request, RequestHandler, Response } from "express";
import type { IncomingMessage } from "node:http";
import type { DataSource } from "typeorm";
import {
  discardAttempt,
  startAttempt,
  completeAttempt,
  findUpload,
  type OpenUpload,
} from "../engine/uploads/uploads.js";
import { isUuid } from "../engine/input.js";
import { HeadwayError, messageOf } from "../errors.js";
import { requireMutation, type Principal } from "../access/principal.js";
import { failpoint } from "../failpoint.js";
import type { Logger } from "../logger.js";
import type { BlobStore } from "../storage/blob-store.js";
import { know } from "./connections.js";
import { otherBytes, receive, Refusal, type Pace } from "./receive.js";
import { refuse } from "./refuse.js";

/** What receiving uploads needs. */
export interface UploadDeps {
  readonly db: DataSource;
  readonly blobs: BlobStore;
  /** Whose key came with the request, or has signed its address for this object. @throws {AccessDenied} */
  readonly authenticate: (req: IncomingMessage & Pick<Request, "query">, object: string) => Promise<Principal>;
  readonly maxDocumentBytes: number;
  readonly logger: Logger;
  readonly pace?: Pace;
}

type UploadRequest = Request<{ id: string }>;

/**
 * Takes the bytes of PUT /uploads/:id, streaming: 201 when they have come in whole, 200 where the same had already
 * (nothing is written then). What broke off is sent again from the start. Refusals are JSON `{ error: { code, message } }`:
 * 400 SIZE_MISMATCH or SHA256_MISMATCH, 404 NOT_FOUND, 408 TOO_SLOW, 413 TOO_LARGE, 415 ENCODED; nothing is kept then.
 * @throws {AccessDenied} without a key, or where it may not announce any
 */
export function serveUpload(deps: UploadDeps): RequestHandler<{ id: string }> {
  return async (req, res) => {
    const find = await findFor(deps, req, res);
    try {
      const upload = await find();
      assertHead(req, upload, deps.maxDocumentBytes);
      if (upload.isCompleted) {
        await discard(receive(req, upload, deps.pace));
        return answer(res, 200, upload);
      }
      const { isOurs, sha256 } = await store(deps, req, upload);
      if (isOurs) return answer(res, 201, { ...upload, sha256 });
      const now = await find();
      if (!now.isCompleted) throw unknown(req.params.id);
      if (now.sha256 !== sha256) throw otherBytes(sha256, now.sha256!);
      return answer(res, 200, now);
    } catch (error) {
      answerFault(deps, req, res, error);
    }
  };
}

/**
 * How to find the upload that a request is about; it throws a Refusal where there is none for whoever asks. The address may
 * carry a right of its own, so no page that is opened from it learns it. @throws {AccessDenied}
 */
export async function findFor(deps: UploadDeps, req: UploadRequest, res: Response): Promise<() => Promise<OpenUpload>> {
  res.setHeader("referrer-policy", "no-referrer");
  const id = req.params.id.toLowerCase();
  const principal = await deps.authenticate(req as Request, `uploads/${id}`);
  know(req.socket);
  requireMutation(principal, "createUploads");
  return async () => {
    const upload = isUuid(id) ? await findUpload(deps.db, principal, id) : null;
    if (upload === null) throw unknown(req.params.id);
    return upload;
  };
}

/** Answers a request whose bytes could not be taken; nobody where the client has gone. @throws what nobody expected */
export function answerFault({ logger }: UploadDeps, req: UploadRequest, res: Response, error: unknown): void {
  const { id } = req.params;
  // The store wraps nothing: what the receiving end refused comes through it as it is.
  if (error instanceof Refusal) return refuse(res, error.status, error.code, error.message);
  if (error instanceof HeadwayError && error.code === "STORE_FULL") {
    // Where it is full is for the operator, who reads the log.
    logger.error({ uploadId: id, error: error.message }, "an upload could not be kept");
    return refuse(res, 507, error.code, "The server has no space for the file now; send it again later.");
  }
  if (!req.socket.destroyed || req.complete) throw error;
  logger.debug({ uploadId: id, error: messageOf(error) }, "a client went away in the middle of its upload");
}

/** Answers every other method there. */
export const onlySent: RequestHandler = (req, res) => {
  res.setHeader("allow", "HEAD, PATCH, PUT");
  const message = `${req.method} is not allowed here; send the bytes of an upload with PUT, or in parts with PATCH.`;
  refuse(res, 405, "METHOD_NOT_ALLOWED", message);
};

/** Stores the bytes and completes the upload, unless another attempt was faster. Nothing is left of what fails. */
async function store(
  { db, blobs, pace }: UploadDeps,
  req: IncomingMessage,
  upload: OpenUpload,
): Promise<{ readonly isOurs: boolean; readonly sha256: string }> {
  const attempt = await startAttempt(db, upload);
  let isOurs = false;
  try {
    await failpoint("upload.before_write");
    const source = receive(req, upload, pace);
    const { sha256 } = await blobs.write(attempt.blobKey, source, { maxBytes: upload.sizeBytes });
    await failpoint("upload.after_write");
    isOurs = await completeAttempt(db, attempt, sha256);
    if (isOurs) await failpoint("upload.after_commit");
    return { isOurs, sha256 };
  } finally {
    // The sweep does it in any case, though later; a database that is away is no reason to hide why this failed.
    if (!isOurs) await discardAttempt(db, attempt).catch(() => undefined);
  }
}

/** Bytes that are there already are read, so that the client comes to its end, looked at, and not written. */
async function discard(body: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of body);
}

/** What can be seen before a byte of the body has come. @throws {Refusal} */
function assertHead(req: IncomingMessage, upload: OpenUpload, maxDocumentBytes: number): void {
  assertPlain(req);
  const length = req.headers["content-length"];
  if (length === undefined) return;
  const sizeBytes = Number(length);
  if (sizeBytes > maxDocumentBytes) {
    const message = `The body has ${sizeBytes} bytes; the limit is ${maxDocumentBytes} (HEADWAY_MAX_DOCUMENT_BYTES).`;
    throw new Refusal(413, "TOO_LARGE", message);
  }
  if (sizeBytes !== upload.sizeBytes) throw sizeMismatch(sizeBytes, upload);
}

/** @throws {Refusal} of a body that is compressed on its way */
export function assertPlain({ headers }: IncomingMessage): void {
  const encoding = headers["content-encoding"];
  if (encoding === undefined || encoding === "identity") return;
  const message = `The body is encoded as ${encoding}; send the plain bytes, without Content-Encoding.`;
  throw new Refusal(415, "ENCODED", message);
}

/** The refusal of a body of another size than was announced. */
export function sizeMismatch(sizeBytes: number, upload: OpenUpload): Refusal {
  return new Refusal(
    sizeBytes > upload.sizeBytes ? 413 : 400,
    sizeBytes > upload.sizeBytes ? "TOO_LARGE" : "SIZE_MISMATCH",
    `The body has ${sizeBytes} bytes, but the upload was created for ${upload.sizeBytes}; send those, or create a new upload.`,
  );
}

/** The refusal of an id that leads to no upload. */
export function unknown(id: string): Refusal {
  return new Refusal(
    404,
    "NOT_FOUND",
    `There is no upload ${JSON.stringify(id.slice(0, 100))}, or it has expired; create one with createUploads.`,
  );
}

function answer(res: Response, status: number, { id, sizeBytes, sha256 }: OpenUpload): void {
  res.status(status).json({ upload: { id, sizeBytes, sha256 } });
}
