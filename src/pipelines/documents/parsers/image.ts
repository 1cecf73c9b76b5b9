import exifReader from "exif-reader";
import sharp, { type Metadata, type Sharp } from "sharp";
import { PermanentError, messageOf } from "../../../errors.js";
import { paragraphs, type Block, type BlockPlace } from "../blocks/block.js";
import { OcrDoubts } from "./ocr-doubts.js";
import { recognise, type Recognised } from "./ocr.js";
import { factsOf, type ParseAid, type Parsed } from "./parsed.js";

/** A page of A3 at 600 dpi has 70 million; decoded, this many take 400 MB at most. */
export const MAX_PIXELS = 100_000_000;
/** Of scanned pages in one TIFF; each takes a second or more to read. */
export const MAX_PAGES = 50;
/** Below this, small print has too few pixels for the recogniser. */
const FINE_DPI = 150;
/** A page at 150 dpi has 2.2 million pixels: with more than this it is no coarse scan, whatever density it names. */
const COARSE_PIXELS = 4_000_000;
/** Letters don't get clearer by more; the time grows with the pixels. */
const MAX_SIDE = 6_000;

/** Size and EXIF, and the text that stands in it. A picture without letters has no text. */
export async function parseImage(bytes: Uint8Array, name: string, aid: ParseAid): Promise<Parsed> {
  const facts = await understood(name, () => open(bytes).metadata());
  // Of a moving picture the first frame says enough; a TIFF holds the pages of a scan.
  const pages = facts.format === "tiff" ? (facts.pages ?? 1) : 1;
  const pageOf = async (page: number) => forReading(open(bytes, page).autoOrient(), facts);
  return readPages(facts, { count: pages, held: pages }, pageOf, name, aid);
}

/** Pictures of one file, which stand upright, as its pages; `count` is how many it holds, of which these are the first. */
export async function parsePictures(
  pictures: readonly Uint8Array[],
  count: number,
  name: string,
  aid: ParseAid,
): Promise<Parsed> {
  const facts = await understood(name, () => open(pictures[0]!).metadata());
  const pageOf = async (page: number) => {
    const image = open(pictures[page]!);
    return forReading(image, await image.metadata());
  };
  // That they once lay otherwise is no fact of theirs.
  return readPages({ ...facts, orientation: 1 }, { count, held: pictures.length }, pageOf, name, aid);
}

async function readPages(
  facts: Metadata,
  { count, held }: { readonly count: number; readonly held: number },
  pageOf: (page: number) => Promise<Sharp>,
  name: string,
  aid: ParseAid,
): Promise<Parsed> {
  const { width, height } = facts;
  if (width * height > MAX_PIXELS) throw tooLarge(name, `${width} × ${height}`);
  const metadata = { width, height, ...(count > 1 ? { pages: count } : {}), ...exifFacts(facts) };
  if (!aid.ocr) return { blocks: [], metadata };
  if (count > MAX_PAGES) {
    aid.warn("PAGES_LEFT_OUT", `${name} has ${count} pages; ${MAX_PAGES} were read. Split it to have all of them.`);
  }
  const read = Math.min(held, MAX_PAGES);
  const blocks: Block[] = [];
  const doubts = new OcrDoubts();
  for (let page = 0; page < read; page += 1) {
    const look = async () => recognise(await understood(name, async () => (await pageOf(page)).toBuffer()));
    const found = await (aid.keptPages?.page(page + 1, look) ?? look());
    doubts.note(found, page + 1);
    blocks.push(...letters(found.text, count > 1 ? { page: page + 1 } : {}));
    aid.progress((page + 1) / read, `page ${page + 1} of ${count}`);
  }
  doubts.tell(name, aid, count > 1);
  return { blocks, metadata };
}

/** Recognised text as blocks: paragraphs as the recogniser parted them, their lines as they stand. */
export function letters(text: string, place: BlockPlace): Block[] {
  return paragraphs(text, place).map((block): Block => ({
    ...place,
    kind: "lines",
    text: "text" in block ? block.text : "",
  }));
}

