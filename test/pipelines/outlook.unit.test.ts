import { FORMATS } from "../../src/pipelines/documents/formats.js";
import { compoundFile } from "./compound-writer.js";
import { parsedFile } from "./parsed-file.js";

const text = (value: string): Buffer => Buffer.from(value, "utf16le");
const stream = (id: string, type = "001F"): string => `__substg1.0_${id}${type}`;

/** Short values: type, number, value. */
function list(headBytes: number, ...values: readonly (readonly [type: number, id: number, value: bigint])[]): Buffer {
  const bytes = Buffer.alloc(headBytes + values.length * 16);
  for (const [index, [type, id, value]] of values.entries()) {
    const at = headBytes + index * 16;
    bytes.writeUInt16LE(type, at);
    bytes.writeUInt16LE(id, at + 2);
    bytes.writeBigUInt64LE(value, at + 8);
  }
  return bytes;
}

/** The first of January 2024 at noon, as Windows counts. */
const NOON = BigInt(Date.UTC(2024, 0, 1, 12) + 11_644_473_600_000) * 10_000n;

function message(more: Record<string, Buffer> = {}): Buffer {
  const inner = "__attach_version1.0_#00000001/__substg1.0_3701000D";
  return compoundFile({
    "__properties_version1.0": list(32, [0x40, 0x39, NOON]),
    [stream("0037")]: text("Grüße Ж"),
    [stream("0C1A")]: text("Ada"),
    [stream("0C1F")]: text("/O=EX/CN=ADA"),
    [stream("5D01")]: text("ada@example.org"),
    [stream("1000")]: text("Plain words."),
    "__recip_version1.0_#00000000/__properties_version1.0": list(8, [0x03, 0x0c15, 1n]),
    [`__recip_version1.0_#00000000/${stream("3001")}`]: text("Bob"),
    [`__recip_version1.0_#00000000/${stream("39FE")}`]: text("bob@example.org"),
    "__attach_version1.0_#00000000/__properties_version1.0": list(8),
    [`__attach_version1.0_#00000000/${stream("3707")}`]: text("prices.csv"),
    [`__attach_version1.0_#00000000/${stream("3701", "0102")}`]: Buffer.from("Part,Price\nSeal,3\n"),
    "__attach_version1.0_#00000001/__properties_version1.0": list(8),
    [`__attach_version1.0_#00000001/${stream("3001")}`]: text("Forwarded"),
    [`${inner}/__properties_version1.0`]: list(24),
    [`${inner}/${stream("0037")}`]: text("Inner"),
    [`${inner}/${stream("1000")}`]: text("Words of the forwarded mail."),
    ...more,
  });
}

describe("a message of Outlook", () => {
  test("is read as a mail: who, to whom, when, its words, what is attached, and the messages inside", async () => {
    const { mediaType, text: said, metadata, codes } = await parsedFile(message(), "mail.msg");
    expect(mediaType).toBe(FORMATS.msg);
    expect(said).toBe(
      "Subject: Grüße Ж\nFrom: Ada <ada@example.org>\nTo: Bob <bob@example.org>\nDate: 2024-01-01T12:00:00.000Z\n\nPlain words.\n\n" +
        "## Attachment: prices.csv\n\n| Part | Price |\n| --- | --- |\n| Seal | 3 |\n\n" +
        "## Attachment: Forwarded\n\nSubject: Inner\n\nWords of the forwarded mail.",
    );
    expect(metadata).toEqual({
      title: "Grüße Ж",
      creator: "Ada <ada@example.org>",
      created: "2024-01-01T12:00:00.000Z",
      attachments: ["prices.csv", "Forwarded"],
    });
    expect(codes).toEqual([]);
  });

  test("whose page says more than its plain words is read by the page, in the code page that it names", async () => {
    const page = Buffer.concat([
      Buffer.from("<p>All of "),
      Buffer.from([0xcf, 0xf0]),
      Buffer.from(" that was written at length</p>"),
    ]);
    const { text: said } = await parsedFile(
      message({
        "__properties_version1.0": list(32, [0x03, 0x3fde, 1251n]),
        [stream("1013", "0102")]: page,
      }),
      "mail.msg",
    );
    expect(said).toContain("All of Пр that was written at length");
    expect(said).not.toContain("Plain words.");
  });

  test("whose page stands packed in rich text is read by the page", async () => {
    const rtf =
      "{\\rtf1\\ansi\\ansicpg1252\\fromhtml1 {\\*\\htmltag64 <p>}\\htmlrtf {\\b\\htmlrtf0 Caf\\'e9 \\u1055?{\\*\\htmltag72 </p>}\\htmlrtf }\\htmlrtf0 {\\*\\htmltag84 <b>}and more of it{\\*\\htmltag92 </b>}}";
    const packed = Buffer.alloc(16 + rtf.length);
    packed.writeUInt32LE(rtf.length + 12, 0);
    packed.writeUInt32LE(rtf.length, 4);
    packed.writeUInt32LE(0x414c454d, 8);
    packed.write(rtf, 16, "latin1");
    const { text: said } = await parsedFile(
      message({ [stream("1000")]: Buffer.alloc(0), [stream("1009", "0102")]: packed }),
      "mail.msg",
    );
    expect(said).toContain("Café П\n\nand more of it");
  });
});

