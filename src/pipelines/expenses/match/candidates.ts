import { daysBetween } from "../dates.js";
import type { Ledger, LedgerLine, LedgerReceipt } from "../ledger.js";
import { minorDigits } from "../money.js";
import { merchantSimilarity } from "../names.js";

/** A line that a receipt may belong to. */
export interface Candidate {
  /** Places in the ledger. */
  readonly line: number;
  readonly receipt: number;
  /** 0 to 1. */
  readonly score: number;
  readonly by: "amount" | "amount due" | "original amount" | "exchange rate" | "amount with tip";
}

export interface CandidateOptions {
  readonly windowDays: number;
  /** "EUR/USD": what one of the first costs in the second. */
  readonly rates: ReadonlyMap<string, number>;
}

/** Weights: the amount says most; day and merchant tell apart what has the same amount. */
const [AMOUNT, DATE, MERCHANT] = [0.45, 0.25, 0.3];
/** What is not known speaks neither for nor against. */
const UNKNOWN = 0.5;
/** Card networks charge some percent on top of the day's rate. */
const RATE_TOLERANCE = 0.04;
const MAX_TIP = 0.3;
/** A receipt is of the day and a bank books later: a day before is as unlikely as so many days after … */
const EARLY_DAY = 2.5;
/** … and any at all halves what the day says: only an invoice that is written after the card was charged does so. */
const EARLY = 0.5;
/** Above 1, so that two pairs three days apart are likelier than one of none and one of six: purchases are booked in order. */
const DATE_POWER = 1.5;
/** Below this nobody would look at it. */
const WORTH_SHOWING = 0.4;

/** Every pair of a line and a receipt that is worth a look. */
export function candidatesOf({ lines, receipts }: Ledger, options: CandidateOptions): Candidate[] {
  const byCurrency = sortedByAmount(lines);
  const found: Candidate[] = [];
  for (const [receiptAt, receipt] of receipts.entries()) {
    const { amountMinor } = receipt;
    if (amountMinor === null || amountMinor === 0) continue;
    const fits = fitting(receipt, amountMinor, byCurrency, { lines, rates: options.rates });
    for (const [lineAt, fit] of withDue(fits, receipt, byCurrency, { lines, rates: options.rates })) {
      const score = scoreOf(lines[lineAt]!, receipt, fit.value, options.windowDays);
      if (score !== null && score >= WORTH_SHOWING) found.push({ line: lineAt, receipt: receiptAt, score, by: fit.by });
    }
  }
  return found;
}

/** Rates that the statements themselves show (the middle one of each pair), under those that were given. */
export function ratesOf(lines: readonly LedgerLine[], given: Readonly<Record<string, number>>): Map<string, number> {
  const shown = new Map<string, number[]>();
  for (const { amountMinor, currency, originalAmountMinor, originalCurrency } of lines) {
    if (!amountMinor || !originalAmountMinor || !currency || !originalCurrency) continue;
    const pair = `${originalCurrency}/${currency}`;
    const rate = major(amountMinor, currency) / major(originalAmountMinor, originalCurrency);
    if (rate > 0) shown.set(pair, [...(shown.get(pair) ?? []), rate]);
  }
  const rates = new Map(
    [...shown].map(([pair, all]) => [pair, all.sort((a, b) => a - b)[Math.floor(all.length / 2)]!]),
  );
  for (const [pair, rate] of Object.entries(given)) {
    rates.set(pair, rate);
    rates.set(pair.split("/").reverse().join("/"), 1 / rate);
  }
  return rates;
}

function major(minor: number, currency: string): number {
  return minor / 10 ** minorDigits(currency);
}

interface Fit {
  readonly value: number;
  readonly by: Candidate["by"];
}
interface ByAmount {
  readonly amountMinor: number;
  readonly line: number;
  readonly isOriginal: boolean;
}

/** Lines by currency, sorted by amount; those paid abroad under both. "" stands for no currency. */
function sortedByAmount(lines: readonly LedgerLine[]): Map<string, ByAmount[]> {
  const sorted = new Map<string, ByAmount[]>();
  const add = (currency: string, entry: ByAmount): void => {
    const list = sorted.get(currency);
    if (list) list.push(entry);
    else sorted.set(currency, [entry]);
  };
  for (const [line, { amountMinor, currency, originalAmountMinor, originalCurrency }] of lines.entries()) {
    if (amountMinor !== null) add(currency ?? "", { amountMinor, line, isOriginal: false });
    if (originalAmountMinor !== undefined && originalCurrency)
      add(originalCurrency, { amountMinor: originalAmountMinor, line, isOriginal: true });
  }
  for (const list of sorted.values()) list.sort((a, b) => a.amountMinor - b.amountMinor);
  return sorted;
}

