import { RE2JS } from "re2js";
import { PermanentError, messageOf } from "../../errors.js";
import type { FieldOptions } from "./options.js";

const MAX_VALUES = 100;
const MAX_VALUE_LENGTH = 1_000;

export type FieldValue = string | number;

/**
 * The values of a field in a text, in order: one, or all up to 100 where the field asks for all. Patterns run on RE2,
 * whose time grows with the text alone, whatever the pattern. @throws {PermanentError} INVALID_PATTERN
 */
export function findField(text: string, name: string, field: FieldOptions): FieldValue[] {
  const found = field.pattern === undefined ? byLabel(text, field) : byPattern(text, name, field);
  return field.type === "number" ? found.flatMap((value) => toNumber(value) ?? []) : found;
}

function byPattern(text: string, name: string, { pattern = "", ignoreCase, all }: FieldOptions): string[] {
  const matcher = compiled(name, pattern, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0).matcher(text);
  const values: string[] = [];
  while (values.length < (all ? MAX_VALUES : 1) && matcher.find()) {
    const value = matcher.groupCount() > 0 ? matcher.group(1) : matcher.group(0);
    if (value) values.push(value.trim().slice(0, MAX_VALUE_LENGTH));
  }
  return values;
}

/** @throws {PermanentError} INVALID_PATTERN: what RE2 refuses (look-around, back references) or can't read */
function compiled(name: string, pattern: string, flags: number): RE2JS {
  try {
    return RE2JS.compile(pattern, RE2JS.MULTILINE | flags);
  } catch (error) {
    throw new PermanentError(
      "INVALID_PATTERN",
      `The pattern of field "${name}" can't be used: ${messageOf(error)}. Look-around and back references are not taken.`,
    );
  }
}

/** What stands behind the label on its line, or on the next one when the label ends its own. */
function byLabel(text: string, { label = "", all }: FieldOptions): string[] {
  const lines = text.split("\n");
  const wanted = label.toLowerCase();
  const values: string[] = [];
  for (const [index, line] of lines.entries()) {
    const at = line.toLowerCase().indexOf(wanted);
    if (at < 0 || /[\p{L}\p{N}]/u.test(`${line[at - 1] ?? ""}${line[at + label.length] ?? ""}`)) continue;
    const rest = line.slice(at + label.length).replace(/^[\s:=#.]+/, "");
    const value = (rest || (lines[index + 1] ?? "")).trim().split(/\t| {3,}/)[0]!;
    if (value !== "") values.push(value.slice(0, MAX_VALUE_LENGTH));
    if (values.length >= (all ? MAX_VALUES : 1)) break;
  }
  return values;
}

/** "1.234,56 EUR" is 1234.56: the last mark parts decimals, unless three digits follow it alone. Null where it is no number. */
function toNumber(value: string): number | null {
  const digits = /[-+]?\d(?:[.,' ]?\d)*/.exec(value)?.[0];
  if (digits === undefined) return null;
  const last = Math.max(digits.lastIndexOf("."), digits.lastIndexOf(","));
  const isThousands = last >= 0 && digits.length - last === 4 && new Set(digits.match(/[.,]/g)).size === 1;
  const plain = (part: string): string => part.replace(/[^\d+-]/g, "");
  const decimals = last < 0 || isThousands ? "" : `.${plain(digits.slice(last))}`;
  return Number(`${plain(decimals === "" ? digits : digits.slice(0, last))}${decimals}`);
}
