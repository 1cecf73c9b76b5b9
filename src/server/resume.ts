import type { RequestHandler } from "express";
import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { completeAttempt, discardAttempt, startAttempt, type OpenUpload } from "../engine/uploads/uploads.js";
import {
  dropParts,
  keepPart,
  partBytesOf,
  partKey,
  partsOf,
  partsToJoin,
  replaceParts,
} from "../engine/uploads/parts.js";
import { messageOf } from "../errors.js";
import { failpoint } from "../failpoint.js";
import type { BlobStore } from "../storage/blob-store.js";
import { Body, otherBytes, Refusal } from "./receive.js";
import { UploadTurns } from "./upload-turns.js";
import { answerFault, assertPlain, findFor, sizeMismatch, unknown, type UploadDeps } from "./uploads.js";

/** The version of the tus protocol whose core is spoken here. */
const TUS_VERSION = "1.0.0";

/**
 * HEAD and PATCH /uploads/:id, the core of the tus protocol (https://tus.io/protocols/resumable-upload): HEAD tells how much
 * has come, PATCH goes on from there, and what has come before a connection breaks is kept. The whole is hashed when its last
 * byte is there, and complete then. Refusals are those of PUT, and 400 BAD_OFFSET, 409 OFFSET_MISMATCH, 412 VERSION, 415 MEDIA_TYPE.
 */
export function serveResumable(deps: UploadDeps): Record<"head" | "patch", RequestHandler<{ id: string }>> {
  const turns = new UploadTurns();
  const head: RequestHandler<{ id: string }> = async (req, res) => {
    const find = await findFor(deps, req, res);
    try {
      await find();
      const upload = await turns.take(req, async () => whole(deps, await find(), find));
      res.set({ "cache-control": "no-store", "upload-length": String(upload.sizeBytes) });
      res.set("upload-offset", String(upload.receivedBytes)).status(200).end();
    } catch (error) {
      answerFault(deps, req, res, error);
    }
  };
  const patch: RequestHandler<{ id: string }> = async (req, res) => {
    const find = await findFor(deps, req, res);
    try {
      const offset = offsetOf(req);
      // Whoever may not send it takes no turn, which would cut off whoever does.
      await find();
      const upload = await turns.take(req, () => receivePatch(deps, req, offset, find));
      res.set("upload-offset", String(upload.receivedBytes)).status(204).end();
    } catch (error) {
      answerFault(deps, req, res, error);
    }
  };
  return { head: inVersion(head), patch: inVersion(patch) };
}

type Find = () => Promise<OpenUpload>;

function inVersion(handler: RequestHandler<{ id: string }>): RequestHandler<{ id: string }> {
  return (req, res, next) => {
    res.set("tus-resumable", TUS_VERSION);
    const asked = req.headers["tus-resumable"];
    if (asked === undefined || asked === TUS_VERSION) return handler(req, res, next);
    res.set("tus-version", TUS_VERSION);
    const message = `Tus-Resumable is ${String(asked).slice(0, 20)}; this server supports ${TUS_VERSION}.`;
    res.status(412).json({ error: { code: "VERSION", message } });
  };
}

/** Where the body of a PATCH goes on. @throws {Refusal} */
function offsetOf(req: IncomingMessage): number {
  const { headers } = req;
  assertPlain(req);
  if (headers["content-type"] !== "application/offset+octet-stream") {
    const message = `Content-Type is ${headers["content-type"] ?? "not given"}; a PATCH sends application/offset+octet-stream.`;
    throw new Refusal(415, "MEDIA_TYPE", message);
  }
  const given = headers["upload-offset"];
  if (typeof given === "string" && /^\d{1,15}$/.test(given)) return Number(given);
  throw new Refusal(400, "BAD_OFFSET", "Upload-Offset must be the number of bytes received so far; ask with HEAD.");
}

