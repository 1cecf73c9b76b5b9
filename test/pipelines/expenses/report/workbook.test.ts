import { parse } from "csv-parse/sync";
import { unzipSync, strFromU8 } from "fflate";
import readXlsx from "read-excel-file/universal";
import { matchLedger } from "../../../../src/pipelines/expenses/match/match-ledger.js";
import { LEDGER_COLUMNS, toLedgerCsv, toQuickBooksCsv } from "../../../../src/pipelines/expenses/report/exports.js";
import { reportOf } from "../../../../src/pipelines/expenses/report/report-rows.js";
import { sheetsOf } from "../../../../src/pipelines/expenses/report/sheets.js";
import { toXlsx } from "../../../../src/pipelines/expenses/report/workbook.js";
import { sessionOf } from "../session.js";

const NAMES = ["uk-current.csv", "corporate-members.csv", "small/status-ignored.csv", "vat-invoice.txt", "refund.txt"];

async function opened() {
  const session = await sessionOf(NAMES, "GBP");
  const match = matchLedger(session, { windowDays: 7, exchangeRates: {} });
  const bytes = await toXlsx(sheetsOf(session, match, reportOf(session, match)));
  const sheets = await readXlsx(new Uint8Array(bytes).buffer);
  return { session, match, bytes, sheets: new Map(sheets.map(({ sheet, data }) => [sheet, data])) };
}

describe("the workbook", () => {
  test("opens with the reconciliation: balances, their difference, and how far each file is known", async () => {
    const { sheets } = await opened();
    expect([...sheets.keys()][0]).toBe("Reconciliation");
    const [head, ...rows] = sheets.get("Reconciliation")!;
    const row = rows.find(([document]) => document === "uk-current.csv")!;
    const cell = (title: string): unknown => row[head!.indexOf(title)];
    expect(["Opening", "Closing", "Difference", "Amounts", "Signs"].map(cell)).toEqual([
      2310.55,
      1283.1,
      0,
      "proven",
      "proven",
    ]);
    const mapping = sheets.get("How it was read")!.find(([document]) => document === "uk-current.csv")!;
    expect(JSON.parse(mapping[1] as string)).toMatchObject({
      columns: { date: "Date", description: "Narrative", debit: "Paid Out", credit: "Paid In", balance: "Balance" },
    });
  });

  test("has real days and numbers, and shows no quote mark before a text that looks like a formula", async () => {
    const { sheets } = await opened();
    const lines = sheets.get("Lines")!;
    const formula = lines.find((row) => String(row[3]).startsWith("=HYPERLINK"))!;
    expect(formula[2]).toBeInstanceOf(Date);
    expect(formula[7]).toBe(9);
  });

  test("has filters and pages in landscape on every sheet", async () => {
    const { bytes } = await opened();
    const files = unzipSync(bytes);
    const xml = Object.keys(files)
      .filter((name) => /worksheets\/sheet\d+\.xml$/.test(name))
      .map((name) => strFromU8(files[name]!));
    expect(xml).toHaveLength(11);
    for (const sheet of xml) {
      expect(sheet).toMatch(/<autoFilter ref="A1:[A-Z]+\d+"\/>/);
      expect(sheet).toMatch(/<pageSetup [^>]*orientation="landscape"[^>]*fitToWidth="1"/);
      expect(sheet).toContain('<pageSetUpPr fitToPage="1"/>');
      expect(sheet).toContain("<oddFooter>&amp;L&amp;A&amp;R&amp;P / &amp;N</oddFooter>");
    }
  });

  test("names the documents that failed, the tax of receipts, and lines that do not count", async () => {
    const { sheets } = await opened();
    expect(sheets.get("Failed documents")![1]).toEqual([
      "corrupt.pdf",
      "extract",
      "MALFORMED_DOCUMENT",
      "corrupt.pdf is broken.",
    ]);
    expect(sheets.get("Tax")![1]).toEqual(expect.arrayContaining(["vat-invoice.txt", 20, 19.14]));
    const statuses = sheets.get("Unmatched lines")!.map((row) => row[8]);
    expect(statuses).toEqual(expect.arrayContaining(["not counted: REVERTED", "not counted: DECLINED"]));
  });
});

describe("the exports", () => {
  test("ledger.csv has its columns, ids that stay, and what went out as negative", async () => {
    const { session, match } = await opened();
    const rows = parse(toLedgerCsv(session, match), { columns: true, bom: true }) as Record<string, string>[];
    expect(Object.keys(rows[0]!)).toEqual([...LEDGER_COLUMNS]);
    expect(rows).toHaveLength(session.lines.length);
    expect(rows.find(({ line_id: id }) => id === "small/status-ignored.csv#1")).toMatchObject({
      amount: "-201.50",
      fee: "1.50",
      counted: "yes",
      flags: expect.stringContaining("FEE_ADDED"),
    });
    expect(rows.find(({ description }) => description!.includes("HYPERLINK"))!.description).toMatch(/^'=/);
  });

  test("QuickBooks' bank CSV has three columns, plain amounts, one currency, and nothing that does not count", async () => {
    const { session, match } = await opened();
    const [head, ...rows] = parse(toQuickBooksCsv(session, match, "GBP", "dmy")) as string[][];
    expect(head).toEqual(["Date", "Description", "Amount"]);
    for (const [date, description, amount] of rows) {
      expect(date).toMatch(/^\d{2}\/\d{2}\/\d{4}$/);
      expect(description).not.toBe("");
      expect(amount).toMatch(/^-?\d+\.\d{2}$/);
    }
    expect(rows).toContainEqual(["04/07/2026", "Exchanged to EUR", "-201.50"]);
    expect(rows.map(([, description]) => description)).not.toContain("DECLINED SHOP");
  });
});
