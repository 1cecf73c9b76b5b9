import type { CollectionStage } from "../../pipeline.js";
import type { Ledger } from "../ledger.js";
import type { MatchOutput } from "../match/match-ledger.js";
import type { Report } from "./report-rows.js";
import { assertTotalsAgree, type Totals } from "./totals.js";

export const XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/** Becomes `summary.output`. */
export interface ReportOutput {
  readonly statements: number;
  readonly lines: number;
  readonly receipts: number;
  readonly matched: number;
  readonly linesWithoutReceipt: number;
  readonly receiptsUnmatched: number;
  readonly incompleteLines: number;
  /** Of lines that another statement has already; they are in the totals, as all lines are. */
  readonly duplicateLines: number;
  readonly duplicateReceipts: number;
  readonly flags: Readonly<Record<string, number>>;
  readonly totals: Totals;
  readonly files: readonly string[];
}

/** Writes report.xlsx and report.csv. In a child process: a workbook of thousands of rows takes a second to make. */
export const reportStage: CollectionStage = {
  name: "report",
  isolate: true,
  memoryLimitMiB: 1_024,
  timeoutMs: 120_000,
  run: async (ctx): Promise<ReportOutput> => {
    const [{ readLedger }, { reportOf }, { toCsv, toXlsx }] = await Promise.all([
      import("../ledger.js"),
      import("./report-rows.js"),
      import("./report-files.js"),
    ]);
    const ledger = await readLedger(ctx);
    const match = ctx.input as MatchOutput;
    const report = reportOf(ledger, match);
    await ctx.artifacts.write("report.csv", toCsv(report), "text/csv");
    ctx.progress(0.3, "report.csv is written");
    await ctx.artifacts.write("report.xlsx", await toXlsx(report), XLSX);
    return summaryOf(ledger, match, report);
  },
  check: ({ totals, lines, matched, linesWithoutReceipt }: ReportOutput) => {
    assertTotalsAgree(totals);
    if (matched + linesWithoutReceipt !== lines) {
      throw new Error(`${matched} lines with and ${linesWithoutReceipt} without a receipt are not ${lines}`);
    }
  },
};

export function summaryOf({ lines, receipts }: Ledger, match: MatchOutput, { flags, totals }: Report): ReportOutput {
  return {
    statements: new Set(lines.map(({ id }) => id.split("#")[0])).size,
    lines: lines.length,
    receipts: receipts.length,
    matched: match.matches.length,
    linesWithoutReceipt: lines.length - match.matches.length,
    receiptsUnmatched: match.unmatched.length,
    incompleteLines: lines.filter(({ incomplete }) => incomplete.length > 0).length,
    duplicateLines: match.duplicateLines.length,
    duplicateReceipts: match.duplicateReceipts.length,
    flags,
    totals,
    files: ["report.xlsx", "report.csv"],
  };
}
