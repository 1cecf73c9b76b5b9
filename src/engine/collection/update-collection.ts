import { z } from "zod";
import { UserFault } from "../../errors.js";
import type { Actor, EngineDeps } from "../engine.js";
import { Faults, idOf, Name, parse } from "../input.js";
import { whyNotSubmit } from "../permissions.js";
import type { CollectionStatus } from "../../lifecycle/status.js";
import { Description, Metadata, nameTaken } from "./collections.js";

const Changes = z.object({
  name: Name.optional(),
  description: Description,
  metadata: Metadata.nullish(),
  expiresAt: z.date().max(new Date("9999-12-31T23:59:59Z"), "must be before the year 10000").nullish(),
});
/** What is to change; what is absent stays as it is. A description, metadata or end that is null goes. */
export type CollectionUpdate = z.input<typeof Changes> & { readonly collectionId: string };

/**
 * Changes what a collection is called, what is kept with it, and when it expires, in one statement; its status and
 * history stay. An open job goes on. Returns the id.
 * @throws {UserFault} NOT_FOUND, INVALID_INPUT, NAME_TAKEN, COLLECTION_EXPIRED
 */
export async function updateCollection(
  deps: Pick<EngineDeps, "db">,
  actor: Actor,
  input: CollectionUpdate,
): Promise<string> {
  const faults = new Faults();
  const collectionId = faults.note(() => idOf(input.collectionId, ["collectionId"]))!;
  const { name, description, metadata, expiresAt } = faults.note(() => parse(Changes, input)) ?? {};
  faults.assertNone();
  let rows: { isChanged: boolean; isPast: boolean; isExpiring: boolean; status: CollectionStatus }[];
  try {
    rows = await deps.db.query(
      `with seen as (
         select c.id, c.status, headway.is_expiry_due(c) as due, coalesce($8 <= clock_timestamp(), false) as past
         from headway.collection c where c.id = $1 and c.project_id = $2 for no key update),
       changed as (
         update headway.collection c set name = coalesce($3, c.name),
           description = case when $4 then $5 else c.description end,
           metadata = coalesce($6, c.metadata),
           expires_at = case when $7 then $8 else c.expires_at end
         from seen where c.id = seen.id and seen.status <> 'EXPIRED' and not seen.due and not seen.past
         returning c.id)
       select exists (select from changed) as "isChanged", past as "isPast", due as "isExpiring", status from seen`,
      [
        collectionId,
        actor.projectId,
        name ?? null,
        description !== undefined,
        description ?? null,
        metadata === undefined ? null : JSON.stringify(metadata ?? {}),
        expiresAt !== undefined,
        expiresAt ?? null,
      ],
    );
  } catch (error) {
    throw nameTaken(error, name);
  }
  const [found] = rows;
  if (found?.isChanged) return collectionId;
  if (!found) throw new UserFault("NOT_FOUND", `There is no collection ${collectionId}.`, ["collectionId"]);
  const refused = whyNotSubmit(collectionId, found, null);
  if (refused) throw new UserFault(refused.code, refused.message, ["collectionId"]);
  throw new UserFault(
    "INVALID_INPUT",
    `expiresAt is ${expiresAt?.toISOString()}, which is past; give a time in the future, or use deleteCollection.`,
    ["expiresAt"],
  );
}
