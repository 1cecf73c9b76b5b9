import { decideOrder } from "../../../../src/pipelines/expenses/read/table/date-order.js";
import { readReceipt, readStatement } from "../reading.js";

async function read(name: string, content: string, options: Readonly<Record<string, unknown>> = {}) {
  const { lines, facts } = await readStatement(name, content, options);
  return {
    lines,
    amounts: lines.map(({ amountMinor }) => amountMinor),
    currencies: lines.map(({ currency }) => currency),
    flags: [...lines.flatMap(({ flags }) => flags), ...facts.evidence.flatMap(({ flag }) => flag ?? [])],
  };
}

const TABLE = "Date,Text,Amount\n2026-03-01,Shop,-12.50\n2026-03-02,Inn,-80.00\n";

describe("currencies", () => {
  test("of a code without a blank beside its number are the line's own", async () => {
    const table = "Date,Text,Amount\n2026-03-13,One,CAD45.00\n2026-03-14,Two,CAD9.10\n2026-03-15,Three,USD12.00\n";
    expect((await read("codes.csv", table, { defaultCurrency: "CAD" })).currencies).toEqual(["CAD", "CAD", "USD"]);
  });

  test("of a balance beside the lines are told by a code, and assumed of a dollar sign alone", async () => {
    const named = await read("a.csv", `Credit limit,"US$5,000.00"\n${TABLE}`, { defaultCurrency: "NZD" });
    expect([named.currencies[0], named.flags.includes("CURRENCY_ASSUMED")]).toEqual(["USD", false]);
    const bare = await read("a.csv", `Credit limit,"$5,000.00"\n${TABLE}`);
    expect([bare.currencies[0], bare.flags.includes("CURRENCY_ASSUMED")]).toEqual(["USD", true]);
  });

  test("of the file's name are assumed, unless the job's own is the same", async () => {
    expect((await read("account-CHF.csv", TABLE)).flags).toContain("CURRENCY_ASSUMED");
    const same = await read("account-CHF.csv", TABLE, { defaultCurrency: "CHF" });
    expect(same.flags).not.toContain("CURRENCY_ASSUMED");
  });

  test("are not told by crowns in a text", async () => {
    const table = "Datum;Text;Belopp\n2026-03-01;Kupong 25 kr;-25,00\n2026-03-02;Kaffe;-30,00\n";
    expect((await read("k.csv", table)).currencies).toEqual([null, null]);
  });
});

describe("the way of money", () => {
  test("of a card's bill is not turned by the IBAN of the account that pays it", async () => {
    const shops = Array.from({ length: 10 }, (_, at) => `${at + 13}.03.2026;Laden ${at};1${at},50\n`).join("");
    const bill = `IBAN;DE12345678901234567890\n\nDatum;Text;Betrag\n${shops}28.03.2026;Ausgleich;-145,00\n`;
    const visa = await read("Visa-Abrechnung.csv", bill, { defaultCurrency: "EUR" });
    expect([visa.amounts[0], visa.amounts.at(-1)]).toEqual([1050, -14500]);
    expect((await read("umsatz.csv", bill, { defaultCurrency: "EUR" })).flags).toContain("SIGN_UNCERTAIN");
  });

  test("is doubted where all that comes in by its word carries a minus", async () => {
    const table =
      "Datum;Text;Typ;Betrag\n13.03.2026;Eins;K;-10,00\n14.03.2026;Zwei;K;-11,00\n15.03.2026;Drei;K;-12,00\n";
    expect((await read("typ.csv", table, { defaultCurrency: "EUR" })).flags).toContain("SIGN_UNCERTAIN");
  });
});

describe("dates", () => {
  test.each([
    ["Rent February", "Rent March", "Rent April", "Rent May", "Rent June"],
    ["February rent", "March rent", "April rent", "May rent", "June rent"],
  ])("of what happens each month, as %s, settle no order", (...texts) => {
    const dates = texts.map((_, at) => ({ kind: "open" as const, first: 1, second: at + 2, year: 2026 }));
    const decided = decideOrder(dates, { currency: "EUR", around: [], texts });
    expect(decided).toEqual({ order: "dmy", certain: false });
  });

  test("that are the same in every row are the lines' own, unless another heading says so", async () => {
    const of = async (heading: string) =>
      (
        await read(
          "d.csv",
          `Date;${heading};Text;Amount\n2026-03-13;2026-04-01;One;-5.00\n2026-03-13;2026-04-02;Two;-6.00\n`,
        )
      ).lines[0]!.date;
    expect([await of("Due date"), await of("Transaction date")]).toEqual(["2026-03-13", "2026-04-01"]);
  });
});

describe("rows", () => {
  test("above the table that tell a time do not settle the decimal mark", async () => {
    const table = "Created at 10.30\n\nDatum;Text;Betrag\n13.03.2026;Eins;-25.000\n14.03.2026;Zwei;-31.000\n";
    expect((await read("time.csv", table, { defaultCurrency: "EUR" })).amounts).toEqual([2500000, 3100000]);
  });

  test("without a date that name a shop like a balance are kept", async () => {
    const table =
      "Date,Text,Category,Amount\n2026-03-13,Grocer,,-5.00\n,Sports shop,New Balance sneakers,-120.00\n2026-03-15,Baker,,-6.00\n";
    expect((await read("notes.csv", table, { defaultCurrency: "EUR" })).amounts).toEqual([500, 12000, 600]);
  });
});

describe("the sum of order data", () => {
  const page = (body: string): string =>
    `<html><script type="application/ld+json">{"@type": "Order", "merchant": {"name": "Paper"}, "orderNumber": "1",
      "price": "64.50", "priceCurrency": "CHF"}</script><body>${body}</body></html>`;

  test("is not that of a refund, and doubted beside another total even where the page shows it", async () => {
    const refund = await readReceipt("refund.html", page("<p>Refund</p><p>Refund total: CHF -20.00</p><p>64.50</p>"));
    expect(refund).toMatchObject({ amountMinor: -2000, currency: "CHF" });
    const paid = await readReceipt("paid.html", page("<p>Order 64.50</p><p>Total: CHF 30.00</p>"));
    expect(paid.flags).toContain("INVOICE_DISAGREES");
  });
});
