import type { ChunkDraft, Json, Pipeline, SettledDocument, Stage } from "../pipelines/pipeline.js";
import { DEFAULT_RETRY_LATER_FOR_MS } from "../pipelines/stage-settings.js";
import { attemptStage, benchOptions, stageNamed, type AttemptLimits, type StageAttempt } from "./attempt.js";
import type { BenchSettled } from "./context.js";
import { BenchDocument, Recording, type BenchFile, type LeftBehind } from "./recorded.js";

/** A document of the job as a collection stage under test is to see it. */
export interface BenchSettledFile {
  readonly name: string;
  readonly mediaType?: string | null;
  readonly metadata?: Readonly<Record<string, Json>>;
  /** COMPLETED when absent. */
  readonly status?: SettledDocument["status"];
  readonly error?: SettledDocument["error"];
  readonly text?: string | null;
  /** By the names of the document stages. */
  readonly outputs?: Readonly<Record<string, unknown>>;
}

/** What is around a stage under test; all of it may be left out. */
export interface StageSurroundings extends AttemptLimits {
  /** The job's options, as a submit would give them: the schema checks and completes them. */
  readonly options?: unknown;
  /** Which try it is to be, from 1. */
  readonly attempt?: number;
  /** Of a document stage: its document. An empty text when absent. */
  readonly document?: BenchFile;
  /** Of a document stage: what stages before have staged. */
  readonly staged?: { readonly text?: string; readonly chunks?: readonly ChunkDraft[] };
  /** Of a document stage: what readers see of the document already, for `ctx.stageKept()`. */
  readonly kept?: { readonly text: string; readonly chunks: readonly ChunkDraft[] };
  /** Of a collection stage: the documents of the job, in order. */
  readonly documents?: readonly BenchSettledFile[];
  readonly collection?: { readonly name?: string; readonly metadata?: Readonly<Record<string, Json>> };
  readonly tags?: readonly string[];
  /** What `ctx.secrets` holds, by name; nothing is hidden here, so give no real ones. */
  readonly secrets?: Readonly<Record<string, string>>;
}

/** How one try of a stage ended, and all that it left behind. */
export interface StageResult<Output = any> extends StageAttempt<Output>, LeftBehind {}

/**
 * Runs one try of a stage in memory, whatever its `when` says, and returns how it ended: a stage that throws or takes too
 * long rejects nothing, it has a status and an error. `input` is what the stage before would have returned.
 * @throws {ConfigError} where there is no such stage
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
