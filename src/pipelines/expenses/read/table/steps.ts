import { readAmount, type DecimalMark } from "../../money.js";
import { sizeOf, type Figure } from "./figures.js";
import type { GridRow } from "./sections.js";

/** A row with what it moved and the chain of balances it belongs to. */
export interface BalanceStep {
  readonly row: GridRow;
  readonly figure: Figure | null;
  /** Account and currency: each has a balance of its own. */
  readonly chain: string;
  readonly fee: number;
  /** What the row would have moved, where its status says that it did not. */
  readonly unsettled: Figure | null;
}

/** The balance as a number; "CR" and "DR" behind it are its sign. */
export function balanceIn({ texts }: GridRow, column: number, mark: DecimalMark | null): number | null {
  const written = readAmount(texts[column] ?? "");
  if (!written) return null;
  const size = sizeOf(written, mark);
  return written.negative || written.mark === "debit" ? -size : size;
}
