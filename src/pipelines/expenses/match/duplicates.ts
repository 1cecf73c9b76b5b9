import { ACCEPTED, TIE } from "./accepted.js";
import type { Candidate } from "./candidates.js";
import type { Ledger, LedgerLine, LedgerReceipt } from "../ledger.js";
import { merchantSimilarity, nameKey, plainWords } from "../names.js";

export interface Duplicate {
  readonly id: string;
  /** The first of its kind, which counts. */
  readonly of: string;
}

/** A line that another one repeats, or may repeat. */
export interface DuplicateLine extends Duplicate {
  /** Whether it is in no total. What only may be a copy counts, and is flagged. */
  readonly isLeftOut: boolean;
}

/** So many lines in a row that two statements share are no accident. */
const LEAST_STRETCH = 3;

/**
 * Lines that another statement has already: the second copy of a month, the overlap of two. They are left out where both
 * are of one account, have one reference of the bank's, or stand in a stretch of days that both statements tell alike.
 * Within one statement only the bank's own reference makes two lines one, and both count: two coffees of one day are two.
 */
export function duplicateLines(lines: readonly LedgerLine[]): DuplicateLine[] {
  const found = copiesIn(lines);
  const repeated = stretches(lines, found);
  return found.map(({ line, first }) => ({
    id: line.id,
    of: first.id,
    isLeftOut:
      line.statement !== first.statement &&
      (isOneAccount(line, first) === true ||
        (line.reference !== undefined && line.reference === first.reference) ||
        repeated.has(pairOf(line, first))),
  }));
}

interface Copy {
  readonly line: LedgerLine;
  readonly first: LedgerLine;
}

function copiesIn(lines: readonly LedgerLine[]): Copy[] {
  const seen = new Map<string, LedgerLine[]>();
  const copies: Copy[] = [];
  const usedUp = new Set<string>();
  for (const line of lines) {
    const key = keyOf(line);
    if (key === null) continue;
    const alike = seen.get(key) ?? [];
    const first = alike.find((other) => isCopy(line, other) && !usedUp.has(`${other.id} ${line.statement}`));
    if (first) {
      copies.push({ line, first });
      usedUp.add(`${first.id} ${line.statement}`);
    } else seen.set(key, [...alike, line]);
  }
  return copies;
}

/** Pairs of statements that have the same lines on every day between the first copy and the last. */
function stretches(lines: readonly LedgerLine[], copies: readonly Copy[]): Set<string> {
  const shared = new Map<string, Copy[]>();
  for (const copy of copies) {
    const pair = pairOf(copy.line, copy.first);
    shared.set(pair, [...(shared.get(pair) ?? []), copy]);
  }
  const alike = [...shared].filter(([, all]) => {
    const { line, first } = all[0]!;
    if (all.length < LEAST_STRETCH || line.statement === first.statement) return false;
    const days = all.map((copy) => copy.line.date!).sort();
    const [from, to] = [days[0]!, days.at(-1)!];
    // A day at either end may have been cut off in the middle, unless it is the only one.
    const isInside = ({ date }: LedgerLine): boolean => date! > from && date! < to;
    const isOfThatDay = ({ date }: LedgerLine): boolean => date === from;
    const counts = from === to ? isOfThatDay : isInside;
    return [line, first].every(({ statement }, side) => {
      const known = new Set(all.map((copy) => (side === 0 ? copy.line.id : copy.first.id)));
      const own = lines.filter((one) => one.statement === statement && keyOf(one) !== null && counts(one));
      return own.every(({ id }) => known.has(id));
    });
  });
  return new Set(alike.map(([pair]) => pair));
}

function pairOf(line: LedgerLine, first: LedgerLine): string {
  return JSON.stringify([line.statement, first.statement]);
}

/** Null if that is not known: a number may be masked, an IBAN holds the bank's own number. */
function isOneAccount({ account: a }: LedgerLine, { account: b }: LedgerLine): boolean | null {
  if (!a || !b) return null;
  const [one, other] = [a, b].map((account) => account.toUpperCase().replace(/[^\p{L}\p{N}]/gu, "")) as [
    string,
    string,
  ];
  if (one === other) return true;
  const [digits, others] = [one, other].map((account) => /\d+$/.exec(account)?.[0] ?? "") as [string, string];
  if (digits.length < 4 || others.length < 4) return null;
  return one.includes(others) || other.includes(digits) || digits.slice(-4) === others.slice(-4);
}

function keyOf({ date, amountMinor, currency, description, employee }: LedgerLine): string | null {
  if (date === null || amountMinor === null) return null;
  const who = employee === null ? "" : nameKey(employee);
  return [date, amountMinor, currency, plainWords(description).replaceAll(" ", ""), who].join("|");
}

function isCopy(line: LedgerLine, other: LedgerLine): boolean {
  if (isOneAccount(line, other) === false) return false;
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
