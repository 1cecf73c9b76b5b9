import type { EntityManager } from "typeorm";
import { UserFault } from "../errors.js";
import type { CollectionStatus } from "../lifecycle/status.js";
import type { Actor } from "./engine.js";
import { whyNotSubmit } from "./permissions.js";

export interface LockedCollection {
  readonly id: string;
  readonly name: string;
  readonly status: CollectionStatus;
}

/** Whether collection `c` is to go, though the sweep has not come to it yet. */
export const EXPIRY_DUE = "(c.deletion_requested_at is not null or coalesce(c.expires_at <= clock_timestamp(), false))";

/**
 * Takes the collection's lock, first of all in its transaction, and sees that nothing forbids new work in it.
 * @throws {UserFault} NOT_FOUND, COLLECTION_EXPIRED, ACTIVE_JOB_EXISTS (details.jobId names the open job)
 */
export async function lockCollection(tx: EntityManager, actor: Actor, collectionId: string): Promise<LockedCollection> {
  await tx.query("select lock_collections(array[$1::uuid])", [collectionId]);
  const rows: (LockedCollection & { due: boolean; jobId: string | null; jobStatus: string | null })[] = await tx.query(
    `select c.id, c.name, c.status, j.id as "jobId", j.status as "jobStatus", ${EXPIRY_DUE} as due from collection c
     left join job j on j.collection_id = c.id and j.status in ('QUEUED', 'PROCESSING', 'CANCELLING')
     where c.id = $1 and c.project_id = $2`,
    [collectionId, actor.projectId],
  );
  const found = rows[0];
  if (!found) throw new UserFault("NOT_FOUND", `There is no collection ${collectionId}.`, ["collectionId"]);
  const openJob = found.jobId === null ? null : { id: found.jobId, status: found.jobStatus! };
  const refused = whyNotSubmit(collectionId, { status: found.status, isExpiring: found.due }, openJob);
  if (refused) {
    throw new UserFault(refused.code, refused.message, ["collectionId"], openJob ? { jobId: openJob.id } : {});
  }
  return found;
}
