import { randomUUID } from "node:crypto";
import { v7 as uuidv7 } from "uuid";
import { z } from "zod";
import { sqlStateOf } from "../../database/transaction.js";
import { UserFault } from "../../errors.js";
import type { Actor, EngineDeps } from "../engine.js";
import { Name, parse, text } from "../input.js";
import { unstorableIn } from "../storable.js";

/** A JSON object that Postgres keeps as it is. */
export const Metadata = z
  .record(z.string(), z.unknown(), "must be a JSON object")
  .refine(
    (value) => unstorableIn(JSON.stringify(value)) === null,
    "must not contain U+0000 or half of a surrogate pair",
  );

export const Description = text(10_000).nullish();

const NewCollection = z.object({
  name: Name,
  description: Description,
  metadata: Metadata.nullish(),
  expiresInDays: z.number().int().min(1, "must be at least 1").max(36_500, "must be at most 36,500").nullish(),
});
export type NewCollection = z.input<typeof NewCollection>;

/** Creates a collection and returns its id. @throws {UserFault} INVALID_INPUT, NAME_TAKEN */
export async function createCollection(deps: EngineDeps, actor: Actor, input: NewCollection): Promise<string> {
  const { name, description, metadata, expiresInDays } = parse(NewCollection, input);
  const id = uuidv7();
  try {
    await deps.db.query(
      `insert into headway.collection (id, project_id, name, description, metadata, expires_at, status, change_id,
         changed_by_type, changed_by, change_reason)
       values ($1, $2, $3, $4, $5, clock_timestamp() + make_interval(days => $6), 'CREATED', $7, $8, $9, 'CREATED')`,
      [
        id,
        actor.projectId,
        name,
        description ?? null,
        JSON.stringify(metadata ?? {}),
        expiresInDays ?? deps.retentionDays,
        randomUUID(),
        actor.type,
        actor.name,
      ],
    );
  } catch (error) {
    throw nameTaken(error, name);
  }
  return id;
}

/** What to throw for an error of a statement that gives a collection this name. */
export function nameTaken(error: unknown, name: string | undefined): unknown {
  if (sqlStateOf(error) !== "23505") return error;
  return new UserFault("NAME_TAKEN", `A collection named "${name}" exists already; choose another name.`, ["name"]);
}
