import type { Json } from "../../pipeline.js";

/** What a parser makes of a document. */
export interface Parsed {
  /** Empty where the document has none, such as a photograph. */
  readonly text: string;
  readonly metadata: Readonly<Record<string, Json>>;
  readonly pageStarts?: readonly number[];
}

/** What a parser may use beside the bytes. */
export interface ParseAid {
  /** As found by content. */
  readonly mediaType: string;
  /** Whether the letters in images are to be read. */
  readonly ocr: boolean;
  /** Leaves a warning on the task: something is missing, though the document was read. */
  warn(code: string, message: string): void;
  /**
   * Parses what was found inside the document, such as a mail's attachment. Null where no parser takes it.
   * @throws {PermanentError} as the parser of that format does; RESOURCE_LIMIT when it is nested too deep
   */
  parseInner(bytes: Uint8Array, name: string): Promise<Parsed | null>;
}

/** @throws {PermanentError} ENCRYPTED_DOCUMENT, MALFORMED_DOCUMENT, RESOURCE_LIMIT; anything else counts as malformed */
export type Parser = (bytes: Uint8Array, name: string, aid: ParseAid) => Promise<Parsed>;

/** Deeper nesting than this is an attack or a mistake. */
export const MAX_NESTING = 500;

/** More of one fact, such as a title, than this is no fact. */
const MAX_FACT_LENGTH = 500;

/** The named values that say something, trimmed and cut to what a fact may hold. */
export function factsOf(values: Readonly<Record<string, unknown>>): Record<string, Json> {
  const facts: Record<string, Json> = {};
  for (const [name, value] of Object.entries(values)) {
    if (typeof value === "number" ? Number.isFinite(value) : typeof value === "boolean") facts[name] = value as Json;
    if (typeof value !== "string") continue;
    const trimmed = value.replaceAll("\0", "").trim().slice(0, MAX_FACT_LENGTH);
    if (trimmed !== "") facts[name] = trimmed;
  }
  return facts;
}
