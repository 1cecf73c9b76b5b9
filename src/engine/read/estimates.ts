import type { DataSource } from "typeorm";
import { forecastOf, rangeOf } from "../../lifecycle/estimate.js";
import { readJobFacts, type JobFacts } from "./job-work.js";

/** When a job may end, and what that follows from. */
export interface JobEstimate {
  readonly at: Date | null;
  readonly earliest: Date | null;
  readonly latest: Date | null;
  readonly sampleSize: number;
  readonly basis: "OWN_PACE" | "PIPELINE_HISTORY" | "NONE";
  readonly message: string;
}

/** For each job that is open when it may end; nothing for those that are settled. */
export async function estimateJobs(
  db: Pick<DataSource, "query">,
  jobIds: readonly string[],
): Promise<ReadonlyMap<string, JobEstimate>> {
  const facts = await readJobFacts(db, jobIds);
  return new Map(facts.filter(({ isSettled }) => !isSettled).map((job) => [job.id, estimateOf(job)]));
}

function estimateOf(job: JobFacts): JobEstimate {
  const { work, errors } = job;
  const why = whyNone(job);
  if (why !== null) return none(why);
  const forecast = work && !job.lacksBase ? forecastOf(work) : null;
  const range = forecast && rangeOf(forecast, errors[forecast.tenth]);
  if (!range || !forecast || !work)
    return none("No stage of this run has completed yet, and there are no earlier runs to compare with.");
  // Before there is a pace it is told how long all of it takes.
  const from = forecast.tenth === 0 ? work.startedAt : work.now;
  const at = (afterMs: number): Date => new Date(Math.round(Math.max(work.now, from + afterMs)));
  const times = { at: at(range.atMs), earliest: at(range.earliestMs), latest: at(range.latestMs) };
  const compared =
    range.earlierRuns > 0 ? ` and by how such estimates came out in ${range.earlierRuns} earlier runs` : "";
  if (forecast.tenth === 0 || forecast.tenth === 11) {
    const what = forecast.tenth === 0 ? "its stages take" : "its collection stages take";
    const message = `By how long ${what} in this pipeline${compared}.`;
    return { ...times, sampleSize: range.earlierRuns, basis: "PIPELINE_HISTORY", message };
  }
  const message = `Based on its own speed over ${forecast.passages} stage runs${compared}.`;
  return { ...times, sampleSize: forecast.passages, basis: "OWN_PACE", message };
}

function whyNone({ pausedReason, pipeline, status, startedAt, runAt, now }: JobFacts): string | null {
  if (pausedReason !== null) return `Pipeline "${pipeline}" is paused: ${pausedReason}`;
  if (status === "CANCELLING") return "The job is being cancelled.";
  if (startedAt !== null) return null;
  if (runAt !== null && runAt > now) return `The job is due at ${new Date(runAt).toISOString()}.`;
  return "The job has not started yet; see waitingOn.";
}

function none(message: string): JobEstimate {
  return { at: null, earliest: null, latest: null, sampleSize: 0, basis: "NONE", message };
}
