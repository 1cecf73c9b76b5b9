import { picturesIn } from "../../src/pipelines/documents/parsers/blips.js";
import { picturesRead } from "../../src/pipelines/documents/parsers/pictures.js";
import { recordAt } from "../../src/pipelines/documents/parsers/ppt-records.js";
import { shownRows, warnOfSheets, type SheetReader } from "../../src/pipelines/documents/parsers/sheet-rows.js";
import { CellFormats } from "../../src/pipelines/documents/parsers/xlsx-format.js";
import { openCompound } from "../../src/pipelines/documents/parsers/compound.js";
import { expandRtf } from "../../src/pipelines/documents/parsers/rtf-compressed.js";
import { compoundFile } from "./compound-writer.js";
import { docFile, sprm } from "./doc-writer.js";
import { parsedFile } from "./parsed-file.js";
import { begin, CHART, numberCell, record, sharedCell, shorts, xlsFile } from "./xls-writer.js";

const SHARED = record(
  0xfc,
  [2, 0, 0, 0, 2, 0, 0, 0],
  shorts(5),
  [0],
  Buffer.from("Hello"),
  shorts(5),
  [0],
  Buffer.from("World"),
);

describe("what is cut or damaged", () => {
  test("of a compound file is told for each part, whether its pieces end early or the file is too short", () => {
    const told: string[] = [];
    const aid = { warn: (code: string, message: string) => void told.push(`${code}: ${message}`) };
    const whole = compoundFile({ last: Buffer.alloc(600, "a") });
    whole.writeUInt32LE(5_000, whole.indexOf(Buffer.from("last", "utf16le")) + 120);
    const compound = openCompound(whole, "old.doc", aid);
    expect(compound.read("LAST")!.subarray(0, 600).toString()).toBe("a".repeat(600));
    compound.read("last");
    expect(told).toEqual(['PART_UNREAD: The part "last" of old.doc breaks off; what follows is lost.']);
  });

  test("of an old Word document is told by the letters that lie nowhere", async () => {
    const { text, codes } = await parsedFile(docFile({ runs: [{ text: "Words\r" }], missing: 10 }), "a.doc");
    expect([text, codes]).toEqual(["Words", ["PART_UNREAD"]]);
  });

  test("of an old workbook is told: a sheet without its end, a text that is not there, a record too short", async () => {
    const open = xlsFile(
      [SHARED],
      [
        { name: "One", records: [sharedCell(0, 0, 0)], isOpen: true },
        { name: "Two", records: [sharedCell(0, 0, 1), sharedCell(1, 0, 7), record(0x203, [0, 0])] },
      ],
    );
    const { text, warnings } = await parsedFile(open, "a.xls");
    expect(text).toBe("## One\n\nHello\n\n## Two\n\nWorld");
    expect(warnings.map(({ message }) => message)).toEqual([
      'The sheet "One" of a.xls breaks off; what follows is lost.',
      "1 records of a.xls are too short for what they must hold.",
      "1 cells of a.xls show texts that are not in it.",
    ]);
  });

  test("of rich text is told where it ends within a group", async () => {
    const { text, codes } = await parsedFile(Buffer.from("{\\rtf1 Words\\par {\\b more"), "a.rtf");
    expect([text, codes]).toEqual(["Words\n\nmore", ["PART_UNREAD"]]);
  });

  test("of packed rich text is told by the length that it says", () => {
    const packed = (rawSize: number, body: string): Buffer => {
      const head = Buffer.alloc(16);
      head.writeUInt32LE(rawSize, 4);
      head.writeUInt32LE(0x75465a4c, 8);
      return Buffer.concat([head, Buffer.from(body, "hex")]);
    };
    // The examples of [MS-OXRTFCP]: references back, and a run that crosses itself.
    const hello = packed(0x2b, "03000a007263706731323542320af32068656c090020627705b06c647d0a800fa0");
    const crossing = packed(0x1c, "410004205758595a0d6e7d010eb0");
    expect(expandRtf(hello)).toEqual({ rtf: "{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n", isCut: false });
    expect(expandRtf(crossing)).toEqual({ rtf: "{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}", isCut: false });
    expect(expandRtf(hello.subarray(0, -8)).isCut).toBe(true);
  });

  test("of a signed file is refused", async () => {
    const element = (tag: number, ...content: readonly Buffer[]): Buffer => {
      const bytes = Buffer.concat(content);
      const head = Buffer.alloc(5);
      head[0] = tag;
      head[1] = 0x83;
      head.writeUIntBE(bytes.length, 2, 3);
      return Buffer.concat([head, bytes]);
    };
    const id = (hex: string): Buffer => Buffer.concat([Buffer.from([6, hex.length / 2]), Buffer.from(hex, "hex")]);
    const octets = element(
      0x24,
      element(0x04, Buffer.from("Subject: A\r\n\r\nWords")),
      element(0x04, Buffer.from(" more")),
    );
    const data = element(0x30, id("2a864886f70d010701"), element(0xa0, octets));
    const signed = element(
      0x30,
      id("2a864886f70d010702"),
      element(0xa0, element(0x30, element(0x02, Buffer.from([1])), data)),
    );
    expect((await parsedFile(signed, "smime.p7m")).text).toContain("Words more");
    for (const cut of [1, 8, 20]) {
      await expect(parsedFile(signed.subarray(0, -cut), "smime.p7m")).rejects.toMatchObject({
        code: "MALFORMED_DOCUMENT",
      });
    }
  });
});

