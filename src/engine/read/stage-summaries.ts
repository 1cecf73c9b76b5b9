import type { DataSource } from "typeorm";
import type { JobSummary, StageSummary } from "../../model/job-summary.js";

/**
 * How long each stage took over its completed passages in the run, from the history: a passage begins with the change
 * that leads to the stage and ends with the next one. Reckoned at the first read and kept; one statement reads and one
 * keeps, however many summaries are asked for.
 */
export async function readStageSummaries(
  db: DataSource,
  summaries: readonly JobSummary[],
): Promise<readonly StageSummary[][]> {
  const unknown = summaries.filter(({ keptStages }) => keptStages === null);
  const reckoned = unknown.length > 0 ? await reckon(db, unknown) : new Map<string, StageSummary[]>();
  return summaries.map(({ jobId, keptStages }) => keptStages ?? reckoned.get(jobId) ?? []);
}

async function reckon(db: DataSource, summaries: readonly JobSummary[]): Promise<ReadonlyMap<string, StageSummary[]>> {
  const rows: { jobId: string; stages: StageSummary[] }[] = await db.query(
    `with passages as (
       select h.job_id, h.from_stage as stage, extract(epoch from h.at - h.began) * 1000 as ms
       from (
         select s.*, lag(s.at) over (partition by s.entity_id order by s.version) as began
         from headway.job j cross join lateral (
           select * from headway.status_change c
           where c.collection_id = j.collection_id and c.job_id = j.id and c.entity_type = 'TASK'
             and c.position between headway.first_position(j.id) and headway.last_position(j.id) offset 0
         ) s where j.id = any ($1)
       ) h
       where h.from_status = 'RUNNING' and h.reason in ('STAGE_STARTED', 'COMPLETED')
     )
     select g.job_id as "jobId", jsonb_agg(to_jsonb(g) - 'place' - 'job_id' order by g.place) as stages from (
       select p.job_id, p.stage, count(*) as count, percentile_cont(0.5) within group (order by p.ms) as "p50Ms",
         percentile_cont(0.95) within group (order by p.ms) as "p95Ms", max(p.ms) as "maxMs",
         array_position(j.document_stages || j.collection_stages, p.stage) as place
       from passages p join headway.job j on j.id = p.job_id group by p.job_id, p.stage, place
     ) g group by g.job_id`,
    [summaries.map(({ jobId }) => jobId)],
  );
  const byJob = new Map(rows.map(({ jobId, stages }) => [jobId, stages]));
  // A summary that was made anew meanwhile is another run's, and keeps none of this.
  await db.query(
    `update headway.job_summary s set stages = n.stages
     from jsonb_to_recordset($1::jsonb) as n(job_id uuid, created_at timestamptz, stages jsonb)
     where s.job_id = n.job_id and date_trunc('milliseconds', s.created_at) = n.created_at and s.stages is null`,
    [
      JSON.stringify(
        summaries.map(({ jobId, createdAt }) => ({
          job_id: jobId,
          created_at: createdAt,
          stages: byJob.get(jobId) ?? [],
        })),
      ),
    ],
  );
  return byJob;
}
