import type { DecimalMark } from "../../money.js";
import type { Follows } from "./balance.js";
import type { Column } from "./columns.js";
import type { GridRow } from "./sections.js";
import { balanceIn } from "./steps.js";

const CENT = 0.0051;
/** So many rows that add up are no accident, where a fee is nought in most of them. */
const FEWEST = 2;

/**
 * Two columns beside each other that tell the balance before and after each row: what lies between them is the row's amount,
 * with its sign, and each row begins where its neighbour ended. Null where no two columns do.
 */
export function balancesAround(
  dated: readonly GridRow[],
  amount: number,
  columns: readonly Column[],
  mark: DecimalMark | null,
): Follows | null {
  const mayBe = (at: number): boolean => at !== amount && ["balance", "other"].includes(columns[at]?.role ?? "");
  for (const { index: before } of columns) {
    const after = before + 1;
    if (dated.length < FEWEST || !mayBe(before) || !mayBe(after)) continue;
    const read = dated.map((row) => [before, after, amount].map((column) => balanceIn(row, column, mark)));
    const isWhole = read.every((row) => row.every((value) => value !== null));
    if (!isWhole || !read.some(([start, end]) => start !== 0 && end !== start)) continue;
    if (!read.every(([start, end, moved]) => Math.abs(end! - start! - moved!) < CENT)) continue;
    const goesOn = (one: 0 | 1): boolean =>
      read.every((row, at) => at === 0 || Math.abs(row[one]! - read[at - 1]![1 - one]!) < CENT);
    if (!goesOn(0) && !goesOn(1)) continue;
    // Each row is shown twice: by its own balances, and by its neighbour's.
    const shown = 2 * dated.length - 1;
    return {
      column: after,
      agreeing: shown,
      compared: shown,
      isNewestFirst: !goesOn(0),
      isReversed: false,
      withFees: false,
      breaks: [],
      happened: [],
      isUnordered: false,
      isShared: false,
    };
  }
  return null;
}

export interface AfterFee {
  readonly amount: number;
  /** Fees go out: whether they add to the amounts. */
  readonly plusIsOut: boolean;
}

/** The column that holds the amount with its fee in every row; null where none does, or where no row has a fee. */
export function columnAfterFee(
  dated: readonly GridRow[],
  { amount, fee }: { readonly amount: number; readonly fee: number },
  columns: readonly Column[],
  mark: DecimalMark | null,
): AfterFee | null {
  const read = (column: number): (number | null)[] => dated.map((row) => balanceIn(row, column, mark));
  const [gross, fees] = [read(amount), read(fee)];
  if (dated.length < FEWEST) return null;
  for (const { index, amounts } of columns) {
    if (index === amount || index === fee || amounts < 0.9) continue;
    const net = read(index);
    const adds = (way: 1 | -1): boolean =>
      gross.every(
        (value, at) => value !== null && net[at] !== null && Math.abs(value + way * (fees[at] ?? 0) - net[at]!) < CENT,
      );
    const parts = gross.map((value, at) => net[at]! - value!).filter((part) => Math.abs(part) > CENT);
    const isOneWay = new Set(parts.map(Math.sign)).size === 1;
    if ((adds(1) || adds(-1)) && isOneWay) return { amount: index, plusIsOut: parts[0]! > 0 };
  }
  return null;
}
