import { HeadwayError } from "../errors.js";

/** Largest stage output, in bytes of JSON; larger results go into an artifact. */
export const MAX_OUTPUT_BYTES = 1_000_000;
/** All metadata of one document together, as JSON, however many stages and requests add to it. */
export const MAX_METADATA_BYTES = 1_000_000;
const MAX_DEPTH = 100;
const MAX_MESSAGE_LENGTH = 4_000;

/** Serialises a stage's output, or other `what`, once. @throws {HeadwayError} OUTPUT_UNSTORABLE saying what can't be stored */
export function toStorableJson(value: unknown, what = "output"): string {
  let json: string | undefined;
  try {
    assertBounded(value, what);
    json = JSON.stringify(value ?? null);
  } catch (error) {
    if (error instanceof HeadwayError) throw error;
    throw unstorable(what, `it is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (json === undefined) throw unstorable(what, `a ${typeof value} is not JSON`);
  const sizeBytes = Buffer.byteLength(json);
  if (sizeBytes > MAX_OUTPUT_BYTES) throw tooLarge(what, sizeBytes);
  const fault = unstorableIn(json);
  if (fault !== null) throw unstorable(what, `it contains ${fault}`);
  return json;
}

/**
 * Refuses what is nested too deep, and what is too large as soon as that is plain: to serialise and search 300 MB in
 * order to refuse them would hold up everything else in the process for seconds.
 */
function assertBounded(value: unknown, what: string): void {
  let length = 0;
  const visit = (inner: unknown, depth: number): void => {
    if (depth > MAX_DEPTH) throw unstorable(what, `it is nested more than ${MAX_DEPTH} deep`);
    if (typeof inner === "string") length += inner.length;
    if (length > MAX_OUTPUT_BYTES) throw tooLarge(what, `more than ${MAX_OUTPUT_BYTES}`);
    if (typeof inner !== "object" || inner === null) return;
    if (typeof (inner as { toJSON?: unknown }).toJSON === "function") return; // It says itself what becomes of it.
    for (const [key, one] of Object.entries(inner)) {
      if (!Array.isArray(inner)) length += key.length;
      visit(one, depth + 1);
    }
  };
  visit(value, 0);
}

function tooLarge(what: string, size: number | string): HeadwayError {
  return unstorable(what, `it has ${size} bytes of JSON; the limit is ${MAX_OUTPUT_BYTES}; write an artifact instead`);
}

/** What Postgres does not take in JSON that JSON.stringify made; null where it takes it. */
export function unstorableIn(json: string): string | null {
  // Backslashes are counted so that an escaped backslash before "u0000" is not taken for the character.
  if (/(^|[^\\])(\\\\)*\\u0000/.test(json)) return "the character U+0000";
  return /(^|[^\\])(\\\\)*\\ud[89a-f]/i.test(json) ? "half of a surrogate pair" : null;
}

function unstorable(what: string, why: string): HeadwayError {
  return new HeadwayError("OUTPUT_UNSTORABLE", `The stage's ${what} can't be stored: ${why}.`);
}

/** A text that Postgres takes: no U+0000, no lone surrogate, at most 4,000 characters. */
export function toStorableMessage(text: string): string {
  return toStorableText(text.slice(0, MAX_MESSAGE_LENGTH));
}

/** As toStorableMessage, of any length. */
export function toStorableText(text: string): string {
  return text
    .replaceAll("\0", "\uFFFD")
    .replace(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g, "\uFFFD");
}
