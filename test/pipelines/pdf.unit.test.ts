import { annotationBlocks } from "../../src/pipelines/documents/parsers/pdf-fields.js";
import { linesOf } from "../../src/pipelines/documents/parsers/pdf-lines.js";
import { parsedFile } from "./parsed-file.js";

const DESCENDANT =
  "<< /Type /Font /Subtype /CIDFontType0 /BaseFont /Ryumin-Light /CIDSystemInfo << /Registry (Adobe) /Ordering (Japan1) /Supplement 2 >> /DW 1000 /FontDescriptor 5 0 R >>";
const JAPANESE = `<< /Type /Font /Subtype /Type0 /BaseFont /Ryumin-Light /Encoding /UniJIS-UCS2-H /DescendantFonts [${DESCENDANT}] >>`;
const LATIN = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>";

/** A file of one page with the fonts F1 (Latin) and F2 (Japanese, by a map that readers must bring along). */
function pdf(content: string): Buffer {
  const objects = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R /Resources << /Font << /F1 ${LATIN} /F2 ${JAPANESE} >> >> >>`,
    `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
    "<< /Type /FontDescriptor /FontName /Ryumin-Light /Flags 4 /FontBBox [0 -200 1000 900] /ItalicAngle 0 /Ascent 800 /Descent -200 /CapHeight 700 /StemV 80 >>",
  ];
  let file = "%PDF-1.4\n";
  const places = objects.map((object, index) => {
    const at = file.length;
    file += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return `${String(at).padStart(10, "0")} 00000 n \n`;
  });
  const begin = file.length;
  file += `xref\n0 6\n0000000000 65535 f \n${places.join("")}trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n${begin}\n%%EOF`;
  return Buffer.from(file, "latin1");
}

function ucs2(text: string): string {
  return `<${Buffer.from(text, "utf16le").swap16().toString("hex")}>`;
}

describe("the text layer of a PDF", () => {
  test("has the letters of fonts whose map is not in the file", async () => {
    const { text, warnings } = await parsedFile(
      pdf(`BT /F1 12 Tf 50 700 Td (Invoice) Tj ET BT /F2 12 Tf 50 600 Td ${ucs2("請求書の合計金額")} Tj ET`),
      "invoice.pdf",
    );
    expect(text).toContain("Invoice");
    expect(text).toContain("請求書の合計金額");
    expect(warnings).toEqual([]);
  });

  test("has the gaps between words that are set letter by letter", async () => {
    const { text } = await parsedFile(
      pdf("BT /F1 12 Tf 5 Tc 50 700 Td (RING PHYSICS ISSUES OF THE YEAR) Tj ET"),
      "title.pdf",
    );
    expect(text).toContain("RING PHYSICS ISSUES OF THE YEAR");
  });

  test("says once what is drawn twice to look heavy", async () => {
    const twice = [0, 0.4].map((shift) => `1 0 0 1 ${50 + shift} 700 Tm (The total due is 99.00 euros) Tj`).join("\n");
    const { text } = await parsedFile(pdf(`BT /F1 12 Tf ${twice} 1 0 0 1 50 600 Tm (aaa) Tj ET`), "heavy.pdf");
    expect(text).toBe("The total due is 99.00 euros\naaa");
  });

  const run = (str: string, size: number, x: number, y: number, width: number, hasEOL = false) => {
    return { str, transform: [size, 0, 0, size, x, y], width, hasEOL };
  };

  test("keeps the same figure at another size and another place", () => {
    const { lines, repeated } = linesOf([run("1", 8, 120, 600, 4, true), run("1", 12, 180, 900, 6, true)]);
    expect([lines.map(({ text }) => text), repeated]).toEqual([["1", "1"], 0]);
  });

  test("has a mark above the line within it, and a line of right-to-left writing whole", () => {
    const title = linesOf([run("A title", 14, 50, 700, 40), run("1", 5, 91, 706, 3), run(" goes on", 14, 95, 700, 40)]);
    expect(title.lines.map(({ text }) => text)).toEqual(["A title1 goes on"]);
    const arabic = linesOf([
      run("\u0627\u0644\u0641\u0627\u062a\u0648\u0631\u0629", 12, 300, 700, 60),
      run(" 4711", 12, 260, 700, 30),
    ]);
    expect(arabic.lines).toHaveLength(1);
  });

  test("has small lines apart that stand beside large letters", () => {
    const { lines } = linesOf([run("Big", 116, 99, 540, 177), run("Small", 12, 98, 495, 31)]);
    expect(lines.map(({ text }) => text)).toEqual(["Big", "Small"]);
  });
});

