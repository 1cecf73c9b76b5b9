import type { DataSource } from "typeorm";
import { readWithin } from "../../database/read-within.js";
import type { KeyScope } from "../../access/keys.js";
import { INVARIANTS } from "../../lifecycle/invariants.js";
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

/** Longer than any look at one collection takes; over all projects and years it may not be enough. */
const TIMEOUT_MS = 10_000;

/**
 * The broken invariants within the scope, those of one entity together. Empty when all is well. Nothing is read but
 * what the scope holds, and nothing any more once `signal` is aborted.
 * @throws {AskedTooMuch} after 10 s
 */
export async function findViolations(db: DataSource, scope: DoctorScope, signal: AbortSignal): Promise<Violation[]> {
  const { projectId, seen, since, limit } = scope;
  const isOutside = (asked: string | null, mine: string | null | undefined): boolean =>
    asked !== null && (mine ?? asked) !== asked;
  if (isOutside(scope.collectionId, seen?.collectionId) || isOutside(scope.jobId, seen?.jobId)) return [];
  const collectionId = scope.collectionId ?? seen?.collectionId ?? null;
  const jobId = scope.jobId ?? seen?.jobId ?? null;
  const instead = "check one collection or job, or use a later `since`";
  const found = await readWithin<Omit<Violation, "meaning">>(
    db,
    { what: "doctor", instead, timeoutMs: TIMEOUT_MS, signal },
    `select invariant, entity_type as "entityType", entity_id as "entityId", detail
     from headway.violations_within($1, $2, $3, $4)
     order by entity_type, entity_id, invariant, detail limit $5`,
    [since, projectId, collectionId, jobId, limit],
  );
  return found.map((violation) => ({ ...violation, meaning: INVARIANTS[violation.invariant]! }));
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
