import { daysBetween } from "../dates.js";
import type { LedgerLine } from "../ledger.js";
import { merchantSimilarity } from "../names.js";

/** A line that the bank still called pending, and the line that it became. Both are LedgerLines' ids. */
export interface PendingCopy {
  readonly pending: string;
  readonly posted: string;
}

/** A purchase is posted within so many days after it was authorised. */
const WITHIN_DAYS = 10;
const ALIKE = 0.8;
/** Words of banks that stand before what is pending, and not before what is posted. */
const PENDING_WORDS = /^\W*(pending|temporary hold|authori[sz]ation|vorgemerkt|pendiente|en attente|in attesa)\W+/i;

/**
 * Lines in no total for being pending, with the line that counts instead: of the same account or statement where both tell
 * it, the same currency and sum, the same merchant, and not before it. The nearest day comes first, and each line once.
 */
export function pendingCopies(lines: readonly LedgerLine[]): PendingCopy[] {
  const bySum = new Map<string, LedgerLine[]>();
  const sumOf = ({ amountMinor, currency }: LedgerLine): string => `${amountMinor} ${currency}`;
  for (const line of lines) if (!line.notCounted) bySum.set(sumOf(line), [...(bySum.get(sumOf(line)) ?? []), line]);
  const open = lines.filter(({ notCounted }) => notCounted !== undefined && isPending(notCounted));
  const pairs = open.flatMap((pending) =>
    (bySum.get(sumOf(pending)) ?? [])
      .filter((posted) => isPosted(pending, posted))
      .map((posted) => ({ pending, posted, days: daysBetween(pending.date!, posted.date!) })),
  );
  const taken = new Set<string>();
  return pairs
    .sort((a, b) => a.days - b.days)
    .flatMap(({ pending, posted }) => {
      if (taken.has(pending.id) || taken.has(posted.id)) return [];
      taken.add(pending.id).add(posted.id);
      return [{ pending: pending.id, posted: posted.id }];
    });
}

/** What was declined or reverted becomes nothing. */
function isPending(word: string): boolean {
  return !/^(revert|declin|fail|cancel|revers|void|reject|expir|denied|refus|return|remov)/i.test(word);
}

function isPosted(pending: LedgerLine, posted: LedgerLine): boolean {
  if (pending.date === null || posted.date === null || pending.amountMinor === null) return false;
  if (pending.account && posted.account && pending.account !== posted.account) return false;
  if (posted.date < pending.date || daysBetween(pending.date, posted.date) > WITHIN_DAYS) return false;
  return merchantSimilarity(pending.description.replace(PENDING_WORDS, ""), posted.description) >= ALIKE;
}
