import type { Json, Pipeline, SettledDocument, Stage } from "../pipelines/pipeline.js";
import { DEFAULT_MAX_ATTEMPTS } from "../pipelines/stage-settings.js";
import { attemptStage, benchOptions, type AttemptLimits, type StageAttempt, type StageFailure } from "./attempt.js";
import type { BenchCall, BenchSettled } from "./context.js";
import { BenchDocument, Recording, type BenchFile, type LeftBehind } from "./recorded.js";
import { putOffFor, recordedIn } from "./run-stage.js";

/** Surroundings of a pipeline under test. */
export interface PipelineSurroundings extends AttemptLimits {
  /** Options of the job, as in a submit: the schema checks and completes them. Default: `{}`. */
  readonly options?: unknown;
  /** Name and metadata of the collection. Default: the name "collection" and no metadata. */
  readonly collection?: { readonly name?: string; readonly metadata?: Readonly<Record<string, Json>> };
  /** Tags of the job. Default: none. */
  readonly tags?: readonly string[];
  /** Values for `ctx.secrets`, by name. They are not masked here: use no real ones. Default: none. */
  readonly secrets?: Readonly<Record<string, string>>;
}

/** Result of one document task, or of the collection task. */
export interface TaskResult extends LeftBehind {
  /** Status of the task; SKIPPED is a collection task without a completed document. */
  readonly status: "COMPLETED" | "FAILED" | "CANCELLED" | "SKIPPED";
  /** Failure of the last attempt, with its stage; null if the task completed or was skipped. */
  readonly error: (StageFailure & { readonly stage: string }) | null;
  /** Attempts at all stages, in order. Stages skipped by `when` have none. */
  readonly attempts: readonly StageAttempt[];
  /** Outputs by stage. */
  readonly outputs: Readonly<Record<string, any>>;
}
/** Result of one document task. */
export interface DocumentResult extends TaskResult {
  /** Name of the document. */
  readonly name: string;
}
/** Result of a pipeline under test. */
export interface PipelineResult<Output = any> {
  /** Status that the job would have. */
  readonly status: "COMPLETED" | "COMPLETED_WITH_ERRORS" | "FAILED" | "CANCELLED";
  /**
   * Output of the job, as in `job.summary.output`: merged objects of the collection stages, or else the last output; null
   * without a completed collection stage.
   */
  readonly output: Output;
  /** Results of the document tasks, in the order of the files. */
  readonly documents: readonly DocumentResult[];
  /** Result of the collection task; null if the run has no collection stage. */
  readonly collection: TaskResult | null;
}

/**
 * Runs a pipeline over files in memory, one after the other. Skipped stages, attempts, the documents that collection stages
 * see, and the status are as in a job. Attempts follow each other without a pause.
 * @param files contents by name, or a list if they have media types or metadata
 * @throws {UserFault} INVALID_OPTIONS
 */
export async function runPipeline<Output = any>(
  pipeline: Pipeline,
  files: Readonly<Record<string, string | Uint8Array>> | readonly BenchFile[],
  surroundings: PipelineSurroundings = {},
): Promise<PipelineResult<Output>> {
  const list: readonly BenchFile[] = isList(files)
    ? files
    : Object.entries(files).map(([name, content]) => ({ name, content }));
  const options = benchOptions(pipeline, surroundings.options);
  const { collection, tags = [], secrets = {} } = surroundings;
  const call = {
    options,
    tags,
    secrets,
    collection: { name: collection?.name ?? "collection", metadata: collection?.metadata ?? {} },
    kept: null,
  };
  const run = (stages: readonly Stage[], recording: Recording, settled: readonly BenchSettled[]): Promise<TaskResult> =>
    runTask(
      { pipeline, stages: stages.filter((stage) => stage.when?.(options) ?? true) },
      { ...call, settled },
      recording,
      surroundings,
    );

  const documents: { readonly id: string; readonly result: DocumentResult }[] = [];
  for (const [index, file] of list.entries()) {
    const id = `document-${index + 1}`;
    const result = await run(pipeline.documentStages, new Recording(new BenchDocument(id, file)), []);
    documents.push({ id, result: { name: file.name, ...result } });
  }
  const isWanted = pipeline.collectionStages.some((stage) => stage.when?.(options) ?? true);
  const task = !isWanted
    ? null
    : documents.every(({ result: { status } }) => status !== "COMPLETED")
      ? skipped()
      : await run(pipeline.collectionStages, new Recording(null), documents.map(settledOf));
  return {
    status: statusOf(
      documents.map(({ result }) => result),
      task,
    ),
    output: summaryOutputOf(task) as Output,
    documents: documents.map(({ result }) => result),
    collection: task,
  };
}

