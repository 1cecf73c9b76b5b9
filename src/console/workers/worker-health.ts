import type { WorkerPartsFragment, WorkerStatus } from "../generated/operations.js";
import { counted, duration } from "../parts/format.js";

/** What a worker's state means for its work, and what to do. Null where it is well. */
export function adviceFor(
  { status, running, heartbeatAt, lastLoopAt }: WorkerPartsFragment,
  nowMs: number,
): string | null {
  const tasks = counted(running, "task");
  switch (status) {
    case "STALLED":
      return `The worker sends heartbeats, but its claim loop has not run for ${ago(lastLoopAt, nowMs)}, so it accepts no work. Check its log and restart the process.${running > 0 ? ` It keeps ${tasks} until then.` : ""}`;
    case "LOST":
      return `No heartbeat for ${ago(heartbeatAt, nowMs)}. If its machine is gone, no action is needed. If the process is still running, restart it.${running > 0 ? ` It had ${tasks}; unfinished work returns to the queue when the leases expire.` : ""}`;
    case "STARTING":
      return "Its claim loop has not run yet. If this continues, the worker can't reach the database: check its log.";
    case "DRAINING":
      return "The worker was asked to stop. It finishes its current tasks and accepts no new ones.";
    case "RUNNING":
    case "STOPPED":
      return null;
  }
}

function ago(at: string, nowMs: number): string {
  return duration(Math.max(0, nowMs - Date.parse(at)));
}

/** The worst first: those are what somebody looks for. */
const RANK: Readonly<Record<WorkerStatus, number>> = {
  STALLED: 0,
  LOST: 1,
  STARTING: 2,
  DRAINING: 3,
  RUNNING: 4,
  STOPPED: 5,
};

export function worstFirst<Worker extends Pick<WorkerPartsFragment, "status">>(
  workers: readonly Worker[],
): readonly Worker[] {
  return workers.toSorted((a, b) => RANK[a.status] - RANK[b.status]);
}

/** Such as "1 stalled, 3 running". */
export function statusesInWords(workers: readonly WorkerPartsFragment[]): string {
  const statuses = [...new Set(worstFirst(workers).map(({ status }) => status))];
  return statuses
    .map((status) => `${workers.filter((worker) => worker.status === status).length} ${status.toLowerCase()}`)
    .join(", ");
}

/** The name by which people know it. */
export function workerName({ hostname, pid }: Pick<WorkerPartsFragment, "hostname" | "pid">): string {
  return `${hostname}, process ${pid}`;
}
