import { BadInput } from "../../errors.js";

/** Where a stream stands. Of a collection: behind `position`. Of a project: behind (`tx`, `position`). */
export type Cursor =
  | { readonly databaseId: string; readonly kind: "collection"; readonly position: string }
  | { readonly databaseId: string; readonly kind: "project"; readonly tx: string; readonly position: string };

const NUMBER = /^\d{1,19}$/;
/** The largest number that the database's columns hold. */
const LARGEST = 2n ** 63n - 1n;

/** Opaque for clients; safe in URLs. */
export function encodeCursor(cursor: Cursor): string {
  const parts =
    cursor.kind === "collection"
      ? ["c", cursor.databaseId, cursor.position]
      : ["p", cursor.databaseId, cursor.tx, cursor.position];
  return Buffer.from(parts.join(":")).toString("base64url");
}

/** @throws {BadInput} when the text, given as `field`, is no cursor of this API */
export function decodeCursor(text: string, field = "after"): Cursor {
  const [kind, databaseId = "", ...numbers] = Buffer.from(text, "base64url").toString("utf8").split(":");
  const numeric = numbers.every((part) => NUMBER.test(part) && BigInt(part) <= LARGEST);
  if (kind === "c" && numeric && numbers.length === 1) {
    return { kind: "collection", databaseId, position: numbers[0]! };
  }
  if (kind === "p" && numeric && numbers.length === 2) {
    return { kind: "project", databaseId, tx: numbers[0]!, position: numbers[1]! };
  }
  throw new BadInput(
    `${field}: "${text.slice(0, 100)}" is not a cursor of this API; take one from streamCursor or a change.`,
    { field },
  );
}

/** @throws {BadInput} when the cursor is of the other kind */
export function assertCursorKind(cursor: Cursor, kind: Cursor["kind"], field = "after"): void {
  if (cursor.kind !== kind) {
    throw new BadInput(
      `${field}: this cursor belongs to a stream of a ${cursor.kind}, not of a ${kind}; take one from streamCursor with the same arguments.`,
      { field },
    );
  }
}
