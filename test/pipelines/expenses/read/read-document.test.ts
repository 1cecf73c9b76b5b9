import { readFileSync } from "node:fs";
import path from "node:path";
import { detectExpense } from "../../../../src/pipelines/expenses/read/media-types.js";
import { readDocument, type ReadDocument } from "../../../../src/pipelines/expenses/read/read-document.js";
import { ROOT } from "../../../support/processes.js";

const FIXTURES = path.join(ROOT, "test", "pipelines", "expenses", "fixtures");
type LineTuple = readonly [
  string | null,
  string,
  number | null,
  string | null,
  string | null,
  string[],
  number?,
  string?,
];
const EXPECTED = JSON.parse(readFileSync(path.join(FIXTURES, "expected.json"), "utf8")) as {
  statements: Record<string, LineTuple[]>;
  receipts: Record<string, readonly [string, string, number, string]>;
};

async function read(name: string): Promise<ReadDocument> {
  const bytes = readFileSync(path.join(FIXTURES, name));
  const mediaType = await detectExpense(bytes, name);
  return readDocument(
    { bytes, mediaType, name, role: null },
    { currency: null, employee: null, dateOrder: "auto", statements: [] },
  );
}

describe("statements as banks write them, made by hand", () => {
  test.each(Object.entries(EXPECTED.statements))("%s gives its lines and nothing else", async (name, expected) => {
    const found = await read(name);
    const lines = found.role === "statement" ? found.lines : [];
    expect(
      lines.map((line) => [
        line.date,
        line.description,
        line.amountMinor,
        line.currency,
        line.employee,
        [...line.incomplete],
        ...(line.originalCurrency ? [line.originalAmountMinor, line.originalCurrency] : []),
      ]),
    ).toEqual(expected);
  });
});

describe("receipts as shops write them, made by hand", () => {
  test.each(Object.entries(EXPECTED.receipts))("%s says who, when and how much", async (name, expected) => {
    const found = await read(name);
    expect(found.role).toBe("receipt");
    const { merchant, date, amountMinor, currency } = (found as ReadDocument & { role: "receipt" }).receipt;
    expect([merchant, date, amountMinor, currency]).toEqual(expected);
  });
});
