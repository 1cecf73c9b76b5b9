import type { Json } from "../../pipeline.js";

/** What a parser makes of a document. */
export interface Parsed {
  readonly text: string;
  readonly metadata: Readonly<Record<string, Json>>;
  readonly pageStarts?: readonly number[];
}

/** @throws {PermanentError} ENCRYPTED_DOCUMENT, MALFORMED_DOCUMENT, RESOURCE_LIMIT; anything else counts as malformed */
export type Parser = (bytes: Uint8Array, name: string) => Promise<Parsed>;

/** Deeper nesting than this is an attack or a mistake. */
export const MAX_NESTING = 500;
