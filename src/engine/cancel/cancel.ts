import { randomUUID } from "node:crypto";
import { inTransaction } from "../../database/transaction.js";
import { UserFault } from "../../errors.js";
import { failpoint } from "../../failpoint.js";
import { isOpen, type JobStatus, type TaskStatus } from "../../lifecycle/status.js";
import { whyTo } from "../browser-key.js";
import type { Actor, EngineDeps } from "../engine.js";
import { advance, byWhom, finishOperation, type OperationParts } from "../operations/steps.js";
import { whyNotCancel } from "../permissions.js";

const NOT_NOW = "It can't be cancelled as it stands.";

/**
 * Asks for a job to be cancelled: what waits is cancelled at once, what runs hears it through its signal, and the job
 * is CANCELLED when nothing is open any more. Asking again while it is CANCELLING changes nothing.
 * @throws {UserFault} NOT_FOUND, NOT_CANCELLABLE when it is settled
 */
export async function cancelJob(
  deps: OperationParts,
  actor: Actor,
  input: { readonly jobId: string; readonly reason?: string | null },
): Promise<string> {
  await requestCancel(deps, actor, input);
  return input.jobId;
}

/**
 * As `cancelJob`; returns whether this request is the one that did it, which is false where it was CANCELLING already.
 * Decided in one transaction; the job's tasks follow in steps, which the sweep finishes if this process can't.
 */
export async function requestCancel(
  deps: OperationParts,
  actor: Actor,
  input: { readonly jobId: string; readonly reason?: string | null },
): Promise<boolean> {
  const { jobId } = input;
  const by = { kind: "CANCEL", change: randomUUID(), ...byWhom(actor, input.reason) };
  const step = await inTransaction(deps.db, async (tx) => {
    // Only of the own project: others' collections are not locked, nor waited for.
    await tx.query(
      "select headway.lock_collections(array(select collection_id from headway.job where id = $1 and project_id = $2))",
      [jobId, actor.projectId],
    );
    const [job]: { status: JobStatus }[] = await tx.query(
      "select status from headway.job where id = $1 and project_id = $2",
      [jobId, actor.projectId],
    );
    if (!job) throw new UserFault("NOT_FOUND", `There is no job ${jobId}.`, ["jobId"]);
    const why = whyNotCancel("Job", jobId, isOpen("JOB", job.status), job.status);
    if (why !== null) throw new UserFault("NOT_CANCELLABLE", whyTo(actor, why, NOT_NOW), ["jobId"]);
    if (job.status === "CANCELLING") return null;
    await tx.query(
      `update headway.job set status = 'CANCELLING', version = version + 1, change_id = $2, changed_by_type = $3,
         changed_by = $4, change_reason = 'CANCEL_REQUESTED', change_message = $5,
         cancel_requested_at = clock_timestamp(), operation = $6
       where id = $1`,
      [jobId, by.change, by.actorType, by.actor, by.reason, JSON.stringify(by)],
    );
    const first = await advance(tx, jobId);
    await failpoint("cancel.before_commit");
    return first;
  });
  await failpoint("cancel.after_commit");
  if (step?.more === true) await finishOperation(deps, jobId);
  return step !== null;
}

/**
 * Asks for one task to be cancelled, in the same way.
 * @throws {UserFault} NOT_FOUND, NOT_CANCELLABLE when it is settled
 */
export async function cancelTask(
  deps: EngineDeps,
  actor: Actor,
  input: { readonly taskId: string; readonly reason?: string | null },
): Promise<string> {
  const { taskId } = input;
  await inTransaction(deps.db, async (tx) => {
    await tx.query(
      "select headway.lock_collections(array(select collection_id from headway.task where id = $1 and project_id = $2))",
      [taskId, actor.projectId],
    );
    const [task]: { jobId: string; kind: "DOCUMENT" | "COLLECTION"; status: TaskStatus }[] = await tx.query(
      'select job_id as "jobId", kind, status from headway.task where id = $1 and project_id = $2',
      [taskId, actor.projectId],
    );
    if (!task) throw new UserFault("NOT_FOUND", `There is no task ${taskId}.`, ["taskId"]);
    const why = whyNotCancel("Task", taskId, isOpen(`${task.kind}_TASK`, task.status), task.status);
    if (why !== null) throw new UserFault("NOT_CANCELLABLE", whyTo(actor, why, NOT_NOW), ["taskId"]);
    const by = { change: randomUUID(), ...byWhom(actor, input.reason) };
    await tx.query("select headway.cancel_tasks(array[$1::uuid], $2)", [taskId, JSON.stringify(by)]);
    await tx.query("select headway.converge($1, 'system:converge')", [task.jobId]);
  });
  return taskId;
}