async function runTask(
  { pipeline, stages }: { readonly pipeline: Pipeline; readonly stages: readonly Stage[] },
  call: Omit<BenchCall, "signal" | "stage" | "attempt" | "input">,
  recording: Recording,
  limits: AttemptLimits,
): Promise<TaskResult> {
  const attempts: StageAttempt[] = [];
  const outputs: Record<string, unknown> = {};
  let input: unknown = null;
  for (const stage of stages) {
    const last = await runToEnd({ pipeline, stage }, { ...call, input }, recording, { limits, attempts });
    if (last.error !== null) {
      const { status, error } = last;
      return { ...recordedIn(recording), status, error: { ...error, stage: stage.name }, attempts, outputs };
    }
    input = last.output;
    outputs[stage.name] = last.output;
  }
  return { ...recordedIn(recording), status: "COMPLETED", error: null, attempts, outputs };
}

/** Tries a stage until it ends well, or is not to be tried again; what a worker would wait for in between is only counted. */
async function runToEnd(
  at: { readonly pipeline: Pipeline; readonly stage: Stage },
  call: Omit<BenchCall, "signal" | "stage" | "attempt">,
  recording: Recording,
  { limits, attempts }: { readonly limits: AttemptLimits; readonly attempts: StageAttempt[] },
): Promise<StageAttempt> {
  const { maxAttempts = DEFAULT_MAX_ATTEMPTS } = at.stage;
  let waitedMs: number | null = null;
  for (let attempt = 1; ;) {
    const tried = await attemptStage(at, { ...call, attempt }, recording, limits);
    const isPutOff = tried.error?.cause === "RETRY_LATER";
    // Counted from the first that asked for it, with all that is waited for since.
    if (isPutOff || waitedMs !== null) waitedMs = (waitedMs ?? 0) + (tried.retryInMs ?? 0);
    const ended = putOffFor(waitedMs ?? 0, at.stage, tried);
    attempts.push(ended);
    if (ended !== tried) return ended;
    if (tried.status !== "FAILED" || !tried.error?.retryable || (!isPutOff && attempt >= maxAttempts)) return tried;
    if (!isPutOff) attempt += 1;
  }
}

function isList(files: object): files is readonly BenchFile[] {
  return Array.isArray(files);
}

function skipped(): TaskResult {
  return { ...recordedIn(new Recording(null)), status: "SKIPPED", error: null, attempts: [], outputs: {} };
}

function settledOf({ id, result }: { readonly id: string; readonly result: DocumentResult }): BenchSettled {
  const { name, mediaType, metadata, status, error, outputs } = result;
  const failure: SettledDocument["error"] = error && { stage: error.stage, code: error.code, message: error.message };
  // Text counts when its task completes.
  const text = status === "COMPLETED" ? result.text : null;
  return {
    document: { id, name, mediaType, metadata, status, error: status === "FAILED" ? failure : null },
    outputs,
    text,
  };
}

function summaryOutputOf(task: TaskResult | null): unknown {
  if (task?.status !== "COMPLETED") return null;
  const outputs = Object.values<unknown>(task.outputs);
  const isObject = (one: unknown): one is object => typeof one === "object" && one !== null && !Array.isArray(one);
  if (outputs.length > 0 && outputs.every(isObject)) return Object.assign({}, ...outputs) as object;
  return outputs.at(-1) ?? null;
}

/** The roll-up of docs/lifecycle.md, for one run that nobody else takes part in. */
function statusOf(documents: readonly TaskResult[], task: TaskResult | null): PipelineResult["status"] {
  const count = (wanted: TaskResult["status"]): number => documents.filter(({ status }) => status === wanted).length;
  if (count("CANCELLED") > 0 || task?.status === "CANCELLED") return "CANCELLED";
  if (task?.status === "FAILED") return "FAILED";
  if (count("COMPLETED") === 0 && documents.length > 0) return "FAILED";
  return count("FAILED") > 0 ? "COMPLETED_WITH_ERRORS" : "COMPLETED";
}