describe("an old workbook", () => {
  test("has texts that go on in the next record, in letters of another width", async () => {
    const shared = Buffer.concat([
      record(0xfc, [2, 0, 0, 0, 2, 0, 0, 0], shorts(8), [0], Buffer.from("Invo")),
      record(0x3c, [1], Buffer.from("ice №", "utf16le").subarray(0, 8), shorts(2), [0], Buffer.from("ok")),
    ]);
    const { text, codes } = await parsedFile(
      xlsFile([shared], [{ name: "One", records: [sharedCell(0, 0, 0), sharedCell(0, 1, 1)] }]),
      "a.xls",
    );
    expect([text, codes]).toEqual(["## One\n\n| Invoice  | ok |\n| --- | --- |".replace("  |", " |"), []]);
  });

  test("of Excel 5 has texts in its code page, and says where that is not known", async () => {
    const label = (bytes: Buffer): Buffer => record(0x204, shorts(0, 0, 0, bytes.length), bytes);
    const sheets = (bytes: string) => [
      { name: "Lista", records: [label(Buffer.from(bytes, "latin1")), numberCell(0, 1, 5)] },
    ];
    const old = xlsFile([record(0x42, shorts(0x8000))], sheets("caf\x8e"), true);
    expect((await parsedFile(old, "a.xls")).text).toContain("| café | 5 |");
    const { codes } = await parsedFile(xlsFile([record(0x42, shorts(1361))], sheets("abc"), true), "a.xls");
    expect(codes).toEqual(["ENCODING_GUESSED"]);
  });

  test("has no table of the figures that a chart sheet keeps", async () => {
    const chart = { name: "Chart1", kind: CHART, records: [numberCell(0, 0, 1), numberCell(0, 1, 2)] };
    const { text } = await parsedFile(
      xlsFile(
        [],
        [{ name: "Data", records: [numberCell(0, 0, 7), begin(CHART), numberCell(1, 1, 9), record(0x0a)] }, chart],
      ),
      "a.xls",
    );
    expect(text).toBe("## Data\n\n7");
  });
});

test("pictures of old presentations that nothing here opens are counted, and letters behind what breaks off are told", async () => {
  const record = (head: number, type: number, content: Buffer): Buffer => {
    const bytes = Buffer.alloc(8);
    bytes.writeUInt16LE(head, 0);
    bytes.writeUInt16LE(type, 2);
    bytes.writeUInt32LE(content.length, 4);
    return Buffer.concat([bytes, content]);
  };
  const found = picturesIn(
    null,
    Buffer.concat([record(0x3d40, 0xf01a, Buffer.alloc(5_000)), record(0x2160, 0xf01b, Buffer.alloc(100))]),
  );
  const warnings: string[] = [];
  const aid = {
    warn: (code: string, _: string, scope?: { count?: number }) => void warnings.push(`${code} ${scope?.count}`),
  };
  await picturesRead(found, "a.ppt", {
    ...aid,
    ocr: true,
    menus: false,
    mediaType: "",
    progress: () => undefined,
    parseInner: async () => null,
  });
  expect(warnings).toEqual(["PICTURES_UNREAD 1"]);
  expect(recordAt(record(0x0f, 0x03ee, Buffer.alloc(20)).subarray(0, 20), 0)).toMatchObject({ isCut: true });
});

