/// <reference types="node" preserve="true" />
import type { Readable } from "node:stream";
import type { ZodType } from "zod";
import { ConfigError } from "../errors.js";
import { faultsOfBackoff, type Backoff } from "../lifecycle/backoff.js";
import type { ChunkKind } from "../model/chunk-kinds.js";
import { faultsOfLimits, type Limits } from "./limits.js";
import type { StagedEntities } from "./named-entity.js";
import { faultsOfSettings, type StageSettings } from "./stage-settings.js";

/** A JSON value: what a stage may return. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

/** What a warning applies to. */
export interface WarningScope {
  /** Number of affected pages, pictures, attachments or characters. Default: the number of `pages`, or 1. */
  readonly count?: number;
  /** Affected pages or slides, from 1. The first 1,000 are kept. */
  readonly pages?: readonly number[];
}

/** Part of a document's text; `ordinal` from 0, offsets in UTF-16 code units of the text, page from 1 if known. */
export interface ChunkDraft {
  readonly ordinal: number;
  readonly text: string;
  readonly page?: number | null;
  /** Page of the last character, from 1. */
  readonly pageEnd?: number | null;
  readonly startOffset: number;
  readonly endOffset: number;
  /** Headings above the chunk, highest level first. */
  readonly headings?: readonly string[];
  /** Heading path and repeated table header, embedded together with the text. Null if there is none. */
  readonly context?: string | null;
  /** Attachment, archive entry or sheet that contains the chunk. */
  readonly part?: string | null;
  readonly kind?: ChunkKind;
  /** Embedding of the chunk; absent or null until it has been computed. */
  readonly embedding?: Float32Array | null;
}

