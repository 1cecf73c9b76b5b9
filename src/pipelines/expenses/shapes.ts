/** What a line may lack: it is kept, and says so. */
export type Missing = "date" | "amount" | "currency" | "employee" | "description" | "merchant";

/** One transaction of a statement. Amounts are whole minor units of their currency; what is credited is negative. */
export interface StatementLine {
  /** Where it stands among the document's lines, from 1. */
  readonly row: number;
  /** ISO, such as "2026-03-14". */
  readonly date: string | null;
  readonly description: string;
  readonly amountMinor: number | null;
  /** ISO 4217. */
  readonly currency: string | null;
  /** As written in the statement; aliases are resolved where all documents are known. */
  readonly employee: string | null;
  readonly category?: string;
  /** The bank's own name for the transaction. */
  readonly reference?: string;
  /** What was paid abroad, where the statement tells it. */
  readonly originalAmountMinor?: number;
  readonly originalCurrency?: string;
  readonly incomplete: readonly Missing[];
}

export interface Receipt {
  readonly merchant: string | null;
  readonly date: string | null;
  /** The other reading of a date such as 03/04/2026, which one receipt alone can't decide. */
  readonly otherDate?: string;
  readonly amountMinor: number | null;
  readonly currency: string | null;
  readonly employee: string | null;
  /** Its number, where it has one: two receipts with different numbers are no duplicates. */
  readonly reference?: string;
  readonly incomplete: readonly Missing[];
}

/** What the extract stage hands on. */
export type Extracted =
  | { readonly role: "statement"; readonly sha256: string | null; readonly lines: readonly StatementLine[] }
  | { readonly role: "receipt"; readonly sha256: string | null; readonly receipt: Receipt };

/** A piece of text with its place: a column's number in a table, points from the left on a page. */
export interface Cell {
  readonly text: string;
  readonly left: number;
  readonly right: number;
}

/** One line of a table or a page; cells are never empty and go from left to right. */
export interface Row {
  readonly cells: readonly Cell[];
  /** Points to the row above on the same page; null where rows have no height or the page begins. */
  readonly gap: number | null;
}

export function rowText(row: Row): string {
  return row.cells.map(({ text }) => text).join("  ");
}
