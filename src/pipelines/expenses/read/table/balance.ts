import type { DecimalMark } from "../../money.js";
import { movedOf } from "./figures.js";
import { linksOf } from "./links.js";
import { balanceIn, type BalanceStep } from "./steps.js";

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
  /** Rows whose status says that they did not move anything, and whose balance shows that they did. */
  readonly happened: readonly number[];
  /** Whether the rows follow from each other in another order than they are listed in. */
  readonly isUnordered: boolean;
  /** Whether lines of whatever account have one balance: what the column of accounts names is the other side. */
  readonly isShared: boolean;
}

const CENT = 0.0051;
/** So many rows that follow from each other are no accident. */
const FEWEST = 3;

/** Tries the column as balances in both orders and both signs. Null where there is nothing to compare. */
export function followsOf(
  steps: readonly BalanceStep[],
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
  if (best.compared === 0) return null;
  return best.breaks.length === 0 ? best : (unordered(steps, column, marks, hasFees) ?? best);
}

/** The same rows in whatever order they follow; null where some follow from none. */
function unordered(
  steps: readonly BalanceStep[],
  column: number,
  marks: { readonly amount: DecimalMark | null; readonly balance: DecimalMark | null },
  hasFees: boolean,
): Follows | null {
  const found = [false, true].flatMap((isReversed) =>
    (hasFees ? [false, true] : [false]).flatMap((withFees): Follows[] => {
      const links = linksOf(steps, column, { ...marks, isReversed, withFees });
      if (links === null || links.loose.length > 0 || links.linked < FEWEST) return [];
      const agreeing = links.linked;
      return [
        {
          column,
          agreeing,
          compared: agreeing,
          isNewestFirst: false,
          isReversed,
          withFees,
          breaks: [],
          happened: [],
          isUnordered: true,
          isShared: false,
        },
      ];
    }),
  );
  return found.length === 1 ? found[0]! : null;
}

function tried(
  steps: readonly BalanceStep[],
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
  const happened: number[] = [];
  for (const { row, figure, chain, fee, unsettled } of how.isNewestFirst ? [...steps].reverse() : steps) {
    const at = chains.get(chain) ?? { balance: null, moved: 0 };
    chains.set(chain, at);
    if (figure) {
      at.moved += movedOf(figure, how.amount, false) - (how.withFees ? fee : 0);
    }
    const balance = balanceIn(row, column, how.balance);
    if (balance === null) continue;
    const change = at.balance === null ? null : how.isReversed ? at.balance - balance : balance - at.balance;
    if (unsettled && change !== null) {
      const own = movedOf(unsettled, how.amount, false);
      if (Math.abs(own) > CENT && Math.abs(change - at.moved - own) < CENT) {
        at.moved += own;
        happened.push(row.row.at);
      }
    }
    // A balance that stands still where nothing moved says nothing.
    if (change !== null && Math.abs(change) + Math.abs(at.moved) > CENT / 2) {
      compared += 1;
      if (Math.abs(change - at.moved) < CENT) agreeing += 1;
      else breaks.push(row.row.at);
    }
    Object.assign(at, { balance, moved: 0 });
  }
  const { isNewestFirst, isReversed, withFees } = how;
  return {
    column,
    agreeing,
    compared,
    isNewestFirst,
    isReversed,
    withFees,
    breaks,
    happened,
    isUnordered: false,
    isShared: false,
  };
}
