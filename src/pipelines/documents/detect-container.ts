import { openCompound } from "./parsers/compound.js";
import { FORMATS, type Format } from "./formats.js";

/** What programs write into the compound file that they share, by a part's name; the first that is there tells. */
const COMPOUND: readonly (readonly [part: string, mediaType: string])[] = [
  ["WordDocument", FORMATS.doc],
  ["Workbook", FORMATS.xls],
  ["Book", FORMATS.xls],
  ["PowerPoint Document", FORMATS.ppt],
  ["__properties_version1.0", FORMATS.msg],
  ["VisioDocument", "application/vnd.visio"],
  ["Quill", "application/x-mspublisher"],
  ["MatOST", "application/vnd.ms-works"],
  ["FileHeader", "application/x-hwp"],
  ["StarWriterDocument", "application/vnd.stardivision"],
  ["StarCalcDocument", "application/vnd.stardivision"],
  ["StarDrawDocument3", "application/vnd.stardivision"],
  ["PP40", "application/vnd.ms-powerpoint.95"],
  ["Catalog", "application/x-thumbs-db"],
];
/** Projects number the parts of theirs. */
const PROJECT = /^(?: {3}1\d\d|props\d{1,2})$/;

/** Which of the formats that share this container it is, by what is in it. Office documents with a password are one around the real one. */
export function compoundType(bytes: Uint8Array, extension: string, office: readonly string[]): string {
  const names = namesIn(bytes);
  const has = (part: string): boolean =>
    names === null ? Buffer.from(bytes).includes(Buffer.from(part, "utf16le")) : names.includes(part.toLowerCase());
  if (has("EncryptedPackage")) return FORMATS[office.includes(extension) ? (extension as Format) : "docx"];
  const found = COMPOUND.find(([part]) => has(part))?.[1];
  if (found !== undefined) return found;
  return names?.some((one) => PROJECT.test(one)) ? "application/vnd.ms-project" : "application/x-cfb";
}

/** The parts at its root, in lower case as they are compared; null where it is broken, and only its bytes can decide. */
function namesIn(bytes: Uint8Array): string[] | null {
  try {
    const { entries } = openCompound(bytes, "it");
    return entries.length === 0
      ? null
      : entries.map(({ path }) => path.toLowerCase()).filter((path) => !path.includes("/"));
  } catch {
    return null;
  }
}

/** What is a ZIP archive to the detector and something else to people, by the name of a part. */
const PACKAGES: readonly (readonly [part: RegExp, mediaType: string])[] = [
  [/^xl\/workbook\.bin$/i, "application/vnd.ms-excel.sheet.binary.macroenabled.12"],
  [/^word\/document\d*\.xml$/i, FORMATS.docx],
  [/^xl\/workbook\d*\.xml$/i, FORMATS.xlsx],
  [/^ppt\/presentation\d*\.xml$/i, FORMATS.pptx],
  [/^META-INF\/container\.xml$/, FORMATS.epub],
  [/\.fdseq$/i, "application/vnd.ms-xpsdocument"],
  [/^visio\/document\.xml$/i, "application/vnd.visio"],
  [/^Index\/Document\.iwa$|^Index\.zip$|^index\.(xml|apxl)(\.gz)?$/, "application/vnd.apple.iwork"],
  [/^doc\.kml$/i, "application/vnd.google-earth.kmz"],
];

/** The names stand in the file as they are, whatever is packed. */
export function packageType(bytes: Uint8Array): string | null {
  const names = zipNames(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  return PACKAGES.find(([part]) => names.some((name) => part.test(name)))?.[1] ?? null;
}

const MAX_NAMES = 5_000;

function zipNames(bytes: Buffer): string[] {
  const names: string[] = [];
  for (let at = bytes.indexOf("PK\x01\x02", 0, "latin1"); at >= 0 && names.length < MAX_NAMES;) {
    if (at + 46 > bytes.length) break;
    const length = bytes.readUInt16LE(at + 28);
    names.push(bytes.toString("utf8", at + 46, at + 46 + length).replaceAll("\\", "/"));
    at = bytes.indexOf("PK\x01\x02", at + 46 + length, "latin1");
  }
  return names;
}

/** Brands of still pictures in HEVC; of others in a HEIF file whatever their code is. */
const HEVC_PICTURE = /^hei[cxms]$/;
const ANY_PICTURE = /^mif\d$/;

/** A HEIF file by all of its brands: the first one, by which the detector goes, tells neither the code nor a picture from a film. */
export function heifType(bytes: Uint8Array, magic: string): string {
  if (!/^(image\/hei[cf](-sequence)?|video\/mp4)$/.test(magic)) return magic;
  const brands = brandsOf(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  const isFilm = magic === "video/mp4" && !HEVC_PICTURE.test(brands[0]!) && !ANY_PICTURE.test(brands[0]!);
  if (isFilm) return magic;
  if (brands.some((brand) => HEVC_PICTURE.test(brand))) return FORMATS.heic;
  if (brands.includes("avif")) return FORMATS.avif;
  return brands.some((brand) => ANY_PICTURE.test(brand)) ? FORMATS.heic : magic;
}

/** The main one first, then those that the file is compatible with. */
function brandsOf(bytes: Buffer): string[] {
  const end = Math.min(bytes.readUInt32BE(0), bytes.length, 16 + 4 * 50);
  const brands = [bytes.toString("latin1", 8, 12)];
  for (let at = 16; at + 4 <= end; at += 4) brands.push(bytes.toString("latin1", at, at + 4));
  return brands;
}
