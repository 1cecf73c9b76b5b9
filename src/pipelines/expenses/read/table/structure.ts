import type { DecimalMark } from "../../money.js";
import { followsOf, type Follows } from "./balance.js";
import type { Column } from "./columns.js";
import {
  contraryTo,
  figureOf,
  isValue,
  oneSidedOf,
  signsTell,
  sizesIn,
  type OneSided,
  type Structure,
} from "./figures.js";
import { balancesAround, columnAfterFee } from "./row-sums.js";
import type { GridRow } from "./sections.js";
import { stepsOf, type BalanceStep } from "./steps.js";
import { structuresOf } from "./structures.js";

/** How the money of a table is read, and what speaks for it. */
export interface Money {
  readonly structure: Structure;
  readonly oneSided: OneSided;
  readonly mark: DecimalMark | null;
  readonly fee: number | null;
  readonly balance: Follows | null;
  /** Another structure that gives other amounts and has as much for it. */
  readonly isContested: boolean;
  /** Whether the amounts' column was taken by what is in it alone. */
  readonly isGuessed: boolean;
  /** Rows whose sign says another way than the word beside it, where those of the others agree. */
  readonly contrary: readonly number[];
  /** Where the amounts have their fees in them: whether these add to them; null where nothing shows it. */
  readonly feesAdd: boolean | null;
}

/** So many balances that follow prove the amounts; one exact cent is no accident either, if it is the only one there is. */
const MOST = 0.7;
/** Two readings nearer than this have as much for them. */
const NEAR = 1.5;

interface Tried {
  readonly structure: Structure;
  readonly score: number;
  readonly balance: Follows | null;
  readonly oneSided: OneSided;
}

/**
 * The reading of the table's figures that has most for it; arithmetic outweighs all words. Null where there is none.
 * `isGiven` says that a mapping names the columns, `markAround` which decimal mark the figures beside the table show.
 */
export function moneyOf(
  rows: readonly GridRow[],
  dated: readonly GridRow[],
  columns: readonly Column[],
  { isGiven, markAround }: { readonly isGiven: boolean; readonly markAround: DecimalMark | null },
): Money | null {
  const mark = markOf(columns) ?? markAround;
  const fee = columns.find(({ role, filled, amounts }) => role === "fee" && filled > 0 && amounts > 0.6)?.index ?? null;
  const all = structuresOf(dated, columns, isGiven).map((structure): Tried => {
    const oneSided = oneSidedOf(dated, structure);
    const steps = stepsOf(rows, structure, { oneSided, columns, fee, mark });
    const around = structure.kind === "signed" ? balancesAround(dated, structure.amount, columns, mark) : null;
    const balance = around ?? bestBalance(steps, structure, columns, mark);
    return { structure, oneSided, balance, score: priorOf(structure, dated, columns) + weightOf(balance) };
  });
  const [best, ...others] = all.sort((a, b) => b.score - a.score);
  if (!best || best.score < 0) return null;
  const rival = others.find((one) => !isSameReading(one, best, dated));
  // What is left after the fee has it already.
  const isNet = best.structure.kind !== "pair" && columns[best.structure.amount]!.role === "net";
  const after =
    fee !== null && !isNet && best.structure.kind === "signed" && !isGiven && !isProven(best.balance)
      ? columnAfterFee(dated, { amount: best.structure.amount, fee }, columns, mark)
      : null;
  if (after !== null) {
    const structure: Structure = { kind: "signed", amount: after.amount };
    const oneSided = oneSidedOf(dated, structure);
    const sure = { fee: null, balance: null, isContested: false, isGuessed: false, contrary: [] };
    return { ...sure, structure, oneSided, mark, feesAdd: after.plusIsOut };
  }
  const isSwapped = isReversedPair(best, columns);
  return {
    structure: isSwapped ? swapped(best.structure) : best.structure,
    oneSided: isSwapped ? { debit: best.oneSided.credit, credit: best.oneSided.debit } : best.oneSided,
    mark,
    fee: isNet ? null : fee,
    balance: isSwapped ? { ...best.balance!, isReversed: false } : best.balance,
    isContested:
      !isProven(best.balance) &&
      ((rival !== undefined && rival.score > best.score - NEAR && !isCodeBeside(rival, best, columns)) ||
        isBalanceItself(best, columns) ||
        isOneOfMany(best, columns)),
    feesAdd: null,
    contrary: contraryTo(best.structure, dated, best.oneSided),
    isGuessed: best.structure.kind === "signed" && !columns[best.structure.amount]!.isNamed && !isProven(best.balance),
  };
}

/** Whether nothing names the amounts and another column that nothing names looks like them as well. */
function isOneOfMany({ structure }: Tried, columns: readonly Column[]): boolean {
  if (structure.kind !== "signed" || columns[structure.amount]!.isNamed) return false;
  return columns.some(
    ({ index, role, isNamed, amounts, moneylike, filled, isConstant }) =>
      index !== structure.amount &&
      role === "other" &&
      !isNamed &&
      !isConstant &&
      amounts > 0.6 &&
      moneylike > 0.5 &&
      filled > 0.5,
  );
}

/** Whether a column of whole numbers rivals one that has decimals in nearly every row: "20" is the kind of the row. */
function isCodeBeside(rival: Tried, best: Tried, columns: readonly Column[]): boolean {
  if (rival.structure.kind === "pair" || best.structure.kind === "pair") return false;
  const [code, amount] = [columns[rival.structure.amount]!, columns[best.structure.amount]!];
  return !code.isNamed && code.moneylike === 0 && amount.moneylike > 0.8;
}

