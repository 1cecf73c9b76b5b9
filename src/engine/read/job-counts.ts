import type { DataSource } from "typeorm";
import type { KeyScope } from "../../access/keys.js";
import { JOB_STATUSES, type JobStatus } from "../../lifecycle/status.js";

/** Which jobs are counted. */
export interface CountedJobs {
  readonly projectId: string;
  /** Null for all. */
  readonly pipeline: string | null;
  /** Null for the whole project. */
  readonly collectionId: string | null;
  /** What the asking key sees; null for all of the project. */
  readonly seen: KeyScope | null;
}

/**
 * How many jobs there are of each status, 0 too. Of a project from its counters, so that it costs the same at any number of
 * jobs; of one collection from its jobs.
 */
export async function countJobs(
  db: Pick<DataSource, "query">,
  { projectId, pipeline, collectionId, seen }: CountedJobs,
): Promise<{ readonly status: JobStatus; readonly count: number }[]> {
  const rows: { status: JobStatus; count: number }[] =
    collectionId === null && seen === null
      ? await db.query(OF_PROJECT, [projectId, pipeline])
      : await db.query(OF_COLLECTION, [
          projectId,
          pipeline,
          collectionId ?? seen!.collectionId,
          seen?.collectionId ?? null,
          seen?.jobId ?? null,
        ]);
  const byStatus = new Map(rows.map(({ status, count }) => [status, count]));
  return JOB_STATUSES.map((status) => ({ status, count: byStatus.get(status) ?? 0 }));
}

/** One look at both: what is added up just now is still in one of them, and in one only. */
const OF_PROJECT = `
  select status, sum(jobs)::int as count from (
    select status, pipeline, jobs from headway.job_count where project_id = $1
    union all
    select status, pipeline, jobs from headway.job_count_change where project_id = $1) c
  where $2::text is null or pipeline = $2 group by status`;

const OF_COLLECTION = `
  select status, count(*)::int as count from headway.job
  where project_id = $1 and ($2::text is null or pipeline = $2) and collection_id = $3
    and ($4::uuid is null or collection_id = $4) and ($5::uuid is null or id = $5) group by status`;
