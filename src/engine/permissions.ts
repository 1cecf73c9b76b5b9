import { isOpen, type CollectionStatus, type JobStatus, type TaskKind, type TaskStatus } from "../lifecycle/status.js";

/*
 * What may be done now, and why not: the same words for the verb that refuses and for the field that tells beforehand.
 * Null means that it may be done.
 */

/** What decides whether a retry of a job, or of one of its tasks, is allowed. */
export interface RetryState {
  readonly jobId: string;
  readonly status: JobStatus;
  /** The newest job of its collection; null where that is another one, which whoever asks may not see. */
  readonly newestJobId: string | null;
  readonly isExpiring: boolean;
  /** Null where the pipeline has no collection stages. */
  readonly collectionTask: TaskStatus | null;
}

/** Of a collection without documents, and of a choice of documents that is empty. */
export const NOTHING_TO_PROCESS = "There is nothing to process; add documents first.";

export function whyNotSubmit(
  collectionId: string,
  { status, isExpiring }: { readonly status: CollectionStatus; readonly isExpiring: boolean },
  openJob: { readonly id: string; readonly status: string } | null,
): { code: "COLLECTION_EXPIRED" | "ACTIVE_JOB_EXISTS"; message: string } | null {
  if (status === "EXPIRED" || isExpiring) {
    const how = status === "EXPIRED" ? "has expired" : "is being deleted";
    return { code: "COLLECTION_EXPIRED", message: `Collection ${collectionId} ${how}; create a new one.` };
  }
  if (openJob === null) return null;
  return {
    code: "ACTIVE_JOB_EXISTS",
    message: `Job ${openJob.id} of this collection is still ${openJob.status}; wait for it or cancel it.`,
  };
}

export function whyNotRetryJob({ jobId, status, newestJobId, isExpiring }: Omit<RetryState, "collectionTask">) {
  if (isExpiring) return expired("job", jobId);
  if (status === "COMPLETED" || isOpen("JOB", status)) {
    return `Job ${jobId} is ${status}; only a job that FAILED, was CANCELLED or COMPLETED_WITH_ERRORS can be retried.`;
  }
  return whyNotNewest({ jobId, status, newestJobId });
}

export function whyNotRetryTask(
  taskId: string,
  task: { readonly kind: TaskKind; readonly status: TaskStatus },
  job: RetryState,
): string | null {
  if (job.isExpiring) return expired("task", taskId);
  if (task.kind === "COLLECTION") return `Task ${taskId} is the job's collection task: retry the job instead.`;
  if (task.status !== "FAILED" && task.status !== "CANCELLED") {
    return `Task ${taskId} is ${task.status}; only a FAILED or CANCELLED task can be retried.`;
  }
  if (!isOpen("JOB", job.status)) return whyNotNewest(job);
  if (job.status === "CANCELLING") {
    return `Job ${job.jobId} is CANCELLING; retry task ${taskId} once it is settled.`;
  }
  const { collectionTask } = job;
  if (collectionTask !== null && collectionTask !== "WAITING" && collectionTask !== "QUEUED") {
    return `The collection stages of job ${job.jobId} are ${collectionTask} already; retry task ${taskId} once the job is settled.`;
  }
  return null;
}

export function whyNotCancel(noun: "Job" | "Task", id: string, isStillOpen: boolean, status: string): string | null {
  return isStillOpen ? null : `${noun} ${id} is ${status}; only open work can be cancelled.`;
}

function whyNotNewest({ jobId, status, newestJobId }: Pick<RetryState, "jobId" | "status" | "newestJobId">) {
  if (newestJobId === jobId) return null;
  const newer = newestJobId === null ? "another job" : `job ${newestJobId}`;
  return `Job ${jobId} is ${status}, but ${newer} is newer; only a collection's newest job can be retried.`;
}

function expired(noun: "job" | "task", id: string): string {
  return `The collection of ${noun} ${id} has expired.`;
}
