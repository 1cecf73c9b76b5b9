import type { Request } from "express";
import { setTimeout as sleep } from "node:timers/promises";

interface Turn {
  readonly req: Request<{ id: string }>;
  readonly done: Promise<unknown>;
}

/** A connection on which nothing has come for so long has nothing more to bring. */
const QUIET_MS = 100;
/** One that still brings something after this long is another's, who can ask again. */
const MAX_WAIT_MS = 3_000;

/**
 * One request at a time for each upload, in this process. Whoever asks anew how far an upload has come has lost the
 * connection before. What has come of that one is read and kept first; then it is taken for dead, however long the network
 * will take to say so.
 */
export class UploadTurns {
  readonly #turns = new Map<string, Turn>();

  async take<T>(req: Request<{ id: string }>, work: () => Promise<T>): Promise<T> {
    const id = req.params.id.toLowerCase();
    for (let other = this.#turns.get(id); other !== undefined; other = this.#turns.get(id)) {
      await quiet(other);
      if (!other.req.complete) other.req.socket.destroy();
      await other.done.catch(() => undefined);
    }
    const done = work();
    this.#turns.set(id, { req, done });
    try {
      return await done;
    } finally {
      this.#turns.delete(id);
    }
  }
}

/** Resolves when the request is done, or nothing more comes of it. */
async function quiet({ req, done }: Turn): Promise<void> {
  const over = done.then(
    () => true,
    () => true,
  );
  const endsAt = performance.now() + MAX_WAIT_MS;
  for (let before = -1; before !== req.socket.bytesRead || req.readableLength > 0;) {
    if (performance.now() > endsAt) return;
    before = req.socket.bytesRead;
    if (await Promise.race([over, sleep(QUIET_MS, false)])) return;
  }
}
