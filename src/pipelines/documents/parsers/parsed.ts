import { decodeText, type DecodedText } from "../../decode-text.js";
import { PermanentError } from "../../../errors.js";
import type { Json, WarningScope } from "../../pipeline.js";
import type { Block } from "../blocks/block.js";
import type { KeptPages } from "../kept-pages.js";

/** What a parser makes of a document. */
export interface Parsed {
  /** In reading order. Empty where the document holds no text, such as a photograph. */
  readonly blocks: readonly Block[];
  /** By the names of Dublin Core where it has one: title, creator, created, modified, language, subject, keywords. */
  readonly metadata: Readonly<Record<string, Json>>;
}

/** What a parser may use beside the bytes. */
export interface ParseAid {
  /** As found by content. */
  readonly mediaType: string;
  /** Whether the letters in images are to be read. */
  readonly ocr: boolean;
  /** Whether menus and other navigation of web pages belong to the text. */
  readonly menus: boolean;
  /** Leaves a warning on the task: something is missing, though the document was read. */
  warn(code: string, message: string, scope?: WarningScope): void;
  /** How much of the document has been read, 0 to 1. */
  progress(fraction: number, message?: string): void;
  /** Pages that OCR has read, over attempts; absent of what is inside another document. */
  readonly keptPages?: KeptPages | undefined;
  /**
   * Parses what was found inside the document, such as a mail's attachment. Null where no parser supports it.
   * @throws {PermanentError} as the parser of that format does; RESOURCE_LIMIT when it is nested too deep
   */
  parseInner(bytes: Uint8Array, name: string): Promise<Parsed | null>;
}

/** @throws {PermanentError} ENCRYPTED_DOCUMENT, MALFORMED_DOCUMENT, RESOURCE_LIMIT; anything else counts as malformed */
export type Parser = (bytes: Uint8Array, name: string, aid: ParseAid) => Promise<Parsed>;

/** Deeper nesting than this is an attack or a mistake. */
export const MAX_NESTING = 500;

/** A book of 5,000 pages has a tenth of this; what has more is not read by anybody, and takes more memory than there is. */
const MAX_BLOCKS = 1_000_000;

/** To be asked while blocks are gathered. @throws {PermanentError} RESOURCE_LIMIT */
export function assertBlockCount(count: number): void {
  if (count <= MAX_BLOCKS) return;
  throw new PermanentError(
    "RESOURCE_LIMIT",
    `The document holds more than ${MAX_BLOCKS} paragraphs, which is the limit. Split it.`,
  );
}

/** More of one fact, such as a title, than this is no fact. */
const MAX_FACT_LENGTH = 500;
const MAX_FACTS_OF_A_LIST = 50;

/** The named values that say something, trimmed and cut to what a fact may hold; of dates their ISO form. */
export function factsOf(values: Readonly<Record<string, unknown>>): Record<string, Json> {
  const facts: Record<string, Json> = {};
  for (const [name, value] of Object.entries(values)) {
    const fact = factOf(value);
    if (fact !== null) facts[name] = fact;
  }
  return facts;
}

function factOf(value: unknown): Json {
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value === "boolean") return value;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (Array.isArray(value)) {
    const list = value
      .slice(0, MAX_FACTS_OF_A_LIST)
      .map(factOf)
      .filter((one) => one !== null);
    return list.length > 0 ? list : null;
  }
  if (typeof value !== "string") return null;
  const trimmed = value.replaceAll("\0", "").trim().slice(0, MAX_FACT_LENGTH);
  return trimmed === "" ? null : trimmed;
}

/** No text has so many letters of nothing in a row; what a broken transfer or disk leaves out has. */
const BLANK = /\0{8,}/g;

/** Warns of stretches of nothing inside a text; at its end they are only padding. */
export function warnOfBlanks(text: string, name: string, aid: Pick<ParseAid, "warn">): void {
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === 0) end -= 1;
  const count = text.slice(0, end).match(BLANK)?.length ?? 0;
  if (count === 0) return;
  aid.warn(
    "PART_UNREAD",
    `${name} is empty in ${count} places, as a broken transfer leaves it; what stood there is lost.`,
    {
      count,
    },
  );
}

/** The bytes as text. What is doubtful about that is a warning. */
export function readText(bytes: Uint8Array, name: string, aid: ParseAid, declared?: string | null): DecodedText {
  const decoded = decodeText(bytes, declared);
  if (decoded.isGuessed) {
    aid.warn(
      "ENCODING_GUESSED",
      `${name} does not say how it is encoded, and was read as ${decoded.encoding}; send it as UTF-8 if letters are wrong.`,
    );
  }
  if (decoded.badBytes > 0) {
    aid.warn(
      "CHARACTERS_REPLACED",
      `${name} has ${decoded.badBytes} places that are no characters of ${decoded.encoding}; they were replaced by U+FFFD.`,
      { count: decoded.badBytes },
    );
  }
  warnOfBlanks(decoded.text, name, aid);
  return decoded;
}
