import { strFromU8, strToU8, unzipSync, zipSync } from "fflate";
import { readFileSync } from "node:fs";
import path from "node:path";
import { deflateSync } from "node:zlib";
import { ROOT } from "../support/root.js";
import { compoundFile } from "./compound-writer.js";

/** What is a few kilobytes and would be gigabytes, or forever, where it were read without limits. */
export interface Bomb {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** What may be said of it. */
  readonly verdict: RegExp;
}

const LIMIT = /^RESOURCE_LIMIT$/;
const LIMIT_OR_BROKEN = /^(RESOURCE_LIMIT|MALFORMED_DOCUMENT)$/;
/** 4 GiB of nothing, deflated three times over. */
const FOUR_GIGABYTES = Buffer.from(
  "eNqruPX2jqJfDKNI20VzzSYFLg6RttQEjoQLHYs8eftYOptbHhzfwCfCfUCxkDm0Wb2DK+Sy4hmje+XnhNb9Kf4c+6+yfo5PW+KO" +
    "ef/2/4+IlWZgYGiYuLtu78+Ptmw81t03L37kZGBgMCjbf71+nY57Y/3y2+3nGBkYGBaX796+e+MfgR/VpfseyYCUVEXP/9z8VOzD" +
    "loobf57KgUX0m0BKJyhJAE1l0AVzLkA4hsicUZlRmVGZUZlRmVGZUZlRmVGZUZlRmVGZUZlRmVGZUZlRmVGZUZlRmVGZUZlRmVGZ" +
    "URkayBR9t5xf58/Ifr775s1/DtePplRIq8XPtFoyBQA82b8d",
  "base64",
);
const NOTHING = Buffer.alloc(160_000_000);
const CONTENT_TYPES = `<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>`;

export function bombs(): Bomb[] {
  return [...containers(), ...pdfs(), ...markup(), ...pictures(), ...mails(), ...oldOffice()];
}

function containers(): Bomb[] {
  const big = zipSync({
    "[Content_Types].xml": strToU8(CONTENT_TYPES),
    "word/document.xml": [NOTHING, { level: 1 }],
    "word/media/one.bin": [NOTHING, { level: 1 }],
  });
  const many = zipSync(
    Object.fromEntries(Array.from({ length: 25_000 }, (_, index) => [`word/${index}.xml`, new Uint8Array(0)])),
  );
  const wide = (cells: string): Uint8Array =>
    zipSync({
      "[Content_Types].xml": strToU8(
        `<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>`,
      ),
      "xl/workbook.xml": strToU8(
        `<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>`,
      ),
      "xl/_rels/workbook.xml.rels": strToU8(
        `<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`,
      ),
      "xl/worksheets/sheet1.xml": strToU8(
        `<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>${cells}</sheetData></worksheet>`,
      ),
    });
  return [
    { name: "inflates.docx", bytes: big, verdict: LIMIT },
    { name: "lies.docx", bytes: lying(big), verdict: LIMIT_OR_BROKEN },
    { name: "chapters.epub", bytes: book(), verdict: LIMIT },
    { name: "entries.docx", bytes: many, verdict: LIMIT },
    { name: "diagonal.xlsx", bytes: wide(diagonal()), verdict: LIMIT },
    { name: "repeated.ods", bytes: repeating(), verdict: LIMIT },
    { name: "shared.xlsx", bytes: sharing(wide(shared())), verdict: LIMIT },
  ];
}

/** A cell a row, each in a column of its own: laid out as a table these are 64 million cells. */
function diagonal(): string {
  const letters = (column: number): string =>
    column < 26 ? String.fromCharCode(65 + column) : letters(Math.floor(column / 26) - 1) + letters(column % 26);
  return Array.from(
    { length: 8_000 },
    (_, index) => `<row r="${index + 1}"><c r="${letters(index)}${index + 1}"><v>1</v></c></row>`,
  ).join("");
}

/** A book of two chapters, each of two million paragraphs in a few kilobytes. */
function book(): Uint8Array {
  const chapter = strToU8(`<html><body>${"<p>a</p>".repeat(2_000_000)}</body></html>`);
  return zipSync({
    mimetype: [strToU8("application/epub+zip"), { level: 0 }],
    "META-INF/container.xml": strToU8(`<container><rootfiles><rootfile full-path="book.opf"/></rootfiles></container>`),
    "book.opf": strToU8(
      `<package><manifest><item id="a" href="a.xhtml"/><item id="b" href="b.xhtml"/></manifest><spine><itemref idref="a"/><itemref idref="b"/></spine></package>`,
    ),
    "a.xhtml": chapter,
    "b.xhtml": chapter,
  });
}

