import iconv from "iconv-lite";
import { parsedFile } from "./parsed-file.js";

async function readMail(mail: string) {
  const { text, codes } = await parsedFile(Buffer.from(mail, "latin1"), "a.eml");
  return { text, warnings: codes };
}

describe("a text in a mail that does not say, or not rightly, how it is encoded", () => {
  const russian = "Привет, как дела? Это письмо, а не что-то другое.";
  const cyrillic = iconv.encode(russian, "windows-1251").toString("latin1");
  const inUtf8 = Buffer.from("Größe und Straße").toString("latin1");
  const quoted = cyrillic.replace(/[=\x80-\xff]/g, (one) => `=${one.charCodeAt(0).toString(16).toUpperCase()}`);
  const page = '<meta http-equiv="Content-Type" content="text/html; charset=windows-1251">';
  const whole = (fields: readonly string[], body: string): string =>
    ["Subject: x", ...fields, "", body, ""].join("\r\n");
  const part = (fields: readonly string[], body: string): string =>
    whole(["Content-Type: multipart/mixed; boundary=b"], ["--b", ...fields, "", body, "--b--"].join("\r\n"));

  test.each([
    ["is detected", whole([], cyrillic), russian],
    ["is detected in quoted-printable", whole(["Content-Transfer-Encoding: quoted-printable"], quoted), russian],
    ["is detected behind US-ASCII", part(["Content-Type: text/plain; charset=us-ascii"], cyrillic), russian],
    ["is detected in a part", part([], cyrillic), russian],
    ["is read as its page says", whole(["Content-Type: text/html"], `${page}<p>${cyrillic}</p>`), russian],
    ["is read as UTF-8", part(["Content-Type: text/plain; charset=us-ascii"], inUtf8), "Größe und Straße"],
    [
      "is read as UTF-8 behind Latin-1",
      whole(["Content-Type: text/plain; charset=ISO-8859-1"], inUtf8),
      "Größe und Straße",
    ],
  ])("%s", async (_, mail, text) => {
    const found = await readMail(mail);
    expect(found.text).toContain(text);
    expect(found.text).not.toContain("charset");
    expect(found.warnings.filter((code) => code !== "ENCODING_GUESSED")).toEqual([]);
  });

  test("is told where letters are none of what is declared, and where the encoding is a guess", async () => {
    const broken = whole(["Content-Type: text/plain; charset=utf-8"], `${inUtf8} \xf6`);
    expect((await readMail(broken)).warnings).toEqual(["CHARACTERS_REPLACED"]);
    expect((await readMail(whole([], "Gr\xf6\xdfe"))).warnings).toEqual(["ENCODING_GUESSED"]);
  });

  test("is neither what stands behind the parts nor a line that looks like one between them", async () => {
    const behind = `${part(["Content-Type: text/plain; charset=utf-8"], "Gr")}\r\nGr\xf6\xdfe`;
    expect(await readMail(behind)).toMatchObject({ text: "Subject: x\n\nGr", warnings: [] });
    const ruled = part(["Content-Type: text/plain; charset=utf-8"], `One\r\n--back\r\n\r\n${inUtf8}`);
    expect((await readMail(ruled)).text).toBe("Subject: x\n\nOne\n--back\n\nGröße und Straße");
  });

  test("stands as it is where it is what it says", async () => {
    const latin = whole(["Content-Type: text/plain; charset=iso-8859-1"], "Gr\xf6\xdfe \x80 5");
    expect(await readMail(latin)).toMatchObject({ text: "Subject: x\n\nGröße € 5", warnings: [] });
    const thai = whole(["Content-Type: text/plain; charset=tis-620"], "\xca\xc7\xd1\xca\xb4\xd5");
    expect(await readMail(thai)).toMatchObject({ text: "Subject: x\n\nสวัสดี", warnings: [] });
  });
});
