import { compoundFile } from "./compound-writer.js";
import { expandRtf } from "../../src/pipelines/documents/parsers/rtf-compressed.js";
import { docFile } from "./doc-writer.js";
import { parsedFile } from "./parsed-file.js";
import { numberCell, xlsFile } from "./xls-writer.js";

describe("what was overwritten by nothing is told", () => {
  test("in an old workbook, by records of no type", async () => {
    const emptied = (bytes: number) =>
      parsedFile(
        xlsFile([], [{ name: "One", records: [numberCell(0, 0, 5), Buffer.alloc(bytes), numberCell(1, 0, 7)] }]),
        "a.xls",
      );
    const { text, warnings } = await emptied(40);
    expect(text).toBe("## One\n\n5\n7");
    expect(warnings).toMatchObject([{ code: "PART_UNREAD", count: 10 }]);
    expect((await emptied(16)).codes).toEqual([]);
  });

  test("in packed rich text, by what it adds up to", () => {
    const head = Buffer.alloc(16);
    const body = Buffer.from("03000a007263706731323542320af32068656c090020627705b06c647d0a800fa0", "hex");
    head.writeUInt32LE(body.length + 12, 0);
    head.writeUInt32LE(0x2b, 4);
    head.writeUInt32LE(0x75465a4c, 8);
    head.writeUInt32LE(0xa7c7c5f1, 12);
    expect(expandRtf(Buffer.concat([head, body]))).toMatchObject({ isCut: false });
    expect(expandRtf(Buffer.concat([head, body.fill(0x41, 20, 22)]))).toMatchObject({ isCut: true });
  });

  test("in text and rich text is told where stretches of it are empty; padding at the end is none", async () => {
    const blank = "\0".repeat(40);
    const line = "Words of the lease.\n".repeat(200);
    for (const [name, head, tail] of [
      ["a.rtf", "{\\rtf1 Words\\par ", "more\\par}"],
      ["a.txt", line, line],
    ] as const) {
      expect((await parsedFile(Buffer.from(head + blank + tail), name)).codes).toEqual(["PART_UNREAD"]);
      expect((await parsedFile(Buffer.from(head + tail + blank), name)).codes).toEqual([]);
    }
    const packed = `{\\rtf1 Words\\par {\\pict\\bin20 ${blank.slice(20)}}more\\par}`;
    expect((await parsedFile(Buffer.from(packed), "a.rtf")).codes).toEqual([]);
  });

  test("in an old Word document is told where its letters or what they are were overwritten by nothing", async () => {
    const runs = [{ text: `Words${"\0".repeat(20)}more\r` }];
    expect((await parsedFile(docFile({ runs }), "a.doc")).warnings).toMatchObject([{ code: "PART_UNREAD", count: 20 }]);
    const bytes = docFile({ runs: [{ text: "Words\r" }] });
    // The page of properties that follows the text begins with the text's place.
    const page = bytes.indexOf(Buffer.from([0, 4, 0, 0, 0x0c, 4, 0, 0]));
    expect((await parsedFile(bytes.fill(0, page, page + 512), "a.doc")).codes).toEqual(["PART_UNREAD"]);
  });

  test("in a message of Outlook is told where its words are empty, and of winmail.dat by what its parts add up to", async () => {
    const words = `Before${"\0".repeat(20)}behind`;
    const message = compoundFile({
      "__properties_version1.0": Buffer.alloc(32),
      "__substg1.0_1000001F": Buffer.from(words, "utf16le"),
    });
    expect((await parsedFile(message, "a.msg")).codes).toEqual(["PART_UNREAD"]);
    const subject = Buffer.from("Grapes\0");
    const wrapper = Buffer.alloc(6 + 9 + subject.length + 2);
    wrapper.writeUInt32LE(0x223e9f78, 0);
    wrapper[6] = 1;
    wrapper.writeUInt32LE(0x00018004, 7);
    wrapper.writeUInt32LE(subject.length, 11);
    subject.copy(wrapper, 15);
    wrapper.writeUInt16LE(
      subject.reduce((sum, byte) => sum + byte, 0),
      15 + subject.length,
    );
    expect((await parsedFile(wrapper, "winmail.dat")).codes).toEqual([]);
    wrapper.write("S", 15);
    expect((await parsedFile(wrapper, "winmail.dat")).codes).toEqual(["PART_UNREAD"]);
  });
});
