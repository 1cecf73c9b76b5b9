import { strFromU8, strToU8, unzipSync, zipSync } from "fflate";
import { readFileSync } from "node:fs";
import path from "node:path";
import { decodeText } from "../../src/pipelines/decode-text.js";
import { detect } from "../../src/pipelines/documents/detect.js";
import { FORMATS } from "../../src/pipelines/documents/formats.js";
import { openArchive } from "../../src/pipelines/documents/parsers/archive.js";
import { refusalOf } from "../../src/pipelines/documents/refusals.js";
import { compoundFile } from "./compound-writer.js";
import { EXAMPLES } from "../scenarios/main-job.js";

const docx = readFileSync(path.join(EXAMPLES, "retry.docx"));

/** The same document, as a container that names itself by this type. */
function renamed(type: string): Uint8Array {
  const parts = unzipSync(docx);
  const types = strFromU8(parts["[Content_Types].xml"]!);
  const changed = types.replace(
    /application\/vnd\.openxmlformats-officedocument\.wordprocessingml\.document\.main\+xml/,
    type,
  );
  expect(changed).not.toBe(types);
  return zipSync({ ...parts, "[Content_Types].xml": strToU8(changed) });
}

/** The head of a compound file with the name of a stream somewhere behind it. */
function compound(stream: string): Uint8Array {
  const head = Buffer.alloc(1_536);
  head.set([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]);
  head.write(stream, 1_100, "utf16le");
  return head;
}

const OPEN = "application/vnd.openxmlformats-officedocument";

describe("detect", () => {
  test.each([
    ["docm", "application/vnd.ms-word.document.macroEnabled.main+xml", FORMATS.docx],
    ["dotx", `${OPEN}.wordprocessingml.template.main+xml`, FORMATS.docx],
    ["dotm", "application/vnd.ms-word.template.macroEnabledTemplate.main+xml", FORMATS.docx],
    ["xlsm", "application/vnd.ms-excel.sheet.macroEnabled.main+xml", FORMATS.xlsx],
    ["xltx", `${OPEN}.spreadsheetml.template.main+xml`, FORMATS.xlsx],
    ["xltm", "application/vnd.ms-excel.template.macroEnabled.main+xml", FORMATS.xlsx],
    ["pptm", "application/vnd.ms-powerpoint.presentation.macroEnabled.main+xml", FORMATS.pptx],
    ["potx", `${OPEN}.presentationml.template.main+xml`, FORMATS.pptx],
    ["potm", "application/vnd.ms-powerpoint.template.macroEnabled.main+xml", FORMATS.pptx],
    ["ppsx", `${OPEN}.presentationml.slideshow.main+xml`, FORMATS.pptx],
    ["ppsm", "application/vnd.ms-powerpoint.slideshow.macroEnabled.main+xml", FORMATS.pptx],
  ])("takes a document with macros or a template, a %s, for what it is", async (extension, type, mediaType) => {
    expect(await detect(renamed(type), "a")).toBe(mediaType);
    expect(await detect(renamed(type), `a.${extension}`)).toBe(mediaType);
  });

  test.each([
    ["WordDocument", FORMATS.doc],
    ["Workbook", FORMATS.xls],
    ["PowerPoint Document", FORMATS.ppt],
    ["__properties_version1.0", FORMATS.msg],
  ])(
    "knows a compound file with the stream %s by its parts, and by its bytes where it is broken",
    async (stream, type) => {
      expect(await detect(compoundFile({ [stream]: Buffer.from("a") }), "old")).toBe(type);
      expect(await detect(compound(stream), "old")).toBe(type);
    },
  );

  test.each([
    ["VisioDocument", "a Visio drawing (.vsd, .vsdx)"],
    ["Quill/QuillSub/CONTENTS", "a Publisher publication (.pub)"],
    ["Props14", "a Project plan (.mpp)"],
    ["FileHeader", "a Hangul document (.hwp)"],
    ["StarWriterDocument", "a StarOffice document"],
    ["Contents", "a document of an old Office program"],
  ])("calls a compound file with the part %s by its name", async (part, is) => {
    const mediaType = await detect(compoundFile({ [part]: Buffer.from("a") }), "old");
    expect(refusalOf(mediaType, "old", ["pdf"])).toContain(`old is ${is}, which is not supported`);
  });

  test.each([
    ["xl/workbook.bin", "a binary Excel workbook (.xlsb)"],
    ["FixedDocSeq.fdseq", "an XPS document"],
    ["Index/Document.iwa", "a Pages, Numbers or Keynote document"],
  ])("calls a container with the part %s by its name", async (part, is) => {
    const mediaType = await detect(zipSync({ [part]: strToU8("a") }), "container");
    expect(refusalOf(mediaType, "container", ["pdf"])).toContain(`container is ${is}, which is not supported`);
  });

  test("takes an Office document with a password for one, whatever its name", async () => {
    const bytes = compoundFile({ EncryptedPackage: Buffer.from("a") });
    expect(await detect(bytes, "letter")).toBe(FORMATS.docx);
    expect(await detect(bytes, "prices.xlsx")).toBe(FORMATS.xlsx);
  });

  test("tells what to do with an archive", async () => {
    const mediaType = await detect(zipSync({ "a.txt": strToU8("a") }), "a.zip");
    expect(refusalOf(mediaType, "a.zip", ["pdf"])).toBe(
      "a.zip is a ZIP archive, which is not supported; submit the files in it. Supported are pdf.",
    );
  });
});

