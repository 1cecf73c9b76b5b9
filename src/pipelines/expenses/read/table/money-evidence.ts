import type { Evidence } from "../../shapes.js";
import type { Column } from "./columns.js";
import { isProven, type Money } from "./structure.js";

/** What speaks for the amounts, in words. */
export function evidenceOfMoney(
  { structure, balance, isContested, isGuessed, fee }: Money,
  columns: readonly Column[],
  isGiven: boolean,
): Evidence[] {
  const used = structure.kind === "pair" ? [structure.debit, structure.credit] : [structure.amount];
  const names = used.flatMap((at) => (at === null ? [] : [columns[at]!.heading || `column ${at + 1}`])).join(" and ");
  const evidence: Evidence[] = [];
  if (isProven(balance))
    evidence.push({ of: "amount", certainty: "proven", reason: `the balances follow from ${names}` });
  else if (isContested)
    evidence.push({
      of: "amount",
      certainty: "assumed",
      reason: `${names} may be the amounts, and so may another column`,
      flag: "AMOUNT_UNCERTAIN",
    });
  else
    evidence.push({
      of: "amount",
      certainty: isGuessed && !isGiven ? "assumed" : "supported",
      reason: isGiven
        ? `the mapping names ${names}`
        : isGuessed
          ? `${names} looks like the amounts; no heading says so`
          : `the heading of ${names} says so`,
    });
  if (balance && balance.breaks.length > 0) {
    const where = balance.breaks.slice(0, 5).join(", ");
    evidence.push({
      of: "balance",
      certainty: "assumed",
      reason: isProven(balance)
        ? `the balance does not follow at row ${where}: a row may be missing before it`
        : `the balances do not follow from the amounts (row ${where})`,
      flag: "BALANCE_DISAGREES",
    });
  }
  if (fee !== null && !isProven(balance))
    evidence.push({
      of: "fees",
      certainty: "assumed",
      reason: "fees are added to the amounts; no balance shows whether they are in them",
    });
  return evidence;
}
