import { ACCEPTED, TIE } from "./accepted.js";
import { assign } from "./assign.js";
import { BookingOrder } from "./booking-order.js";
import { candidatesOf, ratesOf, type Candidate } from "./candidates.js";
import { decisionsIn, type Decision } from "./decisions.js";
import { whyAlone, type UnmatchedReason } from "./why-alone.js";
import { interchangeable } from "./interchangeable.js";
import { ownTransfers, type OwnTransfer } from "./own-transfers.js";
import { pendingCopies, type PendingCopy } from "./pending-copies.js";
import { sumPairs, type SumPair } from "./sums.js";
import { duplicateLines, duplicateReceipts, type Duplicate, type DuplicateLine } from "./duplicates.js";
import type { Ledger } from "../ledger.js";
import type { ExpensesOptions } from "../options.js";

export interface Match {
  /** A LedgerLine's id. */
  readonly line: string;
  /** A LedgerReceipt's id. */
  readonly receipt: string;
  /** 0.75 to 1. */
  readonly score: number;
  readonly by: Candidate["by"] | SumPair["by"] | "hand";
  /** Whether it is one of several pairs that could be exchanged: nothing tells their lines apart, nor their receipts. */
  readonly isInterchangeable?: true;
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
  readonly duplicateLines: readonly DuplicateLine[];
  readonly duplicateReceipts: readonly Duplicate[];
  /** Lines that moved money between own accounts: in no total. */
  readonly transfers: readonly OwnTransfer[];
  /** Pending lines whose posted line is there as well. */
  readonly pendingCopies: readonly PendingCopy[];
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
  const handLines = new Set(decided.matches.map(({ line }) => line));
  const possible = candidatesOf(ledger, { windowDays: options.windowDays, rates }).filter(
    ({ line, receipt }) =>
      !copied.has(lines[line]!.id) &&
      !lines[line]!.notCounted &&
      decided.allows(lines[line]!.id, receipts[receipt]!.id),
  );
  // What a receipt fits was spent.
  const spent = new Set(possible.flatMap(({ line, score }) => (score >= ACCEPTED ? [lines[line]!.id] : [])));
  const transfers = ownTransfers(lines.filter(({ id }) => !copied.has(id) && !handLines.has(id) && !spent.has(id)));
  const moved = new Set(transfers.flatMap((one) => [one.out, one.in]));
  const all = possible.filter(({ line }) => !moved.has(lines[line]!.id));
  const sentTwice = duplicateReceipts(ledger, all);
  const extra = new Set(sentTwice.map(({ id }) => id));
  const wanted = all.filter(({ receipt }) => !extra.has(receipts[receipt]!.id));
  const { matched, tied, tooMany } = assign(wanted, new BookingOrder(ledger));
  const alike = interchangeable(
    ledger,
    tied,
    wanted.filter(({ score }) => score >= ACCEPTED - TIE),
  );
  const byHand = new Set(decided.matches.map(({ receipt }) => receipt));
  const open = tied.filter((pair) => !alike.includes(pair));
  const undecided = new Set([...open.map(({ receipt }) => receipt), ...tooMany]);
  const takenLines = new Set([...matched, ...alike, ...open].map(({ line }) => line));
  const single = new Set([...matched, ...alike].map(({ receipt }) => receipt));
  const sums = sumPairs(ledger, {
    lines: lines.flatMap(({ id, notCounted }, at) =>
      takenLines.has(at) || copied.has(id) || moved.has(id) || handLines.has(id) || notCounted ? [] : [at],
    ),
    receipts: receipts.flatMap(({ id }, at) =>
      single.has(at) || undecided.has(at) || extra.has(id) || byHand.has(id) ? [] : [at],
    ),
    windowDays: options.windowDays,
    allows: (line, receipt) => decided.allows(lines[line]!.id, receipts[receipt]!.id),
  });
  const taken = new Set([
    ...single,
    ...sums.map(({ receipt }) => receipt),
    ...receipts.flatMap(({ id }, at) => (byHand.has(id) ? [at] : [])),
  ]);
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
      ...[...matched, ...sums].map((pair) => matchOf(ledger, pair)),
      ...alike.map((pair): Match => ({ ...matchOf(ledger, pair), isInterchangeable: true })),
    ],
    unmatched,
    // Who gives a copy its receipt by hand says that it is none.
    duplicateLines: copies.map((copy) => (handLines.has(copy.id) ? { ...copy, isLeftOut: false } : copy)),
    duplicateReceipts: sentTwice,
    transfers,
    pendingCopies: pendingCopies(lines.filter(({ id }) => !copied.has(id))),
  };
}

function matchOf({ lines, receipts }: Ledger, { line, receipt, score, by }: Candidate | SumPair): Match {
  return { line: lines[line]!.id, receipt: receipts[receipt]!.id, score: round(score), by };
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
