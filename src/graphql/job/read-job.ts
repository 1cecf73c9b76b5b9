import { convergeEnded } from "../../engine/read/converge-ended.js";
import type { Job } from "../../model/job.js";
import type { GraphContext } from "../context.js";

/** A job as it stands, converged first where its tasks have ended and it has not; null where there is none. */
export async function readJob({ loaders, deps }: GraphContext, id: string): Promise<Job | null> {
  const job = await loaders.job.load(id);
  if (!job) return null;
  const collectionTaskStatus = async () => (await loaders.collectionTaskOfJob.load(id))?.status ?? null;
  if (!(await convergeEnded(deps, job, collectionTaskStatus))) return job;
  loaders.collectionTaskOfJob.clear(id);
  return loaders.job.clear(id).load(id);
}
