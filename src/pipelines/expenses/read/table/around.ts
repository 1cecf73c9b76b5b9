import { rowText, type Row } from "../../shapes.js";
import { isBookedTitle, isPendingTitle } from "./words.js";

export interface Around {
  owner: string | null;
  account: string | null;
  /** A title such as "Operazioni non contabilizzate" above the heading of the lines. */
  pending: string | null;
}

/** A title that says of the lines below whether they are booked. */
export function heedTitle(row: Row, around: Around): void {
  if (row.cells.length !== 1) return;
  const text = rowText(row);
  if (isPendingTitle(text)) around.pending = text;
  else if (isBookedTitle(text)) around.pending = null;
}
