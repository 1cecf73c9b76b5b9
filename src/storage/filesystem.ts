import { createHash, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat, type FileHandle } from "node:fs/promises";
import path from "node:path";
import { Readable } from "node:stream";
import { PermanentError } from "../errors.js";
import type { BlobFacts, BlobStore } from "./blob-store.js";
import { assertKey, missingBlob, storeFull } from "./keys.js";
import { RemovalFailures } from "./removal-failures.js";

/** No key starts with a dot, so what a dead writer left here is never under a key. */
const UNFINISHED = ".unfinished";
/** Uploads are cut after half a minute without progress, stages after minutes: no writer pauses for an hour. */
const ABANDONED_AFTER_MS = 3_600_000;

/** Keeps blobs as files below `rootDir`, which is made when the first one is written. */
export function createFilesystemBlobStore(rootDir: string): BlobStore {
  return new FilesystemBlobStore(path.resolve(rootDir));
}

class FilesystemBlobStore implements BlobStore {
  constructor(private readonly rootDir: string) {}

  async write(
    key: string,
    source: Readable | Uint8Array,
    options: { readonly maxBytes?: number } = {},
  ): Promise<BlobFacts> {
    const file = this.#fileOf(key);
    const unfinishedDir = path.join(this.rootDir, UNFINISHED);
    const unfinished = path.join(unfinishedDir, randomUUID());
    try {
      await mkdir(unfinishedDir, { recursive: true });
      const facts = await writeDurably(unfinished, source, options.maxBytes ?? Infinity);
      await mkdir(path.dirname(file), { recursive: true });
      await rename(unfinished, file);
      await syncFolder(path.dirname(file));
      return facts;
    } catch (error) {
      await rm(unfinished, { force: true });
      if (source instanceof Readable) source.destroy();
      throw isFull(error) ? storeFull(error) : error;
    }
  }

  async read(key: string, range?: { readonly start: number; readonly end: number }): Promise<Readable> {
    const file = this.#fileOf(key);
    // Opened before it is returned: a blob removed meanwhile is still read whole, and one that is missing is said here.
    const handle = await open(file, "r").catch((error: unknown) => {
      throw isMissing(error) ? missingBlob(key) : error;
    });
    if ((await handle.stat()).isDirectory()) {
      await handle.close();
      throw missingBlob(key);
    }
    return createReadStream("", { fd: handle, ...range });
  }

  async size(key: string): Promise<number | null> {
    try {
      const facts = await stat(this.#fileOf(key));
      return facts.isFile() ? facts.size : null;
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  async remove(key: string): Promise<void> {
    const file = this.#fileOf(key);
    if ((await this.size(key)) !== null) await rm(file, { force: true });
  }

  async removeBelow(prefix: string): Promise<void> {
    const folder = this.#fileOf(prefix);
    const facts = await stat(folder).catch((error: unknown) => {
      if (isMissing(error)) return null;
      throw error;
    });
    if (facts?.isDirectory()) await rm(folder, { recursive: true, force: true });
  }

  async removeAbandoned(): Promise<number> {
    const folder = path.join(this.rootDir, UNFINISHED);
    const names = await readdir(folder).catch((error: unknown) => {
      if (isMissing(error)) return [];
      throw error;
    });
    let removed = 0;
    const failures = new RemovalFailures();
    for (const name of names) {
      const file = path.join(folder, name);
      // Another process may tidy the same folder, and writers end.
      const facts = await stat(file).catch(() => null);
      if (facts === null || Date.now() - facts.mtimeMs <= ABANDONED_AFTER_MS) continue;
      if (await failures.attempt(file, () => rm(file, { recursive: true, force: true }))) removed += 1;
    }
    failures.throwAny();
    return removed;
  }

  /** @throws {HeadwayError} INVALID_KEY for what could lie outside the root or among the unfinished */
  #fileOf(key: string): string {
    assertKey(key);
    return path.join(this.rootDir, key);
  }
}

async function writeDurably(file: string, source: Readable | Uint8Array, maxBytes: number): Promise<BlobFacts> {
  const handle = await open(file, "wx");
  try {
    const hash = createHash("sha256");
    let sizeBytes = 0;
    for await (const piece of source instanceof Uint8Array ? [source] : source) {
      const bytes = typeof piece === "string" ? Buffer.from(piece) : (piece as Uint8Array);
      sizeBytes += bytes.byteLength;
      if (sizeBytes > maxBytes) {
        throw new PermanentError("TOO_LARGE", `The content exceeds the limit of ${maxBytes} bytes.`, {
          maxBytes,
        });
      }
      hash.update(bytes);
      await writeAll(handle, bytes);
    }
    await handle.sync();
    return { sizeBytes, sha256: hash.digest("hex") };
  } finally {
    await handle.close();
  }
}

/** A write may take fewer bytes than it was given. */
async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  let offset = 0;
  while (offset < bytes.byteLength) {
    offset += (await handle.write(bytes, offset, bytes.byteLength - offset)).bytesWritten;
  }
}

/** A rename outlives a loss of power only once its folder is on disk. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function isFull(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  return code === "ENOSPC" || code === "EDQUOT";
}

function isMissing(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  return code === "ENOENT" || code === "ENOTDIR";
}
