import type { WrittenAmount } from "../money.js";
import { CHANGE, INCLUSIVE, NET, NOT_THE_SUM, SURE, SUREST, TAXES, TENDERED, TIP, WEAK } from "./total-words.js";

export interface ReceiptFigure {
  readonly written: WrittenAmount;
  readonly minor: number;
  readonly line: number;
  readonly label: string;
  readonly hasDecimals: boolean;
  /** Net and tax of one line whose third figure they add up to; that one is the whole. */
  readonly inRow?: "part" | "whole";
}

/** The sum itself, although what it is rounded by is none. */
const AFTER_ROUNDING = /\b(?:total after round\w*|rounded total|total rounded)\b/g;
/** Cash is rounded to this in many countries. */
const ROUNDING = 5;

export interface FigureScore {
  readonly score: number;
  /** Whether arithmetic or the same figure elsewhere speaks for it, and not its words alone. */
  readonly isConfirmed: boolean;
}

/** What label, place and arithmetic say for each figure. A bill of a hundred pages has ten thousand: none is compared with each. */
export function scoresOf(all: readonly ReceiptFigure[]): FigureScore[] {
  const facts = new Facts(all);
  return all.map((figure, at) => {
    const size = Math.abs(figure.minor);
    const confirmed =
      (facts.adds(figure, size) ? 3 : 0) +
      (facts.isPaid(size) ? 2 : 0) +
      (facts.isSum(figure, at) ? 2 : 0) +
      (facts.withTip(size) ? 4 : 0) +
      (facts.isAgain(figure, size) ? 0.8 : 0);
    const byPlace = (size === facts.most ? 0.6 : 0) + (size === 0 ? -5 : 0) + (0.3 * at) / all.length;
    return {
      score: facts.byLabel(figure, size) + confirmed + byPlace,
      isConfirmed: confirmed > 0 || figure.inRow === "whole",
    };
  });
}

/** The figures of a page by what their labels say, reckoned once. */
class Facts {
  readonly most: number;
  readonly #nets: ReadonlySet<number>;
  /** What is called a total may be one before tax for what stands below: size, with the first line that has it. */
  readonly #totals = new Map<number, number>();
  readonly #taxes: ReadonlySet<number>;
  readonly #paid: ReadonlySet<number>;
  readonly #tipped: ReadonlySet<number>;
  readonly #linesOf = new Map<number, { first: number; last: number }>();
  /** Before each figure: where its line begins, and what was sold up to there. */
  readonly #sold: readonly { readonly count: number; readonly sum: number }[];

  constructor(private readonly all: readonly ReceiptFigure[]) {
    const sizesOf = (is: (label: string) => boolean): Set<number> =>
      new Set(all.filter(({ label }) => is(label)).map(({ minor }) => Math.abs(minor)));
    this.most = all.reduce((most, { minor }) => Math.max(most, Math.abs(minor)), 0);
    this.#nets = sizesOf((label) => NET.test(label));
    this.#taxes = sizesOf((label) => TAXES.test(label) && !INCLUSIVE.test(label));
    const [tendered, change] = [sizesOf((label) => TENDERED.test(label)), sizesOf((label) => CHANGE.test(label))];
    this.#paid = new Set([...tendered].flatMap((given) => [...change].map((back) => given - back)));
    const [tips, sums] = [sizesOf((label) => TIP.test(label)), sizesOf((label) => SURE.test(label))];
    this.#tipped = new Set([...tips].flatMap((tip) => (tip === 0 ? [] : [...sums].map((sum) => sum + tip))));
    for (const { minor, line, label } of all) {
      const size = Math.abs(minor);
      if (/\btotal\b/.test(label) && !this.#totals.has(size)) this.#totals.set(size, line);
      this.#linesOf.set(size, { first: this.#linesOf.get(size)?.first ?? line, last: line });
    }
    this.#sold = soldBefore(all);
  }

  byLabel({ written, label, inRow }: ReceiptFigure, size: number): number {
    const isInclusive = INCLUSIVE.test(label) && !/\b(tax|vat|mwst|ust)\b.*\b(amount|betrag)\b/.test(label);
    const isWholeOfAll =
      inRow === "whole" &&
      this.all.every((other) => Math.abs(other.minor) <= size || isForeign(other.written, written));
    if (inRow === "part" || (!isInclusive && !isWholeOfAll && NOT_THE_SUM.test(label.replace(AFTER_ROUNDING, "total"))))
      return -4;
    if (SUREST.test(label)) return 4;
    if (SURE.test(label) || isInclusive || isWholeOfAll) return 3.4;
    return WEAK.test(label) ? 1 : 0;
  }

  /** Net and tax come to it. */
  adds({ line }: ReceiptFigure, size: number): boolean {
    const isNet = (net: number): boolean =>
      this.#nets.has(net) || (this.#totals.has(net) && this.#totals.get(net)! < line);
    return [...this.#taxes].some(
      (tax) => tax > 0 && tax < size && [-1, 0, 1].some((off) => size - tax + off < size && isNet(size - tax + off)),
    );
  }

  isPaid(size: number): boolean {
    return size > 0 && isNear(this.#paid, size, ROUNDING);
  }

  isSum({ minor }: ReceiptFigure, at: number): boolean {
    const { count, sum } = this.#sold[at]!;
    return count >= 2 && minor !== 0 && Math.abs(sum - minor) <= ROUNDING;
  }

  withTip(size: number): boolean {
    return size > 0 && isNear(this.#tipped, size, 1);
  }

  isAgain({ line }: ReceiptFigure, size: number): boolean {
    const { first, last } = this.#linesOf.get(size)!;
    return size > 0 && (first !== line || last !== line);
  }
}

function isNear(sizes: ReadonlySet<number>, size: number, by: number): boolean {
  for (let off = -by; off <= by; off += 1) if (sizes.has(size + off)) return true;
  return false;
}

function soldBefore(all: readonly ReceiptFigure[]): { count: number; sum: number }[] {
  let [line, count, sum, nextCount, nextSum] = [-1, 0, 0, 0, 0];
  return all.map((figure) => {
    if (figure.line !== line) [line, count, sum] = [figure.line, nextCount, nextSum];
    if (!SURE.test(figure.label) && !NOT_THE_SUM.test(figure.label)) {
      nextCount += 1;
      nextSum += figure.minor;
    }
    return { count, sum };
  });
}

/** The same sum in another currency is larger or smaller for no reason. */
function isForeign(one: WrittenAmount, other: WrittenAmount): boolean {
  return one.currency !== null && other.currency !== null && one.currency !== other.currency;
}
