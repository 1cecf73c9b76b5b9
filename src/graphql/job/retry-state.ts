import type { RetryState } from "../../engine/permissions.js";
import type { Loaders } from "../loaders.js";

/** What decides on a job's and its tasks' retries, by way of the loaders. */
export async function retryStateOf(loaders: Loaders, jobId: string): Promise<RetryState> {
  const job = (await loaders.job.load(jobId))!;
  const [newest, isExpiring, collectionTask] = await Promise.all([
    loaders.lastJobOfCollection.load(job.collectionId),
    loaders.isExpiring.load(job.collectionId),
    loaders.collectionTaskOfJob.load(jobId),
  ]);
  return {
    jobId,
    status: job.status,
    newestJobId: newest?.id ?? null,
    isExpiring,
    collectionTask: collectionTask?.status ?? null,
  };
}
