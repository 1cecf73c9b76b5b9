/** What Postgres can't keep as text or inside of JSON; the second half of a pair without the first, too. */
const UNSTORABLE = /\0|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/;

/** Whether Postgres keeps the text as it is: without U+0000, and without half of a surrogate pair. */
export function isStorableText(text: string): boolean {
  return !UNSTORABLE.test(text);
}

/** How it is told that a text is not. */
export const MUST_BE_STORABLE = "must not contain the character U+0000 or half of a surrogate pair";
