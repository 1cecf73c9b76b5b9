import { write } from "../../src/pipelines/documents/blocks/write.js";
import { FORMATS } from "../../src/pipelines/documents/formats.js";
import { parseDocument } from "../../src/pipelines/documents/parse-document.js";
import { parsedFile } from "./parsed-file.js";

async function read(mail: string, encoding: "latin1" | "utf8") {
  const warnings: string[] = [];
  const aid = {
    mediaType: FORMATS.eml,
    ocr: false,
    menus: false,
    warn: (code: string) => void warnings.push(code),
    progress: () => undefined,
  };
  const { blocks, metadata } = await parseDocument(Buffer.from(mail, encoding), "mail.eml", aid);
  return { text: write(blocks).text, metadata, warnings };
}

/** A header that is written as it is, unencoded, and a body that says which encoding that is. */
function mail(charset: string): string {
  return [
    "From: Jürgen <j@example.org>",
    "Subject: Die Frösche",
    "MIME-Version: 1.0",
    'Content-Type: multipart/mixed; boundary="b"',
    "",
    "--b",
    `Content-Type: text/plain; charset="${charset}"`,
    "Content-Transfer-Encoding: 8bit",
    "",
    "Größe",
    "--b--",
    "",
  ].join("\r\n");
}

describe("a mail's header in plain letters", () => {
  test.each([
    ["of the encoding that its body declares", "iso-8859-1", "latin1"],
    ["in UTF-8", "utf-8", "utf8"],
  ] as const)("%s is read without a loss", async (_, charset, encoding) => {
    const { text, metadata, warnings } = await read(mail(charset), encoding);
    expect(text).toContain("Subject: Die Frösche\nFrom: Jürgen <j@example.org>");
    expect(text).toContain("Größe");
    expect(metadata).toMatchObject({ title: "Die Frösche" });
    expect(warnings).toEqual([]);
  });

  test("that is no letter of what is declared is told", async () => {
    const { warnings } = await read(mail("utf-8"), "latin1");
    expect(warnings).toContain("CHARACTERS_REPLACED");
  });
});

describe("a part of a mail", () => {
  const parts = (declared: string, ...lines: string[]): string =>
    ["Subject: x", `Content-Type: multipart/mixed; boundary=${declared}`, "", ...lines, ""].join("\r\n");

  test.each([
    [
      "without a header",
      parts("b", "--b", "", "First words.", "--b", "Content-Type: text/plain", "", "Second.", "--b--"),
    ],
    [
      "that begins with its text",
      parts("b", "--b", "First words.", "", "--b", "Content-Type: text/plain", "", "Second.", "--b--"),
    ],
    [
      "behind another boundary than the declared one",
      parts("q", "--b", "Content-Type: text/plain", "", "First words. Second.", "--b--"),
    ],
    ["that no boundary parts from the header", parts("q", "First words.", "Second.")],
  ])("%s is read", async (_, whole) => {
    const { text, warnings } = await read(whole, "utf8");
    expect(text).toContain("First words.");
    expect(text).toContain("Second.");
    expect(warnings).toEqual([]);
  });
});

test.each([
  ["carriage returns alone", "\r"],
  ["carriage returns twice", "\r\r\n"],
])("a mail whose lines end with %s is read by its parts", async (_, end) => {
  const lines = mail("utf-8").split("\r\n");
  const parts = [...lines.slice(0, -2), "--b", "Content-Type: text/csv", "Content-Disposition: attachment", "", "a;b"];
  const { text, warnings } = await read([...parts, "1;2", "--b--", ""].join(end), "utf8");
  expect(text).toContain("Subject: Die Frösche\nFrom: Jürgen <j@example.org>\n\nGröße");
  expect(text).toContain("| a | b |\n| --- | --- |\n| 1 | 2 |");
  expect(warnings).toEqual([]);
});

