import { randomUUID } from "node:crypto";
import type { EntityManager } from "typeorm";
import { inTransaction } from "../../database/transaction.js";
import { UserFault } from "../../errors.js";
import { failpoint } from "../../failpoint.js";
import { isOpen, type TaskKind, type TaskStatus } from "../../lifecycle/status.js";
import { DEFAULT_MAX_ATTEMPTS } from "../../pipelines/stage-settings.js";
import { whyTo } from "../browser-key.js";
import type { Actor, EngineDeps } from "../engine.js";
import { dispatch, type DueTask } from "../flush/hints.js";
import { whyNotRetryJob, whyNotRetryTask, type RetryState } from "../permissions.js";
import { advance, byWhom, finishOperation } from "../operations/steps.js";

export type RetryFrom = "FAILED_STAGE" | "FIRST_STAGE";

interface Target extends RetryState {
  readonly collectionId: string;
  readonly pipeline: string;
  readonly documentStages: string[];
  readonly collectionStages: string[];
}

interface Choice {
  readonly from: RetryFrom;
  readonly reason?: string | null;
  /** Only failed tasks with these codes. */
  readonly errorCodes?: readonly string[] | null;
}

/**
 * Reopens a settled job as its next run: its failed and cancelled document tasks, or the failed ones with
 * `errorCodes`, go back to their failed stage (kept outputs stand) or to the first; the collection stages run again after.
 * `retriedTasks` counts document tasks.
 * @throws {UserFault} NOT_FOUND, NOT_RETRYABLE, COLLECTION_EXPIRED
 */
export async function retryJob(
  deps: EngineDeps,
  actor: Actor,
  input: { readonly jobId: string } & Choice,
): Promise<{ jobId: string; retriedTasks: number }> {
  const { jobId, ...choice } = input;
  const change = randomUUID();
  const { retriedTasks, step } = await inTransaction(deps.db, async (tx) => {
    const target = await lockTarget(tx, actor, "j.id = $1", jobId, "job");
    refuseIf(actor, target, whyNotRetryJob(target), "jobId");
    const count = await countRetryable(tx, jobId, choice.errorCodes ?? null);
    if (count.documents + count.collections === 0) {
      const which = choice.errorCodes ? ` with the error codes ${choice.errorCodes.join(", ")}` : "";
      refuseIf(actor, target, `Job ${jobId} is ${target.status} but has no failed or cancelled task${which}.`, "jobId");
    }
    const retry = howToRetry(deps, actor, target, { ...choice, change });
    await reopenJob(tx, target, retry, { kind: "RETRY", codes: choice.errorCodes ?? null, ...retry });
    return { retriedTasks: count.documents, step: await advance(tx, jobId) };
  });
  await failpoint("retry.after_commit");
  dispatch(deps, step.due);
  if (step.more) await finishOperation(deps, jobId);
  return { jobId, retriedTasks };
}

/**
 * Retries one document task. In an open job only while the collection task has not started; a settled job is reopened as its next run.
 * @throws {UserFault} NOT_FOUND, NOT_RETRYABLE, COLLECTION_EXPIRED
 */
export async function retryTask(
  deps: EngineDeps,
  actor: Actor,
  input: { readonly taskId: string; readonly from: RetryFrom; readonly reason?: string | null },
): Promise<string> {
  const { taskId } = input;
  const change = randomUUID();
  const due = await inTransaction(deps.db, async (tx) => {
    const target = await lockTarget(
      tx,
      actor,
      "j.id = (select job_id from headway.task where id = $1)",
      taskId,
      "task",
    );
    const [task]: { kind: TaskKind; status: TaskStatus }[] = await tx.query(
      "select kind, status from headway.task where id = $1",
      [taskId],
    );
    refuseIf(actor, target, whyNotRetryTask(taskId, task!, target), "taskId");
    const retry = howToRetry(deps, actor, target, { ...input, change });
    const isSettled = !isOpen("JOB", target.status);
    if (isSettled) await reopenJob(tx, target, retry, null);
    else await backToWaiting(tx, target, retry);
    await tx.query("select headway.retry_tasks(array[$1::uuid], j, $2) from headway.job j where j.id = $3", [
      taskId,
      JSON.stringify(retry),
      target.jobId,
    ]);
    if (isSettled) {
      await tx.query("update headway.job set settled_peak = completed + failed + cancelled + skipped where id = $1", [
        target.jobId,
      ]);
    }
    const rows: DueTask[] = await tx.query(
      "select id as task, fence::text as fence, pipeline, priority from headway.task where id = $1",
      [taskId],
    );
    return rows;
  });
  dispatch(deps, due);
  return taskId;
}

function refuseIf(actor: Actor, { isExpiring }: Target, why: string | null, field: "jobId" | "taskId"): void {
  if (why === null) return;
  const message = whyTo(actor, why, "It can't be retried as it stands.");
  throw new UserFault(isExpiring ? "COLLECTION_EXPIRED" : "NOT_RETRYABLE", message, [field]);
}