interface Statements {
  readonly lines: readonly LedgerLine[];
  readonly rates: ReadonlyMap<string, number>;
}

/** The same and the lines that fit what was still to be paid. */
function withDue(
  fits: ReadonlyMap<number, Fit>,
  receipt: LedgerReceipt,
  byCurrency: ReadonlyMap<string, readonly ByAmount[]>,
  statements: Statements,
): ReadonlyMap<number, Fit> {
  if (receipt.dueMinor === undefined) return fits;
  const all = new Map(fits);
  for (const [line, fit] of fitting(receipt, receipt.dueMinor, byCurrency, statements)) {
    const isBetter = fit.by === "amount" && (all.get(line)?.value ?? 0) < fit.value;
    if (isBetter) all.set(line, { value: fit.value, by: "amount due" });
  }
  return all;
}

/** The lines whose amount fits the receipt's, each with how well it does. */
function fitting(
  { currency }: LedgerReceipt,
  amountMinor: number,
  byCurrency: ReadonlyMap<string, readonly ByAmount[]>,
  { lines, rates }: Statements,
): Map<number, Fit> {
  const fits = new Map<number, Fit>();
  const take = (line: number, fit: Fit): void => {
    if ((fits.get(line)?.value ?? 0) < fit.value) fits.set(line, fit);
  };
  for (const [other, sorted] of byCurrency) {
    const isSame = currency === other || currency === null || other === "";
    if (isSame) {
      const sure = currency !== null && currency === other ? 1 : 0.9;
      for (const entry of between(sorted, amountMinor, amountMinor))
        take(entry.line, { value: sure, by: entry.isOriginal ? "original amount" : "amount" });
      if (amountMinor > 0) {
        for (const entry of between(sorted, amountMinor + 1, Math.floor(amountMinor * (1 + MAX_TIP))))
          take(entry.line, { value: 0.4, by: "amount with tip" });
      }
      continue;
    }
    const rate = rates.get(`${currency}/${other}`);
    if (rate === undefined) continue;
    const expected = major(amountMinor, currency!) * rate * 10 ** minorDigits(other);
    const [low, high] = [expected * (1 - RATE_TOLERANCE), expected * (1 + RATE_TOLERANCE)].sort((a, b) => a - b);
    for (const entry of between(sorted, low!, high!)) {
      // The statement tells what was paid abroad: then that decides, not the rate.
      if (entry.isOriginal || lines[entry.line]!.originalCurrency === currency) continue;
      const off = Math.abs(entry.amountMinor - expected) / Math.abs(expected);
      take(entry.line, { value: 0.95 - (0.25 * off) / RATE_TOLERANCE, by: "exchange rate" });
    }
  }
  return fits;
}

function between(sorted: readonly ByAmount[], low: number, high: number): readonly ByAmount[] {
  let [from, to] = [0, sorted.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (sorted[middle]!.amountMinor < low) from = middle + 1;
    else to = middle;
  }
  let end = from;
  while (end < sorted.length && sorted[end]!.amountMinor <= high) end += 1;
  return sorted.slice(from, end);
}

/** Null where the days are too far apart. */
function scoreOf(line: LedgerLine, receipt: LedgerReceipt, amount: number, windowDays: number): number | null {
  let date = UNKNOWN;
  if (line.date && receipt.date) {
    const days = [receipt.date, receipt.otherDate].filter((day) => day !== undefined);
    const fits = days.map((day) => dateFit(line.date!, day, windowDays)).filter((fit) => fit !== null);
    if (fits.length === 0) return null;
    date = Math.max(...fits);
  }
  const merchant = receipt.merchant && line.description ? likeness(line.description, receipt) : UNKNOWN;
  const isOthers = line.employee && receipt.employee && line.employee !== receipt.employee;
  return (AMOUNT * amount + DATE * date + MERCHANT * merchant) * (isOthers ? 0.9 : 1);
}

/** How alike a line and the receipt's seller are; other names of the page say less than the one that was read as the seller's. */
function likeness(description: string, { merchant, otherNames = [] }: LedgerReceipt): number {
  const others = otherNames.map((name) => OTHER_NAME * merchantSimilarity(description, name));
  return Math.max(merchantSimilarity(description, merchant!), ...others);
}
const OTHER_NAME = 0.9;

/** 1 on the day itself, towards 0 at the window's end, null outside it. */
function dateFit(booked: string, bought: string, windowDays: number): number | null {
  const isEarly = booked < bought;
  const apart = daysBetween(booked, bought) * (isEarly ? EARLY_DAY : 1);
  if (apart > windowDays) return null;
  return (1 - (apart / (windowDays + 1)) ** DATE_POWER) * (isEarly ? EARLY : 1);
}