test("a mail whose long subject goes on without the blank that says so is a mail, and its subject whole", async () => {
  const head = [
    "Received: from a.example.org by b.example.org",
    "From: Whoever",
    "To: someone <s@example.org>, undisclosed-recipients:;",
    "Date: Tue, 30 Jan 2024 14:36:06 +0900",
    "Subject: =?utf-8?B?R3LDtsOf?=",
    "=?utf-8?B?ZSB1bmQgU3RyYcOfZQ==?=",
    "Message-ID: <1@example.org>",
    "Content-Transfer-Encoding: base64",
  ];
  const bytes = Buffer.from([...head, "", Buffer.from("Guten Tag").toString("base64"), ""].join("\r\n"));
  expect((await parsedFile(bytes, "a.eml")).text).toMatch(
    /^Subject: Größe und Straße\nFrom: Whoever\nTo: .*\n[^]*Guten Tag$/,
  );
  expect((await parsedFile(Buffer.from("Note: one\nand two\nTo: do\n\nThree"), "a.eml")).mediaType).toBe("text/plain");
});

test("a mail in a mail is read as a mail of its own, its time with its zone", async () => {
  const inner = [
    "Message-ID: <inner@example.org>",
    "Date: Fri, 22 Apr 2011 23:21:06 +0000",
    "From: Ann <ann@example.org>",
    "To: =?utf-8?Q?J=C3=BCrgen?= <j@example.org>",
    "Subject: Thanks",
    "",
    "Well done.",
  ];
  const head = ["Subject: Wow", "Content-Type: multipart/mixed; boundary=b", ""];
  const parts = ["--b", "", "Hello", "--b", "Content-Type: message/rfc822", "", ...inner, "--b--", ""];
  const { text, warnings } = await read([...head, ...parts].join("\r\n"), "utf8");
  expect(text).toBe(
    "Subject: Wow\n\nHello\n\n## Attachment: part 1\n\nSubject: Thanks\nFrom: Ann <ann@example.org>\n" +
      "To: Jürgen <j@example.org>\nDate: 2011-04-22T23:21:06.000Z\nMessage-ID: <inner@example.org>\n\nWell done.",
  );
  expect(warnings).toEqual([]);
});

test("a page in a mail that names its encoding behind an equals sign in quoted-printable names no strange one", async () => {
  const meta = '<meta http-equiv=3D"Content-Type" content=3D"text/html; charset=3Dwindows-1=\r\n252">';
  const head = [
    "Subject: x",
    "Content-Type: text/html; charset=windows-1252",
    "Content-Transfer-Encoding: quoted-printable",
  ];
  const { text, warnings } = await read([...head, "", `${meta}<p>Gr=F6=DFe</p>`, ""].join("\r\n"), "latin1");
  expect(text).toContain("Größe");
  expect(warnings).toEqual([]);
});

describe("a mail in an encoding that browsers do not know", () => {
  const inCharset = (charset: string, body: string, more: string[] = []): string =>
    [`Subject: =?${charset}?Q?Fr=F6sche?=`, `Content-Type: text/plain; charset=${charset}`, ...more, "", body, ""].join(
      "\r\n",
    );

  test("is read by it", async () => {
    const seven = await read(inCharset("utf-7", "Gr+APYA3w-e").replace("=F6", "+APY-"), "latin1");
    expect(seven).toMatchObject({ text: expect.stringContaining("Subject: Frösche"), warnings: [] });
    expect(seven.text).toContain("Grö\u00dfe");
    expect((await read(inCharset("cp850", "Gr\x94\xe1e"), "latin1")).text).toContain("Größe");
  });

  test("is told where nothing here knows it, and where it stands beside others", async () => {
    expect((await read(inCharset("x-klingon", "Gr\x94\xe1e"), "latin1")).warnings).toEqual(["ENCODING_GUESSED"]);
    const mixed = inCharset("cp850", "Gr\x94\xe1e", ["X-Other: =?koi8-r?Q?=F0?="]);
    expect((await read(mixed, "latin1")).warnings).toContain("ENCODING_GUESSED");
  });

  test("is not taken for strange by a name that the reader of mails knows", async () => {
    const korean = "\xb0\xa1\xb3\xaa";
    for (const label of ["cp949", "ms949", "uhc", "x-euckr", "KS_C_5601-1987"]) {
      const found = await read(inCharset(label, korean).replace("=F6", "o"), "latin1");
      expect([label, found.text.includes("가나"), found.warnings]).toEqual([label, true, []]);
    }
    const japanese = await read(inCharset("cp932", "\x93\xfa\x96\x7b").replace("=F6", "o"), "latin1");
    expect(japanese).toMatchObject({ text: expect.stringContaining("日本"), warnings: [] });
  });

  test("spoils neither a body in Latin-1 beside it nor a header that needed no help", async () => {
    const beside = mail("iso-8859-1").replace(
      "--b--",
      "--b\r\nContent-Type: text/plain; charset=cp850\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\nx\r\n--b--",
    );
    const found = await read(beside, "latin1");
    expect(found.text).toContain("Größe");
    expect(found.text).toContain("Die Frösche");
    expect(found.warnings).toContain("ENCODING_GUESSED");
    const head = ["From: Jürgen <j@example.org>", "Subject: Привет", "Content-Type: text/plain; charset=cp850"];
    const plain = await read([...head, "", "Hello", ""].join("\r\n"), "utf8");
    expect(plain.text).toContain("Subject: Привет\nFrom: Jürgen <j@example.org>");
  });

  test("leaves a text as it is that was read otherwise", async () => {
    const { text } = await read(
      "Subject: x\r\nContent-Type: text/html; charset=cp850\r\n\r\n<p>&#26085;&#26412; Gr\x94\xe1e</p>\r\n",
      "latin1",
    );
    expect(text).toContain("日本");
    expect(text).not.toContain("?");
  });
});