async function lockTarget(
  tx: EntityManager,
  actor: Actor,
  where: string,
  id: string,
  noun: "job" | "task",
): Promise<Target> {
  // Only of the own project: others' collections are not locked, nor waited for.
  await tx.query(
    `select headway.lock_collections(array(select collection_id from headway.job j where ${where} and j.project_id = $2))`,
    [id, actor.projectId],
  );
  const [target]: Target[] = await tx.query(
    `select j.id as "jobId", j.collection_id as "collectionId", c.status = 'EXPIRED' or headway.is_expiry_due(c) as "isExpiring", j.pipeline, j.status,
       j.document_stages as "documentStages", j.collection_stages as "collectionStages", t.status as "collectionTask",
       (select id from headway.job n where n.collection_id = j.collection_id order by created_at desc, id desc limit 1) as "newestJobId"
     from headway.job j join headway.collection c on c.id = j.collection_id left join headway.task t on t.job_id = j.id and t.kind = 'COLLECTION'
     where ${where} and j.project_id = $2`,
    [id, actor.projectId],
  );
  if (!target) throw new UserFault("NOT_FOUND", `There is no ${noun} ${id}.`, [`${noun}Id`]);
  const isHidden = Boolean(actor.scope?.jobId) && target.newestJobId !== actor.scope?.jobId;
  return isHidden ? { ...target, newestJobId: null } : target;
}

/** What a retry of the whole job would take: document tasks, and the collection task. */
async function countRetryable(
  tx: EntityManager,
  jobId: string,
  errorCodes: readonly string[] | null,
): Promise<{ readonly documents: number; readonly collections: number }> {
  const rows: { documents: number; collections: number }[] = await tx.query(
    `select count(*) filter (where kind = 'DOCUMENT')::int as documents,
       count(*) filter (where kind = 'COLLECTION')::int as collections
     from headway.task t where job_id = $1 and status <> 'COMPLETED' and headway.is_retryable(t, $2)`,
    [jobId, JSON.stringify(errorCodes)],
  );
  return rows[0]!;
}

/** How the tasks are put back, as the SQL functions take it and the job's row keeps it. */
interface Retry {
  readonly change: string;
  readonly actorType: string;
  readonly actor: string;
  readonly reason: string | null;
  readonly from: RetryFrom;
  /** By stage. */
  readonly attempts: Readonly<Record<string, number>>;
}

function howToRetry(
  deps: EngineDeps,
  actor: Actor,
  target: Target,
  { change, from, reason }: Choice & { readonly change: string },
): Retry {
  return { change, ...byWhom(actor, reason), from, attempts: attemptsByStage(deps, target) };
}

/** The job's next run, its collection's PROCESSING, and the collection task's WAITING; with what is to be done to its tasks. */
async function reopenJob(tx: EntityManager, target: Target, retry: Retry, operation: object | null): Promise<void> {
  const by = [retry.actorType, retry.actor, retry.reason];
  await tx.query(
    `update headway.collection set status = 'PROCESSING', version = version + 1, change_id = $2, changed_by_type = $3,
       changed_by = $4, change_reason = 'RETRIED_BY_REQUEST', change_message = $5 where id = $1`,
    [target.collectionId, retry.change, ...by],
  );
  await tx.query(
    `update headway.job set status = 'QUEUED', version = version + 1, change_id = $2, changed_by_type = $3,
       changed_by = $4, change_reason = 'RETRIED_BY_REQUEST', change_message = $5, run = run + 1, started_at = null,
       finished_at = null, cancel_requested_at = null, operation = $6
     where id = $1`,
    [target.jobId, retry.change, ...by, operation === null ? null : JSON.stringify(operation)],
  );
  await backToWaiting(tx, target, retry);
}

async function backToWaiting(tx: EntityManager, target: Target, retry: Retry): Promise<void> {
  const first = target.collectionStages[0];
  if (first === undefined) return;
  await tx.query(
    `update headway.task set status = 'WAITING', version = version + 1, change_id = $2, changed_by_type = $3,
       changed_by = $4, change_reason = 'RETRIED_BY_REQUEST', change_message = $5, stage = $6, max_attempts = $7,
       attempt = 1, crashes = 0, progress = 0, progress_message = null, warnings = '[]', started_at = null,
       finished_at = null, cancel_requested_at = null, error_code = null, error_message = null, error_stage = null,
       error_retryable = null, error_stack = null, has_crashed = false, is_suspect = false, later_since = null,
       run = (select run from headway.job where id = $1)
     where job_id = $1 and kind = 'COLLECTION' and status <> 'WAITING'`,
    [
      target.jobId,
      retry.change,
      retry.actorType,
      retry.actor,
      retry.reason,
      first,
      retry.attempts[first] ?? DEFAULT_MAX_ATTEMPTS,
    ],
  );
}

function attemptsByStage(deps: EngineDeps, target: Target): Record<string, number> {
  const pipeline = deps.registry.get(target.pipeline);
  const stages = pipeline ? [...pipeline.documentStages, ...pipeline.collectionStages] : [];
  return Object.fromEntries(stages.map((stage) => [stage.name, stage.maxAttempts ?? DEFAULT_MAX_ATTEMPTS]));
}
