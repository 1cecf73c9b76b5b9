import { readAmount, type DecimalMark } from "../../money.js";
import type { Column } from "./columns.js";
import { figureOf, sizeOf, type Figure, type OneSided, type Structure } from "./figures.js";
import type { GridRow } from "./sections.js";
import { isSettled, statusIn } from "./words.js";

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

interface StepContext {
  readonly oneSided: OneSided;
  readonly columns: readonly Column[];
  readonly fee: number | null;
  readonly mark: DecimalMark | null;
}

export function stepsOf(
  rows: readonly GridRow[],
  structure: Structure,
  { oneSided, columns, fee, mark }: StepContext,
): BalanceStep[] {
  const [account, currency, status] = (["account", "currency", "status"] as const).map(
    (role) => columns.find((column) => column.role === role)?.index,
  );
  return rows.map((row) => {
    const at = (column: number | undefined): string => (column === undefined ? "" : (row.texts[column] ?? ""));
    const written = fee === null ? null : readAmount(row.texts[fee] ?? "");
    const isOff = status !== undefined && isSettled(statusIn(columns[status]!.heading, at(status))) === false;
    const figure = figureOf(row, structure, oneSided);
    return {
      row,
      figure: isOff ? null : figure,
      unsettled: isOff ? figure : null,
      chain: `${at(account)}|${at(currency)}`,
      fee: written && !isOff ? sizeOf(written, mark) * (written.negative ? -1 : 1) : 0,
    };
  });
}