/** A cell that stands there a million million times. */
function repeating(): Uint8Array {
  const content =
    `<office:document-content xmlns:office="o" xmlns:table="t" xmlns:text="x"><office:body><office:spreadsheet><table:table table:name="S">` +
    `<table:table-row table:number-rows-repeated="1000000"><table:table-cell table:number-columns-repeated="1000000"><text:p>long</text:p></table:table-cell></table:table-row>` +
    `</table:table></office:spreadsheet></office:body></office:document-content>`;
  return zipSync({
    mimetype: [strToU8("application/vnd.oasis.opendocument.spreadsheet"), { level: 0 }],
    "content.xml": strToU8(content),
  });
}

/** 25,000 cells with the first of the texts that cells share. */
function shared(): string {
  return Array.from(
    { length: 25_000 },
    (_, index) => `<row r="${index + 1}"><c r="A${index + 1}" t="s"><v>0</v></c></row>`,
  ).join("");
}

/** The same workbook with a shared text of a million characters: 25 GB where every cell is written out. */
function sharing(workbook: Uint8Array): Uint8Array {
  const parts = unzipSync(workbook);
  const relations = strFromU8(parts["xl/_rels/workbook.xml.rels"]!).replace(
    "</Relationships>",
    `<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>`,
  );
  return zipSync({
    ...parts,
    "xl/_rels/workbook.xml.rels": strToU8(relations),
    "xl/sharedStrings.xml": strToU8(
      `<?xml version="1.0"?><sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>${"long ".repeat(200_000)}</t></si></sst>`,
    ),
  });
}

/** The same container, whose directory says of every entry that it has but 1,000 bytes. */
function lying(bytes: Uint8Array): Uint8Array {
  const copy = Buffer.from(bytes);
  for (let at = copy.indexOf("PK\x01\x02"); at >= 0; at = copy.indexOf("PK\x01\x02", at + 4))
    copy.writeUInt32LE(1_000, at + 24);
  for (let at = copy.indexOf("PK\x03\x04"); at >= 0; at = copy.indexOf("PK\x03\x04", at + 4))
    copy.writeUInt32LE(1_000, at + 22);
  return copy;
}

function pdfs(): Bomb[] {
  const page = (content: Buffer, more: string): Buffer =>
    pdf([
      "<< /Type /Catalog /Pages 2 0 R >>",
      "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
      "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] /Contents 4 0 R >>",
      Buffer.concat([
        Buffer.from(`<< /Length ${content.length} ${more} >>\nstream\n`),
        content,
        Buffer.from("\nendstream"),
      ]),
    ]);
  const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
  return [
    {
      name: "inflates.pdf",
      bytes: page(FOUR_GIGABYTES, "/Filter [/FlateDecode /FlateDecode /FlateDecode]"),
      verdict: LIMIT,
    },
    {
      name: "deep.pdf",
      bytes: pdf(["<< /Type /Catalog /Pages 2 0 R >>", `<< /Type /Pages /Kids ${deep} /Count 1 >>`]),
      verdict: LIMIT_OR_BROKEN,
    },
    {
      name: "pages.pdf",
      bytes: pdf(["<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 2000000000 >>"]),
      verdict: LIMIT_OR_BROKEN,
    },
  ];
}

function pdf(objects: readonly (string | Buffer)[]): Buffer {
  const parts: Buffer[] = [Buffer.from("%PDF-1.7\n")];
  const starts: number[] = [];
  for (const [index, object] of objects.entries()) {
    starts.push(parts.reduce((sum, { length }) => sum + length, 0));
    parts.push(Buffer.from(`${index + 1} 0 obj\n`), Buffer.from(object), Buffer.from("\nendobj\n"));
  }
  const at = parts.reduce((sum, { length }) => sum + length, 0);
  const rows = starts.map((start) => `${String(start).padStart(10, "0")} 00000 n \n`).join("");
  parts.push(
    Buffer.from(
      `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${rows}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${at}\n%%EOF`,
    ),
  );
  return Buffer.concat(parts);
}

function markup(): Bomb[] {
  const laughs = Array.from({ length: 12 }, (_, index) => `<!ENTITY e${index + 1} "${`&e${index};`.repeat(10)}">`).join(
    "",
  );
  const text = (name: string, content: string, verdict = LIMIT_OR_BROKEN): Bomb => ({
    name,
    bytes: Buffer.from(content),
    verdict,
  });
  return [
    text("laughs.xml", `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e0 "ha">${laughs}]><x>&e12;</x>`),
    text(
      "quadratic.xml",
      `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "${"a".repeat(100_000)}">]><x>${"&a;".repeat(100_000)}</x>`,
    ),
    text("deep.xml", `<?xml version="1.0"?>${"<a>".repeat(200_000)}x${"</a>".repeat(200_000)}`),
    text("deep.json", `${"[".repeat(500_000)}1${"]".repeat(500_000)}`),
    text("deep.rtf", `{\\rtf1 ${"{".repeat(200_000)}x${"}".repeat(200_000)}}`),
    text("paragraphs.rtf", `{\\rtf1 ${"a\\par\n".repeat(1_200_000)}}`, LIMIT),
    text("wide.csv", `${"a,".repeat(20_000)}a\n${"a\n".repeat(20_000)}`, LIMIT),
    text("deep.html", `<html><body>${"<div>".repeat(200_000)}x`),
  ];
}