/** Amounts out of a column that is named a balance or a number are none that anybody may rely on. */
function isBalanceItself({ structure }: Tried, columns: readonly Column[]): boolean {
  return structure.kind !== "pair" && ["balance", "reference"].includes(columns[structure.amount]!.role);
}

/** Two columns that no heading names, whose first raises the balance: that is the one of what came in. */
function isReversedPair({ structure, balance }: Tried, columns: readonly Column[]): boolean {
  if (structure.kind !== "pair" || structure.debit === null || structure.credit === null) return false;
  const isNamed = columns[structure.debit]!.isNamed || columns[structure.credit]!.isNamed;
  return !isNamed && isProven(balance) && balance!.isReversed;
}

function swapped(structure: Structure): Structure {
  return structure.kind === "pair" ? { kind: "pair", debit: structure.credit, credit: structure.debit } : structure;
}

export function isProven(balance: Follows | null): boolean {
  return balance !== null && balance.agreeing > 0 && balance.agreeing / balance.compared >= MOST;
}

function weightOf(balance: Follows | null): number {
  if (balance === null) return 0;
  const share = balance.agreeing / balance.compared;
  return isProven(balance) ? 8 + 8 * share + Math.min(4, balance.agreeing) : 0;
}

/** The decimal mark of all figures together: a column that shows none takes that of the others. */
function markOf(columns: readonly Column[]): DecimalMark | null {
  const marks = columns.filter(({ amounts, ids }) => amounts > 0.5 && ids < 0.5).flatMap(({ mark }) => mark ?? []);
  const [points, commas] = [marks.filter((mark) => mark === ".").length, marks.filter((mark) => mark === ",").length];
  return points === commas ? null : points > commas ? "." : ",";
}

/** What speaks for a structure before any arithmetic. */
function priorOf(structure: Structure, dated: readonly GridRow[], columns: readonly Column[]): number {
  // A nought moves nothing: it says that the amount stands elsewhere, if anything.
  const covered = dated.filter((row) => {
    const figure = figureOf(row, structure, { debit: false, credit: false });
    return figure !== null && isValue(figure.written);
  }).length;
  const coverage = 3 - (6 * (dated.length - covered)) / Math.max(1, dated.length);
  if (structure.kind === "pair") {
    const used = [structure.debit, structure.credit].filter((at) => at !== null).map((at) => columns[at]!);
    const isNamed = used.every(({ isNamed: named, role }) => named && (role === "debit" || role === "credit"));
    const isAlone = used.length === 1;
    const moneylike = Math.max(...used.map((column) => column.moneylike));
    return (
      coverage + (isNamed ? 2 * moneylike : 0) + (isNamed ? (isAlone ? 2 : 5) : signsTell(structure, dated) ? 4 : 2.5)
    );
  }
  const column = columns[structure.amount]!;
  const direction = structure.kind === "directed" ? 1.5 : 0;
  return (
    coverage +
    direction +
    nameWorth(column, structure.amount, columns) +
    2 * column.moneylike -
    3 * column.ids +
    (column.isMixed ? 1.5 : 0) -
    (column.isConstant ? 1.5 : 0)
  );
}

function nameWorth({ role, isNamed, heading }: Column, at: number, columns: readonly Column[]): number {
  if (!isNamed && heading === "")
    return columns
      .slice(0, at)
      .some(
        ({ role: before, amounts, moneylike, index }) =>
          index !== at && before === "other" && amounts > 0.6 && moneylike > 0.5,
      )
      ? 0.2
      : 1;
  const worth: Partial<Record<Column["role"], number>> = {
    amount: 4,
    net: 3.5,
    debit: 2,
    credit: 2,
    balance: -4,
    originalAmount: 0.5,
    other: -0.5,
    reference: -3,
  };
  return worth[role] ?? 0;
}

/** The column that follows best from these amounts. Balances stand behind the amounts, or are named. */
function bestBalance(
  steps: readonly BalanceStep[],
  structure: Structure,
  columns: readonly Column[],
  mark: DecimalMark | null,
): Follows | null {
  const own = structure.kind === "pair" ? [structure.debit, structure.credit] : [structure.amount];
  const candidates = columns.filter(
    // What is the same in every row is what the account has today, and no balance behind each line.
    ({ index, role, amounts, filled, isConstant }) =>
      !own.includes(index) && filled > 0 && amounts > 0.5 && !isConstant && (role === "balance" || role === "other"),
  );
  // What a column calls the account may be that of the other side: then all lines have one balance.
  const ofOne = steps.map((step) => ({ ...step, chain: step.chain.replace(/^.*\|/, "|") }));
  const found = candidates.flatMap(({ index }) =>
    [steps, ofOne].flatMap((all): Follows[] => {
      const follows = followsOf(all, index, { amount: mark, balance: mark });
      return follows ? [{ ...follows, isShared: all === ofOne }] : [];
    }),
  );
  const [best] = found.sort((a, b) => b.agreeing - a.agreeing || a.breaks.length - b.breaks.length);
  if (!best) return null;
  return isProven(best) || columns[best.column]!.role === "balance" ? best : null;
}

function isSameReading(one: Tried, other: Tried, rows: readonly GridRow[]): boolean {
  return sizesIn(rows, one.structure, one.oneSided) === sizesIn(rows, other.structure, other.oneSided);
}
