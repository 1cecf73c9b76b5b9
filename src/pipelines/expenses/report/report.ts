import type { CollectionStageOf } from "../../builder.js";
import type { ExpensesOutputs, Session } from "../ledger.js";
import type { MatchOutput } from "../match/match-ledger.js";
import type { Certainty, StatementFacts } from "../shapes.js";
import { gapsOf } from "./chains.js";
import { certaintyOf } from "./reconciliation.js";
import type { Report } from "./report-rows.js";
import { assertReportingAgrees, type Reporting } from "./reporting.js";
import type { ExpensesOptions } from "../options.js";
import { assertTotalsAgree, NO_CURRENCY, type Totals } from "./totals.js";

export const XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/** Becomes `summary.output`. */
export interface ReportOutput {
  readonly statements: number;
  readonly lines: number;
  readonly receipts: number;
  /** Lines that have a receipt. */
  readonly matched: number;
  readonly linesWithoutReceipt: number;
  readonly receiptsUnmatched: number;
  readonly incompleteLines: number;
  /** Lines that another statement has already: in no total. */
  readonly duplicateLines: number;
  /** Lines that another statement may have already: they are in the totals, and flagged. */
  readonly possibleDuplicateLines: number;
  readonly duplicateReceipts: number;
  /** Lines that are pending, declined or reverted: in no total. */
  readonly linesNotCounted: number;
  /** Lines that moved money between own accounts or settled an own card: in no total either. */
  readonly ownTransferLines: number;
  /** Rows with a date or an amount that are no lines, in all statements. */
  readonly rowsNotRead: number;
  /** Where a statement of an account is missing between two, as its balances show, in a sentence each. */
  readonly statementsMissing: readonly string[];
  /** Statements by how their amounts and signs are known. */
  readonly certainty: Readonly<Record<Certainty, number>>;
  readonly documentsFailed: number;
  readonly flags: Readonly<Record<string, number>>;
  readonly totals: Totals;
  /** Everything in the currency that the option `reportCurrency` names; null where it names none. */
  readonly reporting: Reporting | null;
  readonly files: readonly string[];
}

/** Writes report.xlsx and report.csv. In a child process: a workbook of thousands of rows takes a second to make. */
export const reportStage: CollectionStageOf<ExpensesOptions, MatchOutput, ExpensesOutputs, ReportOutput> = {
  isolate: true,
  memoryLimitMiB: 1_024,
  timeoutMs: 120_000,
  run: async (ctx) => {
    const [{ readLedger }, { reportOf }, { sheetsOf }, { toXlsx }, exports] = await Promise.all([
      import("../ledger.js"),
      import("./report-rows.js"),
      import("./sheets.js"),
      import("./workbook.js"),
      import("./exports.js"),
    ]);
    const ledger = await readLedger(ctx);
    const match = ctx.input;
    const report = reportOf(ledger, match, ctx.options);
    await ctx.artifacts.write("report.csv", exports.toCsv(report), "text/csv");
    await ctx.artifacts.write("ledger.csv", exports.toLedgerCsv(ledger, match), "text/csv");
    const order = ctx.options.dateOrder === "mdy" ? "mdy" : "dmy";
    const books = report.totals.byCurrency.filter(({ currency }) => currency !== NO_CURRENCY);
    for (const { currency } of books) {
      const name = quickBooksName(currency);
      await ctx.artifacts.write(name, exports.toQuickBooksCsv(ledger, match, currency, order), "text/csv");
    }
    ctx.progress(0.3, "the tables are written");
    await ctx.artifacts.write("report.xlsx", await toXlsx(sheetsOf(ledger, match, report)), XLSX);
    const summary = summaryOf(ledger, match, report);
    for (const reason of summary.statementsMissing) ctx.warn("STATEMENT_MISSING", `${reason}.`);
    return summary;
  },
  check: ({ totals, reporting, lines, matched, linesWithoutReceipt }) => {
    assertTotalsAgree(totals);
    if (reporting) assertReportingAgrees(reporting);
    if (matched + linesWithoutReceipt !== lines) {
      throw new Error(`${matched} lines with and ${linesWithoutReceipt} without a receipt are not ${lines}`);
    }
  },
};

function quickBooksName(currency: string): string {
  return `quickbooks-${currency.toLowerCase()}.csv`;
}

export function summaryOf(
  { lines, receipts, statements, failed }: Session,
  match: MatchOutput,
  { flags, totals, reporting }: Report,
): ReportOutput {
  const matched = new Set(match.matches.map(({ line }) => line)).size;
  return {
    statements: statements.length,
    lines: lines.length,
    receipts: receipts.length,
    matched,
    linesWithoutReceipt: lines.length - matched,
    receiptsUnmatched: match.unmatched.length,
    incompleteLines: lines.filter(({ incomplete }) => incomplete.length > 0).length,
    duplicateLines: match.duplicateLines.filter(({ isLeftOut }) => isLeftOut).length,
    possibleDuplicateLines: match.duplicateLines.filter(({ isLeftOut }) => !isLeftOut).length,
    duplicateReceipts: match.duplicateReceipts.length,
    linesNotCounted: lines.filter(({ notCounted }) => notCounted !== undefined).length,
    ownTransferLines: match.transfers.length * 2,
    rowsNotRead: statements.reduce((sum, { facts }) => sum + facts.notRead.length, 0),
    statementsMissing: gapsOf(statements).map(({ reason }) => reason),
    certainty: certaintiesOf(statements.map(({ facts }) => facts)),
    documentsFailed: failed.length,
    flags,
    totals,
    reporting,
    files: [
      "report.xlsx",
      "report.csv",
      "ledger.csv",
      ...totals.byCurrency
        .filter(({ currency }) => currency !== NO_CURRENCY)
        .map(({ currency }) => quickBooksName(currency)),
    ],
  };
}

function certaintiesOf(all: readonly StatementFacts[]): Record<Certainty, number> {
  const counts = { proven: 0, supported: 0, assumed: 0 };
  for (const facts of all) {
    const both = [certaintyOf(facts, ["amount", "balance"]), certaintyOf(facts, ["sign"])];
    counts[both.includes("assumed") ? "assumed" : both.includes("supported") ? "supported" : "proven"] += 1;
  }
  return counts;
}
