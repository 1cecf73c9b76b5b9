import type { ChunkDraft, Json, Pipeline, SettledDocument, Stage } from "../pipelines/pipeline.js";
import { DEFAULT_RETRY_LATER_FOR_MS } from "../pipelines/stage-settings.js";
import { attemptStage, benchOptions, stageNamed, type AttemptLimits, type StageAttempt } from "./attempt.js";
import type { BenchSettled } from "./context.js";
import { BenchDocument, Recording, type BenchFile, type LeftBehind } from "./recorded.js";

/** Document of the job for a collection stage under test. */
export interface BenchSettledFile {
  /** Name of the document. */
  readonly name: string;
  /** Media type; null if unknown. Default: null. */
  readonly mediaType?: string | null;
  /** Metadata. Default: none. */
  readonly metadata?: Readonly<Record<string, Json>>;
  /** Final status of its task. Default: COMPLETED. */
  readonly status?: SettledDocument["status"];
  /** Stage and reason of its failure; null if it did not fail. Default: null. */
  readonly error?: SettledDocument["error"];
  /** Extracted text; null if there is none. Default: null. */
  readonly text?: string | null;
  /** Outputs by document stage. Default: none. */
  readonly outputs?: Readonly<Record<string, unknown>>;
}

/** Surroundings of a stage under test. */
export interface StageSurroundings extends AttemptLimits {
  /** Options of the job, as in a submit: the schema checks and completes them. Default: `{}`. */
  readonly options?: unknown;
  /** Number of the attempt, from 1. Default: 1. */
  readonly attempt?: number;
  /** Document, for a document stage. Default: the empty file document.txt. */
  readonly document?: BenchFile;
  /** Text and chunks that earlier stages have staged, for a document stage. Default: none. */
  readonly staged?: { readonly text?: string; readonly chunks?: readonly ChunkDraft[] };
  /** Text and chunks that readers see already, for `ctx.stageKept()`. Default: none. */
  readonly kept?: { readonly text: string; readonly chunks: readonly ChunkDraft[] };
  /** Documents of the job in order, for a collection stage. Default: none. */
  readonly documents?: readonly BenchSettledFile[];
  /** Name and metadata of the collection. Default: the name "collection" and no metadata. */
  readonly collection?: { readonly name?: string; readonly metadata?: Readonly<Record<string, Json>> };
  /** Tags of the job. Default: none. */
  readonly tags?: readonly string[];
  /** Values for `ctx.secrets`, by name. They are not masked here: use no real ones. Default: none. */
  readonly secrets?: Readonly<Record<string, string>>;
}

/** Result of one attempt at a stage, with everything that it left behind. */
export interface StageResult<Output = any> extends StageAttempt<Output>, LeftBehind {}

/**
 * Runs one attempt at a stage in memory, whatever its `when` returns. A stage that throws or exceeds its time-out does not
 * reject the promise: the result has a status and an error.
 * @param input output of the previous stage
 * @throws {ConfigError} CONFIG_INVALID if there is no such stage
 * @throws {UserFault} INVALID_OPTIONS
 */
export async function runStage<Output = any>(
  pipeline: Pipeline,
  name: string,
  input: unknown = null,
  surroundings: StageSurroundings = {},
): Promise<StageResult<Output>> {
  const [stage, isCollectionStage] = stageNamed(pipeline, name);
  const { document = { name: "document.txt", content: "" }, staged, documents = [], collection } = surroundings;
  const recording = new Recording(isCollectionStage ? null : new BenchDocument("document-1", document));
  recording.text = staged?.text ?? null;
  recording.chunks = staged?.chunks ?? [];
  const call = {
    attempt: surroundings.attempt ?? 1,
    options: benchOptions(pipeline, surroundings.options),
    input,
    collection: { name: collection?.name ?? "collection", metadata: collection?.metadata ?? {} },
    tags: surroundings.tags ?? [],
    secrets: surroundings.secrets ?? {},
    kept: surroundings.kept ?? null,
    settled: documents.map(settledOf),
  };
  const tried = await attemptStage({ pipeline, stage }, call, recording, surroundings);
  return resultOf(putOffFor(tried.retryInMs ?? 0, stage, tried), recording);
}

/** As a worker ends it: what puts itself off for longer in all than its stage allows fails. */
export function putOffFor(waitedMs: number, stage: Stage, tried: StageAttempt): StageAttempt {
  const { retryLaterForMs = DEFAULT_RETRY_LATER_FOR_MS } = stage;
  if (tried.error?.cause !== "RETRY_LATER" || waitedMs <= retryLaterForMs) return tried;
  return { ...tried, retryInMs: null, error: { ...tried.error, code: "RETRY_LATER_EXHAUSTED" } };
}

function settledOf(file: BenchSettledFile, index: number): BenchSettled {
  const { name, mediaType = null, metadata = {}, status = "COMPLETED", error = null } = file;
  return {
    document: { id: `document-${index + 1}`, name, mediaType, metadata, status, error },
    outputs: file.outputs ?? {},
    text: file.text ?? null,
  };
}

function resultOf(attempt: StageAttempt, recording: Recording): StageResult {
  return { ...attempt, ...recordedIn(recording) };
}

/** What is recorded so far; what comes later is not added to it. */
export function recordedIn(recording: Recording): LeftBehind {
  const { progress, warnings, artifacts, logs, text, chunks, entities, metadata, mediaType } = recording;
  return {
    progress: [...progress],
    warnings: [...warnings],
    artifacts,
    logs: [...logs],
    text,
    chunks,
    entities,
    metadata,
    mediaType,
  };
}