describe("an old Word document", () => {
  test("is put together of its pieces, of one byte a letter or two", async () => {
    const runs = [{ text: "Über " }, { text: "one " }, { text: "Жизнь\r" }, { text: "end\x0eColumn\r" }];
    const { text, codes } = await parsedFile(docFile({ runs }), "a.doc");
    expect([text, codes]).toEqual(["Über one Жизнь\n\nend\n\nColumn", []]);
  });

  test("has signs of the fonts of pictures, by the font", async () => {
    const fonts = ["Times", "Symbol", "Wingdings"];
    const runs = [
      { text: "a " },
      { text: "(", letters: sprm(0x6a09, 1, 0, 0xb3, 0xf0) },
      { text: "(", letters: sprm(0x6a09, 2, 0, 0xfe, 0xf0) },
      { text: "(", letters: sprm(0x6a09, 1, 0, 0xa7, 0xf0) },
      { text: "\uf0d8", letters: sprm(0x4a4f, 2, 0) },
      { text: "!" },
      { text: "\r" },
    ];
    expect((await parsedFile(docFile({ runs, fonts }), "a.doc")).text).toBe("a ≥☑♣➢!");
  });

  test("has the boxes and lists of forms", async () => {
    const texts = (...all: readonly string[]): Buffer =>
      Buffer.concat(all.map((one) => Buffer.concat([shorts(one.length), Buffer.from(one, "utf16le"), shorts(0)])));
    const field = (bits: number, preset: number, more: Buffer): Buffer => {
      const body = Buffer.concat([
        Buffer.alloc(4, 0xff),
        shorts(bits, 0, 0),
        texts("Name"),
        shorts(preset),
        texts("", "", "", "", ""),
        more,
      ]);
      const head = Buffer.alloc(0x44);
      head.writeUInt32LE(body.length + 0x44, 0);
      head.writeUInt16LE(0x44, 4);
      return Buffer.concat([head, body]);
    };
    const box = field(1 | (25 << 2), 1, Buffer.alloc(0));
    const entry = (text: string): Buffer => Buffer.concat([shorts(text.length), Buffer.from(text, "utf16le")]);
    const list = field(2 | (1 << 2), 0, Buffer.concat([shorts(0xffff, 2, 0), entry("red"), entry("green")]));
    const at = (place: number): Buffer => sprm(0x6a03, place & 0xff, place >> 8, 0, 0);
    const runs = [
      { text: "\x13 FORMCHECKBOX " },
      { text: "\x01", letters: at(0) },
      { text: "\x14\x15 yes \x13 FORMDROPDOWN " },
      { text: "\x01", letters: at(box.length) },
      { text: "\x14\x15\r" },
    ];
    expect((await parsedFile(docFile({ runs, data: Buffer.concat([box, list]) }), "a.doc")).text).toBe("☒ yes green");
  });

  test("has rows whose shape is too long for its page, and the text of boxes in headers", async () => {
    const inTable = Buffer.concat([sprm(0x2416, 1), sprm(0x6649, 1, 0, 0, 0)]);
    const data = Buffer.concat([shorts(inTable.length), inTable]);
    const paragraph = sprm(0x6646, 0, 0, 0, 0);
    const runs = [{ text: "one\x07two\x07" }, { text: "" }];
    const { text } = await parsedFile(docFile({ runs: [runs[0]!], paragraph, data }), "a.doc");
    expect(text).toContain("| one | two |");
    const boxed = await parsedFile(
      docFile({ runs: [{ text: "Body\r" }, { text: "Confidential\r" }], headerBoxes: 13 }),
      "a.doc",
    );
    expect(boxed.text).toBe("Body\n\nConfidential");
  });
});

test("merges that go over a million rows each are not walked forever, and that is told", () => {
  const formats = new CellFormats([], false);
  const reader: SheetReader = { name: "a.xlsx", shared: [], formats, cells: 0, characters: 0, merged: 0, lookedAt: 0 };
  const [last, columns] = [1_048_575, Array.from({ length: 2_000 }, (_, column) => column)];
  const head = columns.map((column) => ({ column, type: "str", style: 0, value: "x" }));
  const rows = [
    { row: 0, cells: head },
    { row: last, cells: [{ column: 3_000, type: "str", style: 0, value: "end" }] },
  ];
  const merged = columns.map((column) => ({ from: { row: 0, column }, to: { row: last, column } }));
  expect(shownRows(reader, { rows, merged }).size).toBe(2);
  const codes: string[] = [];
  warnOfSheets(reader, { warn: (code) => void codes.push(code) });
  expect(codes).toEqual(["PART_UNREAD"]);
  // All of them are two thousand million.
  expect(reader.lookedAt).toBeLessThan(100_000_000);
});
