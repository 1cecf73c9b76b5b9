import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { detectExpense } from "../../../../src/pipelines/expenses/read/media-types.js";
import { readDocument, type ReadDocument } from "../../../../src/pipelines/expenses/read/read-document.js";
import { ROOT } from "../../../support/processes.js";

const SMALL = path.join(ROOT, "test", "pipelines", "expenses", "fixtures", "small");

async function read(name: string, currency: string | null = null): Promise<ReadDocument> {
  const bytes = readFileSync(path.join(SMALL, name));
  const mediaType = await detectExpense(bytes, name);
  return readDocument(
    { bytes, mediaType, name, role: null },
    { currency, employee: null, dateOrder: "auto", statements: [] },
  );
}

async function statement(name: string): Promise<ReadDocument & { role: "statement" }> {
  const found = await read(name);
  if (found.role !== "statement") throw new Error(`${name} was read as a receipt`);
  return found;
}

/** Amounts in minor units; charges are positive. */
const AMOUNTS: Record<string, number[]> = {
  "af-bij.csv": [4567, -250000],
  "bank.tsv": [350, 1200],
  "blz-as-amount.csv": [123456, -12300],
  "card-payment-type.csv": [1099, 3420, 90000],
  "charges-are-negative-majority.csv": [-120000, -80000, 350],
  "curr-digits.csv": [35050, 1550050, 15000075, 9999],
  "employee-word-drops-line.csv": [300, 4500, 2000, 1200],
  "foreign-heading-lost-column.csv": [-35000, 4590],
  "headerless-account-first.csv": [599, 3099],
  "lakh-narration.csv": [64500, 12450000],
  "ofx-four-decimals.ofx": [3372],
  "ofx-no-transactions.ofx": [],
  "ofx-no-xml-declaration.qfx": [3372],
  "quote-inside.csv": [1434, 1220],
  "status-ignored.csv": [20150, 1139, 5000],
  "three-decimals.csv": [350, 4513, 13],
  "two-sheets.xlsx": [1000, 1100, 1200, 1300, 2000, 2100, 2200],
};

describe("what was once read wrongly", () => {
  test.each(Object.entries(AMOUNTS))("%s gives its amounts with their signs", async (name, amounts) => {
    const { lines } = await statement(name);
    expect(lines.map(({ amountMinor }) => amountMinor)).toEqual(amounts);
  });

  test("every small case is tested", () => {
    const statements = readdirSync(SMALL).filter((name) => !name.startsWith("receipt-"));
    expect(Object.keys(AMOUNTS).sort()).toEqual(statements.sort());
  });

  test("what was reverted or declined is kept, flagged and in no sum; a fee that is added says so", async () => {
    const { lines, facts } = await statement("status-ignored.csv");
    expect(lines.map(({ notCounted, flags }) => [notCounted, flags])).toEqual([
      [undefined, ["FEE_ADDED"]],
      ["REVERTED", ["NOT_COUNTED"]],
      ["DECLINED", ["NOT_COUNTED"]],
    ]);
    expect(facts.accounts).toMatchObject([{ sumMinor: 20150, lines: 3 }]);
  });

  test("running balances overrule what most signs say", async () => {
    const { facts } = await statement("charges-are-negative-majority.csv");
    expect(facts.evidence).toContainEqual({
      of: "sign",
      certainty: "proven",
      reason: "2 of 2 balances follow from the amounts",
    });
    expect(facts.accounts).toMatchObject([{ openingMinor: 380000, closingMinor: 579650, differenceMinor: 0 }]);
  });

  test("a mistake in the balances is told", async () => {
    const { facts } = await statement("lakh-narration.csv");
    expect(facts.evidence.flatMap(({ flag }) => flag ?? [])).toContain("BALANCE_DISAGREES");
  });

  test.each([
    ["receipt-no-refund.txt", 3480, []],
    ["receipt-zero-total.txt", 52987, []],
    ["receipt-employee-is-seller.txt", 1000, []],
  ] as const)("%s says how much, in the job's currency where it names none", async (name, amountMinor, flags) => {
    const found = await read(name, "EUR");
    expect(found).toMatchObject({ role: "receipt", receipt: { amountMinor, currency: "EUR", employee: null, flags } });
  });

  test("the ringgit that stands at the figure is its currency, and no capital letters of the seller's name", async () => {
    const found = await read("receipt-sdn-bhd.txt", "EUR");
    expect(found).toMatchObject({ receipt: { amountMinor: 3480, currency: "MYR", employee: null, flags: [] } });
  });

  test("the seller of a receipt is its merchant and not its employee", async () => {
    expect(await read("receipt-employee-is-seller.txt")).toMatchObject({
      receipt: { merchant: "Lieferant GmbH", employee: null },
    });
  });
});