/** Heads alone: the size is what they claim. */
function pictures(): Bomb[] {
  const chunk = (type: string, data: Buffer): Buffer => {
    const head = Buffer.alloc(8);
    head.writeUInt32BE(data.length);
    head.write(type, 4, "latin1");
    return Buffer.concat([head, data, Buffer.alloc(4)]);
  };
  const size = Buffer.from([0, 1, 0x86, 0xa0]); // 100,000
  const png = Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", Buffer.concat([size, size, Buffer.from([8, 6, 0, 0, 0])])),
    chunk("IDAT", deflateSync(Buffer.alloc(1_000))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
  const heic = readFileSync(path.join(ROOT, "test", "fixtures", "documents", "letter.heic"));
  heic.fill(size, heic.indexOf("ispe") + 8, heic.indexOf("ispe") + 16);
  return [
    { name: "wide.png", bytes: png, verdict: LIMIT_OR_BROKEN },
    { name: "wide.heic", bytes: heic, verdict: LIMIT },
  ];
}

function mails(): Bomb[] {
  const head = "From: a@example.org\r\nTo: b@example.org\r\nSubject: deep\r\nMIME-Version: 1.0\r\n";
  let nested = `${head}\r\ninnermost`;
  for (let depth = 0; depth < 60; depth += 1) {
    nested = `${head}Content-Type: multipart/mixed; boundary=b${depth}\r\n\r\n--b${depth}\r\nContent-Type: message/rfc822\r\nContent-Disposition: attachment; filename=m${depth}.eml\r\n\r\n${nested}\r\n--b${depth}--\r\n`;
  }
  return [{ name: "nested.eml", bytes: Buffer.from(nested), verdict: /./ }];
}

/** What Office 97–2003 wrote, saying more than there is. */
function oldOffice(): Bomb[] {
  const record = (type: number, content: Buffer): Buffer => {
    const head = Buffer.alloc(4);
    head.writeUInt16LE(type);
    head.writeUInt16LE(content.length, 2);
    return Buffer.concat([head, content]);
  };
  const begin = record(0x809, Buffer.from([0, 6, 5, 0, 0, 0, 0, 0]));
  const end = record(0x0a, Buffer.alloc(0));
  const sheet = (at: number): Buffer => {
    const content = Buffer.from([0, 0, 0, 0, 0, 0, 1, 0, 83]);
    content.writeUInt32LE(at);
    return record(0x85, content);
  };
  // One text of 65,535 letters, which 30,000 cells share: 2 GB where every cell is written out.
  const text = Buffer.alloc(8_000, "a");
  const shared = Buffer.concat([
    record(0xfc, Buffer.concat([Buffer.from([1, 0, 0, 0, 1, 0, 0, 0, 0xff, 0xff, 0]), text])),
    ...Array.from({ length: 8 }, () => record(0x3c, Buffer.concat([Buffer.from([0]), text]))),
  ]);
  const cells = Buffer.concat(
    Array.from({ length: 30_000 }, (_, row) => {
      const content = Buffer.alloc(10);
      content.writeUInt16LE(row);
      return record(0xfd, content);
    }),
  );
  const globals = (at: number): Buffer => Buffer.concat([begin, sheet(at), shared, end]);
  const workbook = Buffer.concat([globals(globals(0).length), begin, cells, end]);
  // Cells in the corners of a sheet, one a row: laid out as a table these are 60,000 × 256.
  const corners = Buffer.concat(
    Array.from({ length: 60_000 }, (_, row) => {
      const content = Buffer.alloc(14);
      content.writeUInt16LE(row);
      content.writeUInt16LE(row % 256, 2);
      content.writeDoubleLE(1, 6);
      return record(0x203, content);
    }),
  );
  const empty = (at: number): Buffer => Buffer.concat([begin, sheet(at), end]);
  const wide = Buffer.concat([empty(empty(0).length), begin, corners, end]);
  return [
    { name: "shared.xls", bytes: compoundFile({ Workbook: workbook }), verdict: LIMIT },
    { name: "corners.xls", bytes: compoundFile({ Workbook: wide }), verdict: LIMIT },
  ];
}
