import { ACCEPTED, TIE } from "./accepted.js";
import type { Candidate } from "./candidates.js";
import type { Ledger, LedgerLine, LedgerReceipt } from "../ledger.js";
import { merchantSimilarity, nameKey, plainWords } from "../names.js";

export interface Duplicate {
  readonly id: string;
  /** The first of its kind, which counts. */
  readonly of: string;
}

/**
 * Lines that another statement has already: the second copy of a month, the overlap of two. Within one statement only the
 * bank's own reference makes two lines one: two coffees of one day are two.
 */
export function duplicateLines(lines: readonly LedgerLine[]): Duplicate[] {
  const seen = new Map<string, LedgerLine[]>();
  const duplicates: Duplicate[] = [];
  const usedUp = new Set<string>();
  for (const line of lines) {
    const key = keyOf(line);
    if (key === null) continue;
    const alike = seen.get(key) ?? [];
    const first = alike.find((other) => isCopy(line, other) && !usedUp.has(`${other.id} ${line.statement}`));
    if (first) {
      duplicates.push({ id: line.id, of: first.id });
      usedUp.add(`${first.id} ${line.statement}`);
    } else seen.set(key, [...alike, line]);
  }
  return duplicates;
}

function keyOf({ date, amountMinor, currency, description, employee }: LedgerLine): string | null {
  if (date === null || amountMinor === null) return null;
  const who = employee === null ? "" : nameKey(employee);
  return [date, amountMinor, currency, plainWords(description).replaceAll(" ", ""), who].join("|");
}

function isCopy(line: LedgerLine, other: LedgerLine): boolean {
  if (line.reference && other.reference && line.reference !== other.reference) return false;
  if (line.statement !== other.statement) return true;
  return line.reference !== undefined && line.reference === other.reference;
}

/** Receipts sent twice: the same bytes, or the same merchant, day and sum with no two numbers that differ. */
export function duplicateReceipts({ receipts }: Ledger, candidates: readonly Candidate[]): Duplicate[] {
  const groups: { readonly first: LedgerReceipt; readonly at: number; readonly copies: LedgerReceipt[] }[] = [];
  for (const [at, receipt] of receipts.entries()) {
    const group = groups.find(({ first }) => isSame(first, receipt));
    if (group) group.copies.push(receipt);
    else groups.push({ first: receipt, at, copies: [] });
  }
  return groups.flatMap(({ first, at, copies }) => {
    if (copies.length === 0) return [];
    const scores = candidates
      .filter(({ receipt, score }) => receipt === at && score >= ACCEPTED)
      .map(({ score }) => score);
    // As many transactions that fit as well as the best one as there are receipts: then each of them has its own.
    const spare = Math.max(0, scores.filter((score) => score > Math.max(...scores) - TIE).length - 1);
    const sameBytes = copies.filter(({ sha256 }) => sha256 !== null && sha256 === first.sha256);
    const others = copies.filter((copy) => !sameBytes.includes(copy));
    return [...sameBytes, ...others.slice(spare)].map(({ id }) => ({ id, of: first.id }));
  });
}

function isSame(a: LedgerReceipt, b: LedgerReceipt): boolean {
  if (a.sha256 !== null && a.sha256 === b.sha256) return true;
  if (a.amountMinor === null || a.amountMinor !== b.amountMinor || a.currency !== b.currency) return false;
  if (a.date === null || a.date !== b.date || !a.merchant || !b.merchant) return false;
  if (digitsOf(a.reference) !== digitsOf(b.reference) && a.reference && b.reference) return false;
  return merchantSimilarity(a.merchant, b.merchant) >= 0.8;
}

/** The same number may be "INV-10423" on paper and "10423" in the mail. */
function digitsOf(reference: string | undefined): string | undefined {
  return reference?.replace(/\D/g, "");
}
