import { matchLedger } from "../../../../src/pipelines/expenses/match/match-ledger.js";
import { sessionOf } from "../session.js";

const options = { windowDays: 7, exchangeRates: {} };

describe("matches by hand", () => {
  test("hold, and the matcher gives neither their lines nor their receipts to others", async () => {
    const session = await sessionOf(["corporate-members.csv", "refund.txt"]);
    const [found] = matchLedger(session, options).matches;
    expect(found).toMatchObject({ receipt: "refund.txt" });
    const decision = { line: "corporate-members.csv#1", receipt: "refund.txt", match: true };
    const decided = matchLedger(session, { ...options, decisions: [decision] });
    expect(decided.matches).toEqual([{ line: decision.line, receipt: decision.receipt, score: 1, by: "hand" }]);
    const refused = matchLedger(session, { ...options, decisions: [{ ...decision, line: found!.line, match: false }] });
    expect(refused.matches).toEqual([]);
    expect(refused.unmatched).toMatchObject([{ receipt: "refund.txt" }]);
  });

  test("of lines and receipts that are not there are left out", async () => {
    const session = await sessionOf(["corporate-members.csv", "refund.txt"]);
    const decisions = [{ line: "elsewhere#1", receipt: "refund.txt", match: true }];
    expect(matchLedger(session, { ...options, decisions })).toEqual(matchLedger(session, options));
  });
});

test("a receipt without a line says what comes nearest", async () => {
  const session = await sessionOf(["corporate-members.csv", "vat-invoice.txt"]);
  const [line] = session.lines;
  const receipts = session.receipts.map((one) => ({ ...one, amountMinor: line!.amountMinor, date: "2026-03-20" }));
  const [alone] = matchLedger({ ...session, receipts }, options).unmatched;
  expect(alone!.why).toBe("no line within 7 days; nearest of this amount: 43 days off (corporate-members.csv row 1)");
});
