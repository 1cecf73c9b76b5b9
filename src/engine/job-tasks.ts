import { randomUUID } from "node:crypto";
import type { EntityManager } from "typeorm";
import { v7 as uuidv7 } from "uuid";
import { UserFault } from "../errors.js";
import { DEFAULT_MAX_ATTEMPTS, type Pipeline } from "../pipelines/pipeline.js";
import type { Actor } from "./engine.js";
import type { DueTask } from "./hints.js";

/** FULL takes every document through the pipeline; INCREMENTAL leaves out those whose content it has completed before. */
export type SubmitMode = "FULL" | "INCREMENTAL";

/** A job whose row has just been inserted, and what its tasks are made from. */
export interface NewJob {
  readonly id: string;
  readonly collectionId: string;
  readonly pipeline: Pipeline;
  /** As checked and completed by the pipeline's schema. */
  readonly options: unknown;
  readonly mode: SubmitMode;
  readonly priority: number;
  readonly runAt: Date | null;
  /** All documents of the collection when null. */
  readonly documentIds: readonly string[] | null;
  /** Those of this run: stages that these options leave out are not among them. */
  readonly documentStages: readonly string[];
  readonly collectionStages: readonly string[];
}

/**
 * Inserts the job's tasks and returns those that are due. A document is born SKIPPED where there is nothing to do for
 * it: the pipeline has no document stages, or the submit is INCREMENTAL and the document's content is known and has
 * been completed before. When nothing is left to wait for, the job is converged here.
 * @throws {UserFault} NOT_FOUND for documents that are not the collection's, NO_DOCUMENTS
 */
export async function insertTasks(tx: EntityManager, actor: Actor, job: NewJob): Promise<DueTask[]> {
  const documents = await insertDocumentTasks(tx, actor, job);
  if (job.collectionStages.length > 0) await insertCollectionTask(tx, actor, job);
  if (documents.length > 0) return documents;
  await tx.query("select converge($1, 'system:converge')", [job.id]);
  return tx.query(
    `select id as task, fence::text as fence, pipeline, priority from task
     where job_id = $1 and kind = 'COLLECTION' and status = 'QUEUED'`,
    [job.id],
  );
}

async function insertDocumentTasks(tx: EntityManager, actor: Actor, job: NewJob): Promise<DueTask[]> {
  const rows: (DueTask & { status: string })[] = await tx.query(
    `insert into task (id, project_id, collection_id, job_id, kind, document_id, document_name, ordinal, pipeline,
       priority, status, stage, max_attempts, run_at, finished_at, content_sha256, change_id, changed_by_type, changed_by,
       change_reason)
     select gen_random_uuid(), $1, $2, $3, 'DOCUMENT', d.id, d.name, row_number() over (order by d.id), $4, $5,
       case when d.to_do then 'QUEUED' else 'SKIPPED' end, case when d.to_do then $6 end, $7,
       coalesce($8, clock_timestamp()), case when not d.to_do then clock_timestamp() end, d.known_sha256, $9, $10, $11,
       case when d.to_do then 'SUBMITTED' else 'UNCHANGED' end
     from (
       select k.*, $6::text is not null and case $13
         when 'INCREMENTAL' then kept_task(k.id, k.known_sha256, $4, $14, $15::jsonb) is null else true end as to_do
       from (
         -- Of a source nobody knows what is behind it now.
         select id, name, case when source_uri is null then sha256 end as known_sha256 from document
         where collection_id = $2 and ($12::uuid[] is null or id = any ($12))
       ) k
     ) d
     returning id as task, fence::text as fence, pipeline, priority, status`,
    [
      actor.projectId,
      job.collectionId,
      job.id,
      job.pipeline.name,
      job.priority,
      job.documentStages[0] ?? null,
      attemptsOf(job, job.documentStages[0]),
      job.runAt,
      randomUUID(),
      actor.type,
      actor.name,
      job.documentIds ? [...job.documentIds] : null,
      job.mode,
      job.pipeline.version,
      JSON.stringify(job.options),
    ],
  );
  assertAllFound(rows.length, job.documentIds);
  return rows.filter(({ status }) => status === "QUEUED");
}

function assertAllFound(found: number, documentIds: readonly string[] | null): void {
  const wanted = new Set(documentIds).size;
  if (found < wanted) {
    throw new UserFault("NOT_FOUND", `${wanted - found} of ${wanted} documentIds are not in this collection.`, [
      "documentIds",
    ]);
  }
  if (found === 0)
    throw new UserFault("NO_DOCUMENTS", "There is nothing to process; add documents first.", ["collectionId"]);
}

async function insertCollectionTask(tx: EntityManager, actor: Actor, job: NewJob): Promise<void> {
  await tx.query(
    `insert into task (id, project_id, collection_id, job_id, kind, ordinal, pipeline, priority, status, stage,
       max_attempts, change_id, changed_by_type, changed_by, change_reason)
     values ($1, $2, $3, $4, 'COLLECTION', 2147483647, $5, $6, 'WAITING', $7, $8, $9, $10, $11, 'SUBMITTED')`,
    [
      uuidv7(),
      actor.projectId,
      job.collectionId,
      job.id,
      job.pipeline.name,
      job.priority,
      job.collectionStages[0],
      attemptsOf(job, job.collectionStages[0]),
      randomUUID(),
      actor.type,
      actor.name,
    ],
  );
}

function attemptsOf({ pipeline }: NewJob, name: string | undefined): number {
  const stages = [...pipeline.documentStages, ...pipeline.collectionStages];
  return stages.find((stage) => stage.name === name)?.maxAttempts ?? DEFAULT_MAX_ATTEMPTS;
}
