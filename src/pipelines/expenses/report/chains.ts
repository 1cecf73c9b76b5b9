import type { LedgerStatement } from "../ledger.js";
import { toDecimal } from "../money.js";
import type { AccountSummary } from "../shapes.js";

/** Two statements of one account whose balances do not meet. */
export interface Gap {
  /** Of the later one. */
  readonly statement: string;
  readonly account: string;
  readonly reason: string;
}

interface Link {
  readonly statement: LedgerStatement;
  readonly summary: AccountSummary & { readonly from: string; readonly to: string };
}

/**
 * The closing balance of a file is the opening one of the next of its account; where it is not, a file is missing, and the
 * months between are named. Files that overlap, and accounts that no file names, tell nothing.
 */
export function gapsOf(statements: readonly LedgerStatement[]): Gap[] {
  const chains = new Map<string, Link[]>();
  for (const statement of statements) {
    for (const summary of statement.facts.accounts) {
      const { account, currency, from, to } = summary;
      if (account === null || from === null || to === null) continue;
      const key = `${account.replace(/[^\p{L}\p{N}]/gu, "").toUpperCase()}|${currency ?? ""}`;
      chains.set(key, [...(chains.get(key) ?? []), { statement, summary: { ...summary, from, to } }]);
    }
  }
  return [...chains.values()].flatMap((links) => {
    const inOrder = links.sort((a, b) => (a.summary.from < b.summary.from ? -1 : 1));
    return inOrder.slice(1).flatMap((next, at) => gapBetween(inOrder[at]!, next));
  });
}

function gapBetween({ statement, summary: before }: Link, next: Link): Gap[] {
  const { account, currency, from, openingMinor } = next.summary;
  if (before.to > from || before.closingMinor === null || openingMinor === null) return [];
  if (before.closingMinor === openingMinor) return [];
  const months = monthsBetween(before.to, from);
  const missing =
    months.length === 0
      ? "lines between them are missing"
      : months.length === 1
        ? `${months[0]} is missing`
        : `${months[0]} to ${months.at(-1)} are missing`;
  const [ended, began] = [before.closingMinor, openingMinor].map((minor) => toDecimal(minor, currency));
  return [
    {
      statement: next.statement.id,
      account: account!,
      reason: `${statement.name} ends with ${ended} and ${next.statement.name} begins with ${began} (account ${account}): ${missing}`,
    },
  ];
}

/** The whole months between two days, such as "2026-02". */
function monthsBetween(before: string, after: string): string[] {
  const number = (day: string): number => Number(day.slice(0, 4)) * 12 + Number(day.slice(5, 7)) - 1;
  const [first, last] = [number(before) + 1, number(after) - 1];
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => {
    const month = first + at;
    return `${Math.floor(month / 12)}-${String((month % 12) + 1).padStart(2, "0")}`;
  });
}
