import type { DataSource } from "typeorm";
import type { JobSummary, StageSummary } from "../model/job-summary.js";

/**
 * How long each stage took over its completed passages in the run, from the history: a passage begins with the change
 * that leads to the stage and ends with the next one. Reckoned at the first read and kept.
 */
export async function stageSummaries(db: DataSource, summary: JobSummary): Promise<StageSummary[]> {
  if (summary.keptStages) return summary.keptStages;
  const rows: { stages: StageSummary[] }[] = await db.query(
    `with passages as (
       select h.from_stage as stage, extract(epoch from h.at - h.began) * 1000 as ms
       from (
         select s.*, lag(s.at) over (partition by s.entity_id order by s.version) as began
         from status_change s where s.job_id = $1 and s.entity_type = 'TASK'
       ) h
       where h.from_status = 'RUNNING' and h.reason in ('STAGE_STARTED', 'COMPLETED')
     )
     select coalesce(jsonb_agg(to_jsonb(g) - 'place' order by g.place), '[]') as stages from (
       select p.stage, count(*) as count, percentile_cont(0.5) within group (order by p.ms) as "p50Ms",
         percentile_cont(0.95) within group (order by p.ms) as "p95Ms", max(p.ms) as "maxMs",
         array_position(j.document_stages || j.collection_stages, p.stage) as place
       from passages p join job j on j.id = $1 group by p.stage, place
     ) g`,
    [summary.jobId],
  );
  const { stages } = rows[0]!;
  await db.query("update job_summary set stages = $2 where job_id = $1 and created_at = $3 and stages is null", [
    summary.jobId,
    JSON.stringify(stages),
    summary.createdAt,
  ]);
  return stages;
}
