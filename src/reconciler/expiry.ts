import { emptyStep, expire, removeDoomedBlobs } from "../engine/expiry/expire.js";
import type { DutyParts } from "./reconciler.js";

const PAGE = 100;
/** For each of the two, in small transactions; what is left goes on in the next tick, so that other duties are not kept waiting. */
const MS_A_TICK = 2_000;

/** Expires collections that are due or to be deleted, and removes what EXPIRED ones held. Returns how many moved. */
export async function expireCollections(parts: DutyParts): Promise<number> {
  let moved = 0;
  const decidesUntil = performance.now() + MS_A_TICK;
  for (const due of ["expires_at <= clock_timestamp()", "deletion_requested_at is not null"]) {
    for await (const id of collections(parts, `status <> 'EXPIRED' and ${due}`)) {
      if (await attempt(parts, id)) moved += 1;
      if (performance.now() > decidesUntil) break;
    }
  }
  let steps = 0;
  const emptiesUntil = performance.now() + MS_A_TICK;
  for await (const id of collections(parts, "status = 'EXPIRED' and emptied_at is null")) {
    while (performance.now() < emptiesUntil && (await emptyStep(parts, id)) > 0) steps += 1;
    if (performance.now() > emptiesUntil) break;
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
