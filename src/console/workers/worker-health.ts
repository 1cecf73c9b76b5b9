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
      return `It beats, but its loop has made no iteration for ${ago(lastLoopAt, nowMs)}: it takes no work. Look at its log, and restart the process.${running > 0 ? ` Its ${tasks} stay with it until then.` : ""}`;
    case "LOST":
      return `Nothing has been heard from it for ${ago(heartbeatAt, nowMs)}. If its machine is gone, nothing is to be done; if the process still runs, restart it.${running > 0 ? ` It had ${tasks}, which are given back once their leases have passed.` : ""}`;
    case "STARTING":
      return "Its loop has not made an iteration yet. If it stays so, it can't reach the database: look at its log.";
    case "DRAINING":
      return "Somebody has asked it to stop. It finishes what it has and takes nothing new.";
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
