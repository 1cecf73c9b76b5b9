import { strToU8, zipSync } from "fflate";
import { FORMATS } from "../../src/pipelines/documents/formats.js";
import { parsedFile } from "./parsed-file.js";

const PACKAGE = `<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/">
  <metadata><dc:title>Leases</dc:title><dc:creator>Ann</dc:creator><dc:creator>Bob</dc:creator><dc:language>de</dc:language>
    <meta property="dcterms:modified">2024-01-01T00:00:00Z</meta></metadata>
  <manifest><item id="one" href="one.xhtml"/><item id="two" href="text/chapter%20two.xhtml#start"/><item id="lost" href="lost.xhtml"/></manifest>
  <spine><itemref idref="two"/><itemref idref="one"/><itemref idref="lost"/></spine></package>`;

function book(more: Record<string, string> = {}): Uint8Array {
  const parts: Record<string, string> = {
    "META-INF/container.xml": `<container><rootfiles><rootfile full-path="OPS/book.opf"/></rootfiles></container>`,
    "OPS/book.opf": PACKAGE,
    "OPS/one.xhtml": `<?xml version="1.0" encoding="windows-1252"?><html><body><h1>Ende</h1><p>Gr\u00fc\u00dfe</p></body></html>`,
    "OPS/text/chapter two.xhtml": "<html><body><nav>Menu</nav><h1>Anfang</h1><ul><li>Erstens</li></ul></body></html>",
    ...more,
  };
  const packed = Object.entries(parts).map(([name, text]) => [name, new Uint8Array(Buffer.from(text, "latin1"))]);
  return zipSync({
    mimetype: [strToU8("application/epub+zip"), { level: 0 }],
    ...(Object.fromEntries(packed) as Record<string, Uint8Array>),
  });
}

describe("an e-book", () => {
  test("is read chapter by chapter in its reading order; a chapter that is not there is a warning", async () => {
    const { mediaType, text, metadata, warnings } = await parsedFile(book(), "leases.epub");
    expect(mediaType).toBe(FORMATS.epub);
    expect(text).toBe("# Anfang\n\n- Erstens\n\n# Ende\n\nGrüße");
    expect(metadata).toEqual({
      title: "Leases",
      creator: ["Ann", "Bob"],
      language: "de",
      modified: "2024-01-01T00:00:00Z",
    });
    expect(warnings).toMatchObject([{ code: "PART_UNREAD", count: 1 }]);
  });

  test("that is locked is refused; one whose fonts alone are scrambled is not", async () => {
    const encryption = (algorithm: string): Record<string, string> => ({
      "META-INF/encryption.xml": `<encryption xmlns:enc="http://www.w3.org/2001/04/xmlenc#"><enc:EncryptedData><enc:EncryptionMethod Algorithm="${algorithm}"/></enc:EncryptedData></encryption>`,
    });
    const locked = book(encryption("http://www.w3.org/2001/04/xmlenc#aes128-cbc"));
    await expect(parsedFile(locked, "leases.epub")).rejects.toMatchObject({ code: "ENCRYPTED_DOCUMENT" });
    const scrambled = await parsedFile(book(encryption("http://www.idpf.org/2008/embedding")), "leases.epub");
    expect(scrambled.text).toContain("Anfang");
  });

  test("without a list of its chapters is broken", async () => {
    const bytes = zipSync({ mimetype: [strToU8("application/epub+zip"), { level: 0 }], "a.xhtml": strToU8("<p>a") });
    await expect(parsedFile(bytes, "leases.epub")).rejects.toMatchObject({ code: "MALFORMED_DOCUMENT" });
  });
});
