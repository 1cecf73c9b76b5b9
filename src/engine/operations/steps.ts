import type { DataSource, EntityManager } from "typeorm";
import { inTransaction } from "../../database/transaction.js";
import { failpoint } from "../../failpoint.js";
import type { Actor, EngineDeps } from "../engine.js";
import { dispatch, type DueTask } from "../flush/hints.js";
import { toStorableMessage } from "../storable.js";

/*
 * A cancel or a retry of a job may be about 100,000 tasks. It is decided in one transaction and kept on the job's row;
 * its tasks follow in steps of some hundred, each committed, so that nobody waits for the collection for long. What is
 * left when the process dies is on the row, and the sweep goes on with it.
 */

export type OperationParts = Pick<EngineDeps, "db" | "dispatcher" | "onError">;

export interface Step {
  /** Tasks are left for another step. */
  readonly more: boolean;
  /** What this step has made due. */
  readonly due: readonly DueTask[];
}

/** Takes one step in the caller's transaction. */
export async function advance(tx: Pick<EntityManager, "query">, jobId: string): Promise<Step> {
  const rows: { step: Step }[] = await tx.query("select headway.advance_operation($1) as step", [jobId]);
  return rows[0]!.step;
}

/** One committed step. */
export async function advanceAlone(db: DataSource, jobId: string): Promise<Step> {
  const step = await inTransaction(db, (tx) => advance(tx, jobId));
  await failpoint("operation.after_step");
  if (!step.more) await failpoint("operation.after_last_step");
  return step;
}

/** Takes the steps that are left. What keeps it from going on is told and left to the sweep: the decision is committed. */
export async function finishOperation(deps: OperationParts, jobId: string): Promise<void> {
  try {
    for (let more = true; more;) {
      const step = await advanceAlone(deps.db, jobId);
      dispatch(deps, step.due);
      more = step.more;
    }
  } catch (error) {
    deps.onError(error, `going on with the tasks of job ${jobId}, which the sweep will do`);
  }
}

/** Who asked, and why, as the job's row keeps it. */
export function byWhom(
  actor: Actor,
  reason?: string | null,
): { readonly actorType: string; readonly actor: string; readonly reason: string | null } {
  return { actorType: actor.type, actor: actor.name, reason: reason ? toStorableMessage(reason) : null };
}
