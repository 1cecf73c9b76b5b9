import { PermanentError, messageOf } from "../../../errors.js";
import { heifFacts, type HeifFacts } from "./heif-boxes.js";
import { MAX_PAGES, MAX_PIXELS, parsePictures, tooLarge } from "./image.js";
import { pageList } from "./page-list.js";
import type { ParseAid, Parsed } from "./parsed.js";
import { filesOfProgram, ProgramAbsent, ProgramStopped } from "./program.js";

/** The same program by its name of before and since libheif 1.19. */
const DECODERS = ["heif-convert", "heif-dec"];
/** A photograph of 12 million pixels takes a second, and a file may hold fifty. */
const LIMIT_MS = 90_000;
/** As many pixels as are taken need half of it. */
const MEMORY_MIB = 2_048;
/** Codes that every libheif reads, and pictures made of others. */
const USUAL = /^(hvc1|av01|grid|iovl|iden)$/;
/** JPEG holds no longer side. */
const MAX_JPEG_SIDE = 65_535;
/** Letters come out as sharp as in the photograph. */
const QUALITY = "95";

/** What a HEIC file holds, as pictures that other libraries read. */
export interface HeicPictures {
  /** Upright whatever their EXIF says, which is the camera's; those that could be decoded, the first ones of the file. */
  readonly pictures: readonly Uint8Array[];
  /** How many the file holds. */
  readonly count: number;
  /** Why there are fewer pictures than wanted; null where there are not. */
  readonly failure: string | null;
}

/** Photographs of a HEIC file, several as pages, read as the same pictures in JPEG. */
export async function parseHeic(bytes: Uint8Array, name: string, aid: ParseAid): Promise<Parsed> {
  const { pictures, count, failure } = await picturesOfHeic(bytes, name);
  if (failure !== null) {
    const pages = Array.from({ length: count - pictures.length }, (_, index) => pictures.length + index + 1);
    aid.warn("PAGES_UNREAD", `${pageList(pages)} of ${name} could not be decoded (${failure}).`, {
      count: pages.length,
      pages,
    });
  }
  return parsePictures(pictures, count, name, aid);
}

/**
 * Decodes the pictures of a HEIC file with the programs of libheif, where they are installed.
 * @throws {PermanentError} UNSUPPORTED_TYPE where they are not, MALFORMED_DOCUMENT, RESOURCE_LIMIT
 */
export async function picturesOfHeic(bytes: Uint8Array, name: string): Promise<HeicPictures> {
  const { codes, sizes, hasAlpha } = factsOf(bytes, name);
  const isLong = sizes.some(({ width, height }) => Math.max(width, height) > MAX_JPEG_SIDE);
  const wanted = Math.min(codes.length, MAX_PAGES);
  let [pictures, why] = await decoded(bytes, wanted, hasAlpha || isLong ? "png" : "jpg", name);
  // Of some colour profiles the program makes no PNG.
  if (hasAlpha && pictures.length < wanted) [pictures, why] = await decoded(bytes, wanted, "jpg", name);
  const rare = codes.find((code) => !USUAL.test(code));
  if (pictures.length === 0) throw verdict(rare ? new Error(`unsupported: its code is ${rare}`) : why, name);
  return { pictures, count: codes.length, failure: pictures.length < wanted ? messageOf(why).slice(0, 200) : null };
}

/** Refuses what is too large before anything of it is decoded. */
function factsOf(bytes: Uint8Array, name: string): HeifFacts {
  let facts: HeifFacts;
  try {
    facts = heifFacts(bytes);
    if (facts.codes.length === 0) throw new Error("it holds no picture");
    if (facts.isBlanked) throw new Error("a part of the picture is empty");
  } catch (error) {
    throw verdict(error, name);
  }
  for (const { width, height } of facts.sizes) {
    if (width * height > MAX_PIXELS) throw tooLarge(name, `${width} × ${height}`);
  }
  return facts;
}

/** As the program names what it writes: one by the name that it is given, several with numbers behind that. */
function namesOf(wanted: number, extension: string): string[][] {
  return Array.from({ length: wanted }, (_, index) => [
    `page-${index + 1}.${extension}`,
    ...(index === 0 ? [`page.${extension}`] : []),
  ]);
}

/** The pictures up to the first that could not be decoded, and why that could not. */
async function decoded(
  bytes: Uint8Array,
  wanted: number,
  extension: string,
  name: string,
): Promise<[pictures: readonly Uint8Array[], why: unknown]> {
  const args = ["-q", QUALITY, "/dev/stdin", `page.${extension}`];
  const limits = { bytes, names: namesOf(wanted, extension), limitMs: LIMIT_MS, memoryMiB: MEMORY_MIB };
  for (const decoder of DECODERS) {
    const { files, error } = await filesOfProgram(decoder, args, limits);
    if (error instanceof ProgramAbsent) continue;
    // What it wrote last may be half a picture.
    if (error instanceof ProgramStopped) throw verdict(error, name);
    const missing = files.indexOf(null);
    const pictures = files.slice(0, missing < 0 ? wanted : missing) as Uint8Array[];
    return [pictures, error ?? new Error("no picture came out of it")];
  }
  throw verdict(new ProgramAbsent(), name);
}

/** What a failure of the programs says of the document. */
function verdict(error: unknown, name: string): PermanentError {
  if (error instanceof ProgramAbsent) {
    return new PermanentError(
      "UNSUPPORTED_TYPE",
      `${name} is a HEIC photograph, which is read where the programs of libheif are installed; install libheif-examples (heif-convert) beside Headway, or save the photograph as JPEG.`,
    );
  }
  const why = messageOf(error).replace(/\s+/g, " ").slice(0, 300);
  if (error instanceof ProgramStopped || /limit|alloc|memory/i.test(why)) {
    return new PermanentError(
      "RESOURCE_LIMIT",
      `${name} takes more time or memory to decode than it may (${why}). Scale it down, or save it as JPEG.`,
    );
  }
  if (/unsupported|plugin|not an HEIF/i.test(why)) {
    const advice = /codec|plugin/i.test(why) ? "install its decoder (libheif-plugin-libde265), or " : "";
    return new PermanentError(
      "UNSUPPORTED_TYPE",
      `${name} holds pictures that the installed libheif does not read (${why}); ${advice}save it as JPEG.`,
    );
  }
  return new PermanentError(
    "MALFORMED_DOCUMENT",
    `${name} is not a valid HEIC photograph (${why}); send an intact copy, or save it as JPEG.`,
  );
}
