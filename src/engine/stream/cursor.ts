import { BadInput } from "../../errors.js";

/**
 * Where a stream stands: behind the change at `position` (of a project: at `tx` and `position`), or at the very beginning
 * where these are 0. `change` tells which change that was: after a restore another one may stand there. Null at the
 * beginning, and in cursors of a build that did not say.
 */
export type Cursor =
  | {
      readonly databaseId: string;
      readonly kind: "collection";
      readonly position: string;
      readonly change: string | null;
    }
  | {
      readonly databaseId: string;
      readonly kind: "project";
      readonly tx: string;
      readonly position: string;
      readonly change: string | null;
    };

const NUMBER = /^\d{1,19}$/;
/** The largest number that the database's columns hold. */
const LARGEST = 2n ** 63n - 1n;
const CHANGE = /^[0-9a-f]{12}$/;

/**
 * SQL: what a cursor says of the change it stands at, `alias` being its row of status_change. The last 12 digits of its
 * change_id are random, and are others in a history that goes on from a restore.
 */
export function markIn(alias: string): string {
  return `right(${alias}.change_id::text, 12)`;
}

/** Opaque for clients; safe in URLs. */
export function encodeCursor(cursor: Cursor): string {
  const place =
    cursor.kind === "collection"
      ? ["c", cursor.databaseId, cursor.position]
      : ["p", cursor.databaseId, cursor.tx, cursor.position];
  return Buffer.from([...place, ...(cursor.change === null ? [] : [cursor.change])].join(":")).toString("base64url");
}

/** @throws {BadInput} when the text, given as `field`, is not a cursor of this API */
export function decodeCursor(text: string, field = "after"): Cursor {
  const [kind, databaseId = "", ...rest] = Buffer.from(text, "base64url").toString("utf8").split(":");
  const size = kind === "c" ? 1 : 2;
  const [numbers, [change = null, ...more]] = [rest.slice(0, size), rest.slice(size)];
  const isWhole =
    (kind === "c" || kind === "p") &&
    numbers.length === size &&
    numbers.every((part) => NUMBER.test(part) && BigInt(part) <= LARGEST) &&
    (change === null || CHANGE.test(change)) &&
    more.length === 0;
  if (isWhole && kind === "c") return { kind: "collection", databaseId, position: numbers[0]!, change };
  if (isWhole) return { kind: "project", databaseId, tx: numbers[0]!, position: numbers[1]!, change };
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
