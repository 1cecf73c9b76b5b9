import { findDates, toIso, type DateOrder } from "../expenses/dates.js";
import { decimalMarkOf, findAmounts, toDecimal, toMinor } from "../expenses/money.js";
import type { FieldOptions } from "./options.js";
import { compilePattern } from "./pattern.js";

const MAX_VALUES = 100;
const MAX_VALUE_LENGTH = 1_000;

/** An amount in its currency's major unit; currency is null where the text names none. */
export interface MoneyValue {
  readonly amount: number;
  readonly currency: string | null;
}
export type FieldValue = string | number | MoneyValue;

/** The values of a field, or why there are none. */
export interface FoundField {
  readonly values: FieldValue[];
  /** In words; null where there are values. */
  readonly missing: string | null;
}

/**
 * The values of a field in a text: one by its position, or all up to 100 where the field asks for all. Only what is of the
 * field's type counts. @throws {Error} for a pattern that the options should have refused
 */
export function findField(text: string, field: FieldOptions): FoundField {
  const { found, missing } = field.pattern === undefined ? byLabels(text, field) : byPattern(text, field);
  const values = found.flatMap((value) => valueOf(value, field, text) ?? []);
  if (values.length > 0) return { values: positioned(values, field), missing: null };
  return {
    values: [],
    missing: found.length > 0 ? `${missing}, with no ${field.type} in "${found[0]!.slice(0, 60)}"` : missing,
  };
}

interface Found {
  readonly found: string[];
  readonly missing: string;
}

function byPattern(text: string, { pattern = "", ignoreCase }: FieldOptions): Found {
  const matcher = compilePattern(pattern, ignoreCase).matcher(text);
  const found: string[] = [];
  while (found.length < MAX_VALUES && matcher.find()) {
    const value = matcher.groupCount() > 0 ? matcher.group(1) : matcher.group(0);
    if (value) found.push(value.trim().slice(0, MAX_VALUE_LENGTH));
  }
  return { found, missing: found.length > 0 ? "the pattern matches" : "the pattern matches nothing" };
}

/** The values behind the first label, in the field's order, that has one of the field's type beside it. */
function byLabels(text: string, field: FieldOptions): Found {
  const tried = field.label.map((label) => ({ label, found: besideLabel(text, label) }));
  const good = tried.find(({ found }) => found.some((value) => valueOf(value, field, text) !== null));
  const seen = good ?? tried.find(({ found }) => found.length > 0);
  const named = field.label.map((label) => `"${label}"`).join(" nor ");
  return {
    found: seen?.found ?? [],
    missing: seen
      ? `"${seen.label}" is there`
      : `${field.label.length > 1 ? "neither " : ""}${named} ${field.label.length > 1 ? "is" : "is not"} in its text`,
  };
}

/** What stands behind the label on its line, or on the next one when the label ends its own; tabs and wide gaps end it. */
function besideLabel(text: string, label: string): string[] {
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
    if (values.length >= MAX_VALUES) break;
  }
  return values;
}

/** The value as its type; null where it is none. */
function valueOf(value: string, field: FieldOptions, text: string): FieldValue | null {
  if (field.type === "number") return toNumber(withoutDates(value));
  if (field.type === "date") return toDate(value, field.dateOrder);
  return field.type === "money" ? toMoney(value, text) : value;
}

function positioned(values: FieldValue[], { all, position }: FieldOptions): FieldValue[] {
  if (all) return values;
  if (position === "last") return values.slice(-1);
  if (position === "first") return values.slice(0, 1);
  const size = (value: FieldValue): number | string => (typeof value === "object" ? value.amount : value);
  return [values.reduce((most, one) => (size(one) > size(most) ? one : most))];
}

/** "August 3" and "03/04/2026" are days; what is left of a text may be a number. */
function withoutDates(value: string): string {
  const dates = findDates(value);
  return dates.reduceRight((rest, { index, length }) => `${rest.slice(0, index)} ${rest.slice(index + length)}`, value);
}

/** ISO; null where the text has no day with its year. */
function toDate(value: string, order: DateOrder): string | null {
  const [first] = findDates(value);
  return first ? toIso(first.date, order, null) : null;
}

/** The first amount of the value; the decimal mark is that of all amounts in the text. */
function toMoney(value: string, text: string): MoneyValue | null {
  const found =
    findAmounts(withoutDates(value)).find(
      ({ amount }) => amount.currency !== null || /[.,]\d{2}$/.test(amount.number),
    ) ?? findAmounts(withoutDates(value))[0];
  if (!found) return null;
  const { amount } = found;
  const mark = decimalMarkOf(findAmounts(text.slice(0, 100_000)).map(({ amount: { number } }) => number));
  const minor = toMinor(amount, amount.currency, mark);
  return minor === null
    ? null
    : { amount: Number(toDecimal(amount.negative ? -minor : minor, amount.currency)), currency: amount.currency };
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
