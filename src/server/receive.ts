import type { RequestHandler } from "express";
import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { HeadwayError } from "../errors.js";

/** A request that is answered with this status, code and message. */
export class Refusal extends HeadwayError {
  constructor(
    readonly status: number,
    code: string,
    message: string,
  ) {
    super(code, message);
  }
}

/** How fast a body has to come: so many bytes in every window, but for the last. */
export interface Pace {
  readonly windowMs: number;
  readonly minBytes: number;
}
/** Some 1 KB a second: slower than any line that people still use, and 5 MB would take more than an hour. */
const DEFAULT_PACE: Pace = { windowMs: 30_000, minBytes: 32_768 };

/** What a body must turn out to be. */
export interface Expected {
  readonly sizeBytes: number;
  /** Lower-case hex; null where any will do. */
  readonly sha256: string | null;
}

/**
 * The body of a request, which ends well only if it is what was announced: it fails, before its end has been given,
 * with a Refusal when it is larger, smaller, other bytes, or comes too slowly, and as the connection does when that breaks.
 */
export function receive(req: IncomingMessage, expected: Expected, pace: Pace = DEFAULT_PACE): Readable {
  return Readable.from(checked(req, expected, pace), { objectMode: false });
}

async function* checked(req: IncomingMessage, expected: Expected, pace: Pace): AsyncGenerator<Buffer> {
  const { sizeBytes, sha256 } = expected;
  const hash = sha256 === null ? null : createHash("sha256");
  let receivedBytes = 0;
  for await (const piece of paced(req, pace)) {
    receivedBytes += piece.length;
    if (receivedBytes > sizeBytes) {
      throw new Refusal(413, "TOO_LARGE", `The body has more than the ${sizeBytes} bytes of the upload.`);
    }
    hash?.update(piece);
    yield piece;
  }
  if (receivedBytes < sizeBytes) {
    throw new Refusal(
      400,
      "SIZE_MISMATCH",
      `The body has ${receivedBytes} bytes, but the upload was created for ${sizeBytes}.`,
    );
  }
  const found = hash?.digest("hex");
  if (found !== undefined && found !== sha256) throw otherBytes(found, sha256!);
}

/** The pieces of a body, as long as they come fast enough. */
async function* paced(req: IncomingMessage, pace: Pace): AsyncGenerator<Buffer> {
  const watch = new PaceWatch(pace);
  clearTimeout(deadlines.get(req));
  // The connection has still to carry the answer when this ends early.
  const pieces = req.iterator({ destroyOnReturn: false }) as AsyncIterableIterator<Buffer>;
  try {
    for (;;) {
      const next = await watch.over(pieces.next());
      if (next.done) return;
      yield next.value;
    }
  } finally {
    watch.stop();
  }
}

/** The body of a request that is taken bit by bit; whatever ends it, what has come before is there to be taken. */
export class Body {
  readonly #pieces: AsyncGenerator<Buffer>;
  #rest: Buffer | null = null;
  #isOver = false;
  #fault: unknown = null;

  constructor(req: IncomingMessage, pace: Pace = DEFAULT_PACE) {
    this.#pieces = paced(req, pace);
  }

  /** Waits for a byte; false where none comes any more. */
  async hasMore(): Promise<boolean> {
    if (this.#rest !== null || this.#isOver) return this.#rest !== null;
    try {
      const next = await this.#pieces.next();
      if (next.done) this.#isOver = true;
      else this.#rest = next.value;
    } catch (error) {
      this.#isOver = true;
      this.#fault = error;
    }
    return this.#rest !== null;
  }

  /** The next bytes, at most so many. */
  async *take(maxBytes: number): AsyncGenerator<Buffer> {
    for (let room = maxBytes; room > 0 && (await this.hasMore());) {
      const piece = this.#rest!.subarray(0, room);
      this.#rest = piece.length < this.#rest!.length ? this.#rest!.subarray(piece.length) : null;
      room -= piece.length;
      yield piece;
    }
  }

  /** @throws what the body came to an end by, if that is no good end: a broken connection, or a Refusal */
  assertWell(): void {
    if (this.#fault !== null) throw this.#fault;
  }

  /** Takes no more of it. */
  end(): void {
    this.#pieces.return(undefined).catch(() => undefined);
  }
}

/** The refusal of bytes that are not those of the upload: not what was announced, or not what came before them. */
export function otherBytes(found: string, sha256: string): Refusal {
  return new Refusal(
    400,
    "SHA256_MISMATCH",
    `The SHA-256 of the body is ${found}, but the upload was created for ${sha256}; send those bytes, or create a new upload.`,
  );
}

/** Looks at the end of each window whether enough has come in it. */
class PaceWatch {
  readonly #timer: NodeJS.Timeout;
  #inWindowBytes = 0;
  /** Ends the present waiting; null while the store has the last piece: then it is not the client that is waited for. */
  #fail: ((fault: Refusal) => void) | null = null;

  constructor({ windowMs, minBytes }: Pace) {
    this.#timer = setInterval(() => {
      const came = this.#inWindowBytes;
      this.#inWindowBytes = 0;
      if (came >= minBytes || this.#fail === null) return;
      const message = `Only ${came} bytes arrived in ${windowMs} ms; the minimum is ${minBytes}. Send the file again.`;
      this.#fail(new Refusal(408, "TOO_SLOW", message));
    }, windowMs);
  }

  /**
   * The next piece, or the fault. Each waiting has a promise of its own: in a race against one that lasts as long as the
   * body, that one would hold every piece, which is the whole body in memory.
   */
  over(next: Promise<IteratorResult<Buffer>>): Promise<IteratorResult<Buffer>> {
    return new Promise<IteratorResult<Buffer>>((resolve, reject) => {
      this.#fail = reject;
      next.then(resolve, reject);
    }).then((result) => {
      this.#fail = null;
      if (!result.done) this.#inWindowBytes += result.value.length;
      return result;
    });
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

/** Bodies that nobody receives at a pace are small: one that is not whole after this long is not waited for. */
const BODY_DEADLINE_MS = 60_000;
/** A client that is answered in the middle of its body gets this long to read why, before the connection is cut. */
const LINGER_MS = 1_000;

const deadlines = new WeakMap<IncomingMessage, NodeJS.Timeout>();

/**
 * Bounds the time of every body, on every path, whoever sends it: it is whole within `deadlineMs`, or `receive` watches
 * its pace; and once its request is answered, the rest of it is read for a second, and kept by nobody.
 */
export function boundBodies(deadlineMs = BODY_DEADLINE_MS): RequestHandler {
  return (req, res, next) => {
    if (req.complete) return next();
    const deadline = cutAfter(req, deadlineMs);
    deadlines.set(req, deadline);
    // A request that is answered before its end is told of no close: what watches it would stay for the whole time.
    res.once("close", () => clearTimeout(deadline));
    res.once("finish", () => {
      if (req.complete) return;
      // Whoever has sent all of it sends the next request behind it: unread, it would hold that one until the cut. What has
      // taken the body piece by piece still listens for more, and would keep it from being dropped.
      req.removeAllListeners("readable");
      req.resume();
      cutAfter(req, LINGER_MS);
    });
    next();
  };
}

function cutAfter(req: IncomingMessage, ms: number): NodeJS.Timeout {
  const timer = setTimeout(() => {
    if (!req.complete) req.socket.destroy();
  }, ms);
  req.once("close", () => clearTimeout(timer));
  return timer;
}
