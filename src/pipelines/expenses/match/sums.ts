import { daysBetween } from "../dates.js";
import type { Ledger, LedgerLine, LedgerReceipt } from "../ledger.js";
import { merchantSimilarity } from "../names.js";
import { ACCEPTED } from "./accepted.js";

/** A pair of which one side is a part of the other: the parts add up to the cent. */
export interface SumPair {
  /** Places in the ledger. */
  readonly line: number;
  readonly receipt: number;
  readonly score: number;
  readonly by: "sum of receipts" | "sum of lines";
}

/** What no pair has taken. */
export interface Free {
  readonly lines: readonly number[];
  readonly receipts: readonly number[];
  readonly windowDays: number;
  allows(line: number, receipt: number): boolean;
}

interface Part {
  readonly at: number;
  readonly amountMinor: number;
  readonly similarity: number;
}

interface Sum {
  readonly whole: number;
  readonly parts: readonly Part[];
  readonly by: SumPair["by"];
}

/** As alike as one shop's names are. */
const SAME_SHOP = 0.7;
/** More parts add up to anything. */
const MAX_PARTS = 5;
const MAX_CHOICE = 12;

/**
 * One charge for several receipts, and one receipt that was charged in parts: of one shop, one currency and days within the
 * window, where exactly one choice of parts adds up, and no part is wanted twice.
 */
export function sumPairs(ledger: Ledger, free: Free): SumPair[] {
  const alike = similarities();
  const found = (["sum of receipts", "sum of lines"] as const).flatMap((by) => sums(ledger, free, by, alike));
  const uses = new Map<string, number>();
  const count = (key: string): void => void uses.set(key, (uses.get(key) ?? 0) + 1);
  for (const one of found) for (const key of keysOf(one)) count(key);
  return found
    .filter((one) => keysOf(one).every((key) => uses.get(key) === 1))
    .flatMap(({ whole, parts, by }) =>
      parts.map(({ at, similarity }): SumPair => ({
        line: by === "sum of receipts" ? whole : at,
        receipt: by === "sum of receipts" ? at : whole,
        score: ACCEPTED + (1 - ACCEPTED) * similarity,
        by,
      })),
    );
}

function keysOf({ whole, parts, by }: Sum): string[] {
  const [one, other] = by === "sum of receipts" ? ["line", "receipt"] : ["receipt", "line"];
  return [`${one} ${whole}`, ...parts.map(({ at }) => `${other} ${at}`)];
}

/** Of two names, reckoned once: one shop has many lines. */
type Similarities = (description: string, merchant: string) => number;

function similarities(): Similarities {
  const known = new Map<string, number>();
  return (description, merchant) => {
    const key = `${description}\0${merchant}`;
    const similarity = known.get(key) ?? merchantSimilarity(description, merchant);
    known.set(key, similarity);
    return similarity;
  };
}

function sums({ lines, receipts }: Ledger, free: Free, by: SumPair["by"], alike: Similarities): Sum[] {
  const ofReceipts = by === "sum of receipts";
  const [wholes, parts] = ofReceipts ? [free.lines, free.receipts] : [free.receipts, free.lines];
  return wholes.flatMap((whole): Sum[] => {
    const target = (ofReceipts ? lines[whole]! : receipts[whole]!).amountMinor;
    if (target === null || target <= 0) return [];
    const choice: Part[] = [];
    for (const at of parts) {
      const [line, receipt] = ofReceipts ? [whole, at] : [at, whole];
      const amountMinor = (ofReceipts ? receipts[at]! : lines[at]!).amountMinor;
      if (amountMinor === null || amountMinor <= 0 || amountMinor >= target || !free.allows(line, receipt)) continue;
      const similarity = likeness(lines[line]!, receipts[receipt]!, free.windowDays, alike);
      if (similarity === null) continue;
      choice.push({ at, amountMinor, similarity });
      if (choice.length > MAX_CHOICE) return [];
    }
    const [only, ...others] = subsets(choice, target);
    return only && others.length === 0 ? [{ whole, parts: only, by }] : [];
  });
}

/** How alike the names are; null where shop, currency, employee or days say that they do not belong together. */
function likeness(line: LedgerLine, receipt: LedgerReceipt, windowDays: number, alike: Similarities): number | null {
  if (line.currency === null || line.currency !== receipt.currency || !line.date || !receipt.date) return null;
  if (line.employee && receipt.employee && line.employee !== receipt.employee) return null;
  const days = daysBetween(line.date, receipt.date);
  if (days > (line.date < receipt.date ? 1 : windowDays) || !receipt.merchant) return null;
  const similarity = alike(line.description, receipt.merchant);
  return similarity >= SAME_SHOP ? similarity : null;
}

/** The choices of two parts or more that add up to the target; two are enough to know that it is not the only one. */
function subsets(choice: readonly Part[], target: number): Part[][] {
  const found: Part[][] = [];
  const add = (from: number, taken: readonly Part[], left: number): void => {
    if (left === 0 && taken.length > 1) found.push([...taken]);
    if (found.length > 1 || left <= 0 || taken.length === MAX_PARTS) return;
    for (let at = from; at < choice.length; at += 1)
      add(at + 1, [...taken, choice[at]!], left - choice[at]!.amountMinor);
  };
  add(0, [], target);
  return found;
}
