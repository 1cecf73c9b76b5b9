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

/** How much a warning is about. */
export interface WarningScope {
  /** Of how many pages, pictures, attachments or characters it is true. Default: that of the pages, else 1. */
  readonly count?: number;
  /** Pages or slides, from 1. The first 1,000 of them are kept. */
  readonly pages?: readonly number[];
}

/** A piece of a document's text; `ordinal` from 0, offsets in UTF-16 code units into the text, page from 1 where known. */
export interface ChunkDraft {
  readonly ordinal: number;
  readonly text: string;
  readonly page?: number | null;
  /** The page that its end is on. */
  readonly pageEnd?: number | null;
  readonly startOffset: number;
  readonly endOffset: number;
  /** The headings above it, the highest first. */
  readonly headings?: readonly string[];
  /** Heading path and repeated table head: what its text is to be understood by. Null where there is none. */
  readonly context?: string | null;
  /** The attachment, archive entry or sheet that it comes from. */
  readonly part?: string | null;
  readonly kind?: ChunkKind;
  /** The chunk's vector; absent or null until it has been embedded. */
  readonly embedding?: Float32Array | null;
}

/** Facts about the document's bytes, as `fetch` found them. */
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
   * Brings the bytes from where they are (inline, `file:`, `http:`, `https:`, `s3:`) into the store, counting and hashing as they stream.
   * Reading works without it; it exists so that a pipeline has one place where a source can fail.
   * @throws {PermanentError} NOT_READABLE, TOO_LARGE, URI_REFUSED
   */
  fetch(): Promise<FetchedSource>;
  /** The original bytes. @throws {PermanentError} NOT_READABLE, TOO_LARGE */
  bytes(): Promise<Uint8Array>;
  /** The original bytes as a stream. */
  stream(): Promise<Readable>;
  /** The original bytes decoded as text: byte order mark first, else UTF-8, else what the bytes look most like. */
  text(): Promise<string>;
}

/** Files a stage leaves for people to download. The newest accepted one of a name is shown. */
export interface ArtifactWriter {
  /** `name` is a plain file name, at most 200 characters. */
  write(name: string, content: string | Uint8Array | Readable, mediaType: string): Promise<void>;
}

/** How much of a document readers see: characters as in the text's length, and chunks. */
export interface KeptContent {
  readonly characters: number;
  readonly chunks: number;
  readonly embedded: number;
}

/** What was staged for this document by this stage or an earlier one, and how to replace it. */
export interface StagedChunks {
  /** Replaces all chunks of the document. They count when the task completes; until then readers see the old ones. */
  replace(chunks: Iterable<ChunkDraft> | AsyncIterable<ChunkDraft>): Promise<void>;
  /** What is staged now, by ordinal, embeddings included. */
  staged(): AsyncIterable<ChunkDraft>;
}

export interface StageLogger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** What every stage gets. */
export interface StageContext<Options = any, Input = any> {
  readonly collection: {
    readonly id: string;
    readonly name: string;
    readonly metadata: Readonly<Record<string, Json>>;
  };
  readonly job: { readonly id: string; readonly run: number; readonly tags: readonly string[] };
  readonly task: { readonly id: string; readonly stage: string };
  /** Which try of this stage this is, from 1. */
  readonly attempt: number;
  /** The job's options, as the pipeline's schema parsed them. */
  readonly options: Options;
  /** The output of the stage before; null in the first. */
  readonly input: Input;
  /** Aborts on cancel, timeout, lost lease and shutdown. */
  readonly signal: AbortSignal;
  /** How far this stage is, 0 to 1. Kept monotonic and written at most once a second. */
  progress(fraction: number, message?: string): void;
  /** Those that the stage's `secrets` name, by their names. */
  readonly secrets: Readonly<Record<string, string>>;
  /**
   * The W3C traceparent of this stage's span, for what it asks of others; fetch sends it by itself. Null where no spans are
   * wanted.
   */
  readonly traceparent: string | null;
  readonly artifacts: ArtifactWriter;
  readonly logger: StageLogger;
  /**
   * Leaves a warning on the task, and on the document whose text the task makes. The same code and message twice is one
   * warning; of a task the limit is 100.
   */
  warn(code: string, message: string, scope?: WarningScope): void;
}

export interface DocumentContext<Options = any, Input = any> extends StageContext<Options, Input> {
  readonly document: StageDocument;
  /**
   * Merges into the document's metadata (top-level keys), recorded with the end of this stage, even a failed one. All of a
   * document's metadata together has at most 1,000,000 bytes of JSON. @throws {HeadwayError} OUTPUT_UNSTORABLE
   */
  setMetadata(metadata: Readonly<Record<string, Json>>): void;
  /** Sets the document's media type, recorded as metadata is. */
  setMediaType(mediaType: string): void;
  /** Stages the extracted text; it counts when the task completes. */
  setText(text: string): Promise<void>;
  /** The text staged by this stage or an earlier one; null where there is none. */
  stagedText(): Promise<string | null>;
  /**
   * Stages again what readers see of the document now: text, chunks with their vectors, and warnings. Returns how much that is;
   * null where there is no text, or none of the bytes that the document has now.
   */
  stageKept(): Promise<KeptContent | null>;
  readonly chunks: StagedChunks;
}

/** What a collection stage sees of each document. */
export interface SettledDocument {
  readonly id: string;
  readonly name: string;
  readonly mediaType: string | null;
  readonly metadata: Readonly<Record<string, Json>>;
  /** How its task ended. */
  readonly status: "COMPLETED" | "FAILED" | "CANCELLED" | "SKIPPED";
  /** Why it failed, and at which stage; null where it did not. */
  readonly error: { readonly stage: string; readonly code: string; readonly message: string } | null;
}

export interface CollectionContext<Options = any, Input = any> extends StageContext<Options, Input> {
  /** All documents of the job, in document order. */
  documents(): AsyncIterable<SettledDocument>;
  /** The kept outputs of this stage, of documents completed or skipped, in document order. */
  documentOutputs(stage: string): AsyncIterable<{ readonly document: SettledDocument; readonly output: any }>;
  /** The extracted text of one document of the job; null where it has none. */
  documentText(documentId: string): Promise<string | null>;
  readonly entities: StagedEntities;
}

interface StageBase extends StageSettings {
  /** Lower-case letters, digits and hyphens; unique in its pipeline. */
  readonly name: string;
  /** Leaves the stage out of the run when it returns false. */
  readonly when?: (options: any) => boolean;
}
export interface DocumentStage extends StageBase {
  run(ctx: DocumentContext): Promise<unknown>;
}
export interface CollectionStage extends StageBase {
  run(ctx: CollectionContext): Promise<unknown>;
}
export type Stage = DocumentStage | CollectionStage;

/** What a pipeline as a whole is bound by; its stages may have limits of their own beside these. */
export interface PipelineSettings extends Limits {
  /** Of all its stages that have none of their own. */
  readonly backoff?: Backoff;
}

export interface PipelineDefinition extends PipelineSettings {
  /** Lower-case letters, digits and hyphens, 1 to 63 characters. */
  readonly name: string;
  /** Whole and positive; raise it when results would differ. */
  readonly version: number;
  readonly description?: string;
  /** A zod schema of the job's options; without one, only no options are taken. */
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