test("letters that were drawn twice one by one are said once; what is doubled by nature stands", () => {
  const said = (str: string): string | undefined =>
    linesOf([{ str, transform: [12, 0, 0, 12, 50, 700], width: 100, hasEOL: true }]).lines[0]?.text;
  expect(said("MMuunniicchh,,  1122 MMaayy")).toBe("Munich, 12 May");
  expect(said("TToottaall:: of 1100 rooms")).toBe("Total: of 1100 rooms");
  expect(said("TToottaall:: 1100")).toBe("Total: 1100");
  const forms = ["YYYYMMDD", "Date (DDMMYYYY)", "HHMMSS", "TTMMJJJJ", "yyyymmdd", "XXYYZZ"];
  for (const same of [...forms, "AABBCC", "ffeeddcc", "1122 3344", "wwwwww", "Aa bb cc", "XXL"])
    expect(said(same)).toBe(same);
});

test("a page that is drawn on its side has the lines that its reader sees", () => {
  const at = (str: string, x: number, y: number) => ({ str, transform: [0, 10, -10, 0, x, y], width: str.length * 5 });
  const { lines } = linesOf([at("25,499.96", 160, 680), at("Staff assistant", 160, 428), at("Next row", 180, 428)]);
  expect(lines.map(({ text }) => text)).toEqual(["25,499.96", "Staff assistant", "Next row"]);
});

test("a PDF behind what a program printed before it is one, and a text that tells of PDFs is none", async () => {
  const file = pdf("BT /F1 12 Tf 50 700 Td (Invoice) Tj ET");
  const { text, mediaType } = await parsedFile(Buffer.concat([Buffer.from("GPL Ghostscript\n10.02\n"), file]), "a.pdf");
  expect(mediaType).toBe("application/pdf");
  expect(text).toContain("Invoice");
  expect((await parsedFile(Buffer.from("So they begin:\n%PDF-1.4\n"), "a.txt")).mediaType).toBe("text/plain");
});

test("a PDF in the wrapper of an old Macintosh is one", async () => {
  const head = Buffer.concat([Buffer.from("\0\x0finvoice.pdf", "latin1"), Buffer.alloc(128)]).subarray(0, 128);
  const file = Buffer.concat([head, pdf("BT /F1 12 Tf 50 700 Td (Invoice) Tj ET"), Buffer.alloc(5_000)]);
  expect(await parsedFile(file, "invoice.pdf")).toMatchObject({ mediaType: "application/pdf", text: "Invoice" });
});

test("a form's field of rich text is what it shows", () => {
  const field = { subtype: "Widget", fieldType: "Tx", fieldName: "form.remarks", fieldValue: "" };
  const [block] = annotationBlocks([{ ...field, textContent: ["Deliver on", "Monday"] }, field], 1);
  expect(block).toMatchObject({ kind: "lines", text: "remarks: Deliver on\nMonday" });
});

test("a choice in a form is what its name says, in whatever letters", () => {
  const field = { subtype: "Widget", fieldType: "Btn", radioButton: true, fieldName: "kind" };
  const chosen = (value: string) => annotationBlocks([{ ...field, fieldValue: value, buttonValue: value }], 1)[0];
  expect(chosen("#e9#9d#9e#e4#ba#8c")).toMatchObject({ text: "kind: 非二" });
  expect(chosen("Self-employed")).toMatchObject({ text: "kind: Self-employed" });
  expect(chosen("Gr\xf6\xdfe")).toMatchObject({ text: "kind: Größe" });
});
