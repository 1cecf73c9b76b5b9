import type { Worker } from "../model/worker.js";

/** A loop that has not gone round for this long stands still, unless its lease allows for more. */
const STALLED_AFTER_MS = 10_000;

/** How a worker does, from what its own loop last wrote. `now` is the database's clock. */
export function workerStatus(
  worker: Pick<Worker, "stoppedAt" | "drainingAt" | "heartbeatAt" | "lastLoopAt" | "leaseMs" | "loopIterations">,
  now: Date,
): "STARTING" | "RUNNING" | "DRAINING" | "STALLED" | "LOST" | "STOPPED" {
  if (worker.stoppedAt !== null) return "STOPPED";
  if (now.getTime() - worker.heartbeatAt.getTime() > worker.leaseMs) return "LOST";
  if (worker.drainingAt !== null) return "DRAINING";
  if (worker.loopIterations === 0) return "STARTING";
  const stalledAfterMs = Math.max(worker.leaseMs / 2, STALLED_AFTER_MS);
  return now.getTime() - worker.lastLoopAt.getTime() > stalledAfterMs ? "STALLED" : "RUNNING";
}
