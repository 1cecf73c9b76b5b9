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

/**
 * Pairs of statements that have the same lines on every day between the first copy and the last. Either of those two days may be
 * cut in the middle in one of the statements, where that one begins or ends.
 */
function stretches(lines: readonly LedgerLine[], copies: readonly Copy[]): Set<string> {
  const shared = new Map<string, Copy[]>();
  for (const copy of copies) {
    if (copy.line.statement === copy.first.statement) continue;
    const pair = pairOf(copy.line, copy.first);
    shared.set(pair, [...(shared.get(pair) ?? []), copy]);
  }
  const alike = [...shared].filter(([, all]) => {
    if (all.length < LEAST_STRETCH) return false;
    const days = all.map((copy) => copy.line.date!).sort();
    const [from, to] = [days[0]!, days.at(-1)!];
    const known = new Set(all.flatMap(({ line, first }) => [line.id, first.id]));
    const [others, firsts] = [all[0]!.line, all[0]!.first].map(
      ({ statement }) =>
        new Set(
          lines
            .filter((one) => one.statement === statement && keyOf(one) !== null && !known.has(one.id))
            .map(({ date }) => date!)
            .filter((day) => day >= from && day <= to),
        ),
    ) as [Set<string>, Set<string>];
    const isCut = (day: string): boolean => from !== to && (day === from || day === to);
    return [...others, ...firsts].every((day) => isCut(day) && !(others.has(day) && firsts.has(day)));
  });
  return new Set(alike.map(([pair]) => pair));
}

function pairOf(line: LedgerLine, first: LedgerLine): string {
  return JSON.stringify([line.statement, first.statement]);
}

/** A masked number shows fewer digits at its end; the number of an account has as many or more. */
const WHOLE_NUMBER = 8;

/** Null if that is not known. An IBAN holds the bank's own number, and a masked number is the end of a whole one. */
function isOneAccount({ account: a }: LedgerLine, { account: b }: LedgerLine): boolean | null {
  if (!a || !b) return null;
  const [one, other] = [plainAccount(a), plainAccount(b)];
  if (one === other) return true;
  const [digits, others] = [digitsAtEnd(one), digitsAtEnd(other)];
  if (digits.length < 4 || others.length < 4) return null;
  if (digits.length >= WHOLE_NUMBER && others.length >= WHOLE_NUMBER)
    return one.includes(others) || other.includes(digits);
  return digits.endsWith(others) || others.endsWith(digits);
}

function plainAccount(account: string): string {
  return account.toUpperCase().replace(/[^\p{L}\p{N}]/gu, "");
}

function digitsAtEnd(account: string): string {
  return /\d+$/.exec(account)?.[0] ?? "";
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
