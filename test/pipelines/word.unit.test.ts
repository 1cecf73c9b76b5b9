import { strToU8, zipSync } from "fflate";
import { chartBlocks } from "../../src/pipelines/documents/parsers/drawing.js";
import { readXml } from "../../src/pipelines/documents/parsers/office-xml.js";
import { parsedFile } from "./parsed-file.js";

const SPACES = [
  'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"',
  'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"',
  'xmlns:v="urn:schemas-microsoft-com:vml"',
].join(" ");

function wordFile(body: string): Uint8Array {
  return zipSync({ "word/document.xml": strToU8(`<w:document ${SPACES}><w:body>${body}</w:body></w:document>`) });
}
const read = async (body: string): Promise<string> => (await parsedFile(wordFile(body), "a.docx")).text;
const run = (text: string): string => `<w:r><w:t>${text}</w:t></w:r>`;
const mathRun = (text: string): string => `<m:r><m:t>${text}</m:t></m:r>`;

describe("a Word document", () => {
  test("has its large first letters at the words that they begin", async () => {
    const initial = (kind: string): string =>
      `<w:p><w:pPr><w:framePr w:dropCap="${kind}" w:lines="3"/></w:pPr>${run("D")}</w:p>`;
    expect(
      await read(`${initial("drop")}<w:p>${run("rop cap.")}</w:p>${initial("margin")}<w:p>${run("one.")}</w:p>`),
    ).toBe("Drop cap.\n\nDone.");
    expect(await read(`<w:p>${run("Before")}</w:p>${initial("drop")}`)).toBe("Before\n\nD");
  });

  test("has equations of fields, which stand in the field's instruction alone", async () => {
    const field = (instruction: string, result = ""): string =>
      `<w:p>${run("x = ")}<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>${instruction}</w:instrText></w:r>${
        result === "" ? "" : `<w:r><w:fldChar w:fldCharType="separate"/></w:r>${run(result)}`
      }<w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>`;
    expect(await read(field(" EQ \\a \\al (Milk,Eggs) "))).toBe("x = Milk Eggs");
    expect(await read(field(" EQ \\f(1,2) "))).toBe("x = 1/2");
    expect(await read(field(' EQ \\* jc2 \\* "Font:MS Mincho" \\o\\ad(\\s\\up 9(かん),漢) '))).toBe("x = かん 漢");
    expect(await read(field(" PAGE ", "7") + field(" TC words "))).toBe("x = 7\n\nx =");
  });

  test("has equations whose lines and limits are apart, each with its own signs", async () => {
    const lines = `<m:eqArr><m:e>${mathRun("x=1")}</m:e><m:e>${mathRun("y=2")}</m:e></m:eqArr>`;
    const limit = `<m:limLow><m:e>${mathRun("lim")}</m:e><m:lim>${mathRun("n→∞")}</m:lim></m:limLow>`;
    const inner = `<m:nary><m:naryPr><m:chr m:val="∑"/></m:naryPr><m:e>${mathRun("k")}</m:e></m:nary>`;
    const outer = `<m:nary><m:naryPr/><m:e>${inner}</m:e></m:nary>`;
    const equation = (content: string): string => `<w:p><m:oMath>${content}</m:oMath></w:p>`;
    expect(await read([lines, limit, outer].map(equation).join(""))).toBe("x=1; y=2\n\nlim_(n→∞)\n\n∫ ∑ k");
  });

  test("has the letters that are drawn across its pages", async () => {
    const drawn = `<w:p><w:r><w:pict><v:shape><v:textpath string="CONFIDENTIAL"/></v:shape></w:pict></w:r>${run("Words")}</w:p>`;
    expect(await read(drawn)).toBe("Words\n\nCONFIDENTIAL");
  });
});

test("a chart has its days and figures as its sheet shows them, and all levels of its categories", () => {
  const points = (...values: string[]): string =>
    values.map((value, index) => `<c:pt idx="${index}"><c:v>${value}</c:v></c:pt>`).join("");
  const series = (categories: string, values: string): string =>
    `<c:chart xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"><c:ser><c:cat>${categories}</c:cat><c:val>${values}</c:val></c:ser></c:chart>`;
  const numbers = (format: string, ...values: string[]): string =>
    `<c:numRef><c:numCache><c:formatCode>${format}</c:formatCode>${points(...values)}</c:numCache></c:numRef>`;
  const rows = (xml: string): unknown =>
    chartBlocks(readXml(Buffer.from(xml), "chart.xml"), {}).map((block) => block.kind === "table" && block.rows);
  expect(rows(series(numbers("m/d/yyyy", "37261", "37262"), numbers("General", "4.4000000000000004", "2")))).toEqual([
    [
      ["", ""],
      ["1/5/2002", "4.4"],
      ["1/6/2002", "2"],
    ],
  ]);
  const dated = series(numbers("m/d/yyyy", "0"), numbers("General", "1"));
  const calendar = '<c:date1904 xmlns:c="urn:c" val="1"/>';
  expect(rows(`<c:chartSpace xmlns:c="urn:c">${calendar}${dated}</c:chartSpace>`)).toEqual([
    [
      ["", ""],
      ["1/1/1904", "1"],
    ],
  ]);
  const levels = `<c:multiLvlStrRef><c:multiLvlStrCache><c:lvl>${points("Q1", "Q2")}</c:lvl><c:lvl>${points("2026")}</c:lvl></c:multiLvlStrCache></c:multiLvlStrRef>`;
  expect(rows(series(levels, numbers("0%", "0.5", "0.25")))).toEqual([
    [
      ["", ""],
      ["2026 Q1", "50%"],
      ["Q2", "25%"],
    ],
  ]);
});
