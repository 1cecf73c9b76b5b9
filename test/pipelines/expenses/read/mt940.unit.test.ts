import { readStatement, tuples } from "../reading.js";

function mt940(opening: string, entries: readonly string[], closing: string): string {
  return [
    ":20:STARTUMS",
    ":25:50880050/0194774600888",
    ":28C:1/1",
    `:60F:${opening}`,
    ...entries,
    `:62F:${closing}`,
    "-",
    "",
  ].join("\r\n");
}

describe("MT940, as banks write it", () => {
  test("gives day, way, amount and purpose; the balances prove them", async () => {
    const file = mt940(
      "C260301EUR1000,00",
      [
        ":61:2603020302D12,45NMSCNONREF//B1",
        ":86:105?00LASTSCHRIFT?20SVWZ+Strom ?21Maerz?32Stadtwerke",
        ":61:2603030303C250,N051REF7//B2",
        ":86:/NAME/Jane Doe/REMI/Rent",
      ],
      "C260303EUR1237,55",
    );
    const { lines, facts } = await readStatement("march.sta", file);
    expect(tuples(lines)).toEqual([
      ["2026-03-02", 1245, "EUR", "Stadtwerke SVWZ+Strom Maerz"],
      ["2026-03-03", -25000, "EUR", "Jane Doe Rent"],
    ]);
    expect(facts.accounts).toMatchObject([{ openingMinor: 100000, closingMinor: 123755, differenceMinor: 0 }]);
  });

  test.each([
    ["CR", -10000],
    ["DR", 10000],
    ["C", -10000],
    ["D", 10000],
    ["RC", 10000],
    ["RD", -10000],
    ["RDR", -10000],
  ])("the mark %s, where the R behind C and D is of EUR and the R before takes back", async (mark, minor) => {
    const { lines } = await readStatement(
      "one.sta",
      mt940("C260301EUR1,", [`:61:2603020302${mark}100,00NTRFX`], "C260302EUR1,"),
    );
    expect(lines.map(({ amountMinor }) => amountMinor)).toEqual([minor]);
  });

  test("the booking day counts, of the year nearest to the value day: as in the bank's CSV and CAMT", async () => {
    const file = mt940(
      "C251231EUR5,",
      [":61:2601011231D1,00NINTX", ":61:2512310102D1,00NINTX", ":61:2511301128D1,00NINTX"],
      "C260102EUR2,",
    );
    const { lines } = await readStatement("days.sta", file);
    expect(lines.map(({ date }) => date)).toEqual(["2025-12-31", "2026-01-02", "2025-11-28"]);
  });

  test("blanks for the booking day, and the 30th of February", async () => {
    const file = mt940("C260228EUR5,", [":61:260230    D5,00NINTX", ":61:2602280228D0,5NINTX"], "D260228EUR0,5");
    const { lines, facts } = await readStatement("blanks.sta", file);
    expect(facts.accounts).toMatchObject([{ openingMinor: 500, closingMinor: -50, differenceMinor: 0 }]);
    expect(lines.map(({ date, amountMinor }) => [date, amountMinor])).toEqual([
      ["2026-02-28", 500],
      ["2026-02-28", 50],
    ]);
  });

  test("pages of one statement are one account; a page that lacks its balance is none of them", async () => {
    const page = (opening: string, entry: string, closing: string): string =>
      `:20:X\n:25:NL91ABNA0417164300\n${opening}\n${entry}\n${closing}\n-\n`;
    const file =
      page(":60F:C260301EUR100,", ":61:2603020302D10,NTRFA", ":62M:C260302EUR90,") +
      page(":60M:C260302EUR90,", ":61:2603030303D5,NTRFB", ":62F:C260303EUR85,");
    const { facts } = await readStatement("pages.txt", file);
    expect(facts.accounts).toMatchObject([{ openingMinor: 10000, closingMinor: 8500, lines: 2, differenceMinor: 0 }]);
  });

  test("an entry that is none of the standard is kept without an amount", async () => {
    const { lines } = await readStatement(
      "odd.sta",
      mt940("C260301EUR1,", [":61:HELLO", ":86:What is this"], "C260302EUR1,"),
    );
    expect(lines).toMatchObject([{ amountMinor: null, date: null, description: "What is this" }]);
  });
});
