import sharp from "sharp";
import type { OcrEngine, Reading, Stand } from "./ocr-engine.js";
import { ocrPackage } from "./ocr-package.js";
import { ocrProgram } from "./ocr-program.js";
import { languagesOf } from "./ocr-scripts.js";

/** Below this the recogniser takes textures for letters (0 to 100, over the whole image). */
const MIN_CONFIDENCE = 40;
/** From this on it has read the text; below, the image may lie on its side, or be in another script. */
const SURE = 80;
/** Below this what was read may well be wrong. */
const UNSURE = 65;
/** A texture is taken for fewer letters than this. */
const FEW_LETTERS = 20;
const LIMIT_MS = 300_000;
/** To see which way an image stands, its letters need no more pixels. */
const GLANCE_SIDE = 1_600;
const TURNS = [90, 270, 180] as const;

export interface Recognition {
  /** How sure it must be over the whole image, 0 to 100. */
  readonly minConfidence?: number;
  /** After this long the image is given up, and the recogniser with it. */
  readonly limitMs?: number;
}

/** The text in an image, and what is to be told of it. */
export interface Recognised {
  /** Paragraphs apart; empty where there is none. */
  readonly text: string;
  /** Whether what was read may well be wrong. */
  readonly isUnsure: boolean;
  /** The script it is written in, where no installed language reads it: the text is empty then. */
  readonly unreadScript: string | null;
}

let chosen: Promise<OcrEngine> | null = null;

/** The program with its languages where there is one: it is faster, and knows what is installed beside it. */
function engine(): Promise<OcrEngine> {
  chosen ??= ocrProgram().then(
    (program) => program ?? ocrPackage,
    () => ocrPackage,
  );
  return chosen;
}

/**
 * Reads an image offline, upright whichever way it lies, in the script that it is written in.
 * @throws {Error} when the limit has passed before anything was read
 */
export async function recognise(
  image: Uint8Array,
  { minConfidence = MIN_CONFIDENCE, limitMs = LIMIT_MS }: Recognition = {},
): Promise<Recognised> {
  const by = await engine();
  const until = performance.now() + limitMs;
  const look = new Look(by, () => Math.max(1, Math.ceil(until - performance.now())));
  const latin = languagesOf("Latin", by.languages);
  const common = latin.length > 0 ? latin : by.languages.slice(0, 1);
  const first = await look.read(image, common);
  if (first.confidence >= SURE) return told(first, minConfidence);
  // Of a picture inside a document, most are no writing at all.
  if (minConfidence >= UNSURE && first.text.length < FEW_LETTERS) return told(first, minConfidence);
  try {
    return await lookedAgain(look, image, first, { common, installed: by.languages, minConfidence });
  } catch {
    // What was read stands, though no better reading could be had.
    return told(first, minConfidence);
  }
}

/** Once more by how it stands and in what script it is, where the first reading was none to be sure of. */
async function lookedAgain(
  look: Look,
  image: Uint8Array,
  first: Reading,
  {
    common,
    installed,
    minConfidence,
  }: { readonly common: readonly string[]; readonly installed: readonly string[]; readonly minConfidence: number },
): Promise<Recognised> {
  const stand = await look.stand(image);
  if (stand === null) {
    const isWriting = first.text !== "" && first.confidence < UNSURE && minConfidence < UNSURE;
    return told(isWriting ? await look.turned(image, first, common) : first, minConfidence);
  }
  const own = stand.script === "Latin" ? common : languagesOf(stand.script, installed);
  const languages = own.length > 0 ? own : common;
  const isAnother = stand.turnDegrees !== 0 || languages.join() !== common.join();
  const second = isAnother ? await look.read(await turn(image, stand.turnDegrees), languages) : first;
  const best = second.confidence > first.confidence ? second : first;
  const isForeign = stand.isScriptSure && own.length === 0 && best.confidence < UNSURE;
  return isForeign ? { text: "", isUnsure: false, unreadScript: stand.script } : told(best, minConfidence);
}

function told({ text, confidence }: Reading, minConfidence: number): Recognised {
  if (confidence < minConfidence || text === "") return { text: "", isUnsure: false, unreadScript: null };
  return { text, isUnsure: confidence < UNSURE, unreadScript: null };
}

/** One image's looks, within what is left of its time. */
class Look {
  readonly #engine: OcrEngine;
  readonly #leftMs: () => number;

  constructor(engine: OcrEngine, leftMs: () => number) {
    this.#engine = engine;
    this.#leftMs = leftMs;
  }

  async read(image: Uint8Array, languages: readonly string[]): Promise<Reading> {
    try {
      return await this.#engine.read(image, languages, this.#leftMs());
    } catch (error) {
      // A program that is badly installed is no fault of the document's.
      if (this.#engine === ocrPackage || this.#leftMs() === 1) throw error;
      return ocrPackage.read(image, ocrPackage.languages, this.#leftMs());
    }
  }

  stand(image: Uint8Array): Promise<Stand | null> {
    return this.#engine.stand(image, this.#leftMs());
  }

  /** Of an image with too few letters to see how it stands: the best of all four ways, tried in small. */
  async turned(image: Uint8Array, first: Reading, languages: readonly string[]): Promise<Reading> {
    let best = { degrees: 0, confidence: first.confidence };
    const small = await sharp(image)
      .resize({ width: GLANCE_SIDE, height: GLANCE_SIDE, fit: "inside", withoutEnlargement: true })
      .png()
      .toBuffer();
    for (const degrees of TURNS) {
      const { confidence } = await this.read(await turn(small, degrees), languages);
      if (confidence > best.confidence) best = { degrees, confidence };
    }
    if (best.degrees === 0) return first;
    const second = await this.read(await turn(image, best.degrees), languages);
    return second.confidence > first.confidence ? second : first;
  }
}

function turn(image: Uint8Array, degrees: number): Promise<Buffer> {
  return sharp(image).rotate(degrees).withDensity(300).png({ compressionLevel: 1 }).toBuffer();
}
