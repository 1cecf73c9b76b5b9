import type { Candidate } from "./candidates.js";
import { daysBetween } from "../dates.js";
import type { Ledger, LedgerLine } from "../ledger.js";
import { merchantKey, merchantSimilarity } from "../names.js";

/** Banks book a purchase on the day or some working days later; within these no day is likelier than another. */
const BOOKED_WITHIN_DAYS = 5;

/** As alike as one merchant's names are when a card's field cuts them or drops a letter. */
const SAME_SHOP = 0.8;

interface Named {
  readonly name: string;
  readonly key: string;
  readonly sum: string;
}

function named(name: string, { amountMinor, currency }: Pick<LedgerLine, "amountMinor" | "currency">): Named {
  return { name, key: merchantKey(name), sum: `${amountMinor} ${currency}` };
}

/** What the days of several pairs say together, where shop and sum are the same: a score sees one pair at a time. */
export class BookingOrder {
  readonly #lines: readonly Named[];
  readonly #receipts: readonly Named[];
  readonly #sameShop = new Map<string, boolean>();

  constructor(private readonly ledger: Ledger) {
    this.#lines = ledger.lines.map((line) => named(line.description, line));
    this.#receipts = ledger.receipts.map((receipt) => named(receipt.merchant ?? "", receipt));
  }

  /** Whether two pairs are of one shop and one sum, in lines and receipts. */
  areAlike(one: Candidate, other: Candidate): boolean {
    return (
      this.#isAlike(this.#lines[one.line]!, this.#lines[other.line]!) &&
      this.#isAlike(this.#receipts[one.receipt]!, this.#receipts[other.receipt]!)
    );
  }

  /** Whether two alike pairs of one card have who bought first booked first: exchanged, they would cross, which banks don't do. */
  isKept(one: Candidate, other: Candidate): boolean {
    const [line, next] = [this.ledger.lines[one.line]!, this.ledger.lines[other.line]!];
    if (line.statement !== next.statement || !this.areAlike(one, other)) return false;
    const [bought, boughtNext] = [this.#dayOf(one), this.#dayOf(other)];
    if (!bought || !boughtNext || !line.date || !next.date) return false;
    return (bought < boughtNext && line.date < next.date) || (bought > boughtNext && line.date > next.date);
  }

  /** Whether of two alike pairs with one side in common neither's day is likelier, or one's is not known; nor its employee. */
  isAsLikely(one: Candidate, other: Candidate): boolean {
    if (!this.areAlike(one, other) || this.#isOthers(one) !== this.#isOthers(other)) return false;
    return [one, other].every((pair) => this.#mayBeBooked(pair));
  }

  /** Whether line and receipt name two employees. */
  #isOthers({ line, receipt }: Candidate): boolean {
    const [own, theirs] = [this.ledger.lines[line]!.employee, this.ledger.receipts[receipt]!.employee];
    return own !== null && theirs !== null && own !== theirs;
  }

  #isAlike(one: Named, other: Named): boolean {
    if (one.sum !== other.sum) return false;
    if (one.key === other.key) return true;
    const pair = one.key < other.key ? `${one.key}|${other.key}` : `${other.key}|${one.key}`;
    const known = this.#sameShop.get(pair) ?? merchantSimilarity(one.name, other.name) >= SAME_SHOP;
    this.#sameShop.set(pair, known);
    return known;
  }

  #mayBeBooked(pair: Candidate): boolean {
    const [bought, booked] = [this.#dayOf(pair), this.ledger.lines[pair.line]!.date];
    if (bought === null || booked === null) return true;
    return booked >= bought && daysBetween(bought, booked) <= BOOKED_WITHIN_DAYS;
  }

  /** Where a day can be read in two ways, the one nearer to the booking: the same that the score has taken. */
  #dayOf({ line, receipt }: Candidate): string | null {
    const [booked, { date, otherDate }] = [this.ledger.lines[line]!.date, this.ledger.receipts[receipt]!];
    if (!booked || !date || otherDate === undefined) return date;
    return daysBetween(booked, otherDate) < daysBetween(booked, date) ? otherDate : date;
  }
}
