import { daysBetween } from "../dates.js";
import type { LedgerLine, LedgerReceipt } from "../ledger.js";

export type UnmatchedReason = "no line" | "weak" | "tie" | "duplicate" | "incomplete";

/** Why a receipt has no line, in words; with the line of the same amount that comes nearest. */
export function whyAlone(
  { amountMinor, currency, date }: LedgerReceipt,
  reason: UnmatchedReason,
  { lines, windowDays }: { readonly lines: readonly LedgerLine[]; readonly windowDays: number },
): string {
  if (reason === "duplicate") return "another receipt says the same";
  if (reason === "incomplete") return "no amount was read from it";
  if (reason === "tie") return "several lines fit as well; see the candidates";
  if (reason === "weak") return "the nearest lines fit too little in day, amount or name";
  const same = lines.filter((line) => line.amountMinor === amountMinor && !line.notCounted);
  const own = same.filter((line) => line.currency === currency || currency === null || line.currency === null);
  const nearest = own
    .flatMap((line) => (line.date && date ? [{ line, days: daysBetween(line.date, date) }] : []))
    .sort((a, b) => a.days - b.days)[0];
  if (nearest)
    return `no line within ${windowDays} days; nearest of this amount: ${nearest.days} days off (${nearest.line.statement} row ${nearest.line.row})`;
  const [other] = same;
  if (other)
    return `no line of this amount in ${currency}; the same amount in ${other.currency ?? "no currency"} (${other.statement} row ${other.row})`;
  return "no line has this amount, nor one that fits with a tip or by a rate";
}
