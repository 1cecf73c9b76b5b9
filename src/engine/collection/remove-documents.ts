import type { EntityManager } from "typeorm";
import { inTransaction } from "../../database/transaction.js";
import { UserFault } from "../../errors.js";
import type { Actor, EngineDeps } from "../engine.js";
import { Faults, idOf } from "../input.js";
import { lockCollection } from "../submit/lock.js";

/** Documents whose rows go in one statement: with all their chunks it stays far below the statement's time. */
const STEP = 50;

/**
 * Removes documents with all that was made of them: bytes, text, chunks, the outputs of their stages, and their stored
 * files, which the sweep clears away. Their tasks stay, with the document's name. All or nothing; returns the ids in
 * the order given, each once.
 * @throws {UserFault} NOT_FOUND, INVALID_INPUT, ACTIVE_JOB_EXISTS, COLLECTION_EXPIRED
 */
export async function removeDocuments(
  deps: Pick<EngineDeps, "db">,
  actor: Actor,
  input: { readonly collectionId: string; readonly documentIds: readonly string[] },
): Promise<string[]> {
  const faults = new Faults();
  const collectionId = faults.note(() => idOf(input.collectionId, ["collectionId"]))!;
  const given = input.documentIds.map((id, place) => faults.note(() => idOf(id, pathOf(place)))!);
  if (given.length === 0) {
    faults.add(new UserFault("INVALID_INPUT", "documentIds is empty; name at least one document.", ["documentIds"]));
  }
  faults.assertNone();
  const ids = [...new Set(given)];
  await inTransaction(deps.db, async (tx) => {
    await lockCollection(tx, actor, collectionId);
    await assertInCollection(tx, actor, collectionId, given);
    for (let start = 0; start < ids.length; start += STEP) await remove(tx, ids.slice(start, start + STEP));
    // The searchable content has moved: whoever keeps vectors of it reads them again.
    await tx.query(
      `update headway.collection c set content_version = content_version + 1, document_count = n.documents,
         chunk_count = n.chunks, embedded_chunk_count = n.embedded
       from (
         select count(*)::int as documents, coalesce(sum(chunk_count), 0)::int as chunks,
           coalesce(sum(embedded_chunk_count), 0)::int as embedded
         from headway.document where collection_id = $1) n
       where c.id = $1`,
      [collectionId],
    );
  });
  return ids;
}

async function assertInCollection(
  tx: EntityManager,
  actor: Actor,
  collectionId: string,
  ids: readonly string[],
): Promise<void> {
  const found: { id: string }[] = await tx.query(
    "select id from headway.document where collection_id = $1 and project_id = $2 and id = any ($3)",
    [collectionId, actor.projectId, ids],
  );
  const known = new Set(found.map(({ id }) => id));
  const faults = new Faults();
  for (const [place, id] of ids.entries()) {
    if (known.has(id)) continue;
    const message = `There is no document ${id} in collection ${collectionId}.`;
    faults.add(new UserFault("NOT_FOUND", message, pathOf(place)));
  }
  faults.assertNone();
}

function pathOf(place: number): string[] {
  return ["documentIds", String(place)];
}

async function remove(tx: EntityManager, ids: readonly string[]): Promise<void> {
  await tx.query(
    "delete from headway.stage_output where task_id in (select id from headway.task where document_id = any ($1) and kind = 'DOCUMENT')",
    [ids],
  );
  // Bytes, text and chunks go with their document, and its tasks forget its id.
  await tx.query(
    `with gone as (delete from headway.document where id = any ($1) returning id, project_id)
     insert into headway.blob_deletion (prefix, project_id) select 'sources/' || id, project_id from gone
     on conflict (prefix) do update set delete_after = excluded.delete_after`,
    [ids],
  );
}
