import { minorDigits, readAmount, toDecimal } from "../../money.js";
import type { AccountSummary, Evidence, StatementLine } from "../../shapes.js";
import type { Draft } from "./drafts.js";
import { movedOf, sizeOf } from "./figures.js";
import { balanceIn } from "./steps.js";
import { isProven } from "./structure.js";

/** What the file tells in words, in major units. */
export interface Balances {
  readonly opening: number | null;
  readonly closing: number | null;
  /** Sizes of sums in footers and headers. */
  readonly sums: readonly number[];
}

/** What the lines of each account and currency add up to, and whether the balances agree. */
export function accountsOf(
  lines: readonly StatementLine[],
  balances: Balances,
  { drafts }: { readonly drafts: readonly Draft[]; readonly latest: string | null },
): AccountSummary[] {
  const groups = new Map<string, { lines: StatementLine[]; drafts: Draft[] }>();
  for (const [at, line] of lines.entries()) {
    const key = `${line.account ?? ""}|${line.currency ?? ""}`;
    const group = groups.get(key) ?? { lines: [], drafts: [] };
    group.lines.push(line);
    if (drafts[at]) group.drafts.push(drafts[at]);
    groups.set(key, group);
  }
  return [...groups.values()].map((group): AccountSummary => {
    const { currency, account } = group.lines[0]!;
    const counted = group.lines.filter(({ amountMinor, notCounted }) => amountMinor !== null && !notCounted);
    const sumMinor = counted.reduce((sum, { amountMinor }) => sum + amountMinor!, 0);
    const told = groups.size === 1 ? balances : { opening: null, closing: null };
    const column = groups.size > 1 && group.drafts[0]?.money.balance?.isShared ? null : endsOf(group.drafts);
    const minor = (major: number | null): number | null =>
      major === null ? null : Math.round(major * 10 ** minorDigits(currency));
    const [openingMinor, closingMinor] = [
      minor(told.opening ?? column?.opening ?? null),
      minor(told.closing ?? column?.closing ?? null),
    ];
    const dates = counted.flatMap(({ date }) => date ?? []).sort();
    return {
      account: account ?? null,
      currency,
      openingMinor,
      closingMinor,
      sumMinor,
      lines: group.lines.length,
      from: dates[0] ?? null,
      to: dates.at(-1) ?? null,
      differenceMinor:
        openingMinor === null || closingMinor === null ? null : differenceOf(openingMinor, closingMinor, sumMinor),
    };
  });
}

/** A card's balance is what is owed: then it rises by what is spent. The nearer of the two is what was meant. */
function differenceOf(opening: number, closing: number, sum: number): number {
  const [left, owed] = [opening - sum - closing, opening + sum - closing];
  return Math.abs(left) <= Math.abs(owed) ? left : owed;
}

/** The first and the last balance of a column that follows from the amounts. */
function endsOf(drafts: readonly Draft[]): { readonly opening: number; readonly closing: number } | null {
  const follows = drafts[0]?.money.balance;
  if (!follows || !isProven(follows)) return null;
  const { mark } = drafts[0]!.money;
  if (follows.isUnordered) return null;
  const inOrder = follows.isNewestFirst ? [...drafts].reverse() : drafts;
  const first = inOrder[0]!;
  const [start, end] = [
    balanceIn(first.grid, follows.column, mark),
    balanceIn(inOrder.at(-1)!.grid, follows.column, mark),
  ];
  if (start === null || end === null || !first.figure) return null;
  const { fee } = first.money;
  const written = follows.withFees && fee !== null ? readAmount(first.grid.texts[fee] ?? "") : null;
  const moved =
    movedOf(first.figure, mark, false) - (written ? sizeOf(written, mark) * (written.negative ? -1 : 1) : 0);
  return { opening: follows.isReversed ? start + moved : start - moved, closing: end };
}

/** What opening and closing balances and sums in footers say of the lines. */
export function reconciled(
  accounts: readonly AccountSummary[],
  lines: readonly StatementLine[],
  { sums }: Balances,
): Evidence[] {
  const evidence: Evidence[] = [];
  for (const { differenceMinor, account, currency } of accounts) {
    if (differenceMinor === null) continue;
    const of = account === null ? "" : ` of ${account}`;
    evidence.push(
      differenceMinor === 0
        ? { of: "balance", certainty: "proven", reason: `opening balance${of}, lines and closing balance agree` }
        : {
            of: "balance",
            certainty: "assumed",
            reason:
              `opening balance${of} and lines miss the closing balance by ${toDecimal(differenceMinor, currency)} ${currency ?? ""}`.trim(),
            flag: "BALANCE_DISAGREES",
          },
    );
  }
  const [out, back] = [1, -1].map((way) =>
    lines.reduce(
      (sum, { amountMinor, notCounted }) => sum + (notCounted ? 0 : Math.max(0, way * (amountMinor ?? 0))),
      0,
    ),
  );
  const digits = 10 ** minorDigits(lines[0]?.currency ?? null);
  const found = sums.filter(
    (size) => size !== 0 && [out!, back!, Math.abs(out! - back!)].includes(Math.round(size * digits)),
  );
  if (found.length > 0)
    evidence.push({
      of: "amount",
      certainty: "proven",
      reason: `a sum in the file is that of the lines (${found.length} of ${sums.length})`,
    });
  return evidence;
}
