import { FORMATS } from "../../src/pipelines/documents/formats.js";
import { parsedFile } from "./parsed-file.js";

async function read(body: string, head = "\\rtf1\\ansi\\ansicpg1252\\deff0") {
  return parsedFile(Buffer.from(`{${head}${body}}`, "latin1"), "letter.rtf");
}

describe("rich text", () => {
  test("is known by its beginning, whatever its name", async () => {
    expect((await parsedFile(Buffer.from("{\\rtf1 words}"), "letter")).mediaType).toBe(FORMATS.rtf);
  });

  test("without its beginning is broken, and not a text of control words", async () => {
    await expect(parsedFile(Buffer.from("tf1\\ansi\\pard words\\par"), "letter.rtf")).rejects.toMatchObject({
      code: "MALFORMED_DOCUMENT",
    });
  });

  test.each([
    ["of the file's code page", "caf\\'e9", "café"],
    [
      "of the font's character set",
      "{\\fonttbl{\\f1\\fcharset204 Arial;}}\\f1\\'cf\\'f0\\'e8\\'e2\\'e5\\'f2",
      "Привет",
    ],
    ["of two bytes, one of them plain", "{\\fonttbl{\\f1\\fcharset128 MS Gothic;}}\\f1\\'83A", "ア"],
    ["of Unicode, without what stands in for them", "\\uc1\\u1055?\\u-10179\\'3f\\u-8704\\'3f!", "П😀!"],
    ["of Unicode with longer stand-ins", "\\uc2\\u228\\'61\\'65h", "äh"],
    ["of a font of pictures", "{\\fonttbl{\\f1\\fcharset2 Symbol;}}{\\f1 a\\'b3}1", "α≥1"],
    [
      "of a font of pictures, by the font",
      "{\\fonttbl{\\f1\\fcharset2 Wingdings;}{\\f2\\fcharset2 Symbol;}}{\\f1\\'a7\\'fe}{\\f2\\'a7}",
      "▪☑♣",
    ],
    ["of another font of pictures", "{\\fonttbl{\\f1\\fcharset2 OpenSymbol;}}{\\f1\\'95\\'fe}", "•☑"],
    ["of a field that names a sign", '{\\field{\\*\\fldinst SYMBOL 183 \\\\f "Symbol" \\\\s 10}{\\fldrslt}} a', "• a"],
    ["of the old Macintosh", "\\ansicpg10000 caf\\'8e", "café"],
    ["named by words", "\\ldblquote a\\rdblquote\\emdash b\\~c\\line d", "“a”—b c\nd"],
  ])("has letters %s", async (_, body, text) => {
    expect((await read(body)).text).toBe(text);
  });

  test("has headings by the level of their style or their own, and lists by the marker that stands before them", async () => {
    const { text } = await read(
      "{\\stylesheet{\\s0 Normal;}{\\s1\\outlinelevel0 \\'dcberschrift;}{\\s2 heading 2;}}" +
        "\\pard\\s1 One\\par\\pard\\s2 Two\\par\\pard\\outlinelevel2 Three\\par" +
        "\\pard\\ls1{\\listtext\\f0 1.\\tab}First\\par\\pard\\ls1\\ilvl1{\\listtext\\f0\\'b7\\tab}Below\\par\\pard Plain\\par",
    );
    expect(text).toBe("# One\n\n## Two\n\n### Three\n\n1. First\n  - Below\n\nPlain");
  });

  test("has tables in tables, and cells that go on from the left or from above", async () => {
    const { text } = await read(
      "\\trowd\\clmgf\\cellx1000\\clmrg\\cellx2000\\cellx3000\\pard\\intbl Head\\cell\\cell Right\\cell\\row" +
        "\\trowd\\clvmgf\\cellx1000\\cellx2000\\cellx3000\\pard\\intbl A\\cell 1\\cell\\pard\\intbl\\itap2 in\\nestcell{\\*\\nesttableprops\\trowd\\cellx500\\cellx900\\nestrow}{\\nonesttables\\par}\\pard\\intbl\\itap1\\cell\\row" +
        "\\trowd\\clvmrg\\cellx1000\\cellx2000\\cellx3000\\pard\\intbl\\cell 2\\cell 3\\cell\\row\\pard after\\par",
    );
    expect(text).toBe("| Head | Head | Right |\n| --- | --- | --- |\n| A | 1 | in |\n| A | 2 | 3 |\n\nafter");
  });

  test("has what was chosen in a form, and how many pages there are", async () => {
    const { text } = await read(
      "{\\field{\\*\\fldinst FORMDROPDOWN{\\*\\formfield{\\fftype2\\ffres1{\\*\\ffl red}{\\*\\ffl green}}}}{\\fldrslt}} of " +
        "{\\field{\\*\\fldinst NUMPAGES}{\\fldrslt 12}} pages\\par",
    );
    expect(text).toBe("green of 12 pages");
  });

  test("in a code page that is not known is warned", async () => {
    expect((await read("\\ansicpg1361 \\'88\\'61")).codes).toEqual(["ENCODING_GUESSED"]);
  });

  test("leaves out what no reader sees, and says headers, notes and comments once, under what they are", async () => {
    const { text, metadata } = await read(
      "{\\info{\\title The {\\b title}}{\\author Ann}{\\keywords a, b}{\\creatim\\yr2024\\mo3\\dy1\\hr9\\min5}}{\\*\\generator Nobody;}" +
        "{\\header Letterhead\\par}{\\headerf Letterhead\\par}{\\footer {\\field{\\*\\fldinst PAGE}{\\fldrslt 1}}\\par}" +
        "{\\v hidden}{\\deleted gone}Seen{\\super\\chftn}{\\footnote{\\super\\chftn} Under it}{\\*\\atnauthor Bob}{\\*\\annotation Why?}" +
        '{\\*\\bkmkstart mark}{\\field{\\*\\fldinst HYPERLINK "x"}{\\fldrslt link}}{\\*\\unknown lost}' +
        "{\\field{\\*\\fldinst FORMCHECKBOX{\\*\\formfield{\\fftype1\\ffres25\\ffdefres1}}}{\\fldrslt}}\\par",
    );
    expect(text).toBe("Letterhead\n\nSeen[1]link☒\n\n[1] Under it\n\nComment (Bob): Why?");
    expect(metadata).toEqual({
      title: "The title",
      creator: "Ann",
      keywords: ["a", "b"],
      created: "2024-03-01T09:05:00",
    });
  });

  test("reads text boxes beside the paragraph that holds them, once, and the half of an alternative in Unicode", async () => {
    const { text } = await read(
      "{\\shp{\\*\\shpinst{\\sp{\\sn a}{\\sv b}}{\\shptxt \\pard In a box\\par}}{\\shprslt twice}}Beside {\\upr{?}{\\*\\ud{\\u1055?}}}\\par",
    );
    expect(text).toBe("In a box\n\nBeside П");
  });

  test("warns of what stands in it and was not read, and skips bytes that only look like text", async () => {
    const { text, warnings } = await read(
      "{\\object\\objemb{\\*\\objdata 0105}{\\result shown}}{\\pict\\bin4 }}\\}x}\\par",
    );
    expect(text).toBe("shown");
    expect(warnings).toMatchObject([{ code: "EMBEDDED_FILES_UNREAD", count: 1 }]);
  });
});
