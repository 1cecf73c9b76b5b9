import { readAmount } from "../../money.js";
import type { Column } from "./columns.js";
import { isValue, type Structure } from "./figures.js";
import type { GridRow } from "./sections.js";

/** `isGiven` says that a mapping named the columns: then no other is tried. */
export function structuresOf(dated: readonly GridRow[], columns: readonly Column[], isGiven: boolean): Structure[] {
  const numeric = columns.filter(({ role, amounts, filled }) =>
    isGiven ? role === "amount" : filled > 0 && amounts >= 0.6 && CAN_BE_MONEY.has(role),
  );
  const single = numeric
    .filter(({ role, ids }) => ids < 0.5 || role === "amount")
    .map(({ index }): Structure => ({ kind: "signed", amount: index }));
  const direction = columns.find(({ role }) => role === "direction");
  const directed =
    direction &&
    numeric
      .filter(({ role }) => role !== "balance")
      .map(({ index }): Structure => ({ kind: "directed", amount: index, direction: direction.index }));
  const [debit, credit] = ["debit", "credit"].map((role) => columns.filter((column) => column.role === role));
  const named = debit!.flatMap((out) =>
    credit!.map((back): Structure => ({ kind: "pair", debit: out.index, credit: back.index })),
  );
  const pairs = named.filter((one) => one.kind === "pair" && isExclusive(dated, one.debit!, one.credit!));
  const hasPair = pairs.length > 0;
  const alone = hasPair
    ? []
    : [...debit!, ...credit!]
        .filter(({ filled }) => filled > 0)
        .map(({ index, role }): Structure => ({
          kind: "pair",
          debit: role === "debit" ? index : null,
          credit: role === "credit" ? index : null,
        }));
  const unnamed = hasPair ? [] : exclusivePairs(dated, numeric);
  return [...single, ...(directed ?? []), ...pairs, ...alone, ...unnamed];
}

const CAN_BE_MONEY: ReadonlySet<Column["role"]> = new Set([
  "amount",
  "debit",
  "credit",
  "net",
  "balance",
  "other",
  "originalAmount",
  "reference",
]);

/** Never both filled in one row, unless one of them with nought. */
function isExclusive(rows: readonly GridRow[], one: number, other: number): boolean {
  const both = rows.filter(({ texts }) => [one, other].every((at) => hasValue(texts[at])));
  return both.length <= rows.length * 0.02;
}

function hasValue(text: string | undefined): boolean {
  const amount = text === undefined || text === "" ? null : readAmount(text);
  return amount !== null && isValue(amount);
}

function isNought(text: string | undefined): boolean {
  const amount = text === undefined || text === "" ? null : readAmount(text);
  return amount !== null && !isValue(amount);
}

/** Two columns beside each other of which each row fills one; which is which the balance or the signs must tell. */
function exclusivePairs(rows: readonly GridRow[], numeric: readonly Column[]): Structure[] {
  const found: Structure[] = [];
  for (const left of numeric) {
    for (const right of numeric) {
      if (left === right || Math.abs(left.index - right.index) > 2 || !mayBePair(left, right)) continue;
      const counts = [left, right].map(({ index }) => rows.filter(({ texts }) => hasValue(texts[index])).length);
      const covered = rows.filter(({ texts }) => hasValue(texts[left.index]) !== hasValue(texts[right.index])).length;
      // Noughts in both moved nothing.
      const still = rows.filter(({ texts }) => [left, right].every(({ index }) => isNought(texts[index]))).length;
      if (counts.every((count) => count > 0) && covered >= (rows.length - still) * 0.95)
        found.push({ kind: "pair", debit: left.index, credit: right.index });
    }
  }
  return found;
}

/** Both named or neither; or one of them, for its own way. */
function mayBePair(out: Column, back: Column): boolean {
  if (out.isNamed === back.isNamed) return true;
  return out.isNamed ? out.role === "debit" && back.role === "other" : back.role === "credit" && out.role === "other";
}
