import { Stop } from "../async/stop.js";
import type { Claim } from "../engine/flush/claim.js";
import { toStorableJson } from "../engine/storable.js";
import { isUnchanged } from "../engine/flush/unchanged.js";
import { HeadwayError, messageOf } from "../errors.js";
import { failpoint } from "../failpoint.js";
import { hasLimits } from "../pipelines/limits.js";
import type { CollectionContext, DocumentContext, Pipeline, Stage } from "../pipelines/pipeline.js";
import type { Registry } from "../pipelines/registry.js";
import { DEFAULT_MAX_ATTEMPTS, DEFAULT_STAGE_TIMEOUT_MS, type StagedCounts } from "../pipelines/stage-settings.js";
import { traced } from "../tracing.js";
import { stageContext, startClaim, type ContextDeps, type RunningClaim } from "./context.js";
import { base, endCommand } from "./end-stage.js";
import { Stopped } from "./ending.js";
import { Escaped, inStage } from "./escapes.js";
import type { Beating } from "./heartbeat.js";
import { Secrets } from "./secrets.js";
import type { StageFailures } from "./stage-log.js";
import { hasStopped, leave, type LeaveDeps } from "./unsettled.js";
import { confirm, follow, mayGoAhead, runnerOf, type WriteBehindDeps } from "./write-behind.js";

export interface RunTaskDeps extends ContextDeps, WriteBehindDeps, LeaveDeps {
  readonly registry: Registry;
  /** Runs a stage marked `isolate` in a child process. */
  readonly runIsolated: (
    call: IsolatedStage,
    ctx: DocumentContext | CollectionContext,
    signal: AbortSignal,
  ) => Promise<unknown>;
  readonly failures: StageFailures;
  /** Called once a task that staged text or chunks has completed, so that its document shows them, or was skipped. */
  readonly onContentMoved: (documentId: string) => void;
  /** Called when a task has left a stage with limits for the next: another may begin there. */
  readonly onShareFreed: () => void;
}

export interface IsolatedStage {
  readonly pipeline: Pipeline;
  readonly stage: Stage;
  readonly claim: Claim;
  readonly attempt: number;
  readonly options: unknown;
  readonly input: unknown;
}

/**
 * Takes a claimed task from its present stage as far as it goes. Settles when nothing more will be written: with null, or
 * with its handler where that was to stop and has not yet, as `onLeft` was told before.
 */
export function runTask(
  deps: RunTaskDeps,
  claim: Claim,
  stop: Stop,
  onLeft: () => void,
): Promise<{ readonly handler: Promise<unknown> } | null> {
  const { taskId, job } = claim;
  const attributes = { "headway.pipeline": job.pipeline, "headway.job": job.id, "headway.task": taskId };
  return traced("task", { kind: "CONSUMER", parent: job.traceparent, attributes }, () =>
    runClaim(deps, claim, stop, onLeft),
  );
}

