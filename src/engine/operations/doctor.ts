import type { DataSource } from "typeorm";
import type { KeyScope } from "../../access/keys.js";
import type { Violation } from "../../model/violation.js";

export interface DoctorScope {
  /** Null for all projects. */
  readonly projectId: string | null;
  /** What the asking key sees; null for all of the project. */
  readonly seen: KeyScope | null;
  readonly collectionId: string | null;
  /** The job and its tasks. */
  readonly jobId: string | null;
  /** How far back settled work is looked at; open jobs always are. */
  readonly since: Date;
  /** 1–1,000. */
  readonly limit: number;
}

/** The broken invariants within the scope, those of one entity together. Empty when all is well. */
export function findViolations(db: DataSource, scope: DoctorScope): Promise<Violation[]> {
  const { projectId, seen, collectionId, jobId, since, limit } = scope;
  return db.query(
    `select v.invariant, v.entity_type as "entityType", v.entity_id as "entityId", v.detail
     from headway.violations($1) v
     left join headway.task t on v.entity_type = 'TASK' and t.id = v.entity_id
     left join headway.job j on j.id = case v.entity_type when 'TASK' then t.job_id when 'JOB' then v.entity_id end
     left join headway.collection c on c.id = coalesce(j.collection_id, v.entity_id)
     where ($2::uuid is null or c.project_id = $2) and ($3::uuid is null or c.id = $3) and ($4::uuid is null or j.id = $4)
       and ($6::uuid is null or c.id = $6) and ($7::uuid is null or j.id = $7)
     order by v.entity_type, v.entity_id, v.invariant, v.detail limit $5`,
    [since, projectId, collectionId, jobId, limit, seen?.collectionId ?? null, seen?.jobId ?? null],
  );
}

export interface OpenStage {
  readonly stage: string;
  readonly queued: number;
  readonly running: number;
  readonly completed: number;
  readonly failed: number;
}

/**
 * The work of all open jobs by stage, in the order of the stages: document tasks from the counters, and the collection
 * tasks at the stage they are queued or running in.
 */
export function countOpenStages(
  db: DataSource,
  scope: Pick<DoctorScope, "seen" | "collectionId"> & { readonly projectId: string; readonly pipeline: string | null },
): Promise<OpenStage[]> {
  return db.query(
    `with jobs as (
       select id, document_stages from headway.job where project_id = $1 and status in ('QUEUED', 'PROCESSING', 'CANCELLING')
         and ($2::uuid is null or collection_id = $2) and ($3::text is null or pipeline = $3)
         and ($4::uuid is null or collection_id = $4) and ($5::uuid is null or id = $5)
     ), counts as (
       select s.stage, array_position(j.document_stages, s.stage) as place, s.queued, s.running, s.completed, s.failed
       from headway.stage_count s join jobs j on j.id = s.job_id
       union all
       select t.stage, 1000, (t.status = 'QUEUED')::int, (t.status = 'RUNNING')::int, 0, 0
       from headway.task t join jobs j on j.id = t.job_id
       where t.kind = 'COLLECTION' and t.status in ('QUEUED', 'RUNNING')
     )
     select stage, sum(queued)::int as queued, sum(running)::int as running, sum(completed)::int as completed,
       sum(failed)::int as failed
     from counts group by stage order by min(place), stage`,
    [scope.projectId, scope.collectionId, scope.pipeline, scope.seen?.collectionId ?? null, scope.seen?.jobId ?? null],
  );
}
