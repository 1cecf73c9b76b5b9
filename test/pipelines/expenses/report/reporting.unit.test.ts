import { matchLedger } from "../../../../src/pipelines/expenses/match/match-ledger.js";
import { Options } from "../../../../src/pipelines/expenses/options.js";
import { reportOf } from "../../../../src/pipelines/expenses/report/report-rows.js";
import { assertReportingAgrees } from "../../../../src/pipelines/expenses/report/reporting.js";
import type { LedgerLine } from "../../../../src/pipelines/expenses/ledger.js";

const LINE = { date: "2026-03-01", employee: "Jane", category: "Travel", incomplete: [], flags: [] } as const;
let row = 0;
function line(currency: string | null, amountMinor: number, more: Partial<LedgerLine> = {}): LedgerLine {
  row += 1;
  return {
    ...LINE,
    id: `a#${row}`,
    row,
    statement: "a.csv",
    description: `shop ${row}`,
    currency,
    amountMinor,
    ...more,
  };
}

function reported(lines: readonly LedgerLine[], options: Parameters<typeof reportOf>[2]) {
  const ledger = { lines, receipts: [] };
  const match = matchLedger(ledger, { windowDays: 7, exchangeRates: options?.exchangeRates ?? {} });
  return reportOf(ledger, match, options);
}

describe("sums in one reporting currency", () => {
  const lines = [
    line("EUR", 1000),
    line("USD", 3333),
    line("USD", 3333, { employee: null, category: "Meals" }),
    line("JPY", 5000, { statement: "b.csv" }),
    line("USD", -2000),
    line("GBP", 700, { originalCurrency: "EUR", originalAmountMinor: 815 }),
    line("USD", 9900, { notCounted: "PENDING" }),
  ];

  test("convert each line by the rates that are given, and agree in every grouping", () => {
    const { reporting, totals } = reported(lines, {
      reportCurrency: "EUR",
      exchangeRates: { "USD/EUR": 0.9, "EUR/JPY": 160 },
    });
    // 10.00 + 30.00 + 30.00 + 31.25 - 18.00 + 8.15, which was paid in EUR.
    expect(reporting).toMatchObject({
      currency: "EUR",
      amountMinor: 9140,
      lines: 6,
      byEmployee: [
        { name: "(no employee)", amountMinor: 3000 },
        { name: "Jane", amountMinor: 6140 },
      ],
      byCategory: [{ amountMinor: 3000 }, { amountMinor: 6140 }],
      byStatement: [{ amountMinor: 6015 }, { amountMinor: 3125 }],
      rates: [
        { currency: "JPY", rate: 1 / 160, from: "option" },
        { currency: "USD", rate: 0.9, from: "option" },
      ],
      withoutRate: [],
    });
    expect(() => assertReportingAgrees(reporting!)).not.toThrow();
    expect(totals.byCurrency.map(({ currency }) => currency)).toEqual(["EUR", "GBP", "JPY", "USD"]);
  });

  test("take rates from lines that tell what was paid abroad, and list what has none", () => {
    const { reporting, rows } = reported(
      [
        line("USD", 1080, { originalCurrency: "EUR", originalAmountMinor: 1000 }),
        line("USD", 2160),
        line("CHF", 5000),
        line(null, 100),
      ],
      { reportCurrency: "EUR" },
    );
    expect(reporting).toMatchObject({
      amountMinor: 3000,
      lines: 2,
      rates: [{ currency: "USD", from: "lines" }],
      withoutRate: [
        { currency: "CHF", lines: 1 },
        { currency: "XXX", lines: 1 },
      ],
    });
    expect(rows.filter(({ record }) => record.startsWith("reporting")).map(({ description }) => description)).toContain(
      "no rate: 1 line is in no sum in EUR; give exchangeRates CHF/EUR",
    );
  });

  test("take what was paid with the line's own sign, and not where a fee came to it", () => {
    const abroad = { originalCurrency: "EUR", originalAmountMinor: 1000 } as const;
    const { reporting, rows } = reported(
      [line("USD", -1100, abroad), line("USD", 1150, { ...abroad, feeMinor: 50 }), line(null, 100)],
      {
        reportCurrency: "EUR",
        exchangeRates: { "USD/EUR": 0.9 },
      },
    );
    expect(reporting!.amountMinor).toBe(-1000 + 1035);
    expect(rows.map(({ description }) => description)).toContain(
      "no rate: 1 line is in no sum in EUR; no currency is named; set defaultCurrency",
    );
  });

  test("are there where a job asks for them alone", () => {
    const { reporting, rows } = reported(lines, {});
    expect([reporting, rows.some(({ record }) => record.startsWith("reporting"))]).toEqual([null, false]);
    expect(Options.safeParse({ reportCurrency: "EURO" }).error?.issues[0]?.path).toEqual(["reportCurrency"]);
  });
});
