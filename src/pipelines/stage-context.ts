/// <reference types="node" preserve="true" />
import type { Readable } from "node:stream";
import type { ChunkKind } from "../model/chunk-kinds.js";
import type { StagedEntities } from "./named-entity.js";

/** JSON value. Properties that are undefined are left out. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

/** Extent of a warning. */
export interface WarningScope {
  /** Number of affected pages, pictures, attachments or characters, 0 to 2,147,483,647. Default: the number of `pages`, or 1. */
  readonly count?: number;
  /** Affected pages or slides, from 1. The first 1,000 are kept. Default: none. */
  readonly pages?: readonly number[];
}

/** Part of a document's text. */
export interface ChunkDraft {
  /** Position among the chunks of the document, from 0 and without gaps. */
  readonly ordinal: number;
  /** Text of the chunk. */
  readonly text: string;
  /** Page of the first character, from 1; null if unknown. Default: null. */
  readonly page?: number | null;
  /** Page of the last character, from 1. Default: `page`. */
  readonly pageEnd?: number | null;
  /** Position of the first character in the document's text, in UTF-16 code units, from 0. */
  readonly startOffset: number;
  /** Position after the last character in the document's text, in UTF-16 code units; `startOffset` or more. */
  readonly endOffset: number;
  /** Headings above the chunk, highest level first. Default: none. */
  readonly headings?: readonly string[];
  /** Heading path and repeated table header, embedded together with the text; null if there is none. Default: null. */
  readonly context?: string | null;
  /** Attachment, archive entry or sheet that contains the chunk; null if there is none. Default: null. */
  readonly part?: string | null;
  /** Kind of content; TEXT if it is mixed. Default: TEXT. */
  readonly kind?: ChunkKind;
  /** Embedding of the chunk; null until it has been computed. Default: null. */
  readonly embedding?: Float32Array | null;
}

/** Size and hash of a document's content, as computed by `fetch`. */
export interface FetchedSource {
  /** Number of bytes. */
  readonly sizeBytes: number;
  /** SHA-256 of the bytes, in lower-case hex. */
  readonly sha256: string;
}

/** Document that a stage works on. */
export interface StageDocument {
  /** ID of the document. */
  readonly id: string;
  /** Name of the document, unique in its collection. */
  readonly name: string;
  /** Media type as given when the document was added, or as set by a stage; null if neither has happened. */
  readonly mediaType: string | null;
  /** Number of bytes; null for a document with a `uri` until it has been fetched. */
  readonly sizeBytes: number | null;
  /** SHA-256 of the bytes, in lower-case hex; null for a document with a `uri` until it has been fetched. */
  readonly sha256: string | null;
  /** Metadata of the document, with what stages have set. */
  readonly metadata: Readonly<Record<string, Json>>;
  /**
   * Downloads the content of a document with a `uri` (`file:`, `http:`, `https:`, `s3:`) into the storage, and computes size
   * and hash. For other documents it downloads nothing. Optional: reading works without it. It gives a pipeline one stage at
   * which a source can fail, and later stages read the stored bytes. The limit is `HEADWAY_MAX_DOCUMENT_BYTES`. In an
   * INCREMENTAL job, the task is skipped after this stage if the content is unchanged.
   * @throws {PermanentError} NOT_READABLE, TOO_LARGE, URI_REFUSED
   */
  fetch(): Promise<FetchedSource>;
  /**
   * Reads the original bytes into memory, at most `HEADWAY_MAX_DOCUMENT_BYTES`. Unless they are stored, each call downloads
   * them.
   * @throws {PermanentError} NOT_READABLE, TOO_LARGE, URI_REFUSED
   */
  bytes(): Promise<Uint8Array>;
  /** Reads the original bytes as a stream. @throws {PermanentError} NOT_READABLE, TOO_LARGE, URI_REFUSED */
  stream(): Promise<Readable>;
  /**
   * Reads the original bytes as text: by their byte order mark, as UTF-8, or in the most likely encoding.
   * @throws {PermanentError} NOT_READABLE, TOO_LARGE, URI_REFUSED
   */
  text(): Promise<string>;
}

