// Makes those of test/fixtures/documents that only an office program writes as it does: each is one of the documents below,
// saved by LibreOffice (Debian: apt-get install libreoffice-writer libreoffice-calc libreoffice-impress) in another format.
// What comes out is committed, so that the tests need no office program.
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { ROOT } from "./ready.mjs";

const DOCUMENTS = path.join(ROOT, "test", "fixtures", "documents");
const scratch = mkdtempSync(path.join(tmpdir(), "headway-office-"));

const ODF = "urn:oasis:names:tc:opendocument:xmlns";
const SPACES = [
  ...["office", "text", "table", "meta", "style", "drawing", "presentation"].map(
    (one) => `xmlns:${one === "drawing" ? "draw" : one}="${ODF}:${one}:1.0"`,
  ),
  `xmlns:fo="${ODF}:xsl-fo-compatible:1.0" xmlns:svg="${ODF}:svg-compatible:1.0" xmlns:number="${ODF}:datastyle:1.0"`,
  'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xlink="http://www.w3.org/1999/xlink"',
].join(" ");
const META = `<office:meta><dc:title>Leases &amp; fences</dc:title><meta:initial-creator>Headway</meta:initial-creator><dc:subject>Work that is handed out</dc:subject><meta:keyword>lease</meta:keyword><meta:keyword>fence</meta:keyword></office:meta>`;

function flat(kind, styles, body) {
  return `<?xml version="1.0" encoding="UTF-8"?><office:document ${SPACES} office:version="1.2" office:mimetype="application/vnd.oasis.opendocument.${kind}">${META}${styles}<office:body>${body}</office:body></office:document>`;
}

const p = (text) => `<text:p>${text}</text:p>`;
const cell = (text, more = "") => `<table:table-cell ${more}>${p(text)}</table:table-cell>`;
const row = (...cells) => `<table:table-row>${cells.join("")}</table:table-row>`;

const LETTER = flat(
  "text",
  `<office:automatic-styles><style:page-layout style:name="L"><style:header-style><style:header-footer-properties fo:min-height="1cm"/></style:header-style><style:footer-style><style:header-footer-properties fo:min-height="1cm"/></style:footer-style></style:page-layout>` +
    `<style:style style:name="H" style:family="text"><style:text-properties text:display="none"/></style:style></office:automatic-styles>` +
    `<office:master-styles><style:master-page style:name="Standard" style:page-layout-name="L"><style:header>${p("Letterhead of the fleet")}</style:header><style:footer>${p("Page <text:page-number/> of the leases")}</style:footer></style:master-page></office:master-styles>`,
  `<office:text><text:h text:outline-level="1">What a lease is</text:h>` +
    p(
      `A lease is a right until a time<text:note text:note-class="footnote"><text:note-citation>1</text:note-citation><text:note-body>${p("Never a right for ever.")}</text:note-body></text:note>. Größe, Привет, 日本語 and € 5.`,
    ) +
    p(
      `It ends<office:annotation><dc:creator>Ann</dc:creator>${p("Who says so?")}</office:annotation> and is offered again.<text:span text:style-name="H"> hidden words</text:span>`,
    ) +
    `<text:h text:outline-level="2">How it ends</text:h><text:list><text:list-item>${p("By its time")}</text:list-item><text:list-item>${p("By its holder")}</text:list-item></text:list>` +
    `<table:table><table:table-column table:number-columns-repeated="3"/>` +
    row(cell("Stage"), cell("Limit"), cell("Retries")) +
    row(cell("parse", 'table:number-rows-spanned="2"'), cell("5 min"), cell("3")) +
    row("<table:covered-table-cell/>", cell("20 min"), cell("1")) +
    row(cell("all of them", 'table:number-columns-spanned="2"'), "<table:covered-table-cell/>", cell("4")) +
    `</table:table>` +
    p("The end.") +
    `</office:text>`,
);

/** What is made of which document, and by which of the program's filters. */
const MADE = [
  ["letter.fodt", "letter.rtf", "rtf:Rich Text Format"],
  ["letter.fodt", "letter.epub", "epub:EPUB"],
];

writeFileSync(path.join(scratch, "letter.fodt"), LETTER);
for (const [source, name, filter] of MADE) {
  const out = path.join(scratch, name);
  mkdirSync(out);
  const profile = `-env:UserInstallation=${pathToFileURL(path.join(scratch, "profile")).href}`;
  const args = [profile, "--headless", "--convert-to", filter, "--outdir", out, path.join(scratch, source)];
  const { status, stderr } = spawnSync("soffice", args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`soffice ${args.join(" ")}: ${stderr}`);
  const [stem, extension] = [path.parse(source).name, filter.split(":", 1)[0]];
  copyFileSync(path.join(out, `${stem}.${extension}`), path.join(DOCUMENTS, name));
}
rmSync(scratch, { recursive: true });
