import type { EntityManager } from "typeorm";
import { UserFault } from "../../errors.js";
import type { CollectionStatus, JobStatus } from "../../lifecycle/status.js";
import { isBlind } from "../browser-key.js";
import type { Actor } from "../engine.js";
import { whyNotSubmit } from "../permissions.js";

interface CollectionState {
  readonly status: CollectionStatus;
  readonly isExpiring: boolean;
  readonly openJobId: string | null;
  readonly openJobStatus: JobStatus | null;
}

/**
 * Takes the collection's lock, first of all in its transaction, and sees that nothing forbids new work in it.
 * @throws {UserFault} NOT_FOUND, COLLECTION_EXPIRED, ACTIVE_JOB_EXISTS (details.jobId names the open job)
 */
export async function lockCollection(tx: EntityManager, actor: Actor, collectionId: string): Promise<void> {
  const rows: CollectionState[] = await tx.query(
    `select status, is_expiring as "isExpiring", open_job_id as "openJobId", open_job_status as "openJobStatus"
     from headway.lock_collection($1, $2)`,
    [collectionId, actor.projectId],
  );
  const found = rows[0];
  if (!found) throw new UserFault("NOT_FOUND", `There is no collection ${collectionId}.`, ["collectionId"]);
  const openJob = found.openJobId === null ? null : { id: found.openJobId, status: found.openJobStatus! };
  const refused = whyNotSubmit(collectionId, found, openJob);
  if (refused?.code === "ACTIVE_JOB_EXISTS" && isBlind(actor)) {
    throw new UserFault(refused.code, "This collection has an open job; try again when it has settled.", [
      "collectionId",
    ]);
  }
  if (refused) {
    throw new UserFault(refused.code, refused.message, ["collectionId"], openJob ? { jobId: openJob.id } : {});
  }
}
