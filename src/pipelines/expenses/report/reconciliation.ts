import type { Session, LedgerStatement } from "../ledger.js";
import { toDecimal } from "../money.js";
import type { Certainty, Evidence, StatementFacts } from "../shapes.js";
import { gapsOf } from "./chains.js";
import type { SheetCell, SheetTable } from "./sheet-table.js";

const column = (title: string, width: number): { readonly title: string; readonly width: number } => ({ title, width });

/** One row per file and account: what it began with, what happened, what it ended with, and how far that is known. */
export function reconciliation({ statements }: Session): SheetTable {
  const gaps = gapsOf(statements);
  return {
    name: "Reconciliation",
    columns: [
      column("Document", 28),
      column("Format", 8),
      column("Account", 24),
      column("Currency", 9),
      column("From", 11),
      column("To", 11),
      column("Lines", 7),
      column("Opening", 12),
      column("Money out less in", 16),
      column("Closing", 12),
      column("Difference", 11),
      column("Rows not read", 13),
      column("Amounts", 10),
      column("Signs", 10),
      column("Dates", 10),
      column("Currency known", 14),
      { ...column("To look at", 56), isLong: true },
    ],
    rows: statements.flatMap((statement) =>
      rowsOf(
        statement,
        gaps.filter((gap) => gap.statement === statement.id).map(({ reason }) => reason),
      ),
    ),
  };
}

/** How each table was read, in the form that the option `statements` takes: to be copied, corrected and pasted there. */
export function mappings({ statements }: Session): SheetTable {
  return {
    name: "How it was read",
    columns: [column("Document", 30), { ...column("For options.statements", 130), isLong: true }],
    rows: statements.flatMap(({ name, facts }) => (facts.mapping ? [[name, JSON.stringify(facts.mapping)]] : [])),
  };
}

function rowsOf({ name, facts }: LedgerStatement, gaps: readonly string[]): SheetCell[][] {
  const looks = [
    ...gaps.map((reason) => `STATEMENT_MISSING: ${reason}`),
    ...facts.evidence.flatMap(({ flag, reason }) => (flag ? [`${flag}: ${reason}`] : [])),
  ].join("; ");
  const accounts = facts.accounts.length > 0 ? facts.accounts : [null];
  return accounts.map((account, at) => {
    const written = (minor: number | null | undefined): SheetCell =>
      minor === null || minor === undefined ? null : { amount: toDecimal(minor, account!.currency) };
    const date = (day: string | null | undefined): SheetCell => (day ? { day } : null);
    return [
      name,
      facts.format,
      account?.account ?? "",
      account?.currency ?? "",
      date(account?.from),
      date(account?.to),
      account?.lines ?? 0,
      written(account?.openingMinor),
      written(account?.sumMinor),
      written(account?.closingMinor),
      written(account?.differenceMinor),
      at === 0 ? facts.notRead.length : null,
      certaintyOf(facts, ["amount", "balance"]),
      certaintyOf(facts, ["sign"]),
      certaintyOf(facts, ["dates"]),
      certaintyOf(facts, ["currency"]),
      at === 0 ? looks : "",
    ];
  });
}

const ORDER: readonly Certainty[] = ["assumed", "supported", "proven"];

/** What is assumed anywhere is not proven; what arithmetic shows is. Formats that say it themselves support all. */
export function certaintyOf(
  { evidence }: Pick<StatementFacts, "evidence">,
  kinds: readonly Evidence["of"][],
): Certainty {
  const own = evidence.filter(({ of }) => kinds.includes(of));
  if (own.length === 0) return "supported";
  const flagged = own.filter(({ flag }) => flag !== undefined);
  if (flagged.length > 0) return "assumed";
  const levels = own.map(({ certainty }) => ORDER.indexOf(certainty));
  return ORDER[levels.includes(ORDER.indexOf("proven")) ? ORDER.indexOf("proven") : Math.min(...levels)]!;
}
