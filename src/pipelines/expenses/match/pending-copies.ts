import type { LedgerLine } from "../ledger.js";
import { merchantSimilarity } from "../names.js";
import { isNotYetSettled } from "../read/table/words.js";

/** A line that the bank still called pending, and the line that it became. Both are LedgerLines' ids. */
export interface PendingCopy {
  readonly pending: string;
  readonly posted: string;
}

/** A purchase is posted within so many days after it was authorised. */
const WITHIN_DAYS = 10;
const ALIKE = 0.8;
/** So many lines of one sum are compared with one that is pending, those of the nearest days. */
const MAX_COMPARED = 200;
const DAY_MS = 86_400_000;
/** Words of banks that stand before what is pending, and not before what is posted. */
const PENDING_WORDS = /^\W*(pending|temporary hold|authori[sz]ation|vorgemerkt|pendiente|en attente|in attesa)\W+/i;

/**
 * Lines in no total for being pending, with the line that counts instead: of the same account or statement where both tell
 * it, the same employee where both do, the same currency and sum, the same merchant, and not before it. The nearest day comes first, and each line once.
 */
export function pendingCopies(lines: readonly LedgerLine[]): PendingCopy[] {
  const bySumAndDay = new Map<string, LedgerLine[]>();
  const keyOf = ({ amountMinor, currency }: LedgerLine, day: string): string => `${amountMinor} ${currency} ${day}`;
  for (const line of lines) {
    if (line.notCounted || line.date === null) continue;
    const key = keyOf(line, line.date);
    const known = bySumAndDay.get(key);
    if (known) known.push(line);
    else bySumAndDay.set(key, [line]);
  }
  const pairs: { readonly pending: LedgerLine; readonly posted: LedgerLine; readonly days: number }[] = [];
  for (const pending of lines) {
    const { date, notCounted, amountMinor } = pending;
    if (notCounted === undefined || !isPending(notCounted) || date === null || amountMinor === null) continue;
    let left = MAX_COMPARED;
    for (let days = 0; days <= WITHIN_DAYS && left > 0; days += 1) {
      const day = new Date(Date.parse(date) + days * DAY_MS).toISOString().slice(0, 10);
      const some = (bySumAndDay.get(keyOf(pending, day)) ?? []).slice(0, left);
      left -= some.length;
      for (const posted of some) if (isPosted(pending, posted)) pairs.push({ pending, posted, days });
    }
  }
  const taken = new Set<string>();
  return pairs
    .sort((a, b) => a.days - b.days)
    .flatMap(({ pending, posted }) => {
      if (taken.has(pending.id) || taken.has(posted.id)) return [];
      taken.add(pending.id).add(posted.id);
      return [{ pending: pending.id, posted: posted.id }];
    });
}

/** In a bank's words, or as CAMT has it. What was declined or reverted becomes nothing. */
function isPending(word: string): boolean {
  return word === "PDNG" || isNotYetSettled(word);
}

function isPosted(pending: LedgerLine, posted: LedgerLine): boolean {
  if (pending.account && posted.account && pending.account !== posted.account) return false;
  if (pending.employee !== null && posted.employee !== null && pending.employee !== posted.employee) return false;
  return merchantSimilarity(pending.description.replace(PENDING_WORDS, ""), posted.description) >= ALIKE;
}
