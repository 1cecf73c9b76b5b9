import { assign } from "./assign.js";
import { BookingOrder } from "./booking-order.js";
import { candidatesOf, ratesOf, type Candidate } from "./candidates.js";
import { decisionsIn, type Decision } from "./decisions.js";
import { whyAlone, type UnmatchedReason } from "./why-alone.js";
import { duplicateLines, duplicateReceipts, type Duplicate } from "./duplicates.js";
import type { Ledger } from "../ledger.js";
import type { ExpensesOptions } from "../options.js";

export interface Match {
  /** A LedgerLine's id. */
  readonly line: string;
  /** A LedgerReceipt's id. */
  readonly receipt: string;
  /** 0.75 to 1. */
  readonly score: number;
  readonly by: Candidate["by"] | "hand";
}

/** A receipt that no line was given, with the lines that come nearest, best first. */
export interface UnmatchedReceipt {
  readonly receipt: string;
  readonly reason: UnmatchedReason;
  readonly candidates: readonly { readonly line: string; readonly score: number }[];
  /** In words: what stood in the way, and what comes nearest. */
  readonly why: string;
}

export interface MatchOutput {
  readonly lines: number;
  readonly receipts: number;
  readonly matches: readonly Match[];
  readonly unmatched: readonly UnmatchedReceipt[];
  readonly duplicateLines: readonly Duplicate[];
  readonly duplicateReceipts: readonly Duplicate[];
}

const MAX_SHOWN = 3;

/** Matches receipts to the lines of all statements. Pure: the same ledger gives the same matches. */
export function matchLedger(
  ledger: Ledger,
  options: Pick<ExpensesOptions, "windowDays" | "exchangeRates"> & { readonly decisions?: readonly Decision[] },
): MatchOutput {
  const { lines, receipts } = ledger;
  const rates = ratesOf(lines, options.exchangeRates);
  const copies = duplicateLines(lines);
  const copied = new Set(copies.map(({ id }) => id));
  const decided = decisionsIn(ledger, options.decisions ?? []);
  const all = candidatesOf(ledger, { windowDays: options.windowDays, rates }).filter(
    ({ line, receipt }) =>
      !copied.has(lines[line]!.id) &&
      !lines[line]!.notCounted &&
      decided.allows(lines[line]!.id, receipts[receipt]!.id),
  );
  const sentTwice = duplicateReceipts(ledger, all);
  const extra = new Set(sentTwice.map(({ id }) => id));
  const { matched, tied, tooMany } = assign(
    all.filter(({ receipt }) => !extra.has(receipts[receipt]!.id)),
    new BookingOrder(ledger),
  );
  const byHand = new Set(decided.matches.map(({ receipt }) => receipt));
  const taken = new Set([
    ...matched.map(({ receipt }) => receipt),
    ...receipts.flatMap(({ id }, at) => (byHand.has(id) ? [at] : [])),
  ]);
  const undecided = new Set([...tied.map(({ receipt }) => receipt), ...tooMany]);
  const near = bestOf(all);
  const unmatched = receipts.flatMap((receipt, at): UnmatchedReceipt[] => {
    if (taken.has(at)) return [];
    const candidates = (near.get(at) ?? []).map(({ line, score }) => ({ line: lines[line]!.id, score: round(score) }));
    const reason = extra.has(receipt.id)
      ? "duplicate"
      : receipt.amountMinor === null
        ? "incomplete"
        : undecided.has(at)
          ? "tie"
          : candidates.length > 0
            ? "weak"
            : "no line";
    return [
      {
        receipt: receipt.id,
        reason,
        candidates,
        why: whyAlone(receipt, reason, { lines, windowDays: options.windowDays }),
      },
    ];
  });
  return {
    lines: lines.length,
    receipts: receipts.length,
    matches: [
      ...decided.matches,
      ...matched.map(({ line, receipt, score, by }) => ({
        line: lines[line]!.id,
        receipt: receipts[receipt]!.id,
        score: round(score),
        by,
      })),
    ],
    unmatched,
    duplicateLines: copies,
    duplicateReceipts: sentTwice,
  };
}

function bestOf(candidates: readonly Candidate[]): Map<number, Candidate[]> {
  const best = new Map<number, Candidate[]>();
  for (const candidate of [...candidates].sort((a, b) => b.score - a.score)) {
    const list = best.get(candidate.receipt) ?? [];
    if (list.length < MAX_SHOWN) best.set(candidate.receipt, [...list, candidate]);
  }
  return best;
}

function round(score: number): number {
  return Math.round(score * 1_000) / 1_000;
}
