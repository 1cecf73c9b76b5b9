import type { Claim } from "../engine/flush/claim.js";
import type { TaskCommand } from "../engine/flush/task-command.js";
import { toStorableJson } from "../engine/storable.js";
import { isUnchanged } from "../engine/flush/unchanged.js";
import { HeadwayError, PermanentError, messageOf } from "../errors.js";
import { failpoint } from "../failpoint.js";
import { backoffMs } from "../lifecycle/backoff.js";
import type { Cause } from "../lifecycle/reasons.js";
import {
  DEFAULT_MAX_ATTEMPTS,
  DEFAULT_STAGE_TIMEOUT_MS,
  type CollectionContext,
  type DocumentContext,
  type Pipeline,
  type Stage,
  type StagedCounts,
} from "../pipelines/pipeline.js";
import type { Registry } from "../pipelines/registry.js";
import { stageContext, startClaim, type ContextDeps, type RunningClaim } from "./context.js";
import type { Beating } from "./heartbeat.js";
import { Stopped } from "./stopped.js";
import { confirm, follow, mayGoAhead, runnerOf, type WriteBehindDeps } from "./write-behind.js";

export { Stopped, type StopReason } from "./stopped.js";

export interface RunTaskDeps extends ContextDeps, WriteBehindDeps {
  readonly registry: Registry;
  /** Runs a stage marked `isolate` in a child process. */
  readonly runIsolated: (
    call: IsolatedStage,
    ctx: DocumentContext | CollectionContext,
    signal: AbortSignal,
  ) => Promise<unknown>;
  /** Called once a task that staged text or chunks has completed, so that its document shows them, or was skipped. */
  readonly onContentMoved: (documentId: string) => void;
}

export interface IsolatedStage {
  readonly pipeline: Pipeline;
  readonly stage: Stage;
  readonly claim: Claim;
  readonly attempt: number;
  readonly options: unknown;
  readonly input: unknown;
}

/** Takes a claimed task from its present stage as far as it goes. Settles when nothing more will be written. */
export async function runTask(deps: RunTaskDeps, claim: Claim, stop: AbortController): Promise<void> {
  const beating: Beating = {
    taskId: claim.taskId,
    fence: claim.fence,
    stage: claim.stage,
    recordedStage: claim.stage,
    renewedAtMs: claim.claimedAtMs,
    progress: { fraction: 0, message: null, isNew: false },
    onLost: () => stop.abort(new Stopped("lease lost")),
    onCancelRequested: () => stop.abort(new Stopped("cancelled")),
  };
  const running = startClaim(deps, claim, beating, stop.signal);
  deps.heartbeat.add(beating);
  deps.recorder.watch(claim, runnerOf(running, stop));
  try {
    for (let stage: string | null = claim.stage; stage !== null;) stage = await runStage(deps, running, stage, stop);
    await running.recording;
  } finally {
    deps.recorder.forget(claim);
    deps.heartbeat.remove(beating);
  }
}