describe("a message of Outlook that lacks something", () => {
  test("warns of an attachment whose content is not there, and of a code page that is not known where text stands in it", async () => {
    const { text: said, warnings } = await parsedFile(
      message({
        "__properties_version1.0": list(32, [0x03, 0x3ffd, 1361n]),
        "__attach_version1.0_#00000002/__properties_version1.0": list(8),
        [`__attach_version1.0_#00000002/${stream("3707")}`]: text("lost.pdf"),
      }),
      "mail.msg",
    );
    expect(said).not.toContain("lost.pdf");
    expect(warnings.map(({ code }) => code)).toEqual(["ATTACHMENT_UNREAD"]);
    const { codes } = await parsedFile(
      message({
        "__properties_version1.0": list(32, [0x03, 0x3ffd, 1361n]),
        [stream("0037", "001E")]: Buffer.from([0xb4, 0x41, 0x20, 0x41]),
      }),
      "mail.msg",
    );
    expect(codes).toEqual(["ENCODING_GUESSED"]);
  });

  test("whose rich text is damaged is read by its plain words, and says so", async () => {
    const damaged = { [stream("1009", "0102")]: Buffer.alloc(40, 7) };
    const { text: said, codes } = await parsedFile(message(damaged), "mail.msg");
    expect(said).toContain("Plain words.");
    expect(codes).toEqual(["PART_UNREAD"]);
    await expect(parsedFile(message({ ...damaged, [stream("1000")]: Buffer.alloc(0) }), "mail.msg")).rejects.toThrow(
      /rich text/,
    );
  });

  test("whose packed page has letters of a page that is not known warns of it", async () => {
    const rtf = "{\\rtf1\\ansi\\ansicpg1361\\fromhtml1 {\\*\\htmltag64 <p>}Caf\\'e9{\\*\\htmltag72 </p>}}";
    const packed = Buffer.alloc(16 + rtf.length);
    packed.writeUInt32LE(rtf.length, 4);
    packed.writeUInt32LE(0x414c454d, 8);
    packed.write(rtf, 16, "latin1");
    const { codes } = await parsedFile(
      message({ [stream("1000")]: Buffer.alloc(0), [stream("1009", "0102")]: packed }),
      "mail.msg",
    );
    expect(codes).toEqual(["ENCODING_GUESSED"]);
  });

  test("but was signed in the clear is read by what was signed", async () => {
    const signed =
      'Content-Type: multipart/signed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nThe signed words.\r\n--b\r\n' +
      "Content-Type: application/pkcs7-signature; name=smime.p7s\r\n\r\nxx\r\n--b--\r\n";
    const { text: said, codes } = await parsedFile(
      compoundFile({
        "__properties_version1.0": list(32),
        [stream("001A")]: text("IPM.Note.SMIME.MultipartSigned"),
        [stream("0037")]: text("Signed"),
        "__attach_version1.0_#00000000/__properties_version1.0": list(8),
        [`__attach_version1.0_#00000000/${stream("3707")}`]: text("smime.p7m"),
        [`__attach_version1.0_#00000000/${stream("370E")}`]: text("multipart/signed"),
        [`__attach_version1.0_#00000000/${stream("3701", "0102")}`]: Buffer.from(signed),
      }),
      "mail.msg",
    );
    expect(said).toContain("The signed words.");
    expect(codes).toEqual([]);
  });
});

describe("winmail.dat", () => {
  const attribute = (level: number, id: number, content: Buffer): Buffer => {
    const head = Buffer.alloc(9);
    head[0] = level;
    head.writeUInt16LE(id, 1);
    head.writeUInt32LE(content.length, 5);
    const sum = Buffer.alloc(2);
    sum.writeUInt16LE(content.reduce((all, byte) => all + byte, 0) & 0xffff);
    return Buffer.concat([head, content, sum]);
  };

  test("is read as the mail that it wraps, with what is attached", async () => {
    const property = Buffer.concat([
      Buffer.from([1, 0, 0, 0, 0x1f, 0, 0x00, 0x10, 1, 0, 0, 0, 12, 0, 0, 0]),
      text("Inside"),
    ]);
    const wrapped = Buffer.concat([
      Buffer.from([0x78, 0x9f, 0x3e, 0x22, 1, 0]),
      attribute(1, 0x8004, Buffer.from("Wrapped\0")),
      attribute(1, 0x9003, property),
      attribute(2, 0x9002, Buffer.alloc(14)),
      attribute(2, 0x8010, Buffer.from("notes.txt\0")),
      attribute(2, 0x800f, Buffer.from("What we said.")),
    ]);
    const { mediaType, text: said } = await parsedFile(wrapped, "winmail.dat");
    expect(mediaType).toBe(FORMATS.tnef);
    expect(said).toBe("Subject: Wrapped\n\nInside\n\n## Attachment: notes.txt\n\nWhat we said.");
    const cut = await parsedFile(wrapped.subarray(0, -8), "winmail.dat");
    expect(cut.text).toContain("What we");
    expect(cut.codes).toEqual(["PART_UNREAD"]);
    const empty = Buffer.concat([
      wrapped,
      attribute(2, 0x9002, Buffer.alloc(14)),
      attribute(2, 0x8010, Buffer.from("lost.txt\0")),
    ]);
    expect((await parsedFile(empty, "winmail.dat")).codes).toEqual(["ATTACHMENT_UNREAD"]);
  });
});
