import { randomUUID } from "node:crypto";
import type { EntityManager } from "typeorm";
import { inTransaction } from "../../database/transaction.js";
import { UserFault } from "../../errors.js";
import { failpoint } from "../../failpoint.js";
import { isOpen, type TaskKind, type TaskStatus } from "../../lifecycle/status.js";
import { DEFAULT_MAX_ATTEMPTS } from "../../pipelines/pipeline.js";
import type { Actor, EngineDeps } from "../engine.js";
import { dispatch, type DueTask } from "../flush/hints.js";
import { whyNotRetryJob, whyNotRetryTask, type RetryState } from "../permissions.js";
import { toStorableMessage } from "../storable.js";

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
  /** Only this task. */
  readonly taskId?: string;
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
  input: { readonly jobId: string } & Omit<Choice, "taskId">,
): Promise<{ jobId: string; retriedTasks: number }> {
  const { jobId, ...choice } = input;
  const done = await inTransaction(deps.db, async (tx) => {
    const target = await lockTarget(tx, actor, "j.id = $1", jobId, "job");
    refuseIf(target, whyNotRetryJob(target), "jobId");
    const due = await reopen(deps, tx, actor, target, choice);
    const collectionTaskFits = await collectionTaskMatches(tx, target, choice.errorCodes);
    if (due.length === 0 && !collectionTaskFits) {
      const which = choice.errorCodes ? ` with the error codes ${choice.errorCodes.join(", ")}` : "";
      throw new UserFault(
        "NOT_RETRYABLE",
        `Job ${jobId} is ${target.status} but has no failed or cancelled task${which}.`,
        ["jobId"],
      );
    }
    await finishReopening(deps, tx, actor, target, choice);
    return due;
  });
  await failpoint("retry.after_commit");
  dispatch(deps, done);
  return { jobId, retriedTasks: done.length };
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
    refuseIf(target, whyNotRetryTask(taskId, task!, target), "taskId");
    if (isOpen("JOB", target.status)) {
      const reopened = await reopen(deps, tx, actor, target, input);
      await backToWaiting(deps, tx, actor, target, input.reason);
      return reopened;
    }
    const reopened = await reopen(deps, tx, actor, target, input);
    await finishReopening(deps, tx, actor, target, input);
    return reopened;
  });
  dispatch(deps, due);
  return taskId;
}

function refuseIf({ isExpiring }: Target, why: string | null, field: "jobId" | "taskId"): void {
  if (why !== null) throw new UserFault(isExpiring ? "COLLECTION_EXPIRED" : "NOT_RETRYABLE", why, [field]);
}

async function lockTarget(
  tx: EntityManager,
  actor: Actor,
  where: string,
  id: string,
  noun: "job" | "task",
): Promise<Target> {
  await tx.query(`select headway.lock_collections(array(select collection_id from headway.job j where ${where}))`, [
    id,
  ]);
  const [target]: Target[] = await tx.query(
    `select j.id as "jobId", j.collection_id as "collectionId", c.status = 'EXPIRED' or headway.is_expiry_due(c) as "isExpiring", j.pipeline, j.status,
       j.document_stages as "documentStages", j.collection_stages as "collectionStages", t.status as "collectionTask",
       (select id from headway.job n where n.collection_id = j.collection_id order by created_at desc, id desc limit 1) as "newestJobId"
     from headway.job j join headway.collection c on c.id = j.collection_id left join headway.task t on t.job_id = j.id and t.kind = 'COLLECTION'
     where ${where} and j.project_id = $2`,
    [id, actor.projectId],
  );
  if (!target) throw new UserFault("NOT_FOUND", `There is no ${noun} ${id}.`, [`${noun}Id`]);
  return target;
}

async function collectionTaskMatches(
  tx: EntityManager,
  target: Target,
  errorCodes?: readonly string[] | null,
): Promise<boolean> {
  const rows: unknown[] = await tx.query(
    `select 1 from headway.task where job_id = $1 and kind = 'COLLECTION'
       and (case when $2::text[] is null then status in ('FAILED', 'CANCELLED') else status = 'FAILED' and error_code = any ($2) end)`,
    [target.jobId, errorCodes ? [...errorCodes] : null],
  );
  return rows.length > 0;
}

