import { readAmount, type DecimalMark } from "../../money.js";
import { movedOf, sizeOf, type Figure } from "./figures.js";
import type { GridRow } from "./sections.js";

/** A row with what it moved and the chain of balances it belongs to. */
export interface Step {
  readonly row: GridRow;
  readonly figure: Figure | null;
  /** Account and currency: each has a balance of its own. */
  readonly chain: string;
  readonly fee: number;
}

/** How well a column of balances follows from the amounts. */
export interface Follows {
  readonly column: number;
  /** Balances that are the one before and what moved. */
  readonly agreeing: number;
  readonly compared: number;
  readonly isNewestFirst: boolean;
  /** Whether a plus in the amounts lowers the balance. */
  readonly isReversed: boolean;
  readonly withFees: boolean;
  /** Rows whose balance does not follow. */
  readonly breaks: readonly number[];
}

const CENT = 0.0051;

/** Tries the column as balances in both orders and both signs. Null where there is nothing to compare. */
export function followsOf(
  steps: readonly Step[],
  column: number,
  marks: { readonly amount: DecimalMark | null; readonly balance: DecimalMark | null },
): Follows | null {
  const hasFees = steps.some(({ fee }) => fee !== 0);
  const tries = [false, true].flatMap((isNewestFirst) =>
    [false, true].flatMap((isReversed) =>
      (hasFees ? [false, true] : [false]).map((withFees) =>
        tried(steps, column, { ...marks, isNewestFirst, isReversed, withFees }),
      ),
    ),
  );
  const best = tries.reduce((most, one) =>
    one.agreeing - one.breaks.length > most.agreeing - most.breaks.length ? one : most,
  );
  return best.compared === 0 ? null : best;
}

function tried(
  steps: readonly Step[],
  column: number,
  how: {
    readonly amount: DecimalMark | null;
    readonly balance: DecimalMark | null;
    readonly isNewestFirst: boolean;
    readonly isReversed: boolean;
    readonly withFees: boolean;
  },
): Follows {
  const chains = new Map<string, { balance: number | null; moved: number }>();
  let [agreeing, compared] = [0, 0];
  const breaks: number[] = [];
  for (const { row, figure, chain, fee } of how.isNewestFirst ? [...steps].reverse() : steps) {
    const at = chains.get(chain) ?? { balance: null, moved: 0 };
    chains.set(chain, at);
    if (figure) {
      at.moved += movedOf(figure, how.amount, false) - (how.withFees ? fee : 0);
    }
    const balance = balanceIn(row, column, how.balance);
    if (balance === null) continue;
    const change = at.balance === null ? null : how.isReversed ? at.balance - balance : balance - at.balance;
    // A balance that stands still where nothing moved says nothing.
    if (change !== null && Math.abs(change) + Math.abs(at.moved) > CENT / 2) {
      compared += 1;
      if (Math.abs(change - at.moved) < CENT) agreeing += 1;
      else breaks.push(row.row.at);
    }
    Object.assign(at, { balance, moved: 0 });
  }
  const { isNewestFirst, isReversed, withFees } = how;
  return { column, agreeing, compared, isNewestFirst, isReversed, withFees, breaks };
}

/** The balance as a number; "CR" and "DR" behind it are its sign. */
export function balanceIn({ texts }: GridRow, column: number, mark: DecimalMark | null): number | null {
  const written = readAmount(texts[column] ?? "");
  if (!written) return null;
  const size = sizeOf(written, mark);
  return written.negative || written.mark === "debit" ? -size : size;
}
