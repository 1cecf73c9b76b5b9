import { readAmount } from "../../money.js";
import type { Column } from "./columns.js";
import { isValue, type Figure, type Structure } from "./figures.js";
import { namesSpending } from "./foreign-words.js";
import { plainHeading } from "./headings.js";
import type { GridRow } from "./sections.js";
import { directionOf } from "./words.js";

/** What a plus stands for, by headings alone. */
export interface Said {
  readonly plusIsOut: boolean;
  readonly reason: string;
  readonly isDoubted: boolean;
}

const GROSS = /^(?:gross|brutto|bruto|brut|lordo|bruttobetrag|gross amount|amount gross)$/;

/** What the headings say; in doubt where the lines' own words contradict them. */
export function saidByHeadings(
  open: readonly { readonly row: GridRow; readonly figure: Figure }[],
  columns: readonly Column[],
  structure: Structure,
  { agree, against }: { readonly agree: number; readonly against: number },
): Said | null {
  if (structure.kind === "pair") return null;
  const used = columns[structure.amount]!;
  const roles = new Set(columns.map(({ role }) => role));
  const isGross = columns.some(({ role, heading }) => role === "amount" && GROSS.test(plainHeading(heading)));
  if (isGross && roles.has("fee") && roles.has("net"))
    return {
      plusIsOut: false,
      reason: "gross, fee and net: a payment service's, whose plus came in",
      isDoubted: against >= 2 && agree === 0,
    };
  if (!namesSpending(plainHeading(used.heading))) return null;
  const cameIn = open.some(({ row, figure }) => !figure.written.negative && saysIn(row, columns));
  return { plusIsOut: true, reason: `${used.heading} is what was spent`, isDoubted: agree > 0 || cameIn };
}

function saysIn({ texts }: GridRow, columns: readonly Column[]): boolean {
  return columns.some(
    ({ role, index }) => (role === "type" || role === "direction") && directionOf(texts[index] ?? "") === "in",
  );
}

/** Whether credits carry a minus for the most part, and debits none. */
export function isContrarySigned({ debit, credit }: Structure & { kind: "pair" }, rows: readonly GridRow[]): boolean {
  const negatives = (column: number | null): boolean[] =>
    rows
      .map(({ texts }) => (column === null ? null : readAmount(texts[column] ?? "")))
      .flatMap((amount) => (amount !== null && isValue(amount) ? [amount.negative] : []));
  const [debits, credits] = [negatives(debit), negatives(credit)];
  return debits.length > 0 && !debits.some(Boolean) && credits.filter(Boolean).length * 2 > credits.length;
}
