import { createRequire } from "node:module";
import type { RE2JS } from "re2js";
import { messageOf } from "../../errors.js";

const load = createRequire(import.meta.url);

/**
 * Compiles a user's pattern for RE2, whose time grows with the text alone, whatever the pattern; ^ and $ match at lines.
 * RE2 is loaded with the first pattern, because few processes ever see one, and in one turn, because a schema asks.
 * @throws {Error} saying what RE2 refuses (look-around, back references, far too many repeats) or can't read
 */
export function compilePattern(pattern: string, ignoreCase: boolean): RE2JS {
  const { RE2JS: Re2 } = load("re2js") as typeof import("re2js");
  return Re2.compile(pattern, Re2.MULTILINE | (ignoreCase ? Re2.CASE_INSENSITIVE : 0));
}

/** What is wrong with the pattern and what to do; null where it can be used. */
export function patternFault(pattern: string): string | null {
  try {
    compilePattern(pattern, false);
    return null;
  } catch (error) {
    const why = messageOf(error).replace(/^error parsing regexp: /, "");
    return `pattern can't be used (${why}); it is read by RE2, which takes no look-around and no back references`;
  }
}