/** Writes files for people to download. If several have the same name, the newest accepted one is shown. */
export interface ArtifactWriter {
  /**
   * Writes one file. It is shown when the stage has completed. `name` is a plain file name of 1 to 200 characters, without
   * slashes, backslashes and control characters. Strings are written as UTF-8. The size is not limited.
   * @throws {PermanentError} ARTIFACT_NAME
   * @throws {HeadwayError} ARTIFACT_NOT_KEPT if the worker has lost the task meanwhile
   */
  write(name: string, content: string | Uint8Array | Readable, mediaType: string): Promise<void>;
}

/** Amount of text and chunks that readers currently see of a document. */
export interface KeptContent {
  /** Length of the text, in characters (Unicode code points). */
  readonly characters: number;
  /** Number of chunks. */
  readonly chunks: number;
  /** Number of these chunks with an embedding. */
  readonly embedded: number;
}

/** Chunks staged for this document by this stage or an earlier one. */
export interface StagedChunks {
  /**
   * Replaces all chunks of the document when the task completes. Until then, readers see the old ones.
   * @throws {PermanentError} OUTPUT_UNSTORABLE, with the reason and the position of the chunk
   */
  replace(chunks: Iterable<ChunkDraft> | AsyncIterable<ChunkDraft>): Promise<void>;
  /** Yields the staged chunks in order, with embeddings. */
  staged(): AsyncIterable<ChunkDraft>;
}

/**
 * Writes to the log of the process and to `Task.logs`, which keeps the newest 1,000 lines and 262,144 bytes of a task. A
 * message is cut to 4,000 characters; fields of more than 16,384 bytes of JSON are left out of `Task.logs`.
 */
export interface StageLogger {
  /** Writes a line at level DEBUG. */
  debug(fields: object, message: string): void;
  /** Writes a line at level INFO. */
  info(fields: object, message: string): void;
  /** Writes a line at level WARN. */
  warn(fields: object, message: string): void;
  /** Writes a line at level ERROR. */
  error(fields: object, message: string): void;
}

/**
 * Argument of every stage. `Options`, `Input` and `Secret` are the types of the options, of the input and of the names of the
 * secrets; the builder `pipeline` infers them.
 */
export interface StageContext<Options = any, Input = any, Secret extends string = string> {
  /** Collection of the job. */
  readonly collection: {
    /** ID of the collection. */
    readonly id: string;
    /** Name of the collection. */
    readonly name: string;
    /** Metadata of the collection. */
    readonly metadata: Readonly<Record<string, Json>>;
  };
  /** Job of the task. */
  readonly job: {
    /** ID of the job. */
    readonly id: string;
    /** Number of the job's run, from 1; each retry of the job adds one. */
    readonly run: number;
    /** Tags given at the submit. */
    readonly tags: readonly string[];
  };
  /** Task that runs the stage. */
  readonly task: {
    /** ID of the task. */
    readonly id: string;
    /** Name of this stage. */
    readonly stage: string;
  };
  /** Number of the attempt at this stage, from 1. `RetryLater` does not count. */
  readonly attempt: number;
  /**
   * Options of the job, as the pipeline's schema parsed them; `{}` without a schema. They are parsed at the submit and again
   * before every stage, so a transform in the schema must accept its own result.
   */
  readonly options: Options;
  /** Output of the previous stage; null in the first. A stage skipped by `when` leaves its own input. */
  readonly input: Input;
  /**
   * Aborts on cancel, timeout, lost lease and shutdown. A handler that has not stopped `HEADWAY_CANCEL_DEADLINE_MS` later ends
   * with its process. In an isolated stage it never aborts: the child process is killed.
   */
  readonly signal: AbortSignal;
  /**
   * Reports the progress of this stage, 0 to 1. Lower values than before are ignored. Written at most once per second.
   * `message` is cut to 4,000 characters; without one, the previous message stays.
   */
  progress(fraction: number, message?: string): void;
  /** Values of the environment variables named in the stage's `secrets`. */
  readonly secrets: Readonly<Record<Secret, string>>;
  /**
   * W3C traceparent of this stage's span, to send to other services; `fetch` sends it automatically. Null if tracing is
   * off.
   */
  readonly traceparent: string | null;
  /** Writer of files for people to download. */
  readonly artifacts: ArtifactWriter;
  /** Log of the task. */
  readonly logger: StageLogger;
  /**
   * Adds a warning to the task, and to the document whose text the task extracts. Repeated code and message count as one
   * warning. A task has at most 100; further ones are ignored. Code and message are cut to 4,000 characters each.
   */
  warn(code: string, message: string, scope?: WarningScope): void;
}