test("an attachment without a name is read as what the mail says that it is", async () => {
  const part = (type: string, text: string): string[] => [
    "--b",
    `Content-Type: ${type}`,
    "Content-Disposition: attachment",
    "",
    text,
  ];
  const lines = [...part("text/html", "<p>One <b>two</b></p>"), ...part("text/csv", "a;b\r\n1;2"), "--b--", ""];
  const mail = ["Subject: x", "Content-Type: multipart/mixed; boundary=b", "", ...lines].join("\r\n");
  const { text, warnings } = await read(mail, "utf8");
  expect(text).toContain(
    "## Attachment: part 1\n\nOne two\n\n## Attachment: part 2\n\n| a | b |\n| --- | --- |\n| 1 | 2 |",
  );
  expect(warnings).toEqual([]);
});

test("an attachment that a mail holds twice is read once, and named twice", async () => {
  const event = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:Moving day\r\nEND:VEVENT\r\nEND:VCALENDAR";
  const part = (head: string): string[] => ["--b", "Content-Type: text/calendar", head, "", event];
  const lines = [
    ...part("Content-Disposition: attachment"),
    ...part("Content-Disposition: attachment; filename=invite.ics"),
    "--b--",
    "",
  ];
  const mail = ["Subject: x", "Content-Type: multipart/mixed; boundary=b", "", ...lines].join("\r\n");
  const { text } = await read(mail, "utf8");
  expect(text.match(/Moving day/g)).toHaveLength(1);
  expect(text).toContain("Attachment: invite.ics");
});

describe("files that a mail holds by uuencode", () => {
  // "Name;Sum" and "Seal;1.5", as uuencode writes them; the blank at the end is cut.
  const file = ["begin 644 sums.csv", "13F%M93M3=6T*4V5A;#LQ+C4", "`", "end"];
  const table = "| Name | Sum |\n| --- | --- |\n| Seal | 1.5 |";

  test("are read as attachments, whether they stand in the text or are a part", async () => {
    const inText = await read(["Subject: x", "", "Before", ...file, "After", ""].join("\r\n"), "utf8");
    expect(inText.text).toBe(`Subject: x\n\nBefore\nAfter\n\n## Attachment: sums.csv\n\n${table}`);
    const head = ["--b", "Content-Type: text/csv; name=sums.csv", "Content-Disposition: attachment"];
    const lines = [...head, "Content-Transfer-Encoding: x-uuencode", "", ...file, "--b--", ""];
    const asPart = await read(
      ["Subject: x", "Content-Type: multipart/mixed; boundary=b", "", ...lines].join("\r\n"),
      "utf8",
    );
    expect(asPart.text).toContain(table);
  });

  test("and what only looks like one stays in the text", async () => {
    const { text } = await read(["Subject: x", "", "begin 644 letters", "as agreed", "end", ""].join("\r\n"), "utf8");
    expect(text).toContain("begin 644 letters\nas agreed\nend");
  });
});

test("a letter that stands unencoded within an encoded word is of the encoding that the word names", async () => {
  const mail =
    "Subject: =?iso-8859-1?Q?Die_Fr\xf6sche?= gr\xfcn\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\nx";
  expect((await read(mail, "latin1")).text).toContain("Subject: Die Frösche grün");
});
