import type { Expected } from "./fixture-files.js";

/** Small documents that were once read wrongly, each standing for a kind; what must come of them. */
export const FOUND_FILES: Readonly<Record<string, Expected>> = {
  "meta_httpequiv_1251.html": { contains: ["Привет"], metadata: { encoding: "windows-1251" }, warnings: [] },
  "xmlenc_windows-1251.xml": { contains: ["Привет, мир!"], metadata: { encoding: "windows-1251" }, warnings: [] },
  "enc_utf8_one_bad_byte.txt": {
    contains: ["Größe und Straße, schöne Grüße aus München.", "\uFFFD bad", "Zürich"],
    warnings: ["CHARACTERS_REPLACED"],
  },
  "enc_utf16_ja_nobom.txt": { mediaType: "text/plain", contains: ["すべての人間は"], warnings: [] },
  "enc_utf32_bom.txt": { mediaType: "text/plain", contains: ["Hello UTF-32 text Привет"], warnings: [] },
  "form.pdf": { contains: ["name: Zebediah Quux", "amount: 4711.90"], warnings: [] },
  "scan_only.pdf": { contains: ["SCANNED INVOICE TOTAL 4711 EUROS"], warnings: [] },
  "mixed_scan.pdf": { contains: ["Cover page typed", "SCANNED INVOICE TOTAL 4711 EUROS"], warnings: [] },
  "rich.xlsx": {
    contains: [
      "| 08:30:00 | 26:15:00 | 2026-02-03 | 2026-02-03 14:05:00 | 25.6% |",
      "Comment on A1: reviewer note here",
      "Hidden (hidden sheet)",
    ],
    absent: ["14:04:59", "1899"],
  },
  "date-formats.xlsx": {
    contains: [
      "| 10/1 | fmt m/d |",
      "| Oct-20 | fmt mmm-yy |",
      "| 2020年10月1日 |",
      "| 01.10.2020 12:00 | fmt dd.mm.yyyy hh:mm |",
      "| Thursday, October 1, 2020 |",
      "| 1/10 | fmt d/m |",
      "| 1058532:00 | fmt [h]:mm |",
      "| 01.10.2020 | fmt TT.MM.JJJJ |",
      "| 00:00 | fmt mm:ss |",
      "| 2020 | fmt yyyy |",
      "| Thu | fmt ddd |",
      "| 1 Oct 2020 | fmt d mmm yyyy |",
      "| 01/10/20 | fmt dd/mm/yy |",
    ],
  },
  "parts.docx": {
    contains: [
      "Invoice No. 4471 letterhead Body text noted[2]",
      "inserted",
      "E=mc2",
      "[2] footnote words",
      "Comment (Ann): comment words",
      "VAT ID DE123456",
    ],
    absent: ["deleted"],
    warnings: [],
  },
  "table_cells.docx": {
    contains: ["| The supplier delivers within ten days | The customer pays within thirty days |"],
  },
  "bullets.pptx": { contains: ["Risks of the merger Loss of key staff Higher debt Two payroll systems"], chunks: 1 },
  "tricky.html": {
    contains: [
      "Price: 5€ A €",
      "cooperate",
      "svgtext",
      "Opt1 Opt2",
      "| Alice | first line second line third line |",
      "3. three",
      "漢(kan)",
    ],
    absent: ["hidden para", "invisible", "tmpl", "Enable JS", "Home | About", "svgtitle"],
    metadata: { title: "A & B — café", creator: "Ann", description: "Described" },
  },
  "xml_attributes.xml": {
    contains: ["number INV-991, currency EUR", "sku A1, qty 3, price 9.50", "sku B2, qty 1, price 20"],
  },
  "xml_external_dtd.xml": { contains: ["Bob at Acme"], warnings: [] },
  "bignum.json": { contains: ["id: 12345678901234567890", "amount: 1.10"] },
  "jsonl_named_json.json": { contains: ["[0].t: first", "[1].t: second"], metadata: { records: 2 } },
  "stray_quote.csv": {
    contains: ['| he said "x" ok | 2 |', '| "unclosed | 3 |', "| next | 4 |"],
    warnings: ["QUOTES_BROKEN"],
  },
  "semi_many_commas.csv": {
    contains: ["| A | one, two, three, four, five |", "| B | six, seven, eight, nine, ten |"],
    metadata: { columns: 2, rows: 3 },
  },
  "alt_plain_stub.eml": { contains: ["Invoice 4471 total EUR 99.00"], absent: ["View it online"] },
  "mail.mht": { mediaType: "message/rfc822", contains: ["café"], absent: ["=C3"] },
  "video_only.mp4": { mediaType: "video/mp4", silent: true },
  "webm-unknown-cluster-size.webm": {
    mediaType: "video/webm",
    silent: true,
    metadata: { sampleRateHz: 48000, channels: 1 },
  },
};
