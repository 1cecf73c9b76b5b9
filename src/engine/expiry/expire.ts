import { UserFault } from "../../errors.js";
import { failpoint } from "../../failpoint.js";
import type { BlobStore } from "../../storage/blob-store.js";
import { cancelJob } from "../cancel/cancel.js";
import type { Actor, EngineDeps } from "../engine.js";
import { noteProgress, orSetAside, setAsideBlobs, setAsideCollection } from "./set-aside.js";

/** Rows removed in one transaction: short enough to stand beside live traffic. */
const STEP_ROWS = 500;
/** Steps that a request takes by itself before it leaves the rest to the sweep. */
const REQUEST_STEPS = 20;
const DUTY = "system:expiry";

type Parts = Pick<EngineDeps, "db" | "onError">;
/** An open job may have to be cancelled first. */
type ExpiryParts = Pick<EngineDeps, "db" | "dispatcher" | "onError">;

/**
 * Expiry, now: an open job is cancelled first, then the collection is EXPIRED and its contents go. Where running work
 * has to stop first, or much is to be removed, the sweep finishes what this call began; nothing new can be submitted
 * meanwhile. Asking again changes nothing.
 * @throws {UserFault} NOT_FOUND, COLLECTION_EXPIRED when it had expired before
 */
export async function deleteCollection(
  deps: EngineDeps,
  actor: Actor,
  input: { readonly collectionId: string },
): Promise<string> {
  const { collectionId } = input;
  const rows: { status: string }[] = await deps.db.query(
    "select status from headway.collection where id = $1 and project_id = $2",
    [collectionId, actor.projectId],
  );
  if (!rows[0]) throw new UserFault("NOT_FOUND", `There is no collection ${collectionId}.`, ["collectionId"]);
  if (rows[0].status === "EXPIRED") {
    throw new UserFault("COLLECTION_EXPIRED", `Collection ${collectionId} is EXPIRED already.`, ["collectionId"]);
  }
  await deps.db.query(
    `update headway.collection set deletion_requested_at = clock_timestamp(), deletion_requested_by_type = $2,
       deletion_requested_by = $3 where id = $1 and status <> 'EXPIRED' and deletion_requested_at is null`,
    [collectionId, actor.type, actor.name],
  );
  if (await expire(deps, collectionId)) {
    // It is decided: what can't be removed now is for the sweep.
    for (let step = 0; step < REQUEST_STEPS && ((await emptyStepOf(deps, collectionId)) ?? 0) > 0; step += 1);
  }
  return collectionId;
}

/** Cancels an open job of a collection that is due, and expires it once none is open. True when it is EXPIRED by this. */
async function expire(deps: ExpiryParts, collectionId: string): Promise<boolean> {
  const [open]: { id: string; projectId: string; status: string }[] = await deps.db.query(
    `select id, project_id as "projectId", status from headway.job where collection_id = $1 and finished_at is null`,
    [collectionId],
  );
  if (open && open.status !== "CANCELLING") {
    const actor: Actor = { type: "SYSTEM", name: DUTY, projectId: open.projectId };
    await cancelJob(deps, actor, { jobId: open.id, reason: "Its collection expires." }).catch((error: unknown) => {
      // It settled meanwhile, which is as good.
      if (!(error instanceof UserFault && error.code === "NOT_CANCELLABLE")) throw error;
    });
  }
  const rows: { expired: boolean }[] = await deps.db.query("select headway.expire_collection($1, $2) as expired", [
    collectionId,
    DUTY,
  ]);
  if (rows[0]!.expired) await failpoint("expiry.after_decision");
  return rows[0]!.expired;
}

/** One bounded transaction of removing what an EXPIRED collection held. Returns the rows touched; 0 when all is gone. */
async function emptyStep({ db }: Parts, collectionId: string): Promise<number> {
  const touched = await removeRows(db, collectionId);
  if (touched > 0) await noteProgress(db, collectionId);
  return touched;
}

async function removeRows(db: Parts["db"], collectionId: string): Promise<number> {
  // First, because what follows ends by saying that nothing is left.
  const entities: { touched: number }[] = await db.query("select headway.empty_entities($1, $2) as touched", [
    collectionId,
    STEP_ROWS,
  ]);
  if (entities[0]!.touched > 0) return entities[0]!.touched;
  const rows: { touched: number }[] = await db.query("select headway.empty_collection($1, $2) as touched", [
    collectionId,
    STEP_ROWS,
  ]);
  return rows[0]!.touched;
}

/** The same; a collection that can't be emptied is set aside, and null is returned. */
export function emptyStepOf(deps: Parts, collectionId: string): Promise<number | null> {
  return orSetAside(
    deps,
    `emptying collection ${collectionId}`,
    () => emptyStep(deps, collectionId),
    () => setAsideCollection(deps.db, collectionId),
  );
}

/** The same for its expiry. */
export function expireOrSetAside(deps: ExpiryParts, collectionId: string): Promise<boolean | null> {
  return orSetAside(
    deps,
    `expiring collection ${collectionId}`,
    () => expire(deps, collectionId),
    () => setAsideCollection(deps.db, collectionId),
  );
}

/**
 * Removes stored files whose rows are gone, or that nobody came to own in time. What can't be removed is set aside.
 * Returns how many prefixes were cleared.
 * @param goesOn asked before each prefix: a store that is away takes its time to say so
 */
export async function deleteDueBlobs(
  deps: Parts,
  blobs: BlobStore,
  goesOn: () => boolean = () => true,
): Promise<number> {
  const { db, onError } = deps;
  const due: { prefix: string; at: string }[] = await db.query(
    `select prefix, delete_after::text as at from headway.blob_deletion where delete_after <= clock_timestamp()
     order by delete_after limit ${STEP_ROWS}`,
  );
  let removed = 0;
  for (const { prefix, at } of due) {
    if (!goesOn()) break;
    try {
      await blobs.removeBelow(prefix);
    } catch (error) {
      onError(error, `removing the stored files below ${prefix}; it will be tried again later`);
      await setAsideBlobs(db, prefix, at);
      continue;
    }
    await failpoint("expiry.after_files");
    // Booked again meanwhile means that there may be more of it.
    await db.query("delete from headway.blob_deletion where prefix = $1 and delete_after = $2::timestamptz", [
      prefix,
      at,
    ]);
    removed += 1;
  }
  return removed;
}
