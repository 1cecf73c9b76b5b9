import { converge } from "../../engine/flush/converge.js";
import type { Job } from "../../model/job.js";
import type { GraphContext } from "../context.js";

/**
 * A job as it stands; one whose tasks say that it has ended, and that says it has not, is converged first. Where that
 * can't be done now the job is given as it is stored, and the sweep goes on trying.
 */
export async function readJob({ loaders, parts }: GraphContext, id: string): Promise<Job | null> {
  const job = await loaders.job.load(id);
  if (!job || job.finishedAt !== null || job.queued + job.running > 0) return job;
  const collectionTask = await loaders.collectionTaskOfJob.load(id);
  if (collectionTask?.status === "QUEUED" || collectionTask?.status === "RUNNING") return job;
  try {
    await converge(parts, id);
  } catch (error) {
    parts.onError(error, `converging job ${id} for its reader`);
    return job;
  }
  loaders.collectionTaskOfJob.clear(id);
  return loaders.job.clear(id).load(id);
}
