import type { StatusChange } from "../../model/status-change.js";
import { encodeCursor, type Cursor } from "./cursor.js";

/** Where a subscription stands: all up to here has been handed out. */
export interface Position {
  readonly tx?: string | undefined;
  readonly position: string;
  /** Of the change that stands there, as its cursor has it; null at the very beginning. */
  readonly change: string | null;
}

/** Whether a row comes behind a place, in the order of the feed. */
export function isAfter(kind: Cursor["kind"], row: Pick<StatusChange, "tx" | "position">, place: Position): boolean {
  const [tx, reached] = kind === "project" ? [BigInt(row.tx), BigInt(place.tx ?? 0)] : [0n, 0n];
  return tx === reached ? BigInt(row.position) > BigInt(place.position) : tx > reached;
}

/** The place of a row, in the order of the feed. */
export function positionOf(
  kind: Cursor["kind"],
  { tx, position, mark: change }: Pick<StatusChange, "tx" | "position" | "mark">,
): Position {
  return kind === "project" ? { tx, position, change } : { position, change };
}

/** The cursor of a place. */
export function cursorAt(kind: Cursor["kind"], { tx = "0", position, change }: Position, databaseId: string): string {
  return encodeCursor(
    kind === "project" ? { databaseId, kind, tx, position, change } : { databaseId, kind, position, change },
  );
}
