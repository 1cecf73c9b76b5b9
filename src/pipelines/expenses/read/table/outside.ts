import { readDate } from "../../dates.js";
import { readAmount } from "../../money.js";
import type { Row } from "../../shapes.js";
import { heedTitle, type Around } from "./around.js";
import type { ReadRow } from "./drafts.js";
import { factsOf } from "./facts.js";

/** Rows above the first heading and outside all tables. */
export function readOutside(rows: readonly Row[], around: Around): ReadRow[] {
  return rows.map((row): ReadRow => {
    const facts = factsOf(row);
    heedTitle(row, around);
    around.owner = facts.owner ?? around.owner;
    around.account = facts.account ?? around.account;
    if (facts.special && facts.special.amounts.length > 0)
      return { is: "special", kind: facts.special.kind, row, amounts: facts.special.amounts };
    return isLineLike(row) ? { is: "not read", row, isLineLike: true } : { is: "facts", row, facts };
  });
}

/** A day, a text and an amount, in this order: a line, wherever it stands. */
function isLineLike({ cells: [first, ...rest] }: Row): boolean {
  const amount = rest.findIndex(({ text }) => /[.,]\d{2}\D*$/.test(text) && readAmount(text) !== null);
  return (
    first !== undefined &&
    readDate(first.text) !== null &&
    amount > 0 &&
    rest.slice(0, amount).some(({ text }) => /\p{L}{2}/u.test(text) && readDate(text) === null)
  );
}
