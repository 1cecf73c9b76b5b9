import type { EntityManager } from "typeorm";
import { v7 as uuidv7 } from "uuid";
import type { Claim } from "../engine/flush/claim.js";
import { toStorableText } from "../engine/storable.js";
import { PermanentError } from "../errors.js";
import { NAMED_ENTITY_TYPES } from "../model/named-entity-types.js";
import type { EntityDraft } from "../pipelines/named-entity.js";
import type { StageDatabase } from "./stage-database.js";

/** More than a reader pages through; also what one transaction removes and writes in a second or two. */
const MAX_ENTITIES = 5_000;
const MAX_NAME_LENGTH = 200;
/** Of one entity: the list goes on in the documents themselves. */
const MAX_DOCUMENTS = 100;
const MAX_RELATED = 50;
const BATCH = 5_000;

/** The fence on the write: $2 is the task, $3 the fence. */
const MINE = "exists (select from headway.task where id = $2 and fence = $3 and status = 'RUNNING')";

/**
 * Stages the entities of a collection under (task, fence), whole or not at all; the completing change of the task shows
 * them. What no reader sees any more, and no other open task may still need, goes with the same transaction.
 * @throws {PermanentError} OUTPUT_UNSTORABLE
 */
export async function replaceEntities(
  db: StageDatabase,
  claim: Claim,
  entities: Iterable<EntityDraft> | AsyncIterable<EntityDraft>,
): Promise<void> {
  const drafts = await checkedEntities(entities);
  const ids = new Map(drafts.map(({ name }) => [name, uuidv7()]));
  await db.transaction(async (tx) => {
    await removeUnseen(tx, claim);
    await insertEntities(tx, claim, drafts, ids);
    await insertDocuments(tx, claim, drafts, ids);
    await insertPairs(tx, claim, drafts, ids);
    await tx.query(
      `insert into headway.named_entity_set (task_id, project_id, fence) select $2, $1, $3 where ${MINE}
       on conflict (task_id) do update set fence = excluded.fence`,
      [claim.projectId, claim.taskId, claim.fence],
    );
  });
}

/** What is given, once all of it has been seen to be good. @throws {PermanentError} OUTPUT_UNSTORABLE */
export async function checkedEntities(
  entities: Iterable<EntityDraft> | AsyncIterable<EntityDraft>,
): Promise<EntityDraft[]> {
  const drafts: EntityDraft[] = [];
  for await (const draft of entities) {
    if (drafts.length >= MAX_ENTITIES) throw unstorable(`there are more than ${MAX_ENTITIES}`);
    assertEntity(draft);
    drafts.push(draft);
  }
  if (new Set(drafts.map(({ name }) => name)).size < drafts.length) throw unstorable("two have the same name");
  return drafts;
}

async function removeUnseen(tx: EntityManager, { taskId, fence, collection }: Claim): Promise<void> {
  await tx.query(
    `delete from headway.named_entity e where e.collection_id = $1 and ${MINE}
       and not exists (select from headway.named_entity_shown s where s.collection_id = $1 and s.task_id = e.task_id and s.fence = e.fence)`,
    [collection.id, taskId, fence],
  );
}

async function insertEntities(
  tx: EntityManager,
  { projectId, taskId, fence, collection }: Claim,
  drafts: readonly EntityDraft[],
  ids: ReadonlyMap<string, string>,
): Promise<void> {
  await tx.query(
    `insert into headway.named_entity (id, project_id, collection_id, task_id, fence, ordinal, name, type, mentions, document_count)
     select n.id, $1, $4, $2, $3, n.ordinal, n.name, n.type, n.mentions, n.documents
     from unnest($5::uuid[], $6::int[], $7::text[], $8::text[], $9::int[], $10::int[])
       as n(id, ordinal, name, type, mentions, documents)
     where ${MINE}`,
    [
      projectId,
      taskId,
      fence,
      collection.id,
      drafts.map(({ name }) => ids.get(name)),
      drafts.map((_, index) => index),
      drafts.map(({ name }) => toStorableText(name)),
      drafts.map(({ type }) => type),
      drafts.map(({ mentions }) => mentions),
      drafts.map(({ documentCount }) => documentCount),
    ],
  );
}

async function insertDocuments(
  tx: EntityManager,
  { projectId, taskId, fence, collection }: Claim,
  drafts: readonly EntityDraft[],
  ids: ReadonlyMap<string, string>,
): Promise<void> {
  const rows = drafts.flatMap(({ name, documents }) =>
    documents.slice(0, MAX_DOCUMENTS).map((document) => ({ entityId: ids.get(name), ...document })),
  );
  for (let start = 0; start < rows.length; start += BATCH) {
    const batch = rows.slice(start, start + BATCH);
    await tx.query(
      `insert into headway.named_entity_document (entity_id, document_id, project_id, mentions)
       select n.entity_id, d.id, $1, n.mentions from unnest($5::uuid[], $6::uuid[], $7::int[]) as n(entity_id, document_id, mentions)
       join headway.document d on d.id = n.document_id and d.collection_id = $4 where ${MINE} on conflict do nothing`,
      [
        projectId,
        taskId,
        fence,
        collection.id,
        batch.map(({ entityId }) => entityId),
        batch.map(({ documentId }) => documentId),
        batch.map(({ mentions }) => mentions),
      ],
    );
  }
}

async function insertPairs(
  tx: EntityManager,
  { projectId, taskId, fence }: Claim,
  drafts: readonly EntityDraft[],
  ids: ReadonlyMap<string, string>,
): Promise<void> {
  const rows = drafts.flatMap(({ name, related }) =>
    related
      .slice(0, MAX_RELATED)
      .filter((other) => ids.has(other.name) && other.name !== name)
      .map((other) => ({ entityId: ids.get(name), otherId: ids.get(other.name), together: other.together })),
  );
  for (let start = 0; start < rows.length; start += BATCH) {
    const batch = rows.slice(start, start + BATCH);
    await tx.query(
      `insert into headway.named_entity_pair (entity_id, other_id, project_id, together)
       select n.entity_id, n.other_id, $1, n.together from unnest($4::uuid[], $5::uuid[], $6::int[]) as n(entity_id, other_id, together)
       where ${MINE} on conflict do nothing`,
      [
        projectId,
        taskId,
        fence,
        batch.map(({ entityId }) => entityId),
        batch.map(({ otherId }) => otherId),
        batch.map(({ together }) => together),
      ],
    );
  }
}

function assertEntity({ name, type, mentions, documentCount }: EntityDraft): void {
  const wrong = (what: string): PermanentError => unstorable(`"${String(name).slice(0, 50)}": ${what}`);
  if (typeof name !== "string" || name.trim() === "" || name.length > MAX_NAME_LENGTH)
    throw wrong(`its name must have 1 to ${MAX_NAME_LENGTH} characters`);
  if (!NAMED_ENTITY_TYPES.includes(type)) throw wrong(`its type is ${String(type)}`);
  if (!isCount(mentions) || !isCount(documentCount)) throw wrong("its counts must be whole numbers from 1");
}

function isCount(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) < 2 ** 31;
}

function unstorable(what: string): PermanentError {
  return new PermanentError("OUTPUT_UNSTORABLE", `The entities can't be stored: ${what}.`);
}
