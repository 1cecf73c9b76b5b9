import { isRepeated, readAmount, shownMark, type DecimalMark, type WrittenAmount } from "../../money.js";
import type { GridRow } from "./sections.js";
import { directionOf } from "./words.js";

/** Which columns hold what moved: one with signs, one for each way, or one beside a column that says the way. */
export type Structure =
  | { readonly kind: "signed"; readonly amount: number }
  | { readonly kind: "pair"; readonly debit: number | null; readonly credit: number | null }
  | { readonly kind: "directed"; readonly amount: number; readonly direction: number };

/** What one row moved, as written. `out` is null where only the column's sign can tell. */
export interface Figure {
  readonly written: WrittenAmount;
  readonly out: boolean | null;
}

/** The figure of a row; null where the structure's columns hold none. */
export function figureOf({ texts }: GridRow, structure: Structure, isOneSided: OneSided): Figure | null {
  if (structure.kind === "pair") return figureOfPair(texts, structure, isOneSided);
  const written = readAmount(texts[structure.amount] ?? "");
  if (!written) return null;
  if (written.mark !== null) return { written, out: (written.mark === "debit") !== written.negative };
  if (structure.kind === "signed") return { written, out: null };
  const direction = directionOf(texts[structure.direction] ?? "");
  return { written, out: direction === null || direction === "none" ? null : direction === "out" };
}

/** Whether all figures of a debit or credit column carry a minus: then it says nothing. */
export interface OneSided {
  readonly debit: boolean;
  readonly credit: boolean;
}

export function oneSidedOf(rows: readonly GridRow[], structure: Structure): OneSided {
  const allNegative = (column: number | null): boolean => {
    if (column === null) return false;
    const read = rows.map(({ texts }) => readAmount(texts[column] ?? "")).filter((one) => one !== null && isValue(one));
    return read.length > 0 && read.every((one) => one!.negative);
  };
  if (structure.kind !== "pair") return { debit: false, credit: false };
  return { debit: allNegative(structure.debit), credit: allNegative(structure.credit) };
}

function figureOfPair(
  texts: readonly string[],
  { debit, credit }: Structure & { kind: "pair" },
  isOneSided: OneSided,
): Figure | null {
  const read = (column: number | null): WrittenAmount | null =>
    column === null ? null : readAmount(texts[column] ?? "");
  const [out, back] = [read(debit), read(credit)];
  // A nought in the other column says "nothing here".
  if (out && (isValue(out) || !back || !isValue(back))) return { written: out, out: !out.negative || isOneSided.debit };
  return back ? { written: back, out: back.negative && !isOneSided.credit } : null;
}

export function isValue({ number }: WrittenAmount): boolean {
  return /[1-9]/.test(number);
}

/** The size of a figure as a number, for comparing; never for booking. */
export function sizeOf({ number }: WrittenAmount, mark: DecimalMark | null): number {
  const decimal = shownMark(number) ?? mark;
  const at = decimal === null || isRepeated(number, decimal) ? -1 : number.lastIndexOf(decimal);
  const whole = (at < 0 ? number : number.slice(0, at)).replace(/\D/g, "");
  const fraction = at < 0 ? "" : number.slice(at + 1).replace(/\D/g, "");
  return Number(`${whole || "0"}.${fraction || "0"}`);
}

/** The sizes of all rows as one text: equal where two structures read the same. */
export function sizesIn(rows: readonly GridRow[], structure: Structure, oneSided: OneSided): string {
  return rows
    .map((row) => {
      const figure = figureOf(row, structure, oneSided);
      return figure && sizeOf(figure.written, null);
    })
    .join("|");
}

/** In minus out, where `flip` says that a column's minus stands for money that came in. */
export function movedOf({ written, out }: Figure, mark: DecimalMark | null, flip: boolean): number {
  const size = sizeOf(written, mark);
  if (out !== null) return out ? -size : size;
  return written.negative !== flip ? -size : size;
}

/** So many rows agree for each that does not. */
const MANY = 3;

/**
 * Rows whose sign contradicts the word beside it, where nearly all that go out carry a minus and all that come in none; or
 * where all that come in carry one, and not all that go out carry none.
 */
export function contraryTo(structure: Structure, rows: readonly GridRow[], isOneSided: OneSided): number[] {
  if (structure.kind !== "directed") return [];
  const read = rows.flatMap((row) => {
    const figure = figureOf(row, structure, isOneSided);
    return figure && figure.out !== null && figure.written.mark === null && isValue(figure.written)
      ? [{ at: row.row.at, out: figure.out, negative: figure.written.negative }]
      : [];
  });
  const agree = read.filter(({ out, negative }) => out === negative);
  const others = read.filter(({ out, negative }) => out !== negative);
  const goOut = read.filter(({ out }) => out);
  const comeIn = read.filter(({ out }) => !out);
  const isPlusOut = goOut.length > 0 && goOut.every(({ negative }) => !negative);
  if (comeIn.every(({ negative }) => negative) && !isPlusOut) return comeIn.map(({ at }) => at);
  const hasBoth = agree.some(({ out }) => out) && agree.some(({ out }) => !out);
  return hasBoth && agree.length >= MANY * others.length ? others.map(({ at }) => at) : [];
}

/** The columns' own signs: minus in one and plus in the other. */
export function signsTell({ debit, credit }: Structure & { kind: "pair" }, rows: readonly GridRow[]): boolean {
  const negatives = (at: number): boolean[] =>
    rows
      .map(({ texts }) => readAmount(texts[at] ?? ""))
      .filter((one) => one !== null && isValue(one))
      .map((one) => one!.negative);
  return debit !== null && credit !== null && negatives(debit).every(Boolean) && !negatives(credit).some(Boolean);
}
