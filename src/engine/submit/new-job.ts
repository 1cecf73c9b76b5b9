import type { EntityManager } from "typeorm";
import { v7 as uuidv7 } from "uuid";
import { UserFault } from "../../errors.js";
import { NOTHING_TO_PROCESS } from "../permissions.js";
import { traceparentNow } from "../../tracing.js";
import type { Pipeline } from "../../pipelines/pipeline.js";
import { DEFAULT_MAX_ATTEMPTS } from "../../pipelines/stage-settings.js";
import { stagesOfRun } from "../../pipelines/registry.js";
import type { Actor } from "../engine.js";
import type { DueTask } from "../flush/hints.js";

/** FULL takes every document through the pipeline; INCREMENTAL leaves out those whose content it has completed before. */
export type SubmitMode = "FULL" | "INCREMENTAL";

/** What a job and its tasks are made from; all of it has been checked. */
export interface NewJob {
  readonly collectionId: string;
  readonly pipeline: Pipeline;
  /** As checked and completed by the pipeline's schema. */
  readonly options: unknown;
  readonly mode: SubmitMode;
  /** Without duplicates. */
  readonly tags: readonly string[];
  readonly priority: number;
  readonly runAt: Date | null;
  /** All documents of the collection when null. */
  readonly documentIds: readonly string[] | null;
  readonly idempotencyKey: string | null;
  /** Of the whole request; the same key with another one is refused. */
  readonly requestHash: string;
}

/**
 * Inserts a job and its tasks, under its collection's lock, and returns those that are due. A document is born SKIPPED
 * where there is nothing to do for it: the pipeline has no document stages, or the submit is INCREMENTAL and the
 * document's content is known and has been completed before. When nothing is left to wait for, the job is converged here.
 * @throws {UserFault} NOT_FOUND for documents that are not the collection's, NO_DOCUMENTS
 */
export async function insertJob(
  tx: EntityManager,
  actor: Actor,
  job: NewJob,
): Promise<{ jobId: string; due: DueTask[] }> {
  const { pipeline, ...rest } = job;
  const jobId = uuidv7();
  // Stages that these options leave out are not among them.
  const documentStages = stagesOfRun(pipeline.documentStages, job.options);
  const collectionStages = stagesOfRun(pipeline.collectionStages, job.options);
  const tasks: (DueTask & { status: string })[] = await tx.query("select * from headway.submit_job($1, $2, $3, $4)", [
    actor.type,
    actor.name,
    actor.projectId,
    JSON.stringify({
      ...rest,
      id: jobId,
      pipeline: pipeline.name,
      traceparent: traceparentNow(),
      pipelineVersion: pipeline.version,
      documentStages,
      collectionStages,
      documentAttempts: attemptsOf(pipeline, documentStages[0]),
      collectionAttempts: attemptsOf(pipeline, collectionStages[0]),
    }),
  ]);
  assertAllFound(tasks.length, job.documentIds);
  const due = tasks.filter(({ status }) => status === "QUEUED");
  return { jobId, due: due.length > 0 ? due : await convergeAtOnce(tx, jobId) };
}

function assertAllFound(found: number, documentIds: readonly string[] | null): void {
  const wanted = new Set(documentIds).size;
  if (found < wanted) {
    throw new UserFault("NOT_FOUND", `${wanted - found} of ${wanted} documentIds are not in this collection.`, [
      "documentIds",
    ]);
  }
  if (found === 0) throw new UserFault("NO_DOCUMENTS", NOTHING_TO_PROCESS, ["collectionId"]);
}

async function convergeAtOnce(tx: EntityManager, jobId: string): Promise<DueTask[]> {
  await tx.query("select headway.converge($1, 'system:converge')", [jobId]);
  return tx.query(
    `select id as task, fence::text as fence, pipeline, priority from headway.task
     where job_id = $1 and kind = 'COLLECTION' and status = 'QUEUED'`,
    [jobId],
  );
}

function attemptsOf(pipeline: Pipeline, name: string | undefined): number {
  const stages = [...pipeline.documentStages, ...pipeline.collectionStages];
  return stages.find((stage) => stage.name === name)?.maxAttempts ?? DEFAULT_MAX_ATTEMPTS;
}
