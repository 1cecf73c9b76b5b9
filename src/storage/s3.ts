import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
  paginateListObjectsV2,
  S3ServiceException,
  type S3Client,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { S3Settings } from "../config.js";
import { PermanentError } from "../errors.js";
import type { BlobFacts, BlobStore } from "./blob-store.js";
import { assertKey, missingBlob } from "./keys.js";
import { RemovalFailures } from "./removal-failures.js";
import { createS3Client } from "./s3-objects.js";

/** What a write holds in memory: parts of this size, two on their way at once. 10,000 of them are 80 GB. */
const PART_BYTES = 8 * 1024 * 1024;
const PARTS_AT_ONCE = 2;
/** No write takes a day; the parts of one that was begun so long ago were left by a process that died. */
const ABANDONED_AFTER_MS = 24 * 3_600_000;

/** Keeps blobs as objects in a bucket, below the prefix of `place`, such as "s3://bucket/prefix". */
export function createS3BlobStore(place: string, settings: S3Settings): BlobStore & { close(): void } {
  const { hostname, pathname } = new URL(place);
  const prefix = pathname.replace(/^\/|\/$/g, "");
  return new S3BlobStore(createS3Client(settings), hostname, prefix === "" ? "" : `${prefix}/`);
}

class S3BlobStore implements BlobStore {
  constructor(
    private readonly client: S3Client,
    private readonly bucket: string,
    private readonly prefix: string,
  ) {}

  async write(
    key: string,
    source: Readable | Uint8Array,
    { maxBytes = Infinity }: { readonly maxBytes?: number } = {},
  ): Promise<BlobFacts> {
    const at = this.#at(key);
    const counted = new Counted(source, maxBytes);
    // Below one part it is one request; above, an object comes to be only when all parts have.
    const upload = new Upload({
      client: this.client,
      params: { ...at, Body: Readable.from(counted.pieces(), { objectMode: false }) },
      partSize: PART_BYTES,
      queueSize: PARTS_AT_ONCE,
    });
    try {
      await upload.done();
      return counted.facts();
    } catch (error) {
      if (source instanceof Readable) source.destroy();
      // What the source threw says more than that the body broke off.
      throw counted.fault ?? error;
    }
  }

  async read(key: string, range?: { readonly start: number; readonly end: number }): Promise<Readable> {
    const Range = range ? { Range: `bytes=${range.start}-${range.end}` } : {};
    try {
      return (await this.client.send(new GetObjectCommand({ ...this.#at(key), ...Range }))).Body as Readable;
    } catch (error) {
      throw isMissing(error) ? missingBlob(key) : error;
    }
  }

  async size(key: string): Promise<number | null> {
    try {
      return (await this.client.send(new HeadObjectCommand(this.#at(key)))).ContentLength ?? null;
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  async remove(key: string): Promise<void> {
    await this.client.send(new DeleteObjectCommand(this.#at(key)));
  }

  async removeBelow(prefix: string): Promise<void> {
    const { Bucket, Key } = this.#at(prefix);
    const failures = new RemovalFailures();
    for await (const { Contents = [] } of paginateListObjectsV2(
      { client: this.client },
      { Bucket, Prefix: `${Key}/` },
    )) {
      if (Contents.length === 0) continue;
      const Objects = Contents.map(({ Key: found }) => ({ Key: found! }));
      const { Errors = [] } = await this.client.send(
        new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }),
      );
      for (const { Key: kept, Message } of Errors) failures.add(kept ?? prefix, Message ?? "no reason given");
    }
    failures.throwAny();
  }

  async removeAbandoned(): Promise<number> {
    const Bucket = this.bucket;
    let removed = 0;
    const failures = new RemovalFailures();
    for (let from = {}; ;) {
      const page = await this.client
        .send(new ListMultipartUploadsCommand({ Bucket, Prefix: this.prefix, ...from }))
        .catch((error: unknown) => {
          // Some stores that speak S3's protocol don't tell of them: there each has a rule of its own for what is left.
          if (isNotImplemented(error)) return {} as ListMultipartUploadsCommandOutput;
          throw error;
        });
      for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
        if (Initiated === undefined || Date.now() - Initiated.getTime() <= ABANDONED_AFTER_MS) continue;
        const abort = new AbortMultipartUploadCommand({ Bucket, Key, UploadId });
        if (await failures.attempt(Key ?? "a write without a key", () => this.client.send(abort))) removed += 1;
      }
      if (!page.IsTruncated) break;
      from = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
    }
    failures.throwAny();
    return removed;
  }

  close(): void {
    this.client.destroy();
  }

  #at(key: string): { readonly Bucket: string; readonly Key: string } {
    assertKey(key);
    return { Bucket: this.bucket, Key: `${this.prefix}${key}` };
  }
}

/** A source, counted and hashed as it passes, which fails once there is too much of it. */
class Counted {
  /** What the source failed with, or its being too much. */
  fault: unknown = null;
  readonly #hash = createHash("sha256");
  #sizeBytes = 0;

  constructor(
    private readonly source: Readable | Uint8Array,
    private readonly maxBytes: number,
  ) {}

  async *pieces(): AsyncGenerator<Uint8Array> {
    try {
      for await (const piece of this.source instanceof Uint8Array ? [this.source] : this.source) {
        const bytes = typeof piece === "string" ? Buffer.from(piece) : (piece as Uint8Array);
        this.#sizeBytes += bytes.byteLength;
        if (this.#sizeBytes > this.maxBytes) {
          throw new PermanentError("TOO_LARGE", `The content exceeds the limit of ${this.maxBytes} bytes.`, {
            maxBytes: this.maxBytes,
          });
        }
        this.#hash.update(bytes);
        if (bytes.byteLength > 0) yield bytes;
      }
    } catch (error) {
      this.fault = error;
      throw error;
    }
  }

  facts(): BlobFacts {
    return { sizeBytes: this.#sizeBytes, sha256: this.#hash.digest("hex") };
  }
}

function isNotImplemented(error: unknown): boolean {
  return error instanceof S3ServiceException && error.$metadata.httpStatusCode === 501;
}

function isMissing(error: unknown): boolean {
  return error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404 && error.name !== "NoSuchBucket";
}
