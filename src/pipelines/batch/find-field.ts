import type { FieldOptions } from "./options.js";
import { compilePattern } from "./pattern.js";

const MAX_VALUES = 100;
const MAX_VALUE_LENGTH = 1_000;

export type FieldValue = string | number;

/**
 * The values of a field in a text, in order: one, or all up to 100 where the field asks for all. Of a number field only
 * what is a number counts. @throws {Error} for a pattern that the options should have refused
 */
export function findField(text: string, field: FieldOptions): FieldValue[] {
  const found = field.pattern === undefined ? byLabel(text, field) : byPattern(text, field);
  return field.type === "number" ? found.flatMap((value) => toNumber(value) ?? []) : found;
}

function byPattern(text: string, { pattern = "", ignoreCase, all }: FieldOptions): string[] {
  const matcher = compilePattern(pattern, ignoreCase).matcher(text);
  const values: string[] = [];
  while (values.length < (all ? MAX_VALUES : 1) && matcher.find()) {
    const value = matcher.groupCount() > 0 ? matcher.group(1) : matcher.group(0);
    if (value) values.push(value.trim().slice(0, MAX_VALUE_LENGTH));
  }
  return values;
}

/** What stands behind the label on its line, or on the next one when the label ends its own; tabs and wide gaps end it. */
function byLabel(text: string, { label = "", all }: FieldOptions): string[] {
  const literal = label.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&").replace(/\s+/g, "\\s+");
  const wanted = new RegExp(`(?<![\\p{L}\\p{N}])${literal}(?![\\p{L}\\p{N}])[\\s:=#.]*`, "iu");
  const lines = text.split(/\r?\n/);
  const values: string[] = [];
  for (const [index, line] of lines.entries()) {
    const found = wanted.exec(line);
    if (!found) continue;
    const rest = line.slice(found.index + found[0].length);
    const value = (rest || (lines[index + 1] ?? "")).trim().split(/\t| {3,}/)[0]!;
    if (value !== "") values.push(value.slice(0, MAX_VALUE_LENGTH));
    if (values.length >= (all ? MAX_VALUES : 1)) break;
  }
  return values;
}

/** Thousands apart by blanks, of whatever width; or digits with single marks between them. A hyphen in a word is no sign. */
const NUMBER =
  /(?:(?<![\p{L}\p{N}])[-+\u2212])?(?:\d{1,3}(?:[ \u00a0\u2009\u202f]\d{3})+(?!\d)(?:[.,]\d+)?|\d(?:[.,'\u2019]?\d)*)/u;

/**
 * "1.234,56 EUR" is 1234.56: the last mark parts decimals, unless it is one that comes again, or three digits follow it
 * alone and no lone zero stands before it. Null where it is no number.
 */
function toNumber(value: string): number | null {
  const digits = NUMBER.exec(value)?.[0].replace("\u2212", "-");
  if (digits === undefined) return null;
  const marks = digits.match(/[.,]/g) ?? [];
  const last = Math.max(digits.lastIndexOf("."), digits.lastIndexOf(","));
  const isOneKind = new Set(marks).size === 1;
  const isLoneGroup = digits.length - last === 4 && !/^[-+]?0[.,]/.test(digits) && !/[\s'\u2019]/.test(digits);
  const isThousands = last >= 0 && isOneKind && (marks.length > 1 || isLoneGroup);
  const plain = (part: string): string => part.replace(/[^\d+-]/g, "");
  const decimals = last < 0 || isThousands ? "" : `.${plain(digits.slice(last))}`;
  return Number(`${plain(decimals === "" ? digits : digits.slice(0, last))}${decimals}`);
}
