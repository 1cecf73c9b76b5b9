import { parse } from "csv-parse/sync";
import { decodeText } from "../../../decode-text.js";
import { readDate } from "../../dates.js";
import { readAmount } from "../../money.js";
import type { Cell, Row } from "../../shapes.js";
import { withDecimalCommas } from "./decimal-commas.js";

const DELIMITERS = [",", ";", "\t", "|"];
const MAX_ROWS = 100_000;
const MAX_COLUMNS = 200;

/** Rows of a delimited text; the delimiter is what parts its lines most evenly. */
export function csvRows(bytes: Uint8Array): Row[] {
  const { text: whole } = decodeText(bytes);
  const announced = /^\ufeff?sep=(.)\r?\n/i.exec(whole);
  const text = announced ? whole.slice(announced[0].length) : whole.replace(/^\ufeff/, "");
  const delimiter = announced?.[1] ?? delimiterOf(text);
  const first = announced ? 2 : 1;
  const records = recordsOf(text, delimiter);
  const cells = records.map(({ texts }) => texts);
  return (delimiter === "," ? withDecimalCommas(cells) : cells)
    .map((texts, at) => toRow(texts, records[at]!.line + first - 1))
    .filter(({ cells }) => cells.length > 0);
}

/** A tab parts the cells of most lines, in as many columns each: told apart from text by `media-types`. */
export function looksLikeTable(text: string): boolean {
  const lines = text.split(/\r?\n/, 50).filter((line) => line.trim() !== "");
  if (lines.length < 2) return false;
  return DELIMITERS.some((delimiter) => {
    const cells = lines.map((line) => line.replace(/"[^"]*"/g, "x").split(delimiter));
    return isEven(cells.map(({ length }) => length)) || isEven(cells.map(lengthFilled)) || isFullOfLines(cells);
  });
}

/** A third of the lines or more with a day in a cell of its own and an amount in another: a table below a title. */
function isFullOfLines(rows: readonly (readonly string[])[]): boolean {
  const dated = rows.filter((cells) => {
    const day = cells.findIndex((cell) => readDate(unquoted(cell.trim())) !== null);
    return (
      day >= 0 &&
      cells.length >= 3 &&
      cells.some((cell, at) => at !== day && /[.,]\d{2}\D*$/.test(cell) && readAmount(unquoted(cell.trim())) !== null)
    );
  });
  return dated.length >= 2 && dated.length * 3 >= rows.length;
}

/** Some programs write blank cells to the end of the line and others stop at the last that is filled. */
function lengthFilled(cells: readonly string[]): number {
  return cells.findLastIndex((cell) => cell.trim() !== "") + 1;
}

function isEven(counts: readonly number[]): boolean {
  const usual = mostFrequent(counts);
  return usual >= 3 && counts.filter((count) => count === usual).length >= counts.length * 0.8;
}

function mostFrequent(counts: readonly number[]): number {
  const times = new Map<number, number>();
  for (const count of counts) times.set(count, (times.get(count) ?? 0) + 1);
  return [...times].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 0;
}

interface Record {
  readonly texts: readonly string[];
  /** The line that it ends on, from 1. */
  readonly line: number;
}

/** By the standard; where quotes are broken, line by line with a reader that forgives them: they cost a row, not the file. */
function recordsOf(text: string, delimiter: string): Record[] {
  try {
    const records = parse(text, {
      delimiter,
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: true,
      trim: true,
      max_record_size: 100_000,
      to: MAX_ROWS,
      info: true,
    }) as unknown as { record: string[]; info: { lines: number } }[];
    return records.map(({ record, info }) => ({ texts: record, line: info.lines }));
  } catch {
    return text.split(/\r?\n/, MAX_ROWS).map((line, at) => ({ texts: forgiving(line, delimiter), line: at + 1 }));
  }
}

/** A quote ends a cell only before a delimiter or at the line's end. */
function forgiving(line: string, delimiter: string): string[] {
  const cells: string[] = [];
  let rest = line;
  while (rest !== "") {
    const isQuoted = /^\s*"/.test(rest);
    const start = isQuoted ? rest.indexOf('"') + 1 : 0;
    let end = isQuoted ? rest.indexOf(`"${delimiter}`, start) : rest.indexOf(delimiter);
    if (end < 0) end = isQuoted && rest.trimEnd().endsWith('"') ? rest.trimEnd().length - 1 : rest.length;
    cells.push(rest.slice(start, end).replaceAll('""', '"').trim());
    rest = rest.slice(isQuoted ? end + 1 + delimiter.length : end + delimiter.length);
  }
  return cells;
}

/**
 * Most lines of a table have the same number of columns, its heading as well; a comma in each amount makes two of every line,
 * and no table.
 */
function delimiterOf(text: string): string {
  const lines = text
    .split(/\r?\n/, 200)
    .filter((line) => line.trim() !== "")
    .map((line) => line.replace(/"[^"]*"/g, ""));
  const counted = DELIMITERS.map((delimiter) => {
    const columns = lines.map((line) => columnsBy(delimiter, line));
    const counts = new Map<number, number>();
    for (const one of columns) if (one > 1) counts.set(one, (counts.get(one) ?? 0) + 1);
    const [usual, agreeing] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? [0, 0];
    // A heading has no figures; whatever parts the lines below it alone is of their texts.
    const isHeaded = agreeing > 1 && agreeing * 2 >= lines.length && !/\d/.test(lines[columns.indexOf(usual)]!);
    return { delimiter, isHeaded, agreeing, cells: agreeing * (usual - 1) };
  });
  return counted.sort(
    (a, b) => Number(b.isHeaded) - Number(a.isHeaded) || b.cells - a.cells || b.agreeing - a.agreeing,
  )[0]!.delimiter;
}

/** A comma between digits is an amount's where something else parts the line. */
function columnsBy(delimiter: string, line: string): number {
  const whole = delimiter === "," && /[;\t]/.test(line) ? line.replace(/(?<=\d),(?=\d)/g, "") : line;
  return whole.split(delimiter).length;
}

/** Rows of a sheet of a workbook. */
export interface Sheet {
  readonly name: string;
  readonly rows: readonly Row[];
}

/** Every sheet that has rows. Dates come as ISO, numbers with a decimal point, formulas as their result. */
export async function xlsxSheets(bytes: Uint8Array): Promise<Sheet[]> {
  // Loaded where it is needed: no other stage should pay for it.
  const { default: readXlsx } = await import("read-excel-file/universal");
  const sheets = await readXlsx(new Uint8Array(bytes).buffer);
  return sheets.flatMap(({ sheet, data }) => {
    const rows = data
      .slice(0, MAX_ROWS)
      .map((row, at): Row => ({ ...toRow(row.slice(0, MAX_COLUMNS).map(cellText), at + 1), sheet }))
      .filter(({ cells }) => cells.length > 0);
    return rows.length > 0 ? [{ name: sheet, rows }] : [];
  });
}

/** The same of a workbook of Excel 97 to 2003; `lost` hears in a sentence what could not be read. */
export async function xlsSheets(bytes: Uint8Array, name: string, lost: (what: string) => void): Promise<Sheet[]> {
  const { xlsTables } = await import("../../../documents/parsers/xls.js");
  return xlsTables(bytes, name, { warn: (_code, message) => lost(message) }).flatMap((table) => {
    const rows = table.rows
      .slice(0, MAX_ROWS)
      .map(({ row, cells }): Row => {
        const texts = Array.from({ length: MAX_COLUMNS }, () => "");
        for (const { column, value } of cells) if (column < MAX_COLUMNS) texts[column] = cellText(value);
        return { ...toRow(texts, row + 1), sheet: table.name };
      })
      .filter(({ cells }) => cells.length > 0);
    return rows.length > 0 ? [{ name: table.name, rows }] : [];
  });
}

/** What a cell shows, as far as its value tells it. */
function cellText(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "" : value.toISOString().slice(0, 10);
  if (typeof value === "number") return numberText(value);
  return typeof value === "object" ? "" : String(value as string | boolean);
}

/** A number's cents come back as such: six decimals are more than any currency has, and "0.1 + 0.2" has 17. */
function numberText(value: number): string {
  const text = String(Number(value.toFixed(6)));
  // "1234.5" could be read as an amount with a mark of either kind; "1234.50" shows it.
  return /\.\d$/.test(text) || /\.\d{3}$/.test(text) ? `${text}0` : text;
}

/** Some banks put single quotes around their cells, or one before a number that a spreadsheet shall take for text. */
function unquoted(text: string): string {
  if (/^'[^']*'$/.test(text)) return text.slice(1, -1).trim();
  return /^'\d/.test(text) ? text.slice(1) : text;
}

const WIDE = /^[\s０-９，．－＋￥¥円元\d,.+-]+$/u;
const DIGITS_OF = [0x0660, 0x06f0, 0xff10];

/** Marks of writing direction show nothing; digits of Arabic and wide ones are read as others are. */
function plainCell(text: string): string {
  const shown = text.replace(/[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/g, "");
  const digits = WIDE.test(shown) ? /[٠-٩۰-۹０-９，．－＋]/gu : /[٠-٩۰-۹]/gu;
  return shown
    .replace(/(?<=[٠-٩۰-۹])٫(?=[٠-٩۰-۹])/gu, ".")
    .replace(/(?<=[٠-٩۰-۹])٬(?=[٠-٩۰-۹])/gu, ",")
    .replace(digits, (sign) => {
      const other = { "，": ",", "．": ".", "－": "-", "＋": "+" }[sign];
      const code = sign.codePointAt(0)!;
      return other ?? String(code - DIGITS_OF.findLast((zero) => zero <= code)!);
    })
    .replace(/\s+/g, " ")
    .trim();
}

/** One row of a table from the texts of its cells. */
export function toRow(texts: readonly string[], at: number): Row {
  const cells = texts
    .slice(0, MAX_COLUMNS)
    .map((text, column): Cell => ({ text: unquoted(plainCell(text)), left: column, right: column }))
    .filter(({ text }) => text !== "");
  return { cells, gap: null, at };
}
