import { createHash } from "node:crypto";
import type { EntityManager } from "typeorm";
import { UserFault } from "../../errors.js";
import { isBlind } from "../browser-key.js";
import type { Actor } from "../engine.js";
import { Faults, MAX_NAME_LENGTH } from "../input.js";

/** What a key for a browser adds comes with its requests: a uri would be fetched with this server's rights. */
export function refuseUris(
  { scope }: Actor,
  documents: readonly { readonly name: string; readonly uri?: string | null }[],
  faults: Faults,
): void {
  if (!scope) return;
  for (const [index, { name, uri }] of documents.entries()) {
    if (typeof uri !== "string") continue;
    const message = `documents.${index} ("${name}") has a uri, which a browser key may not use; send text, base64 or an upload.`;
    faults.add(new UserFault("URI_REFUSED", message, ["documents", String(index), "uri"]));
  }
}

interface Named {
  readonly name: string;
}

/** How often another name is looked for: each but the last was given to a document that somebody has replaced since. */
const MAX_NAMES = 5;

/**
 * Adds rows with `add`, which returns what it has added. What a key without READ adds under a name that is taken goes under
 * another one, so that it does not learn which names there are.
 */
export async function addedUnderFreeNames<Row extends Named, Added extends Named>(
  tx: EntityManager,
  actor: Actor,
  {
    collectionId,
    rows,
    add,
  }: {
    readonly collectionId: string;
    readonly rows: readonly Row[];
    readonly add: (rows: readonly Row[]) => Promise<readonly Added[]>;
  },
): Promise<{ readonly rows: readonly Row[]; readonly added: readonly Added[] }> {
  let [named, added] = [rows, await add(rows)];
  for (let turn = 0; isBlind(actor) && added.length < rows.length && turn < MAX_NAMES; turn += 1) {
    const done = new Set(added.map(({ name }) => name));
    const takers: { id: string; name: string }[] = await tx.query(
      "select id, name from headway.document where collection_id = $1 and name = any ($2)",
      [collectionId, named.map(({ name }) => name).filter((name) => !done.has(name))],
    );
    const takenBy = new Map(takers.map(({ id, name }) => [name, id]));
    const nameOf = ({ name }: Row): string =>
      done.has(name) ? name : otherName(name, takenBy.get(name)!, actor.keyId!);
    named = named.map((row) => ({ ...row, name: nameOf(row) }));
    added = [...added, ...(await add(named.filter(({ name }) => !done.has(name))))];
  }
  return { rows: named, added };
}

/** Of one key and one document that has the name always the same, so that a repeated request adds nothing twice. */
function otherName(name: string, takenBy: string, keyId: string): string {
  const sign = ` (${createHash("sha256").update(`${takenBy} ${keyId}`).digest("hex").slice(0, 12)})`;
  const ending = /\.[^./\\ ]{1,10}$/.exec(name)?.[0] ?? "";
  const stem = name.slice(0, name.length - ending.length);
  const begin = stem.slice(0, MAX_NAME_LENGTH - sign.length - ending.length);
  // No half of a surrogate pair.
  return `${begin.replace(/[\ud800-\udbff]$/, "")}${sign}${ending}`;
}

/** Sees that all were added: what a key for a browser did not add itself it does not replace. @throws {UserFaults} NAME_TAKEN */
export function assertOwn(
  rows: readonly { readonly name: string }[],
  added: readonly { readonly name: string }[],
): void {
  const names = new Set(added.map(({ name }) => name));
  const faults = new Faults();
  for (const [index, { name }] of rows.entries()) {
    if (names.has(name)) continue;
    const message = `The name "${name}" is used by a document that this key did not add; choose another name.`;
    faults.add(new UserFault("NAME_TAKEN", message, ["documents", String(index), "name"]));
  }
  faults.assertNone();
}