/** Of the pictures inside a document: surer than of a picture that was sent for its text. */
const SURE_OF_PICTURES = 70;
const MIN_SIDE = 100;

/** What stands in a picture inside a document, which may stand upright whatever its EXIF says. @throws {PermanentError} as parseImage does */
export async function readLetters(bytes: Uint8Array, name: string, isUpright = false): Promise<Recognised> {
  const facts = await understood(name, () => open(bytes).metadata());
  if (facts.width * facts.height > MAX_PIXELS) throw tooLarge(name, `${facts.width} × ${facts.height}`);
  if (Math.min(facts.width, facts.height) < MIN_SIDE / 2 || Math.max(facts.width, facts.height) < MIN_SIDE)
    return { text: "", isUnsure: false, unreadScript: null };
  const prepared = await understood(name, () =>
    forReading(isUpright ? open(bytes) : open(bytes).autoOrient(), facts).toBuffer(),
  );
  return recognise(prepared, { minConfidence: SURE_OF_PICTURES });
}

function open(bytes: Uint8Array, page = 0): Sharp {
  return sharp(bytes, { limitInputPixels: MAX_PIXELS, failOn: "error", page });
}

/** Grey, on white, and large enough. Always a fresh PNG: the recogniser never sees the bytes themselves. */
function forReading(image: Sharp, { width, height, density = 72 }: Metadata): Sharp {
  const isCoarse = density < FINE_DPI && width * height < COARSE_PIXELS;
  const wanted = Math.min(MAX_SIDE, Math.max(width, height) * (isCoarse ? 2 : 1));
  return image
    .flatten({ background: "#ffffff" })
    .greyscale()
    .resize({ width: wanted, height: wanted, fit: "inside", kernel: "lanczos3" })
    .withDensity(300) // Else the recogniser guesses, and says so.
    .png({ compressionLevel: 1 });
}

/** @throws {PermanentError} for what the library can't make sense of, or finds too large */
async function understood<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const why = messageOf(error);
    if (/exceeds pixel limit|too large|exceeds limit|dimension/i.test(why)) throw tooLarge(name, "too many");
    throw new PermanentError(
      "MALFORMED_DOCUMENT",
      `${name} is not a valid image (${why.slice(0, 300)}); send an intact copy.`,
    );
  }
}

export function tooLarge(name: string, pixels: string): PermanentError {
  return new PermanentError(
    "RESOURCE_LIMIT",
    `${name} has ${pixels} pixels; the limit is ${MAX_PIXELS}. Scale it down.`,
  );
}

/** What the camera wrote. Broken EXIF is no EXIF. */
function exifFacts({ exif, density, orientation }: Metadata): Parsed["metadata"] {
  const about = { dpi: density, orientation };
  if (!exif) return factsOf(about);
  try {
    const { Image: image = {}, Photo: photo = {}, GPSInfo: place = {} } = exifReader(exif);
    const make = String(image.Make ?? "")
      .replaceAll("\0", "")
      .trim();
    const model = String(image.Model ?? "")
      .replaceAll("\0", "")
      .trim();
    const takenAt = photo.DateTimeOriginal ?? image.DateTime;
    return factsOf({
      ...about,
      camera: model.startsWith(make) ? model : `${make} ${model}`,
      producer: image.Software,
      creator: image.Artist,
      description: image.ImageDescription,
      created: localTime(takenAt),
      latitude: degrees(place.GPSLatitude, place.GPSLatitudeRef === "S"),
      longitude: degrees(place.GPSLongitude, place.GPSLongitudeRef === "W"),
    });
  } catch {
    return factsOf(about);
  }
}

/** Cameras write the time of their own clock; which zone that is in they don't say. */
function localTime(taken: unknown): string | undefined {
  return taken instanceof Date && !Number.isNaN(taken.getTime()) ? taken.toISOString().slice(0, 19) : undefined;
}

function degrees(parts: unknown, isNegative: boolean): number | undefined {
  if (!Array.isArray(parts) || parts.length !== 3) return undefined;
  const [whole, minutes, seconds] = parts.map(Number) as [number, number, number];
  const value = whole + minutes / 60 + seconds / 3_600;
  return isNegative ? -value : value;
}
