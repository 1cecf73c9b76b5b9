import type { Cursor } from "./cursor.js";
import type { ChangeRow } from "./history.js";

/** Where a subscription stands: all up to here has been handed out. */
export interface Position {
  readonly tx?: string | undefined;
  readonly position: string;
}

/** Whether a row comes behind a place, in the order of the feed. */
export function isAfter(kind: Cursor["kind"], row: Pick<ChangeRow, "tx" | "position">, place: Position): boolean {
  const [tx, reached] = kind === "project" ? [BigInt(row.tx), BigInt(place.tx ?? 0)] : [0n, 0n];
  return tx === reached ? BigInt(row.position) > BigInt(place.position) : tx > reached;
}

/** The place of a row, in the order of the feed. */
export function positionOf(kind: Cursor["kind"], { tx, position }: Pick<ChangeRow, "tx" | "position">): Position {
  return kind === "project" ? { tx, position } : { position };
}
