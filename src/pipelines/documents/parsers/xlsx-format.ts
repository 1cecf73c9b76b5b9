import { format, getFormatFromId, isDateFormat, isPercentFormat } from "numfmt";
import { find, type XmlNode } from "./office-xml.js";
import type { RawCell } from "./xlsx-sheet.js";

/** Short dates that show as the reader's machine has them, and not as the file says. */
const LOCAL_DATE = 14;
const LOCAL_STAMP = 22;
/** Days from the first of January 1900 to that of 1904, which some workbooks count from. */
const DAYS_TO_1904 = 1_462;
/** The day 0; days before March 1900 are counted wrongly, as in the program that Excel followed. */
const FIRST_DAY = Date.UTC(1899, 11, 30);
/** What a German Excel writes for day and year; the library knows the English letters. */
const GERMAN: readonly (readonly [RegExp, string])[] = [
  [/T(?=[^"]*(?:"[^"]*"[^"]*)*$)/g, "d"],
  [/J(?=[^"]*(?:"[^"]*"[^"]*)*$)/g, "y"],
];

/** How cells show, by the number of their style. `styles` is null where the workbook has none. */
export function patternsOf(styles: XmlNode | null): string[] {
  const own = new Map(
    (styles ? find(styles, "numFmt") : []).map(({ attributes }) => [attributes.numFmtId, attributes.formatCode ?? ""]),
  );
  const records = styles ? find(styles, "cellXfs").flatMap((list) => find(list, "xf")) : [];
  return records.map(({ attributes: { numFmtId = "0" } }) => own.get(numFmtId) ?? builtInPattern(Number(numFmtId)));
}

/** How cells of each style show. */
export class CellFormats {
  readonly #patterns: readonly string[];
  readonly #offset: number;
  /** Cells that name a shared text which is not there. */
  lost = 0;

  /** By the number of a style how its cells show; `is1904` where days count from that year. */
  constructor(patterns: readonly string[], is1904: boolean) {
    this.#patterns = patterns;
    this.#offset = is1904 ? DAYS_TO_1904 : 0;
  }

  /** Dates, times, shares and numbers with zeros in front as the sheet shows them; other numbers as they are. */
  show({ type, style, value }: RawCell, shared: readonly string[]): string {
    if (type === "s") {
      const text = shared[Number(value)];
      if (text === undefined) this.lost += 1;
      return text ?? "";
    }
    if (type === "b") return value === "1" || value === "true" ? "TRUE" : "FALSE";
    if (type === "d") return value.replace("T", " ").replace(/Z$/, "");
    if (type !== "n") return value;
    const number = Number(value);
    if (!Number.isFinite(number) || value.trim() === "") return value;
    const pattern = this.#patterns[style] ?? "General";
    if (isTime(pattern)) return this.#date(number, pattern) ?? plain(number);
    if (isPercentFormat(pattern) || /^0{2,}$/.test(pattern)) return shown(pattern, number) ?? plain(number);
    return plain(number);
  }

  /** The day of a cell that shows one, such as "2026-03-01"; null of any other, and of times alone. */
  day({ type, style, value }: RawCell): string | null {
    const pattern = this.#patterns[style] ?? "General";
    const serial = Number(value) + this.#offset;
    if (type !== "n" || !isTime(pattern) || !/[dyj]/i.test(pattern) || !(serial >= 61 && serial < 2_958_466))
      return null;
    return new Date(FIRST_DAY + Math.floor(serial) * 86_400_000).toISOString().slice(0, 10);
  }

  #date(serial: number, pattern: string): string | null {
    const text = shown(pattern, serial + this.#offset);
    if (text === null || /^#+$/.test(text)) return null;
    // An hour of one figure is read as a time by people, and by programs when it has two.
    return text.replace(/^(\d)(:\d\d)/, "0$1$2").replace(/(\s)(\d:\d\d)/, "$10$2");
  }
}

function isTime(pattern: string): boolean {
  return pattern !== "General" && isDateFormat(pattern);
}

/** What a number of a format means that a workbook does not define. */
export function builtInPattern(id: number): string {
  if (id === LOCAL_DATE) return "yyyy-mm-dd";
  if (id === LOCAL_STAMP) return "yyyy-mm-dd hh:mm";
  // Of East Asian programs: dates in words of their languages, under numbers that others leave free.
  if ((id >= 27 && id <= 31) || id === 36 || (id >= 50 && id <= 54) || id === 57 || id === 58) return "yyyy-mm-dd";
  if (id >= 32 && id <= 35) return "hh:mm";
  return getFormatFromId(id) ?? "General";
}

function shown(pattern: string, value: number): string | null {
  try {
    const english = /[TJ]{2}/.test(pattern)
      ? GERMAN.reduce((text, [letter, ours]) => text.replace(letter, ours), pattern)
      : pattern;
    return format(english, value).trim();
  } catch {
    return null; // A pattern that is none.
  }
}

/** Fifteen digits are what a sheet computes with; more is what adding binary fractions leaves behind. */
function plain(number: number): string {
  const rounded = Number(number.toPrecision(15));
  return Number.isInteger(rounded) && Math.abs(rounded) < 1e21 ? BigInt(rounded).toString() : String(rounded);
}
