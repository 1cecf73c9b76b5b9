import { readStatement } from "../reading.js";

/** What of pdfkit, which comes without types, is used here. */
interface PdfMaker {
  new (options: { readonly size: readonly [number, number]; readonly margin: number }): {
    on(event: "data", listener: (part: Buffer) => void): void;
    on(event: "end", listener: () => void): void;
    rotate(angle: number, options: { readonly origin: readonly [number, number] }): void;
    fontSize(size: number): void;
    text(text: string, x: number, y: number, options: { readonly lineBreak: false }): void;
    end(): void;
  };
}

/** A page with these texts at their places; turned where `isTurned`, as a page in landscape may be. */
async function page(texts: readonly (readonly [string, number, number])[], isTurned = false): Promise<Uint8Array> {
  const { default: PdfDocument } = (await import("pdfkit" as string)) as { default: PdfMaker };
  const pdf = new PdfDocument({ size: [600, 600], margin: 0 });
  const parts: Buffer[] = [];
  pdf.on("data", (part) => parts.push(part));
  const ended = new Promise<void>((resolve) => pdf.on("end", resolve));
  if (isTurned) pdf.rotate(90, { origin: [300, 300] });
  pdf.fontSize(10);
  for (const [text, x, y] of texts) pdf.text(text, x, y, { lineBreak: false });
  pdf.end();
  await ended;
  return new Uint8Array(Buffer.concat(parts));
}

const ACCOUNT: readonly (readonly [string, number, number])[] = [
  ["Account Statement", 40, 30],
  ["Currency INR", 40, 50],
  ...["Date", "Description", "Amount", "Dr / Cr", "Balance"].map((name, at) => [name, 40 + at * 100, 80] as const),
  ...["24/08/2026", "UPI/SHOP", "1,100.00", "DR", "3,328.63"].map((cell, at) => [cell, 40 + at * 100, 110] as const),
  ...["23/08/2026", "UPI/FRIEND", "30.00", "CR", "4,428.63"].map((cell, at) => [cell, 40 + at * 100, 130] as const),
];

/** Kinds of pages of statements whose lines were lost or misread for where their text stands. */
describe("kinds of pages", () => {
  test("a page that is turned is read as one that is not", async () => {
    for (const isTurned of [false, true]) {
      const { lines } = await readStatement("account.pdf", await page(ACCOUNT, isTurned));
      expect(lines.map(({ date, amountMinor, currency }) => [date, amountMinor, currency])).toEqual([
        ["2026-08-24", 110000, "INR"],
        ["2026-08-23", -3000, "INR"],
      ]);
    }
  });

  test("a day that stands a little lower than its amount is of the same row", async () => {
    const lower = ACCOUNT.map(([text, x, y]) => [text, x, x === 40 && y > 100 ? y + 4.5 : y] as const);
    const { lines } = await readStatement("account.pdf", await page(lower));
    expect(lines.map(({ date, amountMinor }) => [date, amountMinor])).toEqual([
      ["2026-08-24", 110000],
      ["2026-08-23", -3000],
    ]);
  });

  test("the day, currency and number in a page's head are no line of a table without headings", async () => {
    const rows = [
      ["03/11/26", "TRANSFER", "", "6,500.00", "6,588.00 Cr"],
      ["14/11/26", "SHOP", "6,000.00", "", "588.00 Cr"],
      ["15/11/26", "TRANSFER", "", "100.00", "688.00 Cr"],
    ];
    const { lines } = await readStatement(
      "bank.pdf",
      await page([
        ["Statement of account", 300, 20],
        ["30/11/26", 150, 50],
        ["LKR", 250, 50],
        ["8022792828", 450, 50],
        ...rows.flatMap((cells, row) =>
          cells.flatMap((cell, at) => (cell === "" ? [] : [[cell, 40 + at * 105, 100 + row * 20] as const])),
        ),
      ]),
    );
    expect(lines.map(({ amountMinor, currency }) => [amountMinor, currency])).toEqual([
      [-650000, "LKR"],
      [600000, "LKR"],
      [-10000, "LKR"],
    ]);
  });

  test("words between the texts and the amounts are no part of an amount", async () => {
    const { lines } = await readStatement(
      "bill.pdf",
      await page([
        ["Account statement", 40, 20],
        ["Currency: EUR", 40, 40],
        ["Date", 40, 80],
        ["Description", 100, 80],
        ["Amount", 520, 80],
        ["02/05/2026", 40, 100],
        ["Card purchase", 100, 100],
        ["-12.90", 522, 100],
        ["14/05/2026", 40, 120],
        ["Repayment", 100, 120],
        ["Jane Example Longname", 290, 120],
        ["1,300.54", 515, 120],
      ]),
    );
    expect(lines.map(({ date, amountMinor }) => [date, amountMinor])).toEqual([
      ["2026-05-02", 1290],
      ["2026-05-14", -130054],
    ]);
  });
});
