import type { TaskStatus } from "../../lifecycle/status.js";
import type { Job } from "../../model/job.js";
import type { EngineDeps } from "../engine.js";
import { converge } from "../flush/converge.js";

/**
 * Converges a job whose tasks say that it has ended and that says it has not. True when it was converged, so that what
 * was read of it is to be read again; where that can't be done now the sweep goes on trying.
 */
export async function convergeEnded(
  deps: Pick<EngineDeps, "db" | "onError">,
  job: Pick<Job, "id" | "finishedAt" | "queued" | "running">,
  collectionTaskStatus: () => Promise<TaskStatus | null>,
): Promise<boolean> {
  if (job.finishedAt !== null || job.queued + job.running > 0) return false;
  const status = await collectionTaskStatus();
  if (status === "QUEUED" || status === "RUNNING") return false;
  try {
    await converge(deps, job.id);
    return true;
  } catch (error) {
    deps.onError(error, `converging job ${job.id} for its reader`);
    return false;
  }
}
