import type { Stop } from "../async/stop.js";
import { withDeadline } from "../async/with-deadline.js";
import type { Recorded, Recorder } from "../engine/flush/recorder.js";
import type { Stage } from "../pipelines/pipeline.js";
import type { RunningClaim } from "./context.js";
import { Stopped } from "./ending.js";

/** Steps of one task that may wait to be recorded, and their outputs. */
const MAX_STEPS = 16;
const MAX_BYTES = 1_000_000;
/** Once a step has waited for so long, no stage begins until it has been recorded. */
const MAX_AGE_MS = 1_000;
/** As a share of the lease: so much of it must be left. */
const LEASE_LEFT = 1 / 3;
/** A handler that ignores its signal is left behind after this long; its fence refuses whatever it still writes. */
const HANDLER_DEADLINE_MS = 5_000;

export interface WriteBehindDeps {
  readonly recorder: Recorder;
  readonly leaseMs: number;
  readonly onError: (error: unknown, doing: string) => void;
}

/**
 * Whether `next` may begin before the end of the stage at hand has been recorded: only while nothing speaks for the
 * worker's having lost touch with the database, and never where blame for a crash must be exact.
 */
export function mayGoAhead(
  { recorder, leaseMs }: WriteBehindDeps,
  running: RunningClaim,
  next: Stage,
  outputBytes: number,
  stop: Stop,
): boolean {
  const { claim, beating } = running;
  if (claim.hasCrashed || next.recordFirst === true || stop.aborted) return false;
  if (performance.now() - beating.renewedAtMs > leaseMs * (1 - LEASE_LEFT)) return false;
  const { steps, bytes, ageMs } = recorder.unrecorded(claim);
  return steps < MAX_STEPS && bytes + outputBytes <= MAX_BYTES && ageMs <= MAX_AGE_MS;
}

/** Sees to what becomes of a step that nobody waits for: where it is not recorded as it was meant, it stops its task's run. */
export function follow(
  { onError }: WriteBehindDeps,
  running: RunningClaim,
  stop: Stop,
  step: { readonly stage: string; readonly recorded: Promise<Recorded | null> },
): void {
  running.recording = step.recorded.then(
    (recorded) => {
      if (!confirm(running, step.stage, recorded))
        stop.abort(new Stopped(recorded === null ? "lease lost" : "not recorded"));
      else if (recorded?.isCancelRequested) stop.abort(new Stopped("cancelled"));
    },
    (error: unknown) => {
      // As where somebody waits: the lease passes, and the sweep gives the task to another.
      running.isOver = true;
      stop.abort(new Stopped("not recorded"));
      onError(error, `recording a stage of task ${running.claim.taskId}`);
    },
  );
}

/** Takes note of what has been recorded of a stage's end. Returns whether the task goes on in `stage`. */
export function confirm(running: RunningClaim, stage: string, recorded: Recorded | null): boolean {
  if (recorded?.status !== "RUNNING") {
    running.isOver = true;
    return false;
  }
  const { beating } = running;
  beating.recordedStage = stage;
  beating.renewedAtMs = Math.max(beating.renewedAtMs, recorded.sentAtMs);
  return true;
}

/** What the recorder may ask of this claim's run. */
export function runnerOf(running: RunningClaim, stop: Stop): Parameters<Recorder["watch"]>[1] {
  return {
    progressIn: (stage) => {
      const { beating } = running;
      return beating.stage === stage && beating.progress.isNew ? beating.progress : null;
    },
    stop: async () => {
      running.isOver = true;
      stop.abort(new Stopped("not recorded"));
      await withDeadline("The handler", HANDLER_DEADLINE_MS, running.handler ?? Promise.resolve()).catch(
        () => undefined, // Either outcome is its end; one that goes on writes under a claim that has its end.
      );
    },
  };
}
