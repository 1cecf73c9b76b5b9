import type { EntityManager } from "typeorm";
import { UserFault } from "../errors.js";
import type { Actor } from "./engine.js";

export interface LockedCollection {
  readonly id: string;
  readonly name: string;
  readonly status: string;
}

/**
 * Takes the collection's lock, first of all in its transaction, and sees that nothing forbids new work in it.
 * @throws {UserFault} NOT_FOUND, COLLECTION_EXPIRED, ACTIVE_JOB_EXISTS (details.jobId names the open job)
 */
export async function lockCollection(tx: EntityManager, actor: Actor, collectionId: string): Promise<LockedCollection> {
  await tx.query("select lock_collections(array[$1::uuid])", [collectionId]);
  const rows: (LockedCollection & { jobId: string | null; jobStatus: string | null })[] = await tx.query(
    `select c.id, c.name, c.status, j.id as "jobId", j.status as "jobStatus" from collection c
     left join job j on j.collection_id = c.id and j.status in ('QUEUED', 'PROCESSING', 'CANCELLING')
     where c.id = $1 and c.project_id = $2`,
    [collectionId, actor.projectId],
  );
  const found = rows[0];
  if (!found) throw new UserFault("NOT_FOUND", `There is no collection ${collectionId}.`, ["collectionId"]);
  if (found.status === "EXPIRED") {
    throw new UserFault("COLLECTION_EXPIRED", `Collection ${collectionId} has expired; create a new one.`, [
      "collectionId",
    ]);
  }
  if (found.jobId !== null) {
    throw new UserFault(
      "ACTIVE_JOB_EXISTS",
      `Job ${found.jobId} of this collection is still ${found.jobStatus}; wait for it or cancel it.`,
      ["collectionId"],
      { jobId: found.jobId },
    );
  }
  return found;
}
