import type { Ledger } from "../ledger.js";
import { merchantKey } from "../names.js";
import type { Candidate } from "./candidates.js";

/**
 * Of tied pairs those whose lines nothing tells apart, and whose receipts nothing tells apart, in the same number: two
 * coffees of one day and their two receipts. Which belongs to which is all the same.
 */
export function interchangeable({ lines, receipts }: Ledger, tied: readonly Candidate[], all: readonly Candidate[]) {
  const lineKey = (at: number): string => {
    const { statement, date, amountMinor, currency, employee, description } = lines[at]!;
    return [statement, date, amountMinor, currency, employee, merchantKey(description)].join("|");
  };
  const receiptKey = (at: number): string => {
    const { date, otherDate, amountMinor, currency, employee, merchant } = receipts[at]!;
    return [date, otherDate, amountMinor, currency, employee, merchantKey(merchant ?? "")].join("|");
  };
  const groups = new Map<string, Candidate[]>();
  for (const pair of tied) {
    const key = `${lineKey(pair.line)} ${receiptKey(pair.receipt)}`;
    groups.set(key, [...(groups.get(key) ?? []), pair]);
  }
  return [...groups].flatMap(([key, pairs]) => {
    const own = {
      lines: new Set(pairs.map(({ line }) => line)),
      receipts: new Set(pairs.map(({ receipt }) => receipt)),
    };
    if (own.lines.size < 2 || own.lines.size !== own.receipts.size || own.lines.size !== pairs.length) return [];
    // Whoever else fits one of them as well would make it a guess.
    const isWanted = all.some(
      ({ line, receipt }) =>
        (own.lines.has(line) || own.receipts.has(receipt)) && `${lineKey(line)} ${receiptKey(receipt)}` !== key,
    );
    const isMore = all.some(({ line, receipt }) => own.lines.has(line) !== own.receipts.has(receipt));
    return isWanted || isMore ? [] : pairs;
  });
}