/** Size and hash of a document's content, as computed by `fetch`. */
export interface FetchedSource {
  readonly sizeBytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

/** The document a stage works on. */
export interface StageDocument {
  readonly id: string;
  readonly name: string;
  readonly mediaType: string | null;
  readonly sizeBytes: number | null;
  readonly sha256: string | null;
  readonly metadata: Readonly<Record<string, Json>>;
  /**
   * Downloads the content from its source (inline, `file:`, `http:`, `https:`, `s3:`) into the storage, and computes size and hash.
   * Optional: reading works without it. It gives a pipeline one stage at which a source can fail.
   * @throws {PermanentError} NOT_READABLE, TOO_LARGE, URI_REFUSED
   */
  fetch(): Promise<FetchedSource>;
  /** The original bytes. @throws {PermanentError} NOT_READABLE, TOO_LARGE */
  bytes(): Promise<Uint8Array>;
  /** The original bytes as a stream. */
  stream(): Promise<Readable>;
  /** The original bytes decoded as text: by their byte order mark, as UTF-8, or in the most likely encoding. */
  text(): Promise<string>;
}

/** Writes files for people to download. If several have the same name, the newest accepted one is shown. */
export interface ArtifactWriter {
  /** `name` is a plain file name, at most 200 characters. */
  write(name: string, content: string | Uint8Array | Readable, mediaType: string): Promise<void>;
}

/** Amount of text and chunks that readers currently see of a document; `characters` is the length of the text. */
export interface KeptContent {
  readonly characters: number;
  readonly chunks: number;
  readonly embedded: number;
}

/** Chunks staged for this document by this stage or an earlier one. */
export interface StagedChunks {
  /** Replaces all chunks of the document when the task completes. Until then, readers see the old ones. */
  replace(chunks: Iterable<ChunkDraft> | AsyncIterable<ChunkDraft>): Promise<void>;
  /** The staged chunks in order, with embeddings. */
  staged(): AsyncIterable<ChunkDraft>;
}

export interface StageLogger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Argument of every stage. `Secret` are the names in its `secrets`; the builder `pipeline` knows them. */
export interface StageContext<Options = any, Input = any, Secret extends string = string> {
  readonly collection: {
    readonly id: string;
    readonly name: string;
    readonly metadata: Readonly<Record<string, Json>>;
  };
  readonly job: { readonly id: string; readonly run: number; readonly tags: readonly string[] };
  readonly task: { readonly id: string; readonly stage: string };
  /** Number of the attempt at this stage, from 1. */
  readonly attempt: number;
  /** The job's options, as the pipeline's schema parsed them. */
  readonly options: Options;
  /** The output of the stage before; null in the first. */
  readonly input: Input;
  /** Aborts on cancel, timeout, lost lease and shutdown. */
  readonly signal: AbortSignal;
  /** Reports the progress of this stage, 0 to 1. Lower values than before are ignored. Written at most once per second. */
  progress(fraction: number, message?: string): void;
  /** Values of the environment variables that the stage's `secrets` name. */
  readonly secrets: Readonly<Record<Secret, string>>;
  /**
   * W3C traceparent of this stage's span, to send to other services; `fetch` sends it automatically. Null if tracing is
   * off.
   */
  readonly traceparent: string | null;
  readonly artifacts: ArtifactWriter;
  readonly logger: StageLogger;
  /**
   * Adds a warning to the task, and to the document whose text the task extracts. Repeated code and message count as one
   * warning; a task has at most 100.
   */
  warn(code: string, message: string, scope?: WarningScope): void;
}

export interface DocumentContext<Options = any, Input = any, Secret extends string = string> extends StageContext<
  Options,
  Input,
  Secret
> {
  readonly document: StageDocument;
  /**
   * Merges top-level keys into the document's metadata when this stage ends, even if it fails. The metadata of a document
   * has at most 1,000,000 bytes of JSON. @throws {HeadwayError} OUTPUT_UNSTORABLE
   */
  setMetadata(metadata: Readonly<Record<string, Json>>): void;
  /** Sets the document's media type when this stage ends, even if it fails. */
  setMediaType(mediaType: string): void;
  /** Stages the extracted text. Readers see it when the task completes. */
  setText(text: string): Promise<void>;
  /** The text staged by this stage or an earlier one; null if there is none. */
  stagedText(): Promise<string | null>;
  /**
   * Stages again the text, chunks with embeddings, and warnings that readers currently see. Returns their amount; null if
   * there is no text, or only one of older content.
   */
  stageKept(): Promise<KeptContent | null>;
  readonly chunks: StagedChunks;
}

/** Document as a collection stage sees it. */
export interface SettledDocument {
  readonly id: string;
  readonly name: string;
  readonly mediaType: string | null;
  readonly metadata: Readonly<Record<string, Json>>;
  /** Final status of its task. */
  readonly status: "COMPLETED" | "FAILED" | "CANCELLED" | "SKIPPED";
  /** Why and at which stage it failed; null if it did not. */
  readonly error: { readonly stage: string; readonly code: string; readonly message: string } | null;
}

export interface CollectionContext<Options = any, Input = any, Secret extends string = string> extends StageContext<
  Options,
  Input,
  Secret
> {
  /** All documents of the job, in document order. */
  documents(): AsyncIterable<SettledDocument>;
  /** Outputs of this document stage for completed and skipped documents, in document order. */
  documentOutputs(stage: string): AsyncIterable<{ readonly document: SettledDocument; readonly output: any }>;
  /** The extracted text of one document of the job; null if it has none. */
  documentText(documentId: string): Promise<string | null>;
  readonly entities: StagedEntities;
}

interface StageBase extends StageSettings {
  /** Lower-case letters, digits and hyphens; unique in the pipeline. */
  readonly name: string;
  /** Skips the stage if it returns false. */
  readonly when?: (options: any) => boolean;
}
export interface DocumentStage extends StageBase {
  run(ctx: DocumentContext): Promise<unknown>;
}
export interface CollectionStage extends StageBase {
  run(ctx: CollectionContext): Promise<unknown>;
}
export type Stage = DocumentStage | CollectionStage;

/** Limits of a pipeline as a whole; its stages may have additional limits. */
export interface PipelineSettings extends Limits {
  /** Default for stages without a `backoff`. */
  readonly backoff?: Backoff;
}

export interface PipelineDefinition extends PipelineSettings {
  /** Lower-case letters, digits and hyphens, 1 to 63 characters. */
  readonly name: string;
  /** Positive integer; raise it when results change. */
  readonly version: number;
  readonly description?: string;
  /** zod schema of the job's options; without one, jobs cannot have options. */
  readonly options?: ZodType;
  readonly documentStages?: readonly DocumentStage[];
  readonly collectionStages?: readonly CollectionStage[];
}

/** A pipeline that has been checked. */
export interface Pipeline extends PipelineSettings {
  readonly name: string;
  readonly version: number;
  readonly description: string | null;
  readonly options: ZodType | null;
  readonly documentStages: readonly DocumentStage[];
  readonly collectionStages: readonly CollectionStage[];
}

const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** Checks a pipeline and returns it. @throws {ConfigError} naming every fault at once */
export function definePipeline(definition: PipelineDefinition): Pipeline {
  const faults = faultsOf(definition);
  if (faults.length > 0) {
    throw new ConfigError(`Pipeline "${String(definition?.name)}" is ill-formed: ${faults.join("; ")}.`, { faults });
  }
  return {
    name: definition.name,
    version: definition.version,
    description: definition.description ?? null,
    options: definition.options ?? null,
    documentStages: definition.documentStages ?? [],
    collectionStages: definition.collectionStages ?? [],
    ...settingsOf(definition),
  };
}

function settingsOf({ concurrency, rateLimit, backoff }: PipelineSettings): PipelineSettings {
  return {
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(rateLimit === undefined ? {} : { rateLimit }),
    ...(backoff === undefined ? {} : { backoff }),
  };
}

function faultsOf(definition: PipelineDefinition): string[] {
  const faults: string[] = [];
  if (typeof definition !== "object" || definition === null) return ["it is not an object"];
  if (!NAME.test(definition.name ?? "")) {
    faults.push(`name ${JSON.stringify(definition.name)} must match [a-z0-9-], 1 to 63 characters, no hyphen first`);
  }
  if (!Number.isSafeInteger(definition.version) || definition.version < 1) {
    faults.push(`version ${String(definition.version)} must be a whole number from 1`);
  }
  if (definition.options !== undefined && typeof definition.options?.safeParse !== "function") {
    faults.push("options must be a zod schema");
  }
  faults.push(...[...faultsOfLimits(definition), ...faultsOfBackoff(definition.backoff)].map((fault) => `it ${fault}`));
  const stages = [...(definition.documentStages ?? []), ...(definition.collectionStages ?? [])];
  if (stages.length === 0) faults.push("it has no stages; give it documentStages or collectionStages");
  const seen = new Set<string>();
  for (const stage of stages) {
    if (!NAME.test(stage.name ?? "")) faults.push(`stage name ${JSON.stringify(stage.name)} must match [a-z0-9-]`);
    if (seen.has(stage.name)) faults.push(`two stages are named "${stage.name}"`);
    seen.add(stage.name);
    if (typeof stage.run !== "function") faults.push(`stage "${stage.name}" has no run function`);
    faults.push(...faultsOfSettings(stage).map((fault) => `stage "${stage.name}" ${fault}`));
  }
  return faults;
}
