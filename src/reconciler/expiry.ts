import { emptyStep, expire, removeDoomedBlobs } from "../engine/expire.js";
import type { DutyParts } from "./reconciler.js";

const PAGE = 100;
/** Small transactions a tick; what is left goes on in the next, so that other duties are not kept waiting. */
const STEPS_A_TICK = 100;

/** Expires collections that are due or to be deleted, and removes what EXPIRED ones held. Returns how many moved. */
export async function expireCollections(parts: DutyParts): Promise<number> {
  let moved = 0;
  for await (const id of collections(parts, "status <> 'EXPIRED' and expires_at <= clock_timestamp()")) {
    if (await attempt(parts, id)) moved += 1;
  }
  for await (const id of collections(parts, "status <> 'EXPIRED' and deletion_requested_at is not null")) {
    if (await attempt(parts, id)) moved += 1;
  }
  let steps = 0;
  for await (const id of collections(parts, "status = 'EXPIRED' and emptied_at is null")) {
    while (steps < STEPS_A_TICK && (await emptyStep(parts, id)) > 0) steps += 1;
    if (steps >= STEPS_A_TICK) break;
  }
  return moved + steps + (await removeDoomedBlobs(parts, parts.blobs));
}

async function attempt(parts: DutyParts, id: string): Promise<boolean> {
  try {
    return await expire(parts, id);
  } catch (error) {
    parts.onError(error, `expiring collection ${id}`);
    return false;
  }
}

async function* collections({ db }: DutyParts, where: string): AsyncGenerator<string> {
  for (let after = "00000000-0000-0000-0000-000000000000"; ;) {
    const rows: { id: string }[] = await db.query(
      `select id from collection where ${where} and id > $1 order by id limit ${PAGE}`,
      [after],
    );
    for (const { id } of rows) yield id;
    if (rows.length < PAGE) return;
    after = rows.at(-1)!.id;
  }
}
