import { Options } from "../../../../src/pipelines/expenses/options.js";
import { mappings } from "../../../../src/pipelines/expenses/report/reconciliation.js";
import { readStatement, tuples } from "../reading.js";

const FILES: Readonly<Record<string, string>> = {
  "headings.csv": "Date,Details,Amount,Balance\n03/04/2026,Coffee,-3.50,96.50\n13/04/2026,Salary,100.00,196.50\n",
  "pair.csv": "Buchungstag;Text;Soll;Haben;Währung\n01.03.2026;Kaffee;3,50;;EUR\n02.03.2026;Lohn;;100,00;EUR\n",
  "no-headings.csv": "2026-03-01,Coffee,-3.50\n2026-03-02,Tea,-2.50\n2026-03-03,Salary refund,100.00\n",
};

/** What the report's second sheet prints for the file, as a person would paste it. */
async function printed(name: string): Promise<Record<string, unknown>> {
  const { facts } = await readStatement(name, FILES[name]!);
  const sheet = mappings({ lines: [], receipts: [], failed: [], statements: [{ id: "1", name, facts }] });
  return JSON.parse(sheet.rows[0]!.at(-1) as string) as Record<string, unknown>;
}

describe("a bank's file once corrected is known forever", () => {
  test.each(Object.keys(FILES))("%s: the mapping that the report prints gives the same lines again", async (name) => {
    const before = await readStatement(name, FILES[name]!);
    const after = await readStatement(name, FILES[name]!, { statements: [await printed(name)] });
    expect(tuples(after.lines)).toEqual(tuples(before.lines));
    expect(after.facts.evidence).toContainEqual(
      expect.objectContaining({ reason: expect.stringContaining("mapping") }),
    );
  });

  test("a sign, an order of dates and a currency that were wrong are mended by it", async () => {
    const mapping = { ...(await printed("headings.csv")), sign: "charges positive", dateOrder: "mdy", currency: "NZD" };
    const { lines } = await readStatement("headings.csv", FILES["headings.csv"]!, { statements: [mapping] });
    expect(lines.map(({ date, amountMinor, currency }) => [date, amountMinor, currency])).toEqual([
      ["2026-03-04", -350, "NZD"],
      ["2026-04-13", 10000, "NZD"],
    ]);
  });

  test("the columns that it names are read, whatever others look like", async () => {
    const mapping = { match: {}, columns: { date: "Date", amount: "Balance" }, sign: "charges positive" };
    const { lines } = await readStatement("headings.csv", FILES["headings.csv"]!, { statements: [mapping] });
    expect(lines.map(({ amountMinor }) => amountMinor)).toEqual([9650, 19650]);
  });

  test("it is for tables that have all its headings, and for no others", async () => {
    const mapping = { match: { headings: ["Date", "Betrag"] }, columns: { date: "Date", amount: "Balance" } };
    const { lines } = await readStatement("headings.csv", FILES["headings.csv"]!, { statements: [mapping] });
    expect(lines.map(({ amountMinor }) => amountMinor)).toEqual([350, -10000]);
  });

  test.each([
    [{ match: {}, columns: { amount: "Amount" } }, "date"],
    [{ match: {}, columns: { date: "Date" } }, "amount"],
    [{ match: {}, columns: { date: "Date", amount: "A", banana: "B" } }, "banana"],
    [{ match: {}, columns: { date: "Date", amount: "A" }, sign: "minus" }, "sign"],
  ])("a wrong one is refused by its field: %j", (mapping, field) => {
    const { error } = Options.safeParse({ statements: [mapping] });
    expect(error?.issues.map(({ path, message }) => `${path.join(".")} ${message}`).join("\n")).toContain(field);
  });
});