/** Puts the chosen document tasks back to QUEUED. The job follows in the same transaction. */
async function reopen(
  deps: EngineDeps,
  tx: EntityManager,
  actor: Actor,
  target: Target,
  choice: Choice,
): Promise<DueTask[]> {
  const settled = !isOpen("JOB", target.status);
  const [rows]: [DueTask[], number] = await tx.query(
    `update headway.task t set status = 'QUEUED', version = version + 1, change_id = $2, changed_by_type = $3, changed_by = $4,
       change_reason = 'RETRIED_BY_REQUEST', change_message = $5,
       stage = case when $6 = 'FIRST_STAGE' or t.stage is null then $7 else t.stage end,
       max_attempts = coalesce(($8::jsonb->>(case when $6 = 'FIRST_STAGE' or t.stage is null then $7 else t.stage end))::int, max_attempts),
       attempt = 1, crashes = 0, progress = 0, progress_message = null, warnings = '[]', run = run + $9::int,
       run_at = clock_timestamp(), started_at = null, finished_at = null, cancel_requested_at = null,
       error_code = null, error_message = null, error_stage = null, error_retryable = null
     where job_id = $1 and kind = 'DOCUMENT' and ($10::uuid is null or id = $10)
       and (case when $11::text[] is null then status in ('FAILED', 'CANCELLED') else status = 'FAILED' and error_code = any ($11) end)
     returning id as task, fence::text as fence, pipeline, priority`,
    [
      target.jobId,
      randomUUID(),
      actor.type,
      actor.name,
      messageOf(choice),
      choice.from,
      target.documentStages[0] ?? null,
      JSON.stringify(attemptsByStage(deps, target)),
      settled ? 1 : 0,
      choice.taskId ?? null,
      choice.errorCodes ? [...choice.errorCodes] : null,
    ],
  );
  return rows;
}

/** The job's next run, its collection's PROCESSING, and the collection task's WAITING. */
async function finishReopening(
  deps: EngineDeps,
  tx: EntityManager,
  actor: Actor,
  target: Target,
  choice: Choice,
): Promise<void> {
  const by = [actor.type, actor.name, messageOf(choice)];
  await tx.query(
    `update headway.collection set status = 'PROCESSING', version = version + 1, change_id = $2, changed_by_type = $3,
       changed_by = $4, change_reason = 'RETRIED_BY_REQUEST', change_message = $5 where id = $1`,
    [target.collectionId, randomUUID(), ...by],
  );
  await tx.query(
    `update headway.job set status = 'QUEUED', version = version + 1, change_id = $2, changed_by_type = $3, changed_by = $4,
       change_reason = 'RETRIED_BY_REQUEST', change_message = $5, run = run + 1, started_at = null, finished_at = null,
       cancel_requested_at = null, settled_peak = completed + failed + cancelled + skipped
     where id = $1`,
    [target.jobId, randomUUID(), ...by],
  );
  await backToWaiting(deps, tx, actor, target, choice.reason);
  await tx.query("select headway.converge($1, 'system:converge')", [target.jobId]);
}

async function backToWaiting(
  deps: EngineDeps,
  tx: EntityManager,
  actor: Actor,
  target: Target,
  reason?: string | null,
): Promise<void> {
  const first = target.collectionStages[0];
  if (first === undefined) return;
  await tx.query(
    `update headway.task set status = 'WAITING', version = version + 1, change_id = $2, changed_by_type = $3, changed_by = $4,
       change_reason = 'RETRIED_BY_REQUEST', change_message = $5, stage = $6, max_attempts = $7, attempt = 1, crashes = 0,
       progress = 0, progress_message = null, warnings = '[]', started_at = null, finished_at = null,
       cancel_requested_at = null, error_code = null, error_message = null, error_stage = null, error_retryable = null,
       run = (select run from headway.job where id = $1)
     where job_id = $1 and kind = 'COLLECTION' and status <> 'WAITING'`,
    [
      target.jobId,
      randomUUID(),
      actor.type,
      actor.name,
      reason ? toStorableMessage(reason) : null,
      first,
      attemptsByStage(deps, target)[first] ?? DEFAULT_MAX_ATTEMPTS,
    ],
  );
}

function attemptsByStage(deps: EngineDeps, target: Target): Record<string, number> {
  const pipeline = deps.registry.get(target.pipeline);
  const stages = pipeline ? [...pipeline.documentStages, ...pipeline.collectionStages] : [];
  return Object.fromEntries(stages.map((stage) => [stage.name, stage.maxAttempts ?? DEFAULT_MAX_ATTEMPTS]));
}

function messageOf({ reason }: Choice): string | null {
  return reason ? toStorableMessage(reason) : null;
}
