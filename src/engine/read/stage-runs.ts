import type { ChangeRow } from "../stream/history.js";
import type { StageRun } from "../../model/task.js";

type Outcome = NonNullable<StageRun["outcome"]>;

/** How each reason that leads away from a running stage ends it. */
const OUTCOMES: Readonly<Record<string, Outcome>> = {
  STAGE_STARTED: "COMPLETED",
  HANDED_ON: "COMPLETED",
  QUEUED_FOR_LIMIT: "COMPLETED",
  COMPLETED: "COMPLETED",
  UNCHANGED: "COMPLETED",
  RETRY_SCHEDULED: "FAILED",
  RETRY_LATER: "FAILED",
  RETRIES_EXHAUSTED: "FAILED",
  PERMANENT_ERROR: "FAILED",
  POISONED: "FAILED",
  CANCELLED_BY_REQUEST: "CANCELLED",
  CANCEL_DEADLINE: "CANCELLED",
  LEASE_EXPIRED: "INTERRUPTED",
  INTERRUPTED: "INTERRUPTED",
};

/** A stage's passage without what ran, which the history does not say: it says who, and that worker says what it runs. */
export interface Passage extends Omit<StageRun, "pipelineVersion"> {
  /** Of its claim; null where the history does not say. */
  readonly fence: number | string | null;
}

/** The passages through stages that a task's history tells of: a claim opens one, a stage move closes it and opens the next. */
export function stageRuns(history: readonly ChangeRow[]): Passage[] {
  const runs: Passage[] = [];
  let open: Omit<Passage, "finishedAt" | "durationMs" | "outcome"> | null = null;
  for (const { fromStatus, toStatus, toStage, reason, run, attempt, fence, at, actorType, actor } of history) {
    const outcome = OUTCOMES[reason];
    if (open && fromStatus === "RUNNING" && outcome) {
      runs.push({ ...open, finishedAt: at, durationMs: at.getTime() - open.startedAt.getTime(), outcome });
      open = null;
    }
    const opens = reason === "CLAIMED" || reason === "STAGE_STARTED";
    if (opens && toStatus === "RUNNING" && toStage !== null) {
      const worker = actorType === "WORKER" ? actor : null;
      open = { stage: toStage, run: run ?? 1, attempt: attempt ?? 1, startedAt: at, worker, fence };
    }
  }
  if (open) runs.push({ ...open, finishedAt: null, durationMs: null, outcome: null });
  return runs;
}

/** The id in `worker:<id>`; null for another actor. */
export function workerIdOf(actor: string | null): string | null {
  return /^worker:([0-9a-f-]{36})$/.exec(actor ?? "")?.[1] ?? null;
}
