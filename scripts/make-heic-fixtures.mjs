// Makes the HEIC files of test/fixtures/documents from pictures that stand there. Needs heif-enc with x265 (Debian:
// apt-get install libheif-examples); what comes out is committed, so that the tests need no encoder.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import sharp from "sharp";
import { ROOT } from "./ready.mjs";

const DOCUMENTS = path.join(ROOT, "test", "fixtures", "documents");
const TILL = path.join(ROOT, "test", "pipelines", "expenses", "fixtures", "till.png");
const scratch = mkdtempSync(path.join(tmpdir(), "headway-fixtures-"));

/** One file of these pictures. */
function heic(name, pictures, extension = "jpg") {
  const files = pictures.map((bytes, index) => {
    const file = path.join(scratch, `${index}.${extension}`);
    writeFileSync(file, bytes);
    return file;
  });
  const out = path.join(DOCUMENTS, name);
  const { status, stderr, error } = spawnSync("heif-enc", ["-q", "50", ...files, "-o", out], { encoding: "utf8" });
  if (status !== 0) throw new Error(`heif-enc: ${error?.message ?? stderr}`);
  return out;
}

/** As a phone that was held upright leaves it: the pixels lie on their side, EXIF says so, and so does the container. */
async function lying(image) {
  const jpeg = await sharp(image).rotate(270).jpeg({ quality: 90 }).toBuffer();
  // Big-endian, as phones write it: heif-convert corrects only the other kind.
  const tiff = Buffer.from("4d4d002a00000008000101120003000000010006000000000000", "hex");
  const exif = Buffer.concat([Buffer.from("Exif\0\0", "latin1"), tiff]);
  const head = Buffer.from([0xff, 0xd8, 0xff, 0xe1, 0, exif.length + 2]);
  return Buffer.concat([head, exif, jpeg.subarray(2)]);
}

/** Adds to the file's one picture that it is to be shown turned by 270 degrees, against the clock. */
function turn(file) {
  const bytes = readFileSync(file);
  const at = (type) => bytes.indexOf(type, 0, "latin1") - 4;
  const irot = Buffer.from([0, 0, 0, 9, ...Buffer.from("irot"), 3]);
  const [meta, iprp, ipco, ipma, iloc] = ["meta", "iprp", "ipco", "ipma", "iloc"].map(at);
  const count = propertiesOf(bytes.subarray(ipco, ipco + bytes.readUInt32BE(ipco)));
  // Its association: version and flags, entries (4), then the item (2), how many (1), and a byte for each.
  const associations = ipma + 18;
  const grown = irot.length + 1;
  for (const box of [meta, iprp]) bytes.writeUInt32BE(bytes.readUInt32BE(box) + grown, box);
  bytes.writeUInt32BE(bytes.readUInt32BE(ipco) + irot.length, ipco);
  bytes.writeUInt32BE(bytes.readUInt32BE(ipma) + 1, ipma);
  bytes[associations] += 1;
  movePlaces(bytes, iloc, grown);
  const [beforeRot, beforeOne] = [
    ipco + bytes.readUInt32BE(ipco) - irot.length,
    associations + 1 + bytes[associations] - 1,
  ];
  const one = Buffer.from([0x80 | (count + 1)]);
  const rest = bytes.subarray(beforeOne);
  writeFileSync(
    file,
    Buffer.concat([bytes.subarray(0, beforeRot), irot, bytes.subarray(beforeRot, beforeOne), one, rest]),
  );
}

function propertiesOf(ipco) {
  let count = 0;
  for (let at = 8; at < ipco.length; at += ipco.readUInt32BE(at)) count += 1;
  return count;
}

/** heif-enc writes version 0, with a base of four bytes for each item. */
function movePlaces(bytes, iloc, by) {
  if (bytes[iloc + 8] !== 0 || bytes.readUInt16BE(iloc + 12) !== 0x4440) throw new Error("iloc is of another form");
  for (let item = bytes.readUInt16BE(iloc + 14), at = iloc + 16; item > 0; item -= 1) {
    bytes.writeUInt32BE(bytes.readUInt32BE(at + 4) + by, at + 4);
    at += 10 + 8 * bytes.readUInt16BE(at + 8);
  }
}

const letter = path.join(DOCUMENTS, "letter.png");
const first = await sharp(letter)
  .withExif({ IFD0: { Make: "Headway", Model: "Fixture 1" }, IFD2: { DateTimeOriginal: "2024:05:06 07:08:09" } })
  .jpeg({ quality: 90 })
  .toBuffer();
const second = await sharp(path.join(DOCUMENTS, "pages.tiff"), { page: 1 }).jpeg({ quality: 90 }).toBuffer();
heic("letter.heic", [first]);
heic("pages.heic", [first, second]);
// Black letters on nothing, which is black as well: they are there only for who heeds the mask.
const letters = await sharp(letter).greyscale().negate().raw().toBuffer({ resolveWithObject: true });
const black = { create: { ...letters.info, channels: 3, background: "black" } };
const masked = sharp(black).joinChannel(letters.data, { raw: letters.info }).png();
heic("masked.heic", [await masked.toBuffer()], "png");
turn(heic("turned.heic", [await lying(letter)]));
turn(heic("receipt.heic", [await lying(await sharp(TILL).flatten({ background: "white" }).toBuffer())]));
rmSync(scratch, { recursive: true });