describe("a mail without the name of one", () => {
  const mail =
    "From: Ada <ada@example.org>\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n\r\nSGVsbG8=\r\n";
  test.each(["mail", "mail.txt", "mail.saved"])("is a mail as %s, so that its content is decoded", async (name) => {
    expect(await detect(strToU8(mail), name)).toBe(FORMATS.eml);
  });

  test.each([
    ["notes.txt", "From: Ada\nDate: Monday\n\nWhat we said."],
    ["notes.md", mail],
    ["talk.txt", "Ada: hello\nBob: hello\n\nThey went on."],
  ])("is none as %s, which only looks like one", async (name, text) => {
    expect(await detect(strToU8(text), name)).not.toBe(FORMATS.eml);
  });
});

describe("a container", () => {
  test("is read with the separators of another system, and in other cases than are asked for", () => {
    const bytes = zipSync({ "XL\\workbook.xml": strToU8("<workbook/>") });
    const archive = openArchive(bytes, "book.xlsx");
    expect(archive.names).toEqual(["XL/workbook.xml"]);
    expect(archive.nameOf("xl/Workbook.xml")).toBe("XL/workbook.xml");
    expect(strFromU8(archive.read("xl/workbook.xml")!)).toBe("<workbook/>");
    expect([archive.nameOf("xl/styles.xml"), archive.read("xl/styles.xml")]).toEqual([null, null]);
  });
});

describe("decodeText", () => {
  const words = "Größe und Straße, schöne Grüße aus München. ".repeat(5);

  test.each([
    ["UTF-16LE without a mark", Buffer.from(words, "utf16le"), "UTF-16LE"],
    ["UTF-16BE without a mark", Buffer.from(words, "utf16le").swap16(), "UTF-16BE"],
    ["UTF-8", Buffer.from(words), "UTF-8"],
    ["UTF-8 with a mark", Buffer.from(`\ufeff${words}`), "UTF-8"],
  ])("reads %s", (_, bytes, encoding) => {
    expect(decodeText(bytes)).toEqual({ text: words, encoding, isGuessed: false, badBytes: 0 });
  });

  test("keeps UTF-8 with a few bad bytes, and counts them", () => {
    const bytes = Buffer.concat([Buffer.from(words), Buffer.from([0xff]), Buffer.from(words)]);
    expect(decodeText(bytes)).toEqual({
      text: `${words}\uFFFD${words}`,
      encoding: "UTF-8",
      isGuessed: false,
      badBytes: 1,
    });
  });

  test("believes what is declared, unless the bytes are UTF-8", () => {
    const bytes = Buffer.from([0xcf, 0xf0, 0xe8, 0xe2, 0xe5, 0xf2]);
    expect(decodeText(bytes, "windows-1251")).toMatchObject({
      text: "Привет",
      encoding: "windows-1251",
      isGuessed: false,
    });
    expect(decodeText(Buffer.from(words), "windows-1251")).toMatchObject({ text: words, encoding: "UTF-8" });
  });

  test("says of a few bytes of no certain encoding that it guessed", () => {
    expect(decodeText(Buffer.from("caf\u00e9", "latin1"))).toMatchObject({ text: "café", isGuessed: true });
  });
});
