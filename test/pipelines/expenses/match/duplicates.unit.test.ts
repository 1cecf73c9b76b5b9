import type { LedgerLine, LedgerReceipt } from "../../../../src/pipelines/expenses/ledger.js";
import { matchLedger } from "../../../../src/pipelines/expenses/match/match-ledger.js";
import { toLedgerCsv, toQuickBooksCsv } from "../../../../src/pipelines/expenses/report/exports.js";
import { reportOf } from "../../../../src/pipelines/expenses/report/report-rows.js";
import { summaryOf } from "../../../../src/pipelines/expenses/report/report.js";
import { readStatement } from "../reading.js";

interface File {
  readonly account?: string;
  /** Day of June 2026, description, amount as charged. */
  readonly rows: readonly (readonly [day: number, description: string, amount: string, reference?: string])[];
}

async function ledgerOf(...files: readonly File[]) {
  const lines: LedgerLine[] = [];
  for (const [at, { account, rows }] of files.entries()) {
    const statement = `file-${at}.csv`;
    const heads = ["Date", "Description", "Amount", "Reference", ...(account ? ["Account"] : [])];
    const cells = rows.map(([day, what, amount, reference = ""]) =>
      [`2026-06-${String(day).padStart(2, "0")}`, what, `-${amount}`, reference, ...(account ? [account] : [])].join(
        ",",
      ),
    );
    const found = await readStatement(statement, [heads.join(","), ...cells, ""].join("\n"), {
      defaultCurrency: "USD",
    });
    expect(found.lines).toHaveLength(rows.length);
    lines.push(...found.lines.map((line) => ({ ...line, id: `${at}#${line.row}`, statement, category: "Travel" })));
  }
  return { lines, receipts: [], statements: [], failed: [] };
}

async function told(...files: readonly File[]) {
  const ledger = await ledgerOf(...files);
  const match = matchLedger(ledger, { windowDays: 7, exchangeRates: {} });
  const report = reportOf(ledger, match);
  return {
    copies: match.duplicateLines.map(({ id, of, isLeftOut }) => `${id} of ${of}${isLeftOut ? "" : ", counted"}`),
    charged: report.totals.byCurrency[0]!.chargesMinor,
    ledger,
    match,
    report,
  };
}

const JUNE: File["rows"] = [
  [1, "Hotel Adler", "120.00"],
  [3, "Coffee House", "4.50"],
  [3, "Coffee House", "4.50"],
  [5, "Railway", "61.00"],
];

