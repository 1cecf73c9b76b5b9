import type { DecimalMark } from "../../money.js";
import { movedOf } from "./figures.js";
import { balanceIn, type BalanceStep } from "./steps.js";

export interface Links {
  /** Balances that are the one behind another row and what this row moved. */
  readonly linked: number;
  /** Rows that follow from no other, but for the first of each chain. */
  readonly loose: readonly number[];
}

/** Cents and thousandths alike as whole numbers: sums of decimals are no exact ones. */
const PARTS = 1000;

/**
 * How many rows follow from each other in whatever order they are listed: a bank that sorts by another day than it books by
 * tells the same balances. A row's balance less what it moved is the balance behind another row; one row of each chain
 * follows from none. Null where a row that moved something tells no balance.
 */
export function linksOf(
  steps: readonly BalanceStep[],
  column: number,
  how: {
    readonly amount: DecimalMark | null;
    readonly balance: DecimalMark | null;
    readonly isReversed: boolean;
    readonly withFees: boolean;
  },
): Links | null {
  const chains = new Map<string, { readonly at: number; readonly before: number; readonly after: number }[]>();
  for (const { row, figure, chain, fee } of steps) {
    if (!figure) continue;
    const balance = balanceIn(row, column, how.balance);
    if (balance === null) return null;
    const moved = movedOf(figure, how.amount, false) - (how.withFees ? fee : 0);
    if (moved === 0) continue;
    const rows = chains.get(chain) ?? [];
    chains.set(chain, rows);
    rows.push({
      at: row.row.at,
      before: Math.round((how.isReversed ? balance + moved : balance - moved) * PARTS),
      after: Math.round(balance * PARTS),
    });
  }
  let linked = 0;
  const loose: number[] = [];
  for (const rows of chains.values()) {
    const behind = new Map<number, number>();
    for (const { after } of rows) behind.set(after, (behind.get(after) ?? 0) + 1);
    const unlinked = rows.filter(({ before }) => {
      const left = behind.get(before) ?? 0;
      behind.set(before, left - 1);
      return left <= 0;
    });
    linked += rows.length - Math.max(1, unlinked.length);
    loose.push(...unlinked.slice(1).map(({ at }) => at));
  }
  return { linked, loose };
}