/** Argument of a document stage. */
export interface DocumentContext<Options = any, Input = any, Secret extends string = string> extends StageContext<
  Options,
  Input,
  Secret
> {
  /** Document of the task. */
  readonly document: StageDocument;
  /**
   * Merges top-level keys into the document's metadata when this stage ends, even if it fails. The metadata of a document
   * has at most 1,000,000 bytes of JSON. In an isolated stage the error ends the stage and cannot be caught.
   * @throws {HeadwayError} OUTPUT_UNSTORABLE
   */
  setMetadata(metadata: Readonly<Record<string, Json>>): void;
  /** Sets the document's media type when this stage ends, even if it fails. It is cut to 4,000 characters. */
  setMediaType(mediaType: string): void;
  /**
   * Stages the extracted text, at most 100,000,000 UTF-16 code units. Readers see it when the task completes. U+0000 and
   * halves of surrogate pairs become U+FFFD.
   * @throws {PermanentError} OUTPUT_UNSTORABLE
   */
  setText(text: string): Promise<void>;
  /** Reads the text staged by this stage or an earlier one; null if there is none. */
  stagedText(): Promise<string | null>;
  /**
   * Stages again the text, chunks with embeddings, and warnings that readers currently see. Returns their amount; null if
   * there is no text, or only text of older content.
   */
  stageKept(): Promise<KeptContent | null>;
  /** Chunks of the document. */
  readonly chunks: StagedChunks;
}

/** Document as a collection stage sees it. */
export interface SettledDocument {
  /** ID of the document. */
  readonly id: string;
  /** Name of the document. */
  readonly name: string;
  /** Media type of the document; null if unknown. */
  readonly mediaType: string | null;
  /** Metadata of the document. */
  readonly metadata: Readonly<Record<string, Json>>;
  /** Final status of its task. */
  readonly status: "COMPLETED" | "FAILED" | "CANCELLED" | "SKIPPED";
  /** Stage and reason of the failure; null if it did not fail. */
  readonly error: { readonly stage: string; readonly code: string; readonly message: string } | null;
}

/** Argument of a collection stage. */
export interface CollectionContext<Options = any, Input = any, Secret extends string = string> extends StageContext<
  Options,
  Input,
  Secret
> {
  /** Yields all documents of the job, in document order. Documents that have been removed meanwhile are left out. */
  documents(): AsyncIterable<SettledDocument>;
  /**
   * Yields the outputs of this document stage for completed and skipped documents, in document order. A document skipped as
   * unchanged has the output of the job that processed it. Documents without an output of the stage are left out.
   */
  documentOutputs(stage: string): AsyncIterable<{ readonly document: SettledDocument; readonly output: any }>;
  /** Reads the extracted text of one document of the job; null if it has none or is not in the job. */
  documentText(documentId: string): Promise<string | null>;
  /** Named entities of the collection. */
  readonly entities: StagedEntities;
}