/** Runs one stage and records its end. Returns the stage to go on with; null when the task is out of our hands. */
async function runStage(
  deps: RunTaskDeps,
  running: RunningClaim,
  name: string,
  stop: AbortController,
): Promise<string | null> {
  const { claim } = running;
  const pipeline = deps.registry.get(claim.job.pipeline);
  const [names, stages] =
    claim.kind === "DOCUMENT"
      ? [claim.job.documentStages, pipeline?.documentStages]
      : [claim.job.collectionStages, pipeline?.collectionStages];
  const stage = stages?.find((candidate) => candidate.name === name);
  const nextName = names[names.indexOf(name) + 1];
  const next = stages?.find((candidate) => candidate.name === nextName);
  if (!pipeline || !stage || (nextName !== undefined && !next)) {
    const missing = stage ? nextName! : name;
    const message = `Pipeline "${claim.job.pipeline}" of this worker has no stage "${missing}"; submit the collection again.`;
    await end(deps, running, { cause: "PIPELINE_CHANGED", message });
    return null;
  }
  let output: unknown;
  let outputJson: string;
  let staged: StagedCounts | undefined;
  try {
    output = await execute(deps, running, pipeline, stage, stop.signal);
    if (stage.check) {
      staged = running.staging ? await running.staging.counts() : { chunks: 0, embedded: 0 };
      assertAccepted(stage, output, staged);
    }
    outputJson = toStorableJson(output);
    await failpoint("stage.after_run");
  } catch (error) {
    await endWith(deps, running, error);
    return null;
  }
  const isSkip = next !== undefined && (await fetchedNothingNew(deps, running));
  if (running.isOver) return null;
  const change = { ...base(running), outputJson };
  if (next && !isSkip) {
    const isAhead = mayGoAhead(deps, running, next, outputJson.length, stop.signal);
    const maxAttempts = next.maxAttempts ?? DEFAULT_MAX_ATTEMPTS;
    const recorded = deps.recorder.record({ ...change, kind: "stage", stage: next.name, maxAttempts, isAhead });
    if (isAhead) {
      follow(deps, running, stop, { stage: next.name, recorded });
      await failpoint("stage.ahead");
    } else if (!confirm(running, next.name, await recorded)) return null;
    running.attempt = 1;
    running.input = output ?? null;
    running.facts = {};
    running.beating.stage = next.name;
    running.beating.progress = { fraction: 0, message: null, isNew: false };
    return next.name;
  }
  const recorded = await deps.recorder.record(
    isSkip ? { ...base(running), kind: "skip" } : { ...change, kind: "complete", staged },
  );
  running.isOver = true;
  if (recorded?.status === "COMPLETED") await failpoint("complete.after_commit");
  const isSettled = recorded?.status === "COMPLETED" || recorded?.status === "SKIPPED";
  if (isSettled && claim.document && (change.textFence ?? change.chunkFence) !== undefined) {
    deps.onContentMoved(claim.document.id);
  }
  return null;
}

/** Whether the stage has brought in its document's bytes, and they are what this job need not do again. */
async function fetchedNothingNew({ db, onError }: RunTaskDeps, { claim, facts }: RunningClaim): Promise<boolean> {
  if (claim.job.mode !== "INCREMENTAL" || !claim.document || facts.sha256 === undefined) return false;
  try {
    return await isUnchanged(db, { jobId: claim.job.id, documentId: claim.document.id, sha256: facts.sha256 });
  } catch (error) {
    // Doing it again is never wrong; losing what the stage has done would be.
    onError(error, `finding out whether ${claim.document.name} is unchanged`);
    return false;
  }
}

/** The handler's output, or what stopped it: its own error, its deadline, or the signal. */
async function execute(
  deps: RunTaskDeps,
  running: RunningClaim,
  pipeline: Pipeline,
  stage: Stage,
  stop: AbortSignal,
): Promise<unknown> {
  stop.throwIfAborted();
  await failpoint("stage.before_run");
  const timeoutMs = stage.timeoutMs ?? DEFAULT_STAGE_TIMEOUT_MS;
  const deadline = new AbortController();
  // A child process is stopped by its own limit of time, which is another cause: RESOURCE_LIMIT.
  const timer = stage.isolate ? undefined : setTimeout(() => deadline.abort(new Stopped("timed out")), timeoutMs);
  // AbortSignal.any does the same, and took a tenth of the worker's time through stages that do nothing.
  const onStop = (): void => deadline.abort(stop.reason);
  if (stop.aborted) onStop();
  else stop.addEventListener("abort", onStop, { once: true });
  const { signal } = deadline;
  const { claim } = running;
  try {
    const options = pipeline.options ? pipeline.options.parse(claim.job.options) : {};
    const ctx = stageContext(deps, running, stage.name, options, signal);
    const { attempt, input } = running;
    const work = stage.isolate
      ? deps.runIsolated({ pipeline, stage, claim, attempt, options, input }, ctx, signal)
      : Promise.resolve((stage.run as (ctx: DocumentContext | CollectionContext) => Promise<unknown>)(ctx));
    running.handler = work.catch(() => undefined);
    return await orAborted(work, signal);
  } finally {
    clearTimeout(timer);
    stop.removeEventListener("abort", onStop);
  }
}

