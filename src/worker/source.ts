import { Readable } from "node:stream";
import pRetry from "p-retry";
import type { DataSource } from "typeorm";
import type { Claim } from "../engine/flush/claim.js";
import type { DocumentFacts } from "../engine/flush/change.js";
import { beginFetch } from "../engine/uploads/fetched.js";
import { refused, resolveS3Uri, type SourceRules } from "../sources/uri.js";
import { HeadwayError, PermanentError } from "../errors.js";
import { decodeText } from "../pipelines/decode-text.js";
import type { FetchedSource, Json, StageDocument } from "../pipelines/pipeline.js";
import type { BlobStore } from "../storage/blob-store.js";
import type { S3Objects } from "../storage/s3-objects.js";
import { openFile } from "../sources/file-source.js";
import { INTERRUPTED, openHttp } from "../sources/http-source.js";

export interface SourceParts extends SourceRules {
  readonly db: DataSource;
  readonly blobs: BlobStore;
  /** Absent where no S3 is set up. */
  readonly s3?: S3Objects | null;
  readonly maxDocumentBytes: number;
}

/**
 * A document's bytes, wherever they are: inline in the database, in the blob store once sent or fetched, or behind a
 * URI. What `fetch` finds out is added to `facts`, recorded with the end of the stage.
 */
export class Source implements StageDocument {
  readonly #parts: SourceParts;
  readonly #claim: Claim;
  readonly #document: NonNullable<Claim["document"]>;
  readonly #addFacts: (facts: DocumentFacts) => void;
  readonly #signal: AbortSignal | undefined;
  #blobKey: string | null;

  /** @param signal ends downloads when the claim is to stop */
  constructor(parts: SourceParts, claim: Claim, addFacts: (facts: DocumentFacts) => void, signal?: AbortSignal) {
    if (!claim.document) throw new PermanentError("NOT_READABLE", "The document has been removed from its collection.");
    this.#parts = parts;
    this.#claim = claim;
    this.#document = claim.document;
    this.#addFacts = addFacts;
    this.#signal = signal;
    this.#blobKey = claim.document.blobKey;
  }

  get id(): string {
    return this.#document.id;
  }
  get name(): string {
    return this.#document.name;
  }
  get mediaType(): string | null {
    return this.#document.mediaType;
  }
  get sizeBytes(): number | null {
    return this.#document.sizeBytes;
  }
  get sha256(): string | null {
    return this.#document.sha256;
  }
  get metadata(): Readonly<Record<string, Json>> {
    return this.#document.metadata as Record<string, Json>;
  }

  /** What later stages of the same claim see. */
  learn(facts: DocumentFacts): void {
    Object.assign(this.#document, {
      ...(facts.mediaType === undefined ? {} : { mediaType: facts.mediaType }),
      ...(facts.sizeBytes === undefined ? {} : { sizeBytes: facts.sizeBytes, sha256: facts.sha256 }),
      metadata: { ...this.#document.metadata, ...facts.metadata },
    });
  }

  async fetch(): Promise<FetchedSource> {
    if (this.#document.sourceUri === null) {
      // Inline bytes were counted and hashed when they came in.
      return { sizeBytes: this.#document.sizeBytes!, sha256: this.#document.sha256! };
    }
    const { db, maxDocumentBytes: maxBytes } = this.#parts;
    const key = await beginFetch(db, this.#claim, this.#document.id);
    const fetchAll = async () => this.#parts.blobs.write(key, await this.#open(), { maxBytes });
    const { sizeBytes, sha256 } = await pRetry(fetchAll, {
      retries: MAX_BEGUN_ANEW,
      minTimeout: 300,
      randomize: true,
      shouldRetry: ({ error }) => error instanceof HeadwayError && error.code === INTERRUPTED,
    });
    this.#blobKey = key;
    const facts = { sizeBytes, sha256, blobKey: key };
    this.#addFacts(facts);
    this.learn(facts);
    return { sizeBytes, sha256 };
  }

  async bytes(): Promise<Uint8Array> {
    const parts: Buffer[] = [];
    let sizeBytes = 0;
    for await (const part of await this.stream()) {
      parts.push(part as Buffer);
      sizeBytes += (part as Buffer).length;
      if (sizeBytes > this.#parts.maxDocumentBytes) {
        throw new PermanentError(
          "TOO_LARGE",
          `${this.name} has more than ${this.#parts.maxDocumentBytes} bytes; HEADWAY_MAX_DOCUMENT_BYTES sets the limit.`,
        );
      }
    }
    return Buffer.concat(parts);
  }

  async stream(): Promise<Readable> {
    return this.#blobKey === null ? this.#open() : this.#parts.blobs.read(this.#blobKey);
  }

  async text(): Promise<string> {
    return decodeText(await this.bytes()).text;
  }

  async #open(): Promise<Readable> {
    const { sourceUri, id, name } = this.#document;
    if (sourceUri === null) {
      const rows: { bytes: Buffer }[] = await this.#parts.db.query(
        "select bytes from document_bytes where document_id = $1",
        [id],
      );
      if (!rows[0]) throw new PermanentError("NOT_READABLE", `The bytes of ${name} are gone; add the document again.`);
      return Readable.from([rows[0].bytes]);
    }
    const { protocol } = new URL(sourceUri);
    const { networks, s3Sources, fileRoots, s3, maxDocumentBytes: maxBytes } = this.#parts;
    if (protocol === "http:" || protocol === "https:") {
      return openHttp(sourceUri, { networks, maxBytes, ...(this.#signal ? { signal: this.#signal } : {}) });
    }
    if (protocol === "s3:") {
      const { bucket, key } = resolveS3Uri(sourceUri, s3Sources);
      if (!s3) throw refused(sourceUri, "this worker has no access to S3");
      return s3.open(bucket, key, maxBytes);
    }
    return openFile(sourceUri, fileRoots);
  }
}

/** A download that broke off and can't go on from there is begun anew, within one attempt of its stage. */
const MAX_BEGUN_ANEW = 2;
