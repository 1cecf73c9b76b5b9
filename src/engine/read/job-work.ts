import type { DataSource } from "typeorm";
import type { JobWork, StageWork } from "../../lifecycle/estimate.js";
import type { Histogram } from "../../lifecycle/histogram.js";
import type { JobStatus } from "../../lifecycle/status.js";

type Queryable = Pick<DataSource, "query">;

/** A job as far as its end depends on it. Times are the database's, in milliseconds. */
export interface JobFacts {
  readonly id: string;
  readonly projectId: string;
  readonly pipeline: string;
  readonly run: number;
  readonly status: JobStatus;
  readonly isSettled: boolean;
  readonly now: number;
  readonly startedAt: number | null;
  /** When the job is to begin at the earliest; null for at once. */
  readonly runAt: number | null;
  readonly pausedReason: string | null;
  /** Null before it has started. */
  readonly work: JobWork | null;
  /** Of a later run nobody has noted yet what earlier ones had done: its pace is unknown. */
  readonly lacksBase: boolean;
  /** By tenth: how wrong forecasts of earlier runs were. */
  readonly errors: Readonly<Record<string, Histogram>>;
}

interface Row extends Omit<JobFacts, "work" | "lacksBase"> {
  readonly documents: number;
  readonly cancelled: number;
  readonly stages: Omit<StageWork, "meanMs">[];
  readonly means: Readonly<Record<string, number>>;
  readonly collectionStages: string[];
  readonly collectionTask: { readonly status: string; readonly stage: string | null; readonly since: number } | null;
  readonly marks: { readonly tenth: number; readonly at: number; readonly fraction: number }[];
}

/** What is known of these jobs, in one statement: from counters, and from what was counted of their pipelines in a week. */
export async function readJobFacts(db: Queryable, jobIds: readonly string[]): Promise<JobFacts[]> {
  const rows: Row[] = await db.query(FACTS, [jobIds]);
  return rows.map((row) => ({
    ...row,
    work: workOf(row),
    lacksBase: row.run > 1 && !row.marks.some(({ tenth }) => tenth === -1),
  }));
}

function workOf(row: Row): JobWork | null {
  if (row.startedAt === null) return null;
  const { now, documents, cancelled, means, marks } = row;
  // A later run begins with what earlier ones have done.
  const first = marks.find(({ tenth }) => tenth === -1) ?? { at: row.startedAt, fraction: 0 };
  const task = row.collectionTask;
  const isOver = task !== null && !["WAITING", "QUEUED", "RUNNING"].includes(task.status);
  const passed = task?.stage ? Math.max(0, row.collectionStages.indexOf(task.stage)) : 0;
  const left = task === null || isOver ? [] : row.collectionStages.slice(passed);
  return {
    now,
    startedAt: first.at,
    baseFraction: first.fraction,
    documents,
    cancelled,
    stages: row.stages.map((stage) => ({ ...stage, meanMs: means[stage.name] ?? null })),
    collectionStages: left.map((name) => ({ name, meanMs: means[name] ?? null })),
    collectionRunningMs: task?.status === "RUNNING" ? now - task.since : 0,
    marks,
  };
}

const ms = (time: string): string => `(extract(epoch from ${time}) * 1000)::float8`;

const FACTS = `
  with asked as materialized (
    select * from headway.job where id = any ($1)
  ), means as materialized (
    select p.project_id, p.pipeline, (
      select coalesce(jsonb_object_agg(m.stage, m.mean), '{}') from (
        select s.stage, sum(s.run_ms) / sum(s.completed) as mean from headway.statistic s
        where s.project_id = p.project_id and s.minutes = 15 and s.pipeline = p.pipeline
          and s.at >= clock_timestamp() - interval '7 days' and s.stage <> ''
        group by s.stage having sum(s.completed) > 0) m) as means, (
      select coalesce(jsonb_object_agg(e.tenth, e.ratios), '{}') from headway.forecast_error e
      where e.project_id = p.project_id and e.pipeline = p.pipeline) as errors
    from (select distinct project_id, pipeline from asked where finished_at is null) p
  )
  select j.id, j.project_id as "projectId", j.pipeline, j.run, j.status, j.finished_at is not null as "isSettled",
    ${ms("clock_timestamp()")} as now, ${ms("j.started_at")} as "startedAt", ${ms("j.run_at")} as "runAt",
    z.reason as "pausedReason", j.total - j.skipped as documents, j.cancelled, j.collection_stages as "collectionStages",
    coalesce(m.means, '{}') as means, coalesce(m.errors, '{}') as errors, (
      select coalesce(jsonb_agg(jsonb_build_object('name', s.stage, 'passed', s.completed, 'running', s.running,
        'failed', s.failed) order by array_position(j.document_stages, s.stage)), '[]')
      from headway.stage_count s where s.job_id = j.id) as stages, (
      select jsonb_build_object('status', t.status, 'stage', t.stage, 'since', ${ms("t.status_changed_at")})
      from headway.task t where t.job_id = j.id and t.kind = 'COLLECTION') as "collectionTask", (
      select coalesce(jsonb_agg(jsonb_build_object('tenth', f.tenth, 'at', ${ms("f.at")}, 'fraction', f.fraction)
        order by f.at), '[]')
      from headway.job_forecast f where f.job_id = j.id and f.run = j.run) as marks
  from asked j
  left join means m on m.project_id = j.project_id and m.pipeline = j.pipeline
  left join headway.pipeline_pause z on z.project_id = j.project_id and z.pipeline = j.pipeline`;