/** A handler that ignores its signal is left behind: it holds no slot, and its fence refuses whatever it still writes. */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let onAbort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
    work.catch(() => undefined); // Its outcome no longer counts once the signal has decided.
    aborted.catch(() => undefined);
  }
}

function assertAccepted(stage: Stage, output: unknown, staged: StagedCounts): void {
  let refusal: string | null = null;
  try {
    if (stage.check?.(output, staged) === false) refusal = "it does not hold what the stage promises";
  } catch (error) {
    refusal = messageOf(error);
  }
  if (refusal !== null)
    throw new HeadwayError("OUTPUT_REJECTED", `The output of stage "${stage.name}" was refused: ${refusal}`);
}

/** Records what ended the stage, by its kind. */
async function endWith(deps: RunTaskDeps, running: RunningClaim, error: unknown): Promise<void> {
  // A stage before has taken the task out of our hands.
  if (running.isOver) return;
  if (error instanceof Stopped) {
    if (error.reason === "lease lost") return refuse(deps, running);
    if (error.reason === "timed out")
      return end(deps, running, { cause: "TIMED_OUT", message: "The stage did not end within its timeoutMs." });
    return end(deps, running, { cause: "INTERRUPTED" });
  }
  const message = messageOf(error);
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  if (error instanceof HeadwayError && code === "OUTPUT_REJECTED")
    return end(deps, running, { cause: "OUTPUT_REJECTED", message });
  if (error instanceof HeadwayError && code === "OUTPUT_UNSTORABLE")
    return end(deps, running, { cause: "OUTPUT_UNSTORABLE", message });
  if (error instanceof HeadwayError && code === "CRASHED") return end(deps, running, { cause: "CHILD_DIED", message });
  if (error instanceof HeadwayError && code === "RESOURCE_LIMIT")
    return end(deps, running, { cause: "RESOURCE_LIMIT", message });
  // By name as well: a pipeline's own copy of the class is another class.
  if (error instanceof PermanentError || (error instanceof Error && error.name === "PermanentError")) {
    return end(deps, running, { cause: "PERMANENT_ERROR", code: isCode(code) ? code : "PERMANENT_ERROR", message });
  }
  return end(deps, running, { cause: "HANDLER_THREW", message, ...(isCode(code) ? { code } : {}) });
}

/** Nothing more is written under a lost lease; the attempt to end is recorded as refused, as evidence. */
async function refuse(deps: RunTaskDeps, running: RunningClaim): Promise<void> {
  await end(deps, running, { cause: "INTERRUPTED" });
}

async function end(
  deps: RunTaskDeps,
  running: RunningClaim,
  ending: { cause: Cause; code?: string; message?: string },
): Promise<void> {
  const delayMs = ending.cause === "INTERRUPTED" ? 0 : backoffMs(running.attempt);
  const change: TaskCommand = { ...base(running), ...ending, kind: "end", delayMs };
  await deps.recorder.record(change);
}

function base(running: RunningClaim) {
  const { claim, facts, staging, warnings } = running;
  return {
    taskId: claim.taskId,
    fence: claim.fence,
    ...staging?.fences,
    ...(Object.keys(facts).length > 0 ? { document: facts } : {}),
    // A copy: the next stage may add to them before this is sent.
    ...(warnings.length > 0 ? { warnings: [...warnings] } : {}),
  };
}

/** An error's own code, such as a pipeline gives it; not a system error's number. */
function isCode(code: unknown): code is string {
  return typeof code === "string" && /^[A-Z][A-Z0-9_]{0,99}$/.test(code);
}
