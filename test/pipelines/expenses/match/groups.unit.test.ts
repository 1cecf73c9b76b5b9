import type { Ledger, LedgerLine, LedgerReceipt } from "../../../../src/pipelines/expenses/ledger.js";
import { matchLedger } from "../../../../src/pipelines/expenses/match/match-ledger.js";
import { matchStage } from "../../../../src/pipelines/expenses/match/match.js";
import { reportOf } from "../../../../src/pipelines/expenses/report/report-rows.js";

const options = { windowDays: 7, exchangeRates: {} };

function lineOf(
  row: number,
  date: string,
  description: string,
  amountMinor: number,
  more: Partial<LedgerLine> = {},
): LedgerLine {
  const statement = more.statement ?? "bank.csv";
  return {
    row,
    date,
    description,
    amountMinor,
    currency: "EUR",
    employee: null,
    category: "Uncategorised",
    statement,
    id: `${statement}#${row}`,
    incomplete: [],
    flags: [],
    ...more,
  };
}

function receiptOf(
  id: string,
  date: string,
  merchant: string,
  amountMinor: number,
  more: Partial<LedgerReceipt> = {},
): LedgerReceipt {
  return {
    id,
    name: id,
    sha256: id,
    date,
    merchant,
    amountMinor,
    currency: "EUR",
    employee: null,
    incomplete: [],
    flags: [],
    ...more,
  };
}

/** Pairs in short, after what the stage itself holds its output to. */
function matched(ledger: Ledger) {
  const found = matchLedger(ledger, options);
  void matchStage.check!(found, { documents: 0 } as never);
  return found.matches.map(({ line, receipt, by }) => `${line} ${receipt} ${by}`).sort();
}

describe("sums", () => {
  const hotel = lineOf(1, "2026-03-05", "HOTEL ADLER BERLIN", 25_000);

  test("several receipts that add up to one charge belong to it", () => {
    const receipts = [
      receiptOf("room", "2026-03-04", "Hotel Adler Berlin", 21_000),
      receiptOf("bar", "2026-03-03", "Hotel Adler Berlin", 4_000),
      receiptOf("other", "2026-03-03", "Cafe Rose", 4_000),
    ];
    expect(matched({ lines: [hotel], receipts })).toEqual([
      "bank.csv#1 bar sum of receipts",
      "bank.csv#1 room sum of receipts",
    ]);
  });

  test("one receipt that was charged in parts belongs to all of them", () => {
    const lines = [
      lineOf(1, "2026-03-05", "AMAZON EU ORDER", 3_000),
      lineOf(2, "2026-03-07", "AMAZON EU ORDER", 4_500),
      lineOf(3, "2026-03-07", "BAKERY", 4_500),
    ];
    expect(matched({ lines, receipts: [receiptOf("order", "2026-03-04", "Amazon EU", 7_500)] })).toEqual([
      "bank.csv#1 order sum of lines",
      "bank.csv#2 order sum of lines",
    ]);
  });

  test("that can be made up in two ways, or are a cent off, prove nothing", () => {
    const three = ["a", "b", "c"].map((id) => receiptOf(id, "2026-03-04", "Hotel Adler Berlin", 12_500));
    expect(matched({ lines: [hotel], receipts: three })).toEqual([]);
    const off = [
      receiptOf("room", "2026-03-04", "Hotel Adler Berlin", 21_001),
      receiptOf("bar", "2026-03-03", "Hotel Adler Berlin", 4_000),
    ];
    expect(matched({ lines: [hotel], receipts: off })).toEqual([]);
  });
});

describe("what nothing tells apart", () => {
  const lines = [1, 2].map((row) => lineOf(row, "2026-03-05", "CAFE ROSE", 350));

  test("is paired in the same number, and said to be interchangeable", () => {
    const receipts = ["a", "b"].map((id) => receiptOf(id, "2026-03-05", "Cafe Rose", 350, { reference: `No ${id} 1` }));
    const ledger = { lines, receipts: receipts.map((one, at) => ({ ...one, reference: `10${at}` })) };
    const found = matchLedger(ledger, options);
    expect(found.matches.map(({ isInterchangeable }) => isInterchangeable)).toEqual([true, true]);
    const rows = reportOf({ ...ledger }, found).rows.filter(({ record }) => record === "line");
    expect(rows.map(({ status, flags }) => [status, flags])).toEqual([
      ["matched", "interchangeable"],
      ["matched", "interchangeable"],
    ]);
  });

  test("stays open where there are more lines than receipts", () => {
    expect(matched({ lines, receipts: [receiptOf("a", "2026-03-05", "Cafe Rose", 350)] })).toEqual([]);
  });

  test("goes to the line of the receipt's employee", () => {
    const [mine, others] = [
      lineOf(1, "2026-03-05", "CAFE ROSE", 350, { employee: "Jane" }),
      lineOf(2, "2026-03-05", "CAFE ROSE", 350, { employee: "Tom" }),
    ];
    expect(
      matched({
        lines: [others, mine],
        receipts: [receiptOf("a", "2026-03-05", "Cafe Rose", 350, { employee: "Jane" })],
      }),
    ).toEqual(["bank.csv#1 a amount"]);
  });
});

