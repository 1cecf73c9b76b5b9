import { strToU8, zipSync } from "fflate";
import { FORMATS } from "../../src/pipelines/documents/formats.js";
import { parsedFile } from "./parsed-file.js";
import { record, xlsFile } from "./xls-writer.js";

const MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"';
const RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

function workbook(cells: string, behind = ""): Uint8Array {
  const relations = (type: string, target: string): string =>
    `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="${RELATIONS}/${type}" Target="${target}"/></Relationships>`;
  return zipSync({
    "[Content_Types].xml": strToU8("<Types/>"),
    "_rels/.rels": strToU8(relations("officeDocument", "xl/workbook.xml")),
    "xl/workbook.xml": strToU8(
      `<workbook ${MAIN} xmlns:r="${RELATIONS}"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>`,
    ),
    "xl/_rels/workbook.xml.rels": strToU8(relations("worksheet", "worksheets/sheet1.xml")),
    "xl/worksheets/sheet1.xml": strToU8(
      `<worksheet ${MAIN}><sheetData><row r="1">${cells}</row></sheetData>${behind}</worksheet>`,
    ),
  });
}

function openSheet(cells: string): Uint8Array {
  const spaces = ["office", "table", "text"].map((one) => `xmlns:${one}="urn:${one}"`).join(" ");
  const content = `<office:document-content ${spaces}><office:body><office:spreadsheet><table:table table:name="S"><table:table-row>${cells}</table:table-row></table:table></office:spreadsheet></office:body></office:document-content>`;
  return zipSync({ mimetype: [strToU8(FORMATS.ods), { level: 0 }], "content.xml": strToU8(content) });
}

describe("a cell whose value the file does not show", () => {
  test("of a workbook that was never computed is told, with how many there are", async () => {
    const cells = `<c r="A1"><v>2</v></c><c r="B1"><f>A1*2</f></c><c r="C1"><f>A1*3</f><v/></c><c r="D1"><f>A1</f><v>2</v></c><c r="E1" t="str"><f>""</f><v></v></c>`;
    const { text, warnings } = await parsedFile(workbook(cells), "a.xlsx");
    expect(text).toContain("| 2 | 2 |");
    expect(warnings).toEqual([
      { code: "PART_UNREAD", count: 2, message: expect.stringContaining("2 cells of a.xlsx hold formulas") },
    ]);
  });

  test("of an OpenDocument sheet is its value, by its type; what has none is told", async () => {
    const cell = (attributes: string): string => `<table:table-cell ${attributes}/>`;
    const cells = [
      cell('office:value-type="float" office:value="1.5"'),
      cell('office:value-type="percentage" office:value="0.07"'),
      cell('office:value-type="date" office:date-value="2026-03-01T08:30:00"'),
      cell('office:value-type="time" office:time-value="PT26H15M00S"'),
      cell('office:value-type="boolean" office:boolean-value="true"'),
      cell('office:value-type="string" office:string-value="words"'),
      cell('table:formula="of:=[.A1]"'),
    ].join("");
    const { text, codes } = await parsedFile(openSheet(cells), "a.ods");
    expect(text).toContain("| 1.5 | 7% | 2026-03-01 08:30:00 | 26:15:00 | TRUE | words |");
    expect(codes).toEqual(["PART_UNREAD"]);
  });
});

test("a cell that says how it is pronounced keeps its text, and that alone", async () => {
  const cells = `<c r="A1" t="inlineStr"><is><t>東京</t><rPh sb="0" eb="2"><t>トウキョウ</t></rPh></is></c><c r="B1"><v>1</v></c>`;
  expect((await parsedFile(workbook(cells), "a.xlsx")).text).toContain("| 東京 | 1 |");
});

test("characters that a cell has by their number are what they stand for", async () => {
  const cells = `<c r="A1" t="inlineStr"><is><t>one_x000D_\ntwo_x005F_x000D_</t></is></c><c r="B1"><v>1</v></c>`;
  expect((await parsedFile(workbook(cells), "a.xlsx")).text).toContain("| one two_x000D_ | 1 |");
});

describe("what is printed above and below a sheet", () => {
  const margins = (...codes: string[]): string =>
    codes.map((code) => code.replaceAll("&", "&amp;").replaceAll('"', "&quot;")).join("");

  test("is read once, without its codes, pages and names of files, also where no cell holds anything", async () => {
    const header = margins('<oddHeader>&L&"Arial,Bold"&12Drafts && plans&C&KFF0000Northwind&R&D</oddHeader>');
    const first = margins('<firstHeader>&LDrafts && plans&R&1#&"Aptos"&10Internal</firstHeader>');
    const footer = margins("<oddFooter>&LPage &P of &N&C&Z&F&RFor the board of trustees, page &P</oddFooter>");
    const written = `<headerFooter>${header}${footer}${first}</headerFooter>`;
    const { text } = await parsedFile(workbook("", written), "a.xlsx");
    expect(text).toBe("## S\n\nDrafts & plans\n\nNorthwind\n\nFor the board of trustees, page\n\nInternal");
  });

  test("is read of old workbooks", async () => {
    const text = (letters: string, ...length: number[]): Buffer =>
      Buffer.concat([Buffer.from(length), Buffer.from(letters, "latin1")]);
    const header = "&LOpening balance&R&P";
    const both = [
      { isOld: false, bytes: text(header, header.length, 0, 0) },
      { isOld: true, bytes: text(header, header.length) },
    ];
    for (const { isOld, bytes } of both) {
      const file = xlsFile([], [{ name: "S", records: [record(0x14, bytes), record(0x15)] }], isOld);
      expect((await parsedFile(file, "a.xls")).text).toBe("## S\n\nOpening balance");
    }
  });
});

test("a sheet of Excel 95 whose name is one letter is read", async () => {
  const cell = record(0x204, [0, 0, 0, 0, 0, 0], [3, 0], Buffer.from("Two"));
  const file = xlsFile([], [{ name: "S", records: [cell] }], true);
  expect((await parsedFile(file, "a.xls")).text).toBe("## S\n\nTwo");
});
