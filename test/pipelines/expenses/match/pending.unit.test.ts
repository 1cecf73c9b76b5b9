import { matchLedger } from "../../../../src/pipelines/expenses/match/match-ledger.js";
import { pendingCopies } from "../../../../src/pipelines/expenses/match/pending-copies.js";
import { reportOf } from "../../../../src/pipelines/expenses/report/report-rows.js";
import type { LedgerLine } from "../../../../src/pipelines/expenses/ledger.js";
import { readStatement } from "../reading.js";

async function ledgerOf(...files: readonly string[]) {
  const lines: LedgerLine[] = [];
  for (const [at, content] of files.entries()) {
    const name = `file-${at}.csv`;
    const found = await readStatement(name, content, { defaultCurrency: "USD" });
    lines.push(
      ...found.lines.map((line) => ({
        ...line,
        id: `${name}#${line.row}`,
        statement: name,
        category: line.category ?? "Uncategorised",
      })),
    );
  }
  return { lines, receipts: [] };
}

const OPTIONS = { windowDays: 7, exchangeRates: {} };
const PENDING =
  "Date,Description,Status,Amount\n2026-06-28,Blue Bottle Coffee 12,Pending,-12.34\n2026-06-29,Corner Books,Pending,-40.00\n2026-06-29,Declined Inn,Declined,-9.00\n2026-06-30,Salary,Posted,100.00\n";
const POSTED =
  "Date,Description,Status,Amount\n2026-07-01,BLUE BOTTLE COFFEE,Posted,-12.34\n2026-07-20,Corner Books,Posted,-40.00\n2026-07-01,Declined Inn,Posted,-9.00\n";

describe("pending and posted copies of one line", () => {
  test("count once, and the report says which line counts", async () => {
    const ledger = await ledgerOf(PENDING, POSTED);
    const match = matchLedger(ledger, OPTIONS);
    // Three weeks later it is another purchase, and what was declined became nothing.
    expect(match.pendingCopies).toEqual([{ pending: "file-0.csv#1", posted: "file-1.csv#1" }]);
    const { rows, totals } = reportOf(ledger, match);
    const pending = rows.find(
      ({ record, document, row }) => record === "line" && document === "file-0.csv" && row === 1,
    );
    expect(pending).toMatchObject({
      status: "not counted: Pending",
      counterpart: "file-1.csv row 1: BLUE BOTTLE COFFEE",
      flags: expect.stringContaining("posted as another line"),
    });
    expect(totals.byCurrency).toMatchObject([{ chargesMinor: 6134, creditsMinor: -10000 }]);
  });

  test("are told by a word before the text where the bank has no column for it", async () => {
    const ledger = await ledgerOf(
      "Date,Description,Amount\n2026-06-28,PENDING - Blue Bottle Coffee,-12.34\n2026-06-30,Blue Bottle Coffee,-12.34\n2026-06-30,Pending Lane Hotel,-80.00\n",
    );
    const match = matchLedger(ledger, OPTIONS);
    expect(ledger.lines.map(({ notCounted }) => notCounted)).toEqual(["PENDING", undefined, undefined]);
    expect(match.pendingCopies).toEqual([{ pending: "file-0.csv#1", posted: "file-0.csv#2" }]);
  });

  test("are none where employees differ, or where the bank's word is none of pending", () => {
    const line = (id: string, more: Partial<LedgerLine>): LedgerLine => ({
      id,
      row: 1,
      statement: "a.csv",
      category: "Meals",
      date: "2026-06-28",
      description: "Blue Bottle Coffee",
      amountMinor: 1234,
      currency: "USD",
      employee: "Jane",
      incomplete: [],
      flags: [],
      ...more,
    });
    const posted = line("posted", { date: "2026-07-01" });
    const of = (more: Partial<LedgerLine>) => pendingCopies([line("open", more), posted]).length;
    expect([of({ notCounted: "Pending" }), of({ notCounted: "PDNG" }), of({ notCounted: "temporary hold" })]).toEqual([
      1, 1, 1,
    ]);
    expect([
      of({ notCounted: "Pending", employee: "Joe" }),
      of({ notCounted: "INFO" }),
      of({ notCounted: "/" }),
    ]).toEqual([0, 0, 0]);
  });
});
