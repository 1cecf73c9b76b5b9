import { randomUUID } from "node:crypto";
import type { EntityManager } from "typeorm";
import { cancelChannel } from "../../database/channels.js";
import { inTransaction } from "../../database/transaction.js";
import { UserFault } from "../../errors.js";
import { failpoint } from "../../failpoint.js";
import { isOpen, type JobStatus, type TaskStatus } from "../../lifecycle/status.js";
import type { Actor, EngineDeps } from "../engine.js";
import { whyNotCancel } from "../permissions.js";
import { toStorableMessage } from "../storable.js";

/**
 * Asks for a job to be cancelled: what waits is cancelled at once, what runs hears it through its signal, and the job
 * is CANCELLED when nothing is open any more. Asking again while it is CANCELLING changes nothing.
 * @throws {UserFault} NOT_FOUND, NOT_CANCELLABLE when it is settled
 */
export async function cancelJob(
  deps: Pick<EngineDeps, "db">,
  actor: Actor,
  input: { readonly jobId: string; readonly reason?: string | null },
): Promise<string> {
  await requestCancel(deps, actor, input);
  return input.jobId;
}

/** As `cancelJob`; returns whether this request is the one that did it, which is false where it was CANCELLING already. */
export async function requestCancel(
  deps: Pick<EngineDeps, "db">,
  actor: Actor,
  input: { readonly jobId: string; readonly reason?: string | null },
): Promise<boolean> {
  const { jobId } = input;
  const isFirst = await inTransaction(deps.db, async (tx) => {
    await tx.query("select headway.lock_collections(array(select collection_id from headway.job where id = $1))", [
      jobId,
    ]);
    const [job]: { status: JobStatus }[] = await tx.query(
      "select status from headway.job where id = $1 and project_id = $2",
      [jobId, actor.projectId],
    );
    if (!job) throw new UserFault("NOT_FOUND", `There is no job ${jobId}.`, ["jobId"]);
    const why = whyNotCancel("Job", jobId, isOpen("JOB", job.status), job.status);
    if (why !== null) throw new UserFault("NOT_CANCELLABLE", why, ["jobId"]);
    if (job.status === "CANCELLING") return false;
    await tx.query(
      `update headway.job set status = 'CANCELLING', version = version + 1, change_id = $2, changed_by_type = $3, changed_by = $4,
         change_reason = 'CANCEL_REQUESTED', change_message = $5, cancel_requested_at = clock_timestamp() where id = $1`,
      [jobId, randomUUID(), ...by(actor, input.reason)],
    );
    await cancelTasks(tx, actor, "job_id = $1 and (kind = 'DOCUMENT' or status <> 'WAITING')", jobId, input.reason);
    await tx.query("select headway.converge($1, 'system:converge')", [jobId]);
    await failpoint("cancel.before_commit");
    return true;
  });
  await failpoint("cancel.after_commit");
  return isFirst;
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
    await tx.query("select headway.lock_collections(array(select collection_id from headway.task where id = $1))", [
      taskId,
    ]);
    const [task]: { jobId: string; kind: "DOCUMENT" | "COLLECTION"; status: TaskStatus }[] = await tx.query(
      'select job_id as "jobId", kind, status from headway.task where id = $1 and project_id = $2',
      [taskId, actor.projectId],
    );
    if (!task) throw new UserFault("NOT_FOUND", `There is no task ${taskId}.`, ["taskId"]);
    const why = whyNotCancel("Task", taskId, isOpen(`${task.kind}_TASK`, task.status), task.status);
    if (why !== null) throw new UserFault("NOT_CANCELLABLE", why, ["taskId"]);
    await cancelTasks(tx, actor, "id = $1", taskId, input.reason);
    await tx.query("select headway.converge($1, 'system:converge')", [task.jobId]);
  });
  return taskId;
}

/** Waiting work is cancelled, running work is asked; the workers are woken when the transaction commits. */
async function cancelTasks(
  tx: EntityManager,
  actor: Actor,
  where: string,
  id: string,
  reason?: string | null,
): Promise<void> {
  await tx.query(
    `update headway.task set status = case when status = 'RUNNING' then 'RUNNING' else 'CANCELLED' end, version = version + 1,
       change_id = $2, changed_by_type = $3, changed_by = $4,
       change_reason = case when status = 'RUNNING' then 'CANCEL_REQUESTED' else 'CANCELLED_BY_REQUEST' end,
       change_message = $5, cancel_requested_at = clock_timestamp(),
       finished_at = case when status = 'RUNNING' then null else clock_timestamp() end,
       error_code = null, error_message = null, error_stage = null, error_retryable = null
     where ${where} and status in ('WAITING', 'QUEUED', 'RUNNING') and (status <> 'RUNNING' or cancel_requested_at is null)`,
    [id, randomUUID(), ...by(actor, reason)],
  );
  await tx.query("select pg_notify($1, '')", [cancelChannel(tx.connection)]);
}

function by(actor: Actor, reason?: string | null): [string, string, string | null] {
  return [actor.type, actor.name, reason ? toStorableMessage(reason) : null];
}