async function runClaim(
  deps: RunTaskDeps,
  claim: Claim,
  stop: Stop,
  onLeft: () => void,
): Promise<{ readonly handler: Promise<unknown> } | null> {
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
  const running = startClaim(deps, claim, beating, stop);
  deps.heartbeat.add(beating);
  deps.recorder.watch(claim, runnerOf(running, stop));
  try {
    for (let stage: string | null = claim.stage; stage !== null;) {
      stage = await runStage(deps, running, stage, stop, onLeft);
    }
    await running.recording;
    return running.isLeft && running.handler !== null ? { handler: running.handler } : null;
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
  stop: Stop,
  onLeft: () => void,
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
  if (!pipeline || !stage) throw new Error(`A task was claimed at stage "${name}", which this worker does not have.`);
  let output: unknown;
  let outputJson: string;
  let staged: StagedCounts | undefined;
  try {
    const attributes = { "headway.stage": name, "headway.attempt": running.attempt };
    output = await traced(`stage ${name}`, { attributes }, () => execute(deps, running, pipeline, stage, stop));
    if (stage.check) {
      staged = running.staging ? await running.staging.counts() : { chunks: 0, embedded: 0 };
      assertAccepted(stage, output, staged);
    }
    outputJson = running.secrets.json(toStorableJson(output));
    await failpoint("stage.after_run");
  } catch (error) {
    // What ends a stage from outside ends its task only with its handler, or with its process.
    const reason = error instanceof Stopped ? error.reason : error instanceof Escaped ? "an error escaped" : null;
    const isLeft = reason !== null && !(await hasStopped(running, reason, deps.cancelDeadlineMs));
    // A stage before may have taken the task out of our hands; then nothing is said of this one.
    if (running.isOver && !isLeft) return null;
    if (isLeft) {
      running.isLeft = true;
      onLeft();
      await leave(deps, running, name, () => endCommand(deps.failures, { running, pipeline, stage }, error), reason);
    }
    // Under a lost lease nothing more is written; the attempt to end is recorded as refused, as evidence.
    if (!running.isOver) await deps.recorder.record(endCommand(deps.failures, { running, pipeline, stage }, error));
    return null;
  }
  const isSkip = nextName !== undefined && (await fetchedNothingNew(deps, running));
  if (running.isOver) return null;
  const ran = whatStands(running, pipeline, names[0] === name);
  const change = { ...base(running), ...ran, outputJson };
  // A stage with limits is begun by a claim alone, which looks at them.
  const isQueued = next !== undefined && hasLimits(next);
  if (next && !isSkip && !isQueued) {
    const isAhead = mayGoAhead(deps, running, next, outputJson.length, stop);
    const maxAttempts = next.maxAttempts ?? DEFAULT_MAX_ATTEMPTS;
    const recorded = deps.recorder.record({ ...change, kind: "stage", stage: next.name, maxAttempts, isAhead });
    if (isAhead) {
      follow(deps, running, stop, { stage: next.name, recorded });
      await failpoint("stage.ahead");
    } else if (!confirm(running, next.name, await recorded)) return null;
    if (hasLimits(stage)) void recorded.then(deps.onShareFreed, () => undefined);
    Object.assign(running, ran);
    running.attempt = 1;
    running.input = running.secrets.hidesNothing ? (output ?? null) : (JSON.parse(outputJson) as unknown);
    running.facts = {};
    running.beating.stage = next.name;
    running.beating.progress = { fraction: 0, message: null, isNew: false };
    return next.name;
  }
  const recorded = await deps.recorder.record(
    isSkip
      ? { ...base(running), kind: "skip" }
      : nextName !== undefined
        ? { ...change, kind: "hand_on", stage: nextName, isQueued }
        : { ...change, kind: "complete", staged },
  );
  running.isOver = true;
  if (recorded?.status === "COMPLETED") await failpoint("complete.after_commit");
  const isSettled = recorded?.status === "COMPLETED" || recorded?.status === "SKIPPED";
  if (isSettled && claim.document && (change.textFence ?? change.chunkFence) !== undefined) {
    deps.onContentMoved(claim.document.id);
  }
  return null;
}

/** Which versions' outputs stand in the task once this pipeline has passed a stage; the first stage begins anew. */
function whatStands(
  running: RunningClaim,
  { version }: Pipeline,
  isFirst: boolean,
): Pick<RunningClaim, "pipelineVersion" | "isMixed"> {
  if (isFirst) return { pipelineVersion: version, isMixed: false };
  return {
    pipelineVersion: Math.min(running.pipelineVersion, version),
    isMixed: running.isMixed || running.pipelineVersion !== version,
  };
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
  stop: Stop,
): Promise<unknown> {
  stop.throwIfAborted();
  await failpoint("stage.before_run");
  const timeoutMs = stage.timeoutMs ?? DEFAULT_STAGE_TIMEOUT_MS;
  const deadline = new Stop();
  // A child process is stopped by its own limit of time, which is another cause: RESOURCE_LIMIT.
  const timer = stage.isolate ? undefined : setTimeout(() => deadline.abort(new Stopped("timed out")), timeoutMs);
  const callOff = stop.onAbort((reason) => deadline.abort(reason));
  const { claim } = running;
  try {
    const options = pipeline.options ? pipeline.options.parse(claim.job.options) : {};
    const secrets = Secrets.named(stage.secrets, running.secrets);
    running.secrets = secrets;
    const ctx = stageContext(deps, running, stage.name, options, deadline);
    const { attempt, input } = running;
    const work = stage.isolate
      ? deps.runIsolated({ pipeline, stage, claim, attempt, options, input }, ctx, deadline.signal)
      : // A stage that throws before its first await must reject, too.
        inStage(
          { stage: stage.name, fail: (error) => stop.abort(error), hide: (text) => secrets.text(text) },
          async () => (stage.run as (ctx: DocumentContext | CollectionContext) => Promise<unknown>)(ctx),
        );
    running.handler = work.catch(() => undefined);
    return await orAborted(work, deadline);
  } finally {
    clearTimeout(timer);
    callOff();
  }
}

/** What the handler comes to, unless it is told to stop first. */
export function orAborted<T>(work: Promise<T>, stop: Stop): Promise<T> {
  return new Promise((resolve, reject) => {
    // Its outcome no longer counts once it has been told to stop.
    work.then(resolve, reject);
    // A handler that had ended before has ended.
    if (stop.aborted) queueMicrotask(() => stop.onAbort(reject));
    else stop.onAbort(reject);
  });
}

export function assertAccepted(stage: Stage, output: unknown, staged: StagedCounts): void {
  let refusal: string | null = null;
  try {
    if (stage.check?.(output, staged) === false) refusal = "it does not meet the stage's check";
  } catch (error) {
    refusal = messageOf(error);
  }
  if (refusal !== null)
    throw new HeadwayError("OUTPUT_REJECTED", `The output of stage "${stage.name}" was refused: ${refusal}`);
}
