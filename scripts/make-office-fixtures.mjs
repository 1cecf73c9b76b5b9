// Makes those of test/fixtures/documents that only an office program writes as it does: each is one of the documents below,
// saved by LibreOffice (Debian: apt-get install libreoffice-writer libreoffice-calc libreoffice-impress) in another format.
// What comes out is committed, so that the tests need no office program.
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { strToU8, zipSync } from "fflate";
import { ROOT } from "./ready.mjs";

const DOCUMENTS = path.join(ROOT, "test", "fixtures", "documents");
const scratch = mkdtempSync(path.join(tmpdir(), "headway-office-"));

const ODF = "urn:oasis:names:tc:opendocument:xmlns";
const SPACES = [
  ...["office", "text", "table", "meta", "style", "drawing", "presentation"].map(
    (one) => `xmlns:${one === "drawing" ? "draw" : one}="${ODF}:${one}:1.0"`,
  ),
  `xmlns:fo="${ODF}:xsl-fo-compatible:1.0" xmlns:svg="${ODF}:svg-compatible:1.0" xmlns:number="${ODF}:datastyle:1.0"`,
  'xmlns:of="urn:oasis:names:tc:opendocument:xmlns:of:1.2" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xlink="http://www.w3.org/1999/xlink"',
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

const number = (type, value, shown, more = "") =>
  `<table:table-cell office:value-type="${type}" ${value} ${more}>${p(shown)}</table:table-cell>`;
const PRICES = flat(
  "spreadsheet",
  `<office:automatic-styles><number:date-style style:name="D"><number:year number:style="long"/><number:text>-</number:text><number:month number:style="long"/><number:text>-</number:text><number:day number:style="long"/></number:date-style>` +
    `<number:time-style style:name="T"><number:hours number:style="long"/><number:text>:</number:text><number:minutes number:style="long"/></number:time-style>` +
    `<number:percentage-style style:name="P"><number:number number:decimal-places="1" number:min-integer-digits="1"/><number:text>%</number:text></number:percentage-style>` +
    ["D", "T", "P"]
      .map((one) => `<style:style style:name="c${one}" style:family="table-cell" style:data-style-name="${one}"/>`)
      .join("") +
    `<style:style style:name="hidden" style:family="table"><style:table-properties table:display="false"/></style:style></office:automatic-styles>`,
  `<office:spreadsheet><table:table table:name="Prices">` +
    row(cell("Price list", 'table:number-columns-spanned="4"')) +
    row(cell("Part"), cell("Since"), cell("At"), cell("Share"), cell("Price")) +
    row(
      `<table:table-cell table:number-rows-spanned="2"><office:annotation><dc:creator>Ann</dc:creator>${p("Ask Bob")}</office:annotation>${p("Größe Ж 日本")}</table:table-cell>`,
      number("date", 'office:date-value="2026-02-03"', "2026-02-03", 'table:style-name="cD"'),
      number("time", 'office:time-value="PT08H30M00S"', "08:30", 'table:style-name="cT"'),
      number("percentage", 'office:value="0.256"', "25.6%", 'table:style-name="cP"'),
      number("float", 'office:value="4711.9"', "4711.9"),
    ) +
    row(
      "<table:covered-table-cell/>",
      number("date", 'office:date-value="1999-12-31"', "1999-12-31", 'table:style-name="cD"'),
      number("time", 'office:time-value="PT23H59M00S"', "23:59", 'table:style-name="cT"'),
      number("percentage", 'office:value="1"', "100.0%", 'table:style-name="cP"'),
      number("float", 'office:value="-3"', "-3", 'table:formula="of:=2-5"'),
    ) +
    row(
      number("string", "", "north & south", 'table:formula="of:=&quot;north &amp; south&quot;"').replace(
        "north & south<",
        "north &amp; south<",
      ),
    ) +
    `</table:table><table:table table:name="Notes" table:style-name="hidden">${row(cell("Not for everybody"))}</table:table></office:spreadsheet>`,
);

/** Slides with a title that is one: to the program, these are made of the parts of a pptx. */
const A = "http://schemas.openxmlformats.org";
const PPTX_SPACES = `xmlns:a="${A}/drawingml/2006/main" xmlns:p="${A}/presentationml/2006/main" xmlns:r="${A}/officeDocument/2006/relationships"`;
const relations = (...list) =>
  `<Relationships xmlns="${A}/package/2006/relationships">${list.map(([id, type, target]) => `<Relationship Id="${id}" Type="${A}/officeDocument/2006/relationships/${type}" Target="${target}"/>`).join("")}</Relationships>`;
const shape = (id, kind, y, ...lines) =>
  `<p:sp><p:nvSpPr><p:cNvPr id="${id}" name="${kind}"/><p:cNvSpPr/><p:nvPr><p:ph type="${kind}"${kind === "body" ? ' idx="1"' : ""}/></p:nvPr></p:nvSpPr><p:spPr><a:xfrm><a:off x="500000" y="${y}"/><a:ext cx="8000000" cy="2000000"/></a:xfrm></p:spPr><p:txBody><a:bodyPr/>${lines.map((line) => `<a:p><a:r><a:t>${line}</a:t></a:r></a:p>`).join("")}</p:txBody></p:sp>`;
const tree = (inner) =>
  `<p:cSld><p:spTree><p:nvGrpSpPr><p:cNvPr id="1" name=""/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/>${inner}</p:spTree></p:cSld>`;
const SLIDE_PARTS = {
  "[Content_Types].xml": `<Types xmlns="${A}/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>${[
    ["presentation", "presentation.main"],
    ["slideMasters/slideMaster1", "slideMaster"],
    ["slideLayouts/slideLayout1", "slideLayout"],
    ["slides/slide1", "slide"],
    ["slides/slide2", "slide"],
    ["notesSlides/notesSlide1", "notesSlide"],
  ]
    .map(
      ([part, type]) =>
        `<Override PartName="/ppt/${part}.xml" ContentType="application/vnd.openxmlformats-officedocument.presentationml.${type}+xml"/>`,
    )
    .join("")}</Types>`,
  "_rels/.rels": relations(["rId1", "officeDocument", "ppt/presentation.xml"]),
  "ppt/presentation.xml": `<p:presentation ${PPTX_SPACES}><p:sldMasterIdLst><p:sldMasterId id="2147483648" r:id="rId1"/></p:sldMasterIdLst><p:sldIdLst><p:sldId id="256" r:id="rId2"/><p:sldId id="257" r:id="rId3"/></p:sldIdLst><p:sldSz cx="9144000" cy="6858000"/><p:notesSz cx="6858000" cy="9144000"/></p:presentation>`,
  "ppt/_rels/presentation.xml.rels": relations(
    ["rId1", "slideMaster", "slideMasters/slideMaster1.xml"],
    ["rId2", "slide", "slides/slide1.xml"],
    ["rId3", "slide", "slides/slide2.xml"],
  ),
  "ppt/slideMasters/slideMaster1.xml": `<p:sldMaster ${PPTX_SPACES}>${tree(shape(2, "title", 300000, "Master") + shape(3, "body", 2000000, "Master"))}<p:clrMap bg1="lt1" tx1="dk1" bg2="lt2" tx2="dk2" accent1="accent1" accent2="accent2" accent3="accent3" accent4="accent4" accent5="accent5" accent6="accent6" hlink="hlink" folHlink="folHlink"/><p:sldLayoutIdLst><p:sldLayoutId id="2147483649" r:id="rId1"/></p:sldLayoutIdLst></p:sldMaster>`,
  "ppt/slideMasters/_rels/slideMaster1.xml.rels": relations([
    "rId1",
    "slideLayout",
    "../slideLayouts/slideLayout1.xml",
  ]),
  "ppt/slideLayouts/slideLayout1.xml": `<p:sldLayout ${PPTX_SPACES} type="obj">${tree(shape(2, "title", 300000, "Layout") + shape(3, "body", 2000000, "Layout"))}</p:sldLayout>`,
  "ppt/slideLayouts/_rels/slideLayout1.xml.rels": relations([
    "rId1",
    "slideMaster",
    "../slideMasters/slideMaster1.xml",
  ]),
  "ppt/slides/slide1.xml": `<p:sld ${PPTX_SPACES}>${tree(shape(2, "title", 300000, "Risks of the merger") + shape(3, "body", 2000000, "Loss of key staff", "Größe Ж 日本", "Two payroll systems"))}</p:sld>`,
  "ppt/slides/_rels/slide1.xml.rels": relations(
    ["rId1", "slideLayout", "../slideLayouts/slideLayout1.xml"],
    ["rId2", "notesSlide", "../notesSlides/notesSlide1.xml"],
  ),
  "ppt/notesSlides/notesSlide1.xml": `<p:notes ${PPTX_SPACES}>${tree(shape(2, "body", 300000, "Say it slowly"))}</p:notes>`,
  "ppt/notesSlides/_rels/notesSlide1.xml.rels": relations(["rId1", "slide", "../slides/slide1.xml"]),
  "ppt/slides/slide2.xml": `<p:sld ${PPTX_SPACES} show="0">${tree(shape(2, "title", 300000, "What is next") + shape(3, "body", 2000000, "Ask the board"))}</p:sld>`,
  "ppt/slides/_rels/slide2.xml.rels": relations(["rId1", "slideLayout", "../slideLayouts/slideLayout1.xml"]),
};

/** What is made of which document, and by which of the program's filters. */
const MADE = [
  ["letter.fodt", "letter.rtf", "rtf:Rich Text Format"],
  ["letter.fodt", "letter.epub", "epub:EPUB"],
  ["letter.fodt", "letter.doc", "doc:MS Word 97"],
  ["prices.fods", "prices.xls", "xls:MS Excel 97"],
  ["slides.pptx", "slides.ppt", "ppt:MS PowerPoint 97"],
];

writeFileSync(path.join(scratch, "letter.fodt"), LETTER);
writeFileSync(path.join(scratch, "prices.fods"), PRICES);
const packed = Object.entries(SLIDE_PARTS).map(([part, text]) => [part, strToU8(text)]);
writeFileSync(path.join(scratch, "slides.pptx"), zipSync(Object.fromEntries(packed)));
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
