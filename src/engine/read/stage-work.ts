import type { DataSource } from "typeorm";

/** A project's open work at one stage of a pipeline, its collection tasks among it. */
export interface OpenAtStage {
  readonly pipeline: string;
  readonly stage: string;
  /** Due now or later. */
  readonly queued: number;
  readonly running: number;
  /** When the first of the queued became or becomes due. */
  readonly oldestQueuedAt: Date | null;
}

/**
 * The open work by pipeline and stage. It costs one pass over the rows of ready_stage and over the running tasks, both of all
 * projects, and a look for each stage of an open job of this one at which tasks are queued, however many are queued.
 */
export function readStageWork(db: DataSource, projectId: string): Promise<OpenAtStage[]> {
  return db.query(
    `with queued as (
       select r.pipeline, r.stage, sum(r.ready)::int as queued, min(o.run_at) as oldest
       from headway.ready_stage r cross join lateral (
         select t.run_at from headway.task t where t.job_id = r.job_id and t.stage = r.stage and t.status = 'QUEUED'
         order by t.run_at limit 1) o
       where r.project_id = $1 group by 1, 2
     ), running as (
       select t.pipeline, t.stage, count(*)::int as running from headway.task t
       where t.status = 'RUNNING' and t.project_id = $1 group by 1, 2
     )
     select pipeline, stage, coalesce(q.queued, 0) as queued, coalesce(r.running, 0) as running,
       q.oldest as "oldestQueuedAt"
     from queued q full join running r using (pipeline, stage)`,
    [projectId],
  );
}
