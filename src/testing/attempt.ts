import { Stop } from "../async/stop.js";
import { toStorableJson } from "../engine/storable.js";
import { ConfigError, PermanentError, UserFault } from "../errors.js";
import { ENDINGS, type Cause } from "../lifecycle/reasons.js";
import { checkOptions } from "../pipelines/options.js";
import type { CollectionContext, DocumentContext, Pipeline, Stage } from "../pipelines/pipeline.js";
import { DEFAULT_STAGE_TIMEOUT_MS } from "../pipelines/stage-settings.js";
import { waitAfter } from "../worker/end-stage.js";
import { cutStack, endingOf, Stopped, type StageEnding } from "../worker/ending.js";
import { assertAccepted, orAborted } from "../worker/run-task.js";
import { benchContext, type BenchCall } from "./context.js";
import type { Recording } from "./recorded.js";

/** Reason why an attempt failed. */
export interface StageFailure {
  /** Cause of the failure, see the table of causes. */
  readonly cause: Cause;
  /** Code that becomes `TaskError.code`; INTERRUPTED if the signal of the test aborted. */
  readonly code: string;
  /** Message of the error. */
  readonly message: string;
  /** Stack of what the stage threw, with its causes, at most 8,000 characters; null if the stage threw nothing. */
  readonly stack: string | null;
  /** Whether a worker would try again, if an attempt is left. */
  readonly retryable: boolean;
}

/** One attempt at a stage. */
export interface StageAttempt<Output = any> {
  /** Name of the stage. */
  readonly stage: string;
  /** Number of the attempt, from 1. */
  readonly attempt: number;
  /** Result of the attempt; CANCELLED if the signal of the test aborted. */
  readonly status: "COMPLETED" | "FAILED" | "CANCELLED";
  /** Output as stored, that is, converted to JSON and back; null if the attempt failed. */
  readonly output: Output;
  /** Reason of the failure; null if the attempt completed. */
  readonly error: StageFailure | null;
  /** Delay before a worker would try again if an attempt is left, in milliseconds; null if it would not. */
  readonly retryInMs: number | null;
  /** Duration of the attempt in milliseconds. */
  readonly durationMs: number;
}

/** Limits of the attempts of a test. */
export interface AttemptLimits {
  /** Signal that aborts the stage, as a cancel or a shutdown does. Default: none. */
  readonly signal?: AbortSignal;
  /** Time-out of each attempt in milliseconds. Default: the stage's own. */
  readonly timeoutMs?: number;
}

/** The job's options as the schema completes them. @throws {UserFault} INVALID_OPTIONS */
export function benchOptions(pipeline: Pipeline, given: unknown): unknown {
  const checked = checkOptions(pipeline, given ?? {});
  if (checked.refusal !== null) throw new UserFault("INVALID_OPTIONS", checked.refusal, checked.faults[0]?.path ?? []);
  return checked.options;
}

/** @throws {ConfigError} where the pipeline has no stage of this name */
export function stageNamed({ name, documentStages, collectionStages }: Pipeline, wanted: string): [Stage, boolean] {
  const stages = [...documentStages, ...collectionStages];
  const index = stages.findIndex((stage) => stage.name === wanted);
  if (index < 0) {
    const names = stages.map((stage) => stage.name).join(", ");
    throw new ConfigError(`Pipeline "${name}" has no stage "${wanted}"; it has ${names}.`);
  }
  return [stages[index]!, index >= documentStages.length];
}

/** Runs one try of a stage as a worker does: its deadline, its signal, what becomes of its output, its check. */
export async function attemptStage(
  { pipeline, stage }: { readonly pipeline: Pipeline; readonly stage: Stage },
  call: Omit<BenchCall, "signal" | "stage">,
  recording: Recording,
  { signal: stop, timeoutMs = stage.timeoutMs ?? DEFAULT_STAGE_TIMEOUT_MS }: AttemptLimits,
): Promise<StageAttempt> {
  const startedAt = performance.now();
  const ended = new Stop();
  const onStop = (): void => ended.abort(new Stopped("cancelled"));
  if (stop?.aborted) onStop();
  else stop?.addEventListener("abort", onStop, { once: true });
  const timer = setTimeout(() => ended.abort(lateness(stage, timeoutMs)), timeoutMs);
  // A stage in a child process hears of no end: its process is killed.
  const signal = stage.isolate ? new AbortController().signal : ended.signal;
  const base = { stage: stage.name, attempt: call.attempt };
  const took = (): number => performance.now() - startedAt;
  try {
    ended.throwIfAborted();
    const secrets = secretsOf(stage, call.secrets);
    const ctx = benchContext({ ...call, secrets, stage: stage.name, signal }, recording);
    const run = stage.run as (ctx: DocumentContext | CollectionContext) => Promise<unknown>;
    const output = await orAborted((async () => run(ctx))(), ended);
    const embedded = recording.chunks.filter(({ embedding }) => embedding).length;
    assertAccepted(stage, output, { chunks: recording.chunks.length, embedded });
    const kept = JSON.parse(toStorableJson(output)) as unknown;
    recording.stageEnded(true);
    return { ...base, status: "COMPLETED", output: kept, error: null, retryInMs: null, durationMs: took() };
  } catch (thrown) {
    recording.stageEnded(false);
    const ending = endingOf(thrown);
    const error = failureOf(ending);
    const status = error.cause === "INTERRUPTED" ? "CANCELLED" : "FAILED";
    const { delayMs } = waitAfter({ running: call, pipeline, stage }, ending, thrown);
    const retryInMs = error.retryable ? delayMs : null;
    return { ...base, status, output: null, error, retryInMs, durationMs: took() };
  } finally {
    clearTimeout(timer);
    stop?.removeEventListener("abort", onStop);
  }
}

/** Those that the stage names, and no others. @throws {ConfigError} where one of them was not given: no worker would start */
function secretsOf(
  { name, secrets = [] }: Stage,
  given: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const missing = secrets.filter((one) => !Object.hasOwn(given, one));
  if (missing.length > 0) {
    throw new ConfigError(
      `Stage "${name}" asks for secrets that were not given: ${missing.join(", ")}. Add them to secrets.`,
    );
  }
  return Object.fromEntries(secrets.map((one) => [one, given[one]!]));
}

function lateness({ isolate }: Stage, timeoutMs: number): Error {
  if (!isolate) return new Stopped("timed out");
  return new PermanentError(
    "RESOURCE_LIMIT",
    `The stage took more than its ${timeoutMs} ms, and its process was stopped.`,
  );
}

function failureOf({ cause, code, message, stack }: StageEnding): StageFailure {
  return {
    cause,
    code: code ?? ENDINGS[cause].code ?? cause,
    message: message ?? "The stage was stopped.",
    stack: stack === undefined ? null : cutStack(stack),
    retryable: ENDINGS[cause].again !== null,
  };
}
