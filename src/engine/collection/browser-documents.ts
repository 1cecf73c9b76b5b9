import { UserFault } from "../../errors.js";
import type { Actor } from "../engine.js";
import { Faults } from "../input.js";

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