/** Takes what a PATCH brings, piece by piece, until its body or its connection ends. @throws {Refusal} */
async function receivePatch(deps: UploadDeps, req: IncomingMessage, offset: number, find: Find): Promise<OpenUpload> {
  let upload = await find();
  if (offset !== upload.receivedBytes) throw offsetMismatch(offset, upload);
  if (upload.isCompleted) return upload;
  const length = Number(req.headers["content-length"] ?? 0);
  if (offset + length > upload.sizeBytes) throw sizeMismatch(offset + length, upload);
  const attempt = await startAttempt(deps.db, upload);
  const body = new Body(req, deps.pace);
  // Nobody knows yet whether the database has taken the piece at hand: it is not to go then.
  let isUnsure = false;
  try {
    while (upload.receivedBytes < upload.sizeBytes && (await body.hasMore())) {
      const startByte = upload.receivedBytes;
      const blobKey = partKey(attempt, startByte);
      const room = Math.min(partBytesOf(upload), upload.sizeBytes - startByte);
      const { sizeBytes, sha256 } = await deps.blobs.write(
        blobKey,
        Readable.from(body.take(room), { objectMode: false }),
      );
      if (sizeBytes === upload.sizeBytes) {
        // It came in one piece, which so is the whole already.
        if (await complete(deps, { ...attempt, blobKey }, sha256)) return { ...upload, receivedBytes: sizeBytes };
      } else {
        await failpoint("upload.before_part");
        isUnsure = true;
        const isKept = await keepPart(deps.db, attempt, { startByte, sizeBytes });
        isUnsure = false;
        if (isKept) {
          upload = { ...upload, receivedBytes: startByte + sizeBytes };
          continue;
        }
      }
      throw offsetMismatch(offset, await find());
    }
    // What has come is kept, however the rest of it ended.
    if (upload.receivedBytes < upload.sizeBytes) {
      await joinSmall(deps, upload).catch((error: unknown) => {
        deps.logger.warn({ uploadId: upload.id, error: messageOf(error) }, "pieces of an upload were not put together");
      });
      body.assertWell();
    }
  } finally {
    body.end();
    if (!isUnsure && upload.receivedBytes === offset) await discardAttempt(deps.db, attempt).catch(() => undefined);
  }
  return whole(deps, upload, find);
}

/** Puts small pieces together where there are many. Should this process die meanwhile, they stay as they are. */
async function joinSmall({ db, blobs }: UploadDeps, upload: OpenUpload): Promise<void> {
  for (const parts of await partsToJoin(db, upload)) {
    const attempt = await startAttempt(db, upload);
    let isKept = false;
    try {
      const keys = parts.map(({ blobKey }) => blobKey);
      const key = partKey(attempt, parts[0]!.startByte);
      await blobs.write(key, Readable.from(joined(blobs, keys), { objectMode: false }));
      isKept = await replaceParts(db, attempt, parts);
    } finally {
      if (!isKept) await discardAttempt(db, attempt).catch(() => undefined);
    }
  }
}

/** The upload, complete if all of it has come: a process may have died between its last piece and that. @throws {Refusal} */
async function whole(deps: UploadDeps, upload: OpenUpload, find: Find): Promise<OpenUpload> {
  if (upload.isCompleted || upload.receivedBytes < upload.sizeBytes) return upload;
  await failpoint("upload.before_joined");
  const { db, blobs } = deps;
  const attempt = await startAttempt(db, upload);
  let isKept = false;
  try {
    const keys = (await partsOf(db, upload)).map(({ blobKey }) => blobKey);
    const source = Readable.from(joined(blobs, keys), { objectMode: false });
    const { sizeBytes, sha256 } = await blobs.write(attempt.blobKey, source, { maxBytes: upload.sizeBytes });
    // Fewer where another process completes it just now, and has taken the pieces away.
    isKept = sizeBytes === upload.sizeBytes && (await complete(deps, attempt, sha256));
  } finally {
    if (!isKept) await discardAttempt(db, attempt).catch(() => undefined);
  }
  if (isKept || (await find()).isCompleted) return upload;
  throw unknown(upload.id);
}

/** Completes an upload whose bytes have been stored. False where another was faster. @throws {Refusal} of other bytes than announced */
async function complete(
  { db }: UploadDeps,
  attempt: Parameters<typeof completeAttempt>[1],
  sha256: string,
): Promise<boolean> {
  const { upload } = attempt;
  if (upload.sha256 !== null && upload.sha256 !== sha256) {
    await dropParts(db, upload);
    throw otherBytes(sha256, upload.sha256);
  }
  return completeAttempt(db, attempt, sha256);
}

async function* joined(blobs: BlobStore, keys: readonly string[]): AsyncGenerator<Buffer> {
  for (const key of keys) yield* await blobs.read(key);
}

function offsetMismatch(offset: number, { receivedBytes }: OpenUpload): Refusal {
  const message = `Upload-Offset is ${offset}, and ${receivedBytes} bytes have arrived; continue from there.`;
  return new Refusal(409, "OFFSET_MISMATCH", message);
}