describe("a line that another statement has already", () => {
  test("is in no total where both statements are of one account, however that is written", async () => {
    for (const account of ["DE89 3704 0044 0532 0130 00", "0532013000", "XXXX-3000", "de89370400440532013000"]) {
      const { copies, charged } = await told(
        { account: "DE89370400440532013000", rows: [JUNE[3]!, [6, "Taxi", "20.00"]] },
        { account, rows: [JUNE[3]!, [7, "Books", "9.00"]] },
      );
      expect({ account, copies, charged }).toEqual({ account, copies: ["1#1 of 0#1"], charged: 9000 });
    }
  });

  test("is none where the two accounts differ, and each counts", async () => {
    const fee: File["rows"] = [[30, "Account fee", "5.00"]];
    for (const [one, other] of [
      ["0532013000", "0532013001"],
      // The last four digits of two whole numbers, and the first of one, say nothing.
      ["0532013000", "0777013000"],
      ["1234567890", "XXXX-1234"],
    ] as const) {
      const { copies, charged } = await told({ account: one, rows: fee }, { account: other, rows: fee });
      expect({ one, other, copies, charged }).toEqual({ one, other, copies: [], charged: 1000 });
    }
  });

  test("is in no total where a whole file came twice, two equal purchases of one day in it", async () => {
    const { copies, charged } = await told({ rows: JUNE }, { rows: JUNE });
    expect({ copies, charged }).toEqual({
      copies: ["1#1 of 0#1", "1#2 of 0#2", "1#3 of 0#3", "1#4 of 0#4"],
      charged: 19000,
    });
  });

  test("is in no total where two exports overlap, though each was cut in the middle of a day", async () => {
    const next: File["rows"] = [JUNE[2]!, JUNE[3]!, [6, "Taxi", "20.00"], [7, "Books", "9.00"]];
    const first: File["rows"] = [...JUNE, [6, "Taxi", "20.00"]];
    const { copies, charged } = await told({ rows: first }, { rows: next });
    expect({ copies, charged }).toEqual({ copies: ["1#1 of 0#2", "1#2 of 0#4", "1#3 of 0#5"], charged: 21900 });
  });

  test("counts, and is flagged, where the days between tell of two accounts", async () => {
    const other: File["rows"] = [JUNE[0]!, JUNE[1]!, [4, "Lunch", "15.00"], JUNE[3]!];
    const { copies, charged } = await told({ rows: JUNE }, { rows: other });
    expect({ copies, charged }).toEqual({
      copies: ["1#1 of 0#1, counted", "1#2 of 0#2, counted", "1#4 of 0#4, counted"],
      charged: 19000 + 20050,
    });
  });

  test("counts, and is flagged, where both statements tell of more on the day at which one would have been cut", async () => {
    const other: File["rows"] = [
      [2, "Lunch", "15.00"],
      JUNE[1]!,
      JUNE[2]!,
      [3, "Lunch", "15.00"],
      [4, "Bakery", "3.00"],
    ];
    const first: File["rows"] = [JUNE[0]!, JUNE[1]!, JUNE[2]!, [3, "Parking", "8.00"], [4, "Bakery", "3.00"]];
    const { copies } = await told({ rows: first }, { rows: other });
    expect(copies).toEqual(["1#2 of 0#2, counted", "1#3 of 0#3, counted", "1#5 of 0#5, counted"]);
  });

  test("counts, and is flagged, where it is alone and nothing names the account", async () => {
    const { copies, charged, report } = await told({ rows: JUNE }, { rows: [JUNE[3]!, [7, "Books", "9.00"]] });
    expect({ copies, charged }).toEqual({ copies: ["1#1 of 0#4, counted"], charged: 19000 + 7000 });
    expect(report.rows.find(({ document, row }) => document === "file-1.csv" && row === 1)).toMatchObject({
      status: "possible duplicate",
      counterpart: "file-0.csv row 4: Railway",
      flags: expect.stringMatching(/; possible duplicate line$/),
    });
  });

  test("is in no total where the bank gives both the same reference; in one statement both count", async () => {
    const line = [5, "Railway", "61.00", "TX900417"] as const;
    const across = await told({ rows: [line] }, { rows: [line] });
    expect(across).toMatchObject({ copies: ["1#1 of 0#1"], charged: 6100 });
    const within = await told({
      rows: [line, line],
    });
    expect(within).toMatchObject({ copies: ["0#2 of 0#1, counted"], charged: 12200 });
  });
});

test("a report shows what a copy is of, leaves it out of the exports that count, and tells how many there are", async () => {
  const { ledger, match, report } = await told({ rows: JUNE }, { rows: JUNE });
  expect(report.rows.find(({ document, row }) => document === "file-1.csv" && row === 4)).toMatchObject({
    status: "not counted: duplicate",
    counterpart: "file-0.csv row 4: Railway",
    flags: expect.stringMatching(/; duplicate line$/),
  });
  expect(toQuickBooksCsv(ledger, match, "USD", "dmy").trimEnd().split("\n")).toHaveLength(1 + JUNE.length);
  const counted = toLedgerCsv(ledger, match).match(/,(yes|no),/g);
  expect(counted).toEqual([...Array<string>(4).fill(",yes,"), ...Array<string>(4).fill(",no,")]);
  expect(summaryOf(ledger, match, report)).toMatchObject({ lines: 8, duplicateLines: 4, possibleDuplicateLines: 0 });
});

test("a copy that gets its receipt by hand counts", async () => {
  const ledger = await ledgerOf({ rows: JUNE }, { rows: JUNE });
  const { date, amountMinor, currency } = ledger.lines[7]!;
  const receipt: LedgerReceipt = {
    id: "ticket",
    name: "ticket.pdf",
    sha256: null,
    merchant: "Railway",
    date,
    amountMinor,
    currency,
    employee: null,
    flags: [],
    incomplete: [],
  };
  const decisions = [{ line: "1#4", receipt: "ticket", match: true }];
  const match = matchLedger({ ...ledger, receipts: [receipt] }, { windowDays: 7, exchangeRates: {}, decisions });
  expect(match.duplicateLines.filter(({ isLeftOut }) => !isLeftOut)).toEqual([
    { id: "1#4", of: "0#4", isLeftOut: false },
  ]);
  expect(reportOf({ ...ledger, receipts: [receipt] }, match).totals.byCurrency[0]!.chargesMinor).toBe(19000 + 6100);
});