describe("money between own accounts", () => {
  const paid = lineOf(1, "2026-03-05", "AMEX CARD PAYMENT", 50_000, { account: "DE1" });
  const came = lineOf(1, "2026-03-06", "PAYMENT RECEIVED - THANK YOU", -50_000, {
    statement: "card.csv",
    account: "3700",
  });

  test("settles a card, and is neither spending nor income", () => {
    const ledger = { lines: [paid, came, lineOf(2, "2026-03-07", "SHOP", 1_000)], receipts: [] };
    const found = matchLedger(ledger, options);
    expect(found.transfers).toEqual([{ out: "bank.csv#1", in: "card.csv#1", kind: "card settlement" }]);
    const { rows, totals } = reportOf(ledger, found);
    expect(totals.byCurrency).toMatchObject([{ amountMinor: 1_000, chargesMinor: 1_000, creditsMinor: 0, lines: 1 }]);
    expect(
      rows.filter(({ record }) => record === "line").map(({ status, counterpart }) => [status, counterpart]),
    ).toEqual([
      ["own card settlement", "card.csv row 1: PAYMENT RECEIVED - THANK YOU"],
      ["own card settlement", "bank.csv row 1: AMEX CARD PAYMENT"],
      ["no receipt", ""],
    ]);
  });

  test("is known by the other account's number", () => {
    const out = lineOf(1, "2026-03-05", "To DE89 3704 0044 0532 0130 00", 9_900, { account: "DE11" });
    const back = lineOf(1, "2026-03-05", "Jane Doe", -9_900, {
      statement: "savings.csv",
      account: "DE89370400440532013000",
    });
    expect(matchLedger({ lines: [out, back], receipts: [] }, options).transfers).toMatchObject([{ kind: "transfer" }]);
  });

  test("is not taken from an amount alone, from one account, nor where two lines fit", () => {
    const shop = lineOf(1, "2026-03-05", "SHOP", 2_000);
    const refund = lineOf(1, "2026-03-06", "OTHER SHOP", -2_000, { statement: "card.csv" });
    const same = { ...came, statement: "bank.csv", account: "DE1", id: "bank.csv#9" };
    const twice = { ...came, id: "card.csv#2", row: 2 };
    for (const lines of [
      [shop, refund],
      [paid, same],
      [paid, came, twice],
    ])
      expect(matchLedger({ lines, receipts: [] }, options).transfers).toEqual([]);
  });

  const others: readonly (readonly [string, LedgerLine, LedgerLine, LedgerReceipt[]?])[] = [
    [
      "a transfer to a stranger, and one from a stranger",
      lineOf(1, "2026-03-05", "VIREMENT DUPONT", 20_000, { account: "DE1" }),
      lineOf(1, "2026-03-06", "VIREMENT MARTIN", -20_000, { statement: "other.csv", account: "FR2" }),
    ],
    [
      "a purchase by card, and a refund by card",
      lineOf(1, "2026-03-05", "VISA SHOP", 2_000, { account: "DE1" }),
      lineOf(1, "2026-03-06", "VISA OTHER SHOP THANK YOU", -2_000, { statement: "card.csv", account: "3700" }),
    ],
    [
      "a payment by card to a shop",
      lineOf(1, "2026-03-05", "VISA CARD PAYMENT TO TESCO", 2_000, { account: "DE1" }),
      { ...came, amountMinor: -2_000 },
    ],
    [
      "accounts that nobody knows",
      lineOf(1, "2026-03-05", "Umbuchung", 2_000),
      lineOf(1, "2026-03-06", "Umbuchung", -2_000, { statement: "other.csv" }),
    ],
    [
      "accounts of two employees",
      lineOf(1, "2026-03-05", "Umbuchung", 2_000, { account: "DE1", employee: "Jane" }),
      lineOf(1, "2026-03-06", "Umbuchung", -2_000, { statement: "o.csv", account: "FR2", employee: "Tom" }),
    ],
    ["what a receipt fits", paid, came, [receiptOf("a", "2026-03-05", "Amex Card Payment", 50_000)]],
  ];
  test.each(others.map(([what, ...rest]) => ({ what, rest })))(
    "is none: $what",
    ({ rest: [out, back, receipts = []] }) => {
      expect(matchLedger({ lines: [out, back], receipts }, options).transfers).toEqual([]);
    },
  );

  test("is known by words that are said of own accounts alone", () => {
    const out = lineOf(1, "2026-03-05", "Umbuchung", 2_000, { account: "DE1", employee: "Jane" });
    const back = lineOf(1, "2026-03-06", "Internal transfer", -2_000, { statement: "o.csv", account: "FR2" });
    expect(matchLedger({ lines: [out, back], receipts: [] }, options).transfers).toMatchObject([{ kind: "transfer" }]);
  });
});
