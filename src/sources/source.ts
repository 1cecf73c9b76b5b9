import { Readable } from "node:stream";
import pRetry from "p-retry";
import type { DataSource } from "typeorm";
import { refused, resolveS3Uri, type SourceRules } from "./uri.js";
import { HeadwayError, PermanentError } from "../errors.js";
import { decodeText } from "../pipelines/decode-text.js";
import type { FetchedSource, Json, StageDocument } from "../pipelines/pipeline.js";
import type { BlobStore } from "../storage/blob-store.js";
import type { S3Objects } from "../storage/s3-objects.js";
import { openFile } from "./file-source.js";
import { INTERRUPTED, openHttp } from "./http-source.js";

export interface SourceDeps extends SourceRules {
  readonly db: Pick<DataSource, "query">;
  readonly blobs: BlobStore;
  /** Absent where no S3 is set up. */
  readonly s3?: S3Objects | null;
  readonly maxDocumentBytes: number;
}

/** What a stage found out about its document; recorded with the stage's end. */
export interface DocumentFacts {
  readonly mediaType?: string;
  readonly sizeBytes?: number;
  readonly sha256?: string;
  readonly blobKey?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** A document as its claim knows it. */
export interface SourceDocument {
  readonly id: string;
  readonly name: string;
  readonly mediaType: string | null;
  readonly sizeBytes: number | null;
  readonly sha256: string | null;
  readonly metadata: Record<string, unknown>;
  /** Null where the bytes are inline in the database. */
  readonly sourceUri: string | null;
  /** Where the blob store has the bytes; null until they are fetched. */
  readonly blobKey: string | null;
}

export interface SourceClaim {
  readonly document: SourceDocument;
  /** The place in the blob store for what this claim downloads; reserved before the first byte is written. */
  readonly reserveKey: () => Promise<string>;
  /** Called with what a download found out. */
  readonly addFacts: (facts: DocumentFacts) => void;
  /** Ends downloads when the claim is to stop. */
  readonly stop?: { readonly signal: AbortSignal } | undefined;
}

/**
 * A document's bytes, wherever they are: inline in the database, in the blob store once sent or fetched, or behind a
 * URI. What `fetch` finds out is added to `facts`, recorded with the end of the stage.
 */
export class Source implements StageDocument {
  readonly #deps: SourceDeps;
  readonly #claim: SourceClaim;
  readonly #document: SourceDocument;
  #blobKey: string | null;

  constructor(deps: SourceDeps, claim: SourceClaim) {
    this.#deps = deps;
    this.#claim = claim;
    this.#document = claim.document;
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
    const { maxDocumentBytes: maxBytes } = this.#deps;
    const key = await this.#claim.reserveKey();
    const fetchAll = async () => this.#deps.blobs.write(key, await this.#open(), { maxBytes });
    const { sizeBytes, sha256 } = await pRetry(fetchAll, {
      retries: MAX_BEGUN_ANEW,
      minTimeout: 300,
      randomize: true,
      shouldRetry: ({ error }) => error instanceof HeadwayError && error.code === INTERRUPTED,
    });
    this.#blobKey = key;
    const facts = { sizeBytes, sha256, blobKey: key };
    this.#claim.addFacts(facts);
    this.learn(facts);
    return { sizeBytes, sha256 };
  }

  async bytes(): Promise<Uint8Array> {
    const parts: Buffer[] = [];
    let sizeBytes = 0;
    for await (const part of await this.stream()) {
      parts.push(part as Buffer);
      sizeBytes += (part as Buffer).length;
      if (sizeBytes > this.#deps.maxDocumentBytes) {
        throw new PermanentError(
          "TOO_LARGE",
          `${this.name} has more than ${this.#deps.maxDocumentBytes} bytes; HEADWAY_MAX_DOCUMENT_BYTES sets the limit.`,
        );
      }
    }
    return Buffer.concat(parts);
  }

  async stream(): Promise<Readable> {
    return this.#blobKey === null ? this.#open() : this.#deps.blobs.read(this.#blobKey);
  }

  async text(): Promise<string> {
    return decodeText(await this.bytes()).text;
  }

  async #open(): Promise<Readable> {
    const { sourceUri, id, name } = this.#document;
    if (sourceUri === null) {
      const rows: { bytes: Buffer }[] = await this.#deps.db.query(
        "select bytes from headway.document_bytes where document_id = $1",
        [id],
      );
      if (!rows[0])
        throw new PermanentError("NOT_READABLE", `The bytes of ${name} were removed; add the document again.`);
      return Readable.from([rows[0].bytes]);
    }
    const { protocol } = new URL(sourceUri);
    const { networks, s3Sources, fileRoots, s3, maxDocumentBytes: maxBytes } = this.#deps;
    if (protocol === "http:" || protocol === "https:") {
      const signal = this.#claim.stop?.signal;
      return openHttp(sourceUri, { networks, maxBytes, ...(signal ? { signal } : {}) });
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
