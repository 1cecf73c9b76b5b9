import type { Job, StageCount } from "../../model/job.js";
import type { Task } from "../../model/task.js";

/** An open job is never quite done. */
const MOST = 0.9999;

/**
 * Passages through stages that are behind an open job, by all of its passages. Documents that are settled, however, have
 * none before them.
 */
export function stageProgressOf(
  job: Pick<Job, "total" | "skipped" | "collectionStages">,
  counts: readonly StageCount[],
  collectionTask: Pick<Task, "stage" | "status"> | null,
): number {
  const documentStages = counts.length;
  let done = job.skipped * documentStages;
  for (const [place, { completed, failed }] of counts.entries()) {
    // Who failed at a stage does neither that one nor those that follow.
    done += completed + failed * (documentStages - place);
  }
  const isOpen = collectionTask !== null && ["WAITING", "QUEUED", "RUNNING"].includes(collectionTask.status);
  const last = job.collectionStages.length;
  const passed = collectionTask?.stage ? Math.max(0, job.collectionStages.indexOf(collectionTask.stage)) : 0;
  done += isOpen ? (collectionTask.status === "WAITING" ? 0 : passed) : last;
  const all = job.total * documentStages + last;
  return all === 0 ? 0 : Math.min(MOST, Math.max(0, done / all));
}
