import type { TaskCommand } from "../engine/flush/task-command.js";
import { backoffMs } from "../lifecycle/backoff.js";
import type { Pipeline, Stage } from "../pipelines/pipeline.js";
import { DEFAULT_RETRY_LATER_FOR_MS } from "../pipelines/stage-settings.js";
import { labelsOf, type RunningClaim } from "./context.js";
import { endingOf, type StageEnding } from "./ending.js";
import type { StageFailures } from "./stage-log.js";

/** Shorter waits are not worth a claim of their own. */
const SHORTEST_LATER_MS = 1_000;
/** What the database takes as a delay. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

/** A running claim's passage through one stage. */
export interface AtStage {
  readonly running: RunningClaim;
  readonly pipeline: Pipeline;
  readonly stage: Stage;
}

/** The command that ends a stage by what ended it; a failure is said in the log. */
export function endCommand(failures: StageFailures, at: AtStage, error: unknown): TaskCommand {
  const { running, stage } = at;
  const ending = running.secrets.ending(endingOf(error));
  const isQuiet = ending.cause === "INTERRUPTED" || ending.cause === "RETRY_LATER" || running.isOver;
  if (!isQuiet) failures.say(labelsOf(running, stage.name), ending);
  const { laterMs: _, ...told } = ending;
  return { ...base(running), ...told, ...waitAfter(at, ending, error), kind: "end" };
}

/** When the stage is to be tried again, if it is. */
export function waitAfter(
  { running, pipeline, stage }: { readonly running: Pick<RunningClaim, "attempt"> } & Omit<AtStage, "running">,
  { cause, laterMs = 0 }: StageEnding,
  error: unknown,
): { readonly delayMs: number; readonly laterForMs?: number } {
  if (cause === "INTERRUPTED") return { delayMs: 0 };
  if (cause !== "RETRY_LATER") return { delayMs: backoffMs(stage.backoff ?? pipeline.backoff, running.attempt, error) };
  return {
    delayMs: Math.min(LONGEST_DELAY_MS, Math.max(SHORTEST_LATER_MS, Math.ceil(laterMs))),
    laterForMs: stage.retryLaterForMs ?? DEFAULT_RETRY_LATER_FOR_MS,
  };
}

/** What every command of a claim carries. */
export function base({ claim, facts, staging, warnings }: RunningClaim) {
  return {
    taskId: claim.taskId,
    fence: claim.fence,
    ...staging?.fences,
    ...(Object.keys(facts).length > 0 ? { document: facts } : {}),
    // A copy: the next stage may add to them before this is sent.
    ...(warnings.length > 0 ? { warnings: [...warnings] } : {}),
  };
}
