import { withDeadline } from "../async/with-deadline.js";
import type { TaskCommand } from "../engine/flush/task-command.js";
import type { StageLogger } from "../pipelines/pipeline.js";
import { addWarning, labelsOf, type RunningClaim } from "./context.js";
import type { StopReason } from "./ending.js";

/** At the end of its process a handler gets less time to stop: the whole process has only so much. */
const END_PATIENCE_MS = 1_000;

export interface LeaveDeps {
  readonly logger: StageLogger;
  /** How long a handler that is to stop may take to. */
  readonly cancelDeadlineMs: number;
  /**
   * Told of a task whose handler does not stop, with what is to become of it once this process is dead; null where it is in
   * other hands. Where nobody can end this process, the end is recorded while the handler still runs.
   */
  readonly onUnsettled?: (end: TaskCommand | null) => void;
}

/** Whether the handler that `why` is to stop has settled, or does in time. */
export async function hasStopped(
  { handler }: RunningClaim,
  reason: StopReason,
  cancelDeadlineMs: number,
): Promise<boolean> {
  if (handler === null) return true;
  const patienceMs = reason === "shutting down" ? Math.min(END_PATIENCE_MS, cancelDeadlineMs) : cancelDeadlineMs;
  return withDeadline("The handler", patienceMs, handler).then(
    () => true,
    () => false,
  );
}

/** The task keeps its slot and its lease until this process is dead; where nobody ends that, this returns. */
export async function leave(
  { logger, onUnsettled }: LeaveDeps,
  running: RunningClaim,
  stage: string,
  end: () => TaskCommand,
  reason: StopReason,
): Promise<void> {
  const message = `The handler of stage "${stage}" was asked to stop (${reason}) and did not: pass ctx.signal to whatever it awaits, and check it between steps.`;
  addWarning(running.warnings, { code: "HANDLER_IGNORED_SIGNAL", message, count: 1, pages: [] });
  logger.error({ ...labelsOf(running, stage), reason }, "a handler does not stop");
  if (onUnsettled === undefined) return;
  // What has passed before it is recorded first, as far as the database can be reached.
  await withDeadline("Recording", END_PATIENCE_MS, running.recording).catch(() => undefined);
  onUnsettled(running.isOver || reason === "lease lost" || reason === "not recorded" ? null : end());
  await new Promise<never>(() => undefined);
}
