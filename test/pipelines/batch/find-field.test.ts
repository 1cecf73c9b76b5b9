import { findField } from "../../../src/pipelines/batch/find-field.js";
import { Options, type FieldOptions } from "../../../src/pipelines/batch/options.js";

const field = (options: object): FieldOptions => Options.parse({ fields: { one: options } }).fields.one!;

const INVOICE = [
  "Due date: August 3",
  "Rechnungsdatum: 05.03.2026",
  "Total items 3",
  "Total: 1.234,50 EUR",
  "Total paid: 1.000,00 EUR",
  "Total August 3",
].join("\n");

describe("a field of a batch", () => {
  test("takes the first of its labels that has a value of its type beside it", () => {
    expect(findField(INVOICE, field({ label: ["Invoice date", "Rechnungsdatum"], type: "date" }))).toEqual({
      values: ["2026-03-05"],
      missing: null,
    });
  });

  test.each([
    ["first", { amount: 1234.5, currency: "EUR" }],
    ["last", { amount: 1000, currency: "EUR" }],
    ["largest", { amount: 1234.5, currency: "EUR" }],
  ])("takes the %s amount with its currency", (position, value) => {
    const text = INVOICE.replace("Total items 3\n", "");
    expect(findField(text, field({ label: "Total", type: "money", position })).values).toEqual([value]);
  });

  test("takes no day of a month for a number", () => {
    expect(findField("Total August 3", field({ label: "Total", type: "number" }))).toEqual({
      values: [],
      missing: '"Total" is there, with no number in "August 3"',
    });
  });

  test.each([
    [{ label: "IBAN" }, '"IBAN" is not in its text'],
    [{ label: ["IBAN", "BIC"] }, 'neither "IBAN" nor "BIC" is in its text'],
    [{ pattern: "IBAN (.*)" }, "the pattern matches nothing"],
    [{ label: "Due date", type: "date" }, '"Due date" is there, with no date in "August 3"'],
  ])("says why %j is not found", (options, missing) => {
    expect(findField(INVOICE, field(options))).toEqual({ values: [], missing });
  });

  test("takes whole words for labels, and all values where it is told to", () => {
    expect(
      findField("Subtotal 1,00\nTotal 2,00\nTotal 3,00", field({ label: "Total", type: "money", all: true })).values,
    ).toEqual([
      { amount: 2, currency: null },
      { amount: 3, currency: null },
    ]);
  });
});
