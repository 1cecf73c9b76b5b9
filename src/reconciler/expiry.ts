import { eachPageById } from "../database/each-page.js";
import { emptyStepOf, expireOrSetAside } from "../engine/expiry/expire.js";
import type { DutyDeps } from "./duty.js";

const PAGE = 100;
/** For each of the two, in small transactions; what is left goes on in the next tick, so that other duties are not kept waiting. */
const MS_A_TICK = 2_000;

/**
 * Expires collections that are due or to be deleted, and removes what EXPIRED ones held. One that can't be handled is set
 * aside. Returns how many moved.
 */
export async function expireCollections(deps: DutyDeps): Promise<number> {
  let moved = 0;
  const decidesUntil = performance.now() + MS_A_TICK;
  for (const due of ["expires_at <= clock_timestamp()", "deletion_requested_at is not null"]) {
    for await (const id of collections(deps, `status <> 'EXPIRED' and ${due}`)) {
      if (await expireOrSetAside(deps, id)) moved += 1;
      if (performance.now() > decidesUntil) break;
    }
  }
  let steps = 0;
  const emptiesUntil = performance.now() + MS_A_TICK;
  for await (const id of collections(deps, "status = 'EXPIRED' and emptied_at is null")) {
    while (performance.now() < emptiesUntil && ((await emptyStepOf(deps, id)) ?? 0) > 0) steps += 1;
    if (performance.now() > emptiesUntil) break;
  }
  return moved + steps;
}

async function* collections({ db }: DutyDeps, where: string): AsyncGenerator<string> {
  const pages = eachPageById<{ id: string }>(PAGE, (after, limit) =>
    db.query(
      `select id from headway.collection
       where ${where} and coalesce(expiry_retry_at <= clock_timestamp(), true) and id > $1 order by id limit $2`,
      [after, limit],
    ),
  );
  for await (const rows of pages) for (const { id } of rows) yield id;
}
