// Makes test/fixtures/media and test/fixtures/documents: one small file of each format that make-examples.mjs does not make itself.
// The media need ffmpeg with libmp3lame, libvorbis, libx264 and libvpx (Debian: apt-get install ffmpeg), the images a font;
// what comes out is committed, so that the tests need neither.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { strToU8, zipSync } from "fflate";
import sharp from "sharp";
import { ROOT } from "./ready.mjs";

const MEDIA = path.join(ROOT, "test", "fixtures", "media");
const DOCUMENTS = path.join(ROOT, "test", "fixtures", "documents");
const scratch = mkdtempSync(path.join(tmpdir(), "headway-fixtures-"));
mkdirSync(MEDIA, { recursive: true });
mkdirSync(DOCUMENTS, { recursive: true });

const SUBTITLES = {
  eng: "1\n00:00:00,000 --> 00:00:00,400\nThe lease has expired.\n\n2\n00:00:00,500 --> 00:00:00,900\n<i>Nobody</i> renews it.\n",
  deu: "1\n00:00:00,000 --> 00:00:00,900\nDie Pacht ist abgelaufen.\n",
};

/** A second of 440 Hz, 16 bits, one channel. */
function wav() {
  const [rateHz, frames] = [8_000, 8_000];
  const bytes = Buffer.alloc(44 + frames * 2);
  bytes.write("RIFF", 0);
  bytes.writeUInt32LE(36 + frames * 2, 4);
  bytes.write("WAVEfmt ", 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(rateHz, 24);
  bytes.writeUInt32LE(rateHz * 2, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write("data", 36);
  bytes.writeUInt32LE(frames * 2, 40);
  for (let i = 0; i < frames; i += 1) {
    bytes.writeInt16LE(Math.round(8_000 * Math.sin((2 * Math.PI * 440 * i) / rateHz)), 44 + i * 2);
  }
  return bytes;
}

function makeMedia() {
  const tone = path.join(MEDIA, "tone.wav");
  writeFileSync(tone, wav());
  const tags = ["title=Tone", "artist=Headway", "album=Fixtures", "date=2024"].flatMap((tag) => ["-metadata", tag]);
  const exact = ["-fflags", "+bitexact", "-flags:a", "+bitexact", "-flags:v", "+bitexact", "-map_metadata", "-1"];
  const audio = { mp3: ["libmp3lame", "-b:a", "32k"], flac: ["flac"], ogg: ["libvorbis", "-q:a", "0"], m4a: ["aac"] };
  for (const [extension, codec] of Object.entries(audio)) {
    ffmpeg(["-i", tone, ...exact, "-c:a", ...codec, ...tags, path.join(MEDIA, `tone.${extension}`)]);
  }
  const subtitles = Object.entries(SUBTITLES).map(([language, text]) => {
    const file = path.join(scratch, `${language}.srt`);
    writeFileSync(file, text);
    return file;
  });
  const picture = ["-f", "lavfi", "-i", "testsrc=size=64x48:rate=5:duration=1"];
  const inputs = [...picture, "-i", tone, ...subtitles.flatMap((file) => ["-i", file])];
  const maps = ["-map", "0:v", "-map", "1:a", "-map", "2:s", "-map", "3:s"];
  const languages = ["-metadata:s:s:0", "language=eng", "-metadata:s:s:1", "language=deu"];
  const h264 = ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-crf", "40"];
  const vp8 = ["-c:v", "libvpx", "-b:v", "20k", "-c:a", "libvorbis", "-q:a", "0"];
  const video = {
    "film.mp4": [...h264, "-c:a", "aac", "-b:a", "16k", "-c:s", "mov_text"],
    "film.mkv": [...h264, "-c:a", "aac", "-b:a", "16k", "-c:s", "srt"],
    "film.webm": [...vp8, "-c:s", "webvtt"],
  };
  for (const [name, codecs] of Object.entries(video)) {
    ffmpeg([...inputs, ...maps, ...exact, ...codecs, ...languages, "-metadata", "title=Film", path.join(MEDIA, name)]);
  }
}

function ffmpeg(args) {
  const { status, stderr, error } = spawnSync("ffmpeg", ["-y", "-v", "error", "-nostdin", ...args], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`ffmpeg ${args.join(" ")}: ${error?.message ?? stderr}`);
}

async function makeImages() {
  const page = (lines) =>
    Buffer.from(
      `<svg xmlns="http://www.w3.org/2000/svg" width="600" height="200"><rect width="600" height="200" fill="white"/>${lines
        .map((line, i) => `<text x="30" y="${60 + i * 50}" font-family="DejaVu Sans" font-size="28">${line}</text>`)
        .join("")}</svg>`,
    );
  const letter = page(["The worker renews its lease", "with every heartbeat."]);
  const second = page(["Nobody renews the lease", "of a dead worker."]);
  const save = (name, image) => image.toFile(path.join(DOCUMENTS, name));
  const fine = () => sharp(letter).flatten({ background: "white" }).withDensity(200);
  await save("letter.png", fine().png({ colours: 16, palette: true }));
  await save(
    "letter.jpg",
    fine()
      .withExif({ IFD0: { Make: "Headway", Model: "Fixture 1" } })
      .jpeg({ quality: 60 }),
  );
  await save("letter.webp", fine().webp({ quality: 60 }));
  // Small print at 72 dpi: to be read only when it is enlarged.
  await save(
    "small-print.png",
    sharp(letter).flatten({ background: "white" }).resize({ width: 260 }).greyscale().png({ colours: 16 }),
  );
  const pages = await Promise.all(
    [letter, second].map((one) => sharp(one).flatten({ background: "white" }).greyscale().png().toBuffer()),
  );
  await save("pages.tiff", sharp(pages, { join: { animated: true } }).tiff({ compression: "deflate" }));
  await save("plain.png", sharp({ create: { width: 40, height: 30, channels: 3, background: "#336699" } }).png());
}

function container(name, parts) {
  const head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
  const entries = Object.entries(parts).map(([part, text]) => [
    part,
    strToU8(part === "mimetype" ? text : head + text),
  ]);
  // The type of an odt stands uncompressed at its beginning; one fixed date keeps the bytes the same.
  const packed = entries.map(([part, data]) => [part, [data, { level: part === "mimetype" ? 0 : 9 }]]);
  writeFileSync(path.join(DOCUMENTS, name), zipSync(Object.fromEntries(packed), { mtime: "2024-01-01" }));
}

const CORE = `<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Leases &amp; fences</dc:title><dc:creator>Headway</dc:creator></cp:coreProperties>`;
const PACKAGE = "http://schemas.openxmlformats.org/package/2006";
const OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

function relationships(list) {
  const all = list.map(
    ([id, type, target]) => `<Relationship Id="${id}" Type="${OFFICE}/${type}" Target="${target}"/>`,
  );
  return `<Relationships xmlns="${PACKAGE}/relationships">${all.join("")}</Relationships>`;
}

function contentTypes(overrides) {
  const all = Object.entries(overrides).map(
    ([part, type]) =>
      `<Override PartName="/${part}" ContentType="application/vnd.openxmlformats-officedocument.${type}+xml"/>`,
  );
  return `<Types xmlns="${PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>${all.join("")}</Types>`;
}

function makeOffice() {
  makeSheets();
  makeSlides();
  const odf = "urn:oasis:names:tc:opendocument:xmlns";
  const spaces = ["office", "text", "table", "meta"].map((one) => `xmlns:${one}="${odf}:${one}:1.0"`).join(" ");
  container("leases.odt", {
    mimetype: "application/vnd.oasis.opendocument.text",
    "META-INF/manifest.xml": `<manifest:manifest xmlns:manifest="${odf}:manifest:1.0"><manifest:file-entry manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.text"/></manifest:manifest>`,
    "meta.xml": `<office:document-meta ${spaces} xmlns:dc="http://purl.org/dc/elements/1.1/"><office:meta><dc:title>Leases</dc:title><meta:initial-creator>Headway</meta:initial-creator></office:meta></office:document-meta>`,
    "content.xml": `<office:document-content ${spaces}><office:body><office:text><text:tracked-changes><text:p>deleted words</text:p></text:tracked-changes><text:h text:outline-level="1">What a lease is</text:h><text:p>A lease is a right<text:s text:c="2"/>until a time.<text:line-break/>It ends &amp; is offered again.</text:p><text:list><text:list-item><text:p>The first point</text:p></text:list-item></text:list><table:table><table:table-row><table:table-cell><text:p>Stage</text:p></table:table-cell><table:table-cell><text:p>Limit</text:p></table:table-cell></table:table-row><table:table-row><table:table-cell><text:p>parse</text:p></table:table-cell><table:table-cell><text:p>5 min</text:p></table:table-cell></table:table-row></table:table></office:text></office:body></office:document-content>`,
  });
}

function makeSheets() {
  const cell = (at, value) =>
    typeof value === "number"
      ? `<c r="${at}"><v>${value}</v></c>`
      : `<c r="${at}" t="inlineStr"><is><t>${value}</t></is></c>`;
  const main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
  const sheet = (rows) =>
    `<worksheet xmlns="${main}"><sheetData>${rows.map((cells, i) => `<row r="${i + 1}">${cells.join("")}</row>`).join("")}</sheetData></worksheet>`;
  container("leases.xlsx", {
    "[Content_Types].xml": contentTypes({
      "xl/workbook.xml": "spreadsheetml.sheet.main",
      "xl/styles.xml": "spreadsheetml.styles",
      "xl/worksheets/sheet1.xml": "spreadsheetml.worksheet",
      "xl/worksheets/sheet2.xml": "spreadsheetml.worksheet",
    }),
    "_rels/.rels": relationships([["rId1", "officeDocument", "xl/workbook.xml"]]),
    "docProps/core.xml": CORE,
    "xl/workbook.xml": `<workbook xmlns="${main}" xmlns:r="${OFFICE}"><sheets><sheet name="Workers" sheetId="1" r:id="rId1"/><sheet name="Days" sheetId="2" r:id="rId2"/></sheets></workbook>`,
    "xl/_rels/workbook.xml.rels": relationships([
      ["rId1", "worksheet", "worksheets/sheet1.xml"],
      ["rId2", "worksheet", "worksheets/sheet2.xml"],
      ["rId3", "styles", "styles.xml"],
    ]),
    "xl/styles.xml": `<styleSheet xmlns="${main}"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>`,
    "xl/worksheets/sheet1.xml": sheet([
      [cell("A1", "Worker"), cell("B1", "Leases")],
      [cell("A2", "north &amp; south"), cell("B2", 12.5)],
    ]),
    "xl/worksheets/sheet2.xml": sheet([[cell("A1", "Day")], [`<c r="A2" s="1"><v>45292</v></c>`]]),
  });
}

function makeSlides() {
  const spaces = `xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" xmlns:r="${OFFICE}"`;
  const text = (words) => `<a:p><a:r><a:t>${words}</a:t></a:r></a:p>`;
  const shape = (words) => `<p:sp><p:txBody>${words.map(text).join("")}</p:txBody></p:sp>`;
  const slide = (inner) => `<p:sld ${spaces}><p:cSld><p:spTree>${inner}</p:spTree></p:cSld></p:sld>`;
  const row = (cells) =>
    `<a:tr>${cells.map((one) => `<a:tc><a:txBody>${text(one)}</a:txBody></a:tc>`).join("")}</a:tr>`;
  container("leases.pptx", {
    "[Content_Types].xml": contentTypes({
      "ppt/presentation.xml": "presentationml.presentation.main",
      "ppt/slides/slide1.xml": "presentationml.slide",
      "ppt/slides/slide2.xml": "presentationml.slide",
      "ppt/notesSlides/notesSlide1.xml": "presentationml.notesSlide",
    }),
    "_rels/.rels": relationships([["rId1", "officeDocument", "ppt/presentation.xml"]]),
    "docProps/core.xml": CORE,
    // The show begins with the second file.
    "ppt/presentation.xml": `<p:presentation ${spaces}><p:sldIdLst><p:sldId id="256" r:id="rId2"/><p:sldId id="257" r:id="rId1"/></p:sldIdLst></p:presentation>`,
    "ppt/_rels/presentation.xml.rels": relationships([
      ["rId1", "slide", "slides/slide1.xml"],
      ["rId2", "slide", "slides/slide2.xml"],
    ]),
    "ppt/slides/slide1.xml": slide(
      `${shape(["Shown last"])}<p:graphicFrame><a:graphic><a:graphicData><a:tbl>${row(["Stage", "Limit"])}${row(["parse", "5 min"])}</a:tbl></a:graphicData></a:graphic></p:graphicFrame>`,
    ),
    "ppt/slides/slide2.xml": slide(shape(["Shown first", "A lease ends &amp; is offered again."])),
    "ppt/slides/_rels/slide2.xml.rels": relationships([["rId1", "notesSlide", "../notesSlides/notesSlide1.xml"]]),
    "ppt/notesSlides/notesSlide1.xml": `<p:notes ${spaces}><p:cSld><p:spTree>${shape(["Said by the speaker"])}<p:sp><p:txBody><a:p><a:fld><a:t>7</a:t></a:fld></a:p></p:txBody></p:sp></p:spTree></p:cSld></p:notes>`,
  });
}

function makeMails() {
  const attach = (name, type, bytes) =>
    `--outer\r\nContent-Type: ${type}; name="${name}"\r\nContent-Disposition: attachment; filename="${name}"\r\nContent-Transfer-Encoding: base64\r\n\r\n${Buffer.from(bytes).toString("base64").replace(/.{76}/g, "$&\r\n")}\r\n`;
  const word = readFileSync(path.join(ROOT, "examples", "documents", "retry.docx"));
  const head = `From: Ada <ada@example.org>\r\nTo: Bob <bob@example.org>\r\nSubject: =?iso-8859-1?Q?Gr=FC=DFe?= from the fleet\r\nDate: Mon, 01 Jan 2024 12:00:00 +0000\r\nMessage-ID: <1@example.org>\r\nMIME-Version: 1.0\r\n`;
  const body = `--outer\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nDie Pr=FCfung ist fertig.\r\n`;
  const inner = `--outer\r\nContent-Type: message/rfc822\r\nContent-Disposition: attachment; filename="forwarded.eml"\r\n\r\nFrom: Cy <cy@example.org>\r\nSubject: Inner\r\nMessage-ID: <2@example.org>\r\n\r\nWords of the forwarded mail.\r\n`;
  const attached = [
    attach("retry.docx", "application/octet-stream", word),
    attach("prices.csv", "text/csv", Buffer.from("caf\u00e9;3\r\nth\u00e9;4\r\n", "latin1")),
    attach("program.bin", "application/octet-stream", Buffer.from([0, 1, 2, 3, 0, 5, 6, 7, 0, 0, 1, 2])),
    attach("broken.docx", "application/octet-stream", word.subarray(0, 400)),
  ];
  const mail = `${head}Content-Type: multipart/mixed; boundary="outer"\r\n\r\n${body}${attached.join("")}${inner}--outer--\r\n`;
  writeFileSync(path.join(DOCUMENTS, "with-attachments.eml"), mail);
}

makeMedia();
await makeImages();
makeOffice();
makeMails();
rmSync(scratch, { recursive: true });
