import type { Ledger, LedgerLine, LedgerReceipt } from "../../../../src/pipelines/expenses/ledger.js";
import { matchLedger } from "../../../../src/pipelines/expenses/match/match-ledger.js";

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

function matchesOf(ledger: Ledger) {
  return matchLedger(ledger, options).matches.map(({ line, receipt, by }) => [line, receipt, by]);
}

describe("whose name a card's line bears", () => {
  test("another name of the page decides where the first was not the seller's", () => {
    const lines = [lineOf(1, "2026-03-04", "STUDENT AGENCY BRNO", 23900), lineOf(2, "2026-03-04", "TESCO", 23900)];
    const ticket = receiptOf("ticket", "2026-03-04", "Online-Ticket", 23900);
    expect(matchesOf({ lines, receipts: [ticket] })).toEqual([]);
    expect(matchesOf({ lines, receipts: [{ ...ticket, otherNames: ["gmbh", "STUDENT AGENCY"] }] })).toEqual([
      ["bank.csv#1", "ticket", "amount"],
    ]);
  });

  test("names without blanks are compared with the figures left out alone", () => {
    const lines = [lineOf(1, "2026-03-20", "マクドナルド3号線新宮店", 1140, { currency: "JPY" })];
    const receipts = [receiptOf("r", "2026-03-20", "M マクドナルド3号線新宮店", 1140, { currency: "JPY" })];
    expect(matchesOf({ lines, receipts })).toHaveLength(1);
  });

  test("what was still to be paid is matched as well as the total", () => {
    const receipt = receiptOf("r", "2026-03-04", "Au bon moulin", 30803, { dueMinor: 20803 });
    const line = lineOf(1, "2026-03-05", "AU BON MOULIN", 20803);
    expect(matchesOf({ lines: [line], receipts: [receipt] })).toEqual([["bank.csv#1", "r", "amount due"]]);
    expect(matchesOf({ lines: [{ ...line, amountMinor: 30803 }], receipts: [receipt] })).toEqual([
      ["bank.csv#1", "r", "amount"],
    ]);
  });
});
