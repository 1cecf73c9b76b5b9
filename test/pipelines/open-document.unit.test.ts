import { strToU8, zipSync } from "fflate";
import { write } from "../../src/pipelines/documents/blocks/write.js";
import { detect } from "../../src/pipelines/documents/detect.js";
import { FORMATS } from "../../src/pipelines/documents/formats.js";
import { parseDocument } from "../../src/pipelines/documents/parse-document.js";

const SPACES = ["office", "table", "text", "draw", "presentation", "style", "dc"].map(
  (one) => `xmlns:${one}="urn:${one}"`,
);

function openDocument(mediaType: string, body: string, styles = ""): Uint8Array {
  const content = `<?xml version="1.0"?><office:document-content ${SPACES.join(" ")}>${styles}<office:body>${body}</office:body></office:document-content>`;
  return zipSync({ mimetype: [strToU8(mediaType), { level: 0 }], "content.xml": strToU8(content) });
}

async function read(bytes: Uint8Array, name: string) {
  const mediaType = await detect(bytes, name);
  const aid = { mediaType, ocr: false, menus: false, warn: () => undefined, progress: () => undefined };
  const { blocks, metadata } = await parseDocument(bytes, name, aid);
  return { mediaType, text: write(blocks).text, metadata, blocks };
}

const cell = (text: string, more = ""): string =>
  `<table:table-cell ${more}><text:p>${text}</text:p></table:table-cell>`;

describe("an OpenDocument spreadsheet", () => {
  test("is read as its cells show it, sheet by sheet, with repeated and spanned cells written out", async () => {
    const bytes = openDocument(
      FORMATS.ods,
      `<office:spreadsheet><table:table table:name="Prices" table:style-name="ta1">
         <table:table-row>${cell("Part")}${cell("Price")}<table:table-cell table:number-columns-repeated="16000"/></table:table-row>
         <table:table-row>${cell("Seal", 'table:number-rows-spanned="2"')}${cell("1,50 €")}</table:table-row>
         <table:table-row><table:covered-table-cell/>${cell("2,00 €")}</table:table-row>
         <table:table-row table:number-rows-repeated="2">${cell("Ring")}${cell("3,00 €")}</table:table-row>
         <table:table-row table:number-rows-repeated="1000000"><table:table-cell/></table:table-row>
       </table:table><table:table table:name="Notes" table:style-name="ta2"><table:table-row>
         <table:table-cell><office:annotation><dc:creator>Ann</dc:creator><text:p>Ask Bob</text:p></office:annotation><text:p>a<text:s/>b</text:p></table:table-cell>
       </table:table-row></table:table></office:spreadsheet>`,
      `<office:automatic-styles><style:style style:name="ta2"><style:table-properties table:display="false"/></style:style></office:automatic-styles>`,
    );
    const { mediaType, text, metadata } = await read(bytes, "prices.ods");
    expect(mediaType).toBe(FORMATS.ods);
    expect(text).toBe(
      "## Prices\n\n| Part | Price |\n| --- | --- |\n| Seal | 1,50 € |\n| Seal | 2,00 € |\n| Ring | 3,00 € |\n| Ring | 3,00 € |\n\n" +
        "## Notes (hidden sheet)\n\na b\n\nComment on A1: Ask Bob",
    );
    expect(metadata).toMatchObject({ sheets: 2, rows: 6 });
  });

  test("that repeats a cell without end is refused for its limit", async () => {
    const row = `<table:table-row table:number-rows-repeated="1000000">${cell("x", 'table:number-columns-repeated="100"')}</table:table-row>`;
    const bytes = openDocument(
      FORMATS.ods,
      `<office:spreadsheet><table:table>${row}</table:table></office:spreadsheet>`,
    );
    await expect(read(bytes, "bomb.ods")).rejects.toMatchObject({ code: "RESOURCE_LIMIT" });
  });
});

describe("an OpenDocument presentation", () => {
  test("is read slide by slide: title, what stands on it, notes; not what stands on every slide", async () => {
    const box = (kind: string, inner: string): string =>
      `<draw:frame presentation:class="${kind}"><draw:text-box>${inner}</draw:text-box></draw:frame>`;
    const list = `<text:list><text:list-item><text:p>First</text:p></text:list-item><text:list-item><text:p>Second</text:p></text:list-item></text:list>`;
    const bytes = openDocument(
      FORMATS.odp,
      `<office:presentation><draw:page>${box("outline", list)}${box("title", "<text:p>Risks</text:p>")}${box("footer", "<text:p>Secret</text:p>")}
         <presentation:notes>${box("notes", "<text:p>Say it slowly</text:p>")}</presentation:notes></draw:page>
       <draw:page><draw:custom-shape><text:p>In a shape</text:p></draw:custom-shape></draw:page></office:presentation>`,
    );
    const { mediaType, text, metadata, blocks } = await read(bytes, "talk.odp");
    expect(mediaType).toBe(FORMATS.odp);
    expect(text).toBe("## Risks\n\n- First\n- Second\n\nNotes: Say it slowly\n\nIn a shape");
    expect(metadata).toMatchObject({ pages: 2 });
    expect(blocks.at(-1)).toMatchObject({ page: 2, isSlide: true });
  });
});

test("the items of an OpenDocument list have the numbers that it counts, over nested lists and on from another list", async () => {
  const level = (number: number, format: string, more = ""): string =>
    `<text:list-level-style-number text:level="${number}" style:num-format="${format}" style:num-suffix="." ${more}/>`;
  const styles = `<office:automatic-styles>
    <text:list-style style:name="N">${level(1, "1")}${level(2, "a", 'text:display-levels="2"')}</text:list-style>
    <text:list-style style:name="B"><text:list-level-style-bullet text:level="1"/></text:list-style></office:automatic-styles>`;
  const item = (text: string, inner = "", more = ""): string =>
    `<text:list-item ${more}><text:p>${text}</text:p>${inner}</text:list-item>`;
  const nested = `<text:list>${item("Inner")}${item("Second")}</text:list>`;
  const body = [
    `<text:list text:style-name="N">${item("One", nested)}${item("Two")}</text:list><text:p>Between</text:p>`,
    `<text:list text:style-name="N" text:continue-numbering="true">${item("Three")}${item("Nine", "", 'text:start-value="9"')}</text:list>`,
    `<text:list text:style-name="N">${item("Anew")}</text:list><text:list text:style-name="B">${item("Dot")}</text:list>`,
  ].join("");
  const { text } = await read(openDocument(FORMATS.odt, `<office:text>${body}</office:text>`, styles), "a.odt");
  expect(text.split(/\n+/).map((line) => line.trim())).toEqual([
    "1. One",
    "1.a. Inner",
    "1.b. Second",
    "2. Two",
    "Between",
    "3. Three",
    "9. Nine",
    "1. Anew",
    "- Dot",
  ]);
});
