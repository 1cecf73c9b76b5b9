import { parse } from "csv-parse/sync";
import { decodeText } from "../../decode-text.js";
import type { Cell, Row } from "../shapes.js";

const DELIMITERS = [",", ";", "\t", "|"];
const MAX_ROWS = 100_000;
const MAX_COLUMNS = 200;

/** Rows of a delimited text; the delimiter is what parts its lines most evenly. */
export function csvRows(bytes: Uint8Array): Row[] {
  const { text } = decodeText(bytes);
  const records = parse(text, {
    delimiter: delimiterOf(text),
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    trim: true,
    max_record_size: 100_000,
    to: MAX_ROWS,
  }) as string[][];
  return records.map(toRow).filter(({ cells }) => cells.length > 0);
}

/** Most lines of a table have the same number of columns, and more than one. */
function delimiterOf(text: string): string {
  const lines = text.split(/\r?\n/, 200).filter((line) => line.trim() !== "");
  const counted = DELIMITERS.map((delimiter) => {
    const counts = new Map<number, number>();
    for (const line of lines) {
      const columns = line.replace(/"[^"]*"/g, "").split(delimiter).length;
      if (columns > 1) counts.set(columns, (counts.get(columns) ?? 0) + 1);
    }
    const [columns, agreeing] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? [0, 0];
    return { delimiter, agreeing, columns };
  });
  return counted.sort((a, b) => b.agreeing - a.agreeing || b.columns - a.columns)[0]!.delimiter;
}

/** Rows of a workbook's sheet that has most of them. Dates come as ISO, numbers with a decimal point, formulas as their result. */
export async function xlsxRows(bytes: Uint8Array): Promise<Row[]> {
  // Loaded where it is needed: no other stage should pay for it.
  const { default: readXlsx } = await import("read-excel-file/universal");
  const sheets = await readXlsx(new Uint8Array(bytes).buffer);
  const [largest] = sheets.map(({ data }) => data).sort((a, b) => b.length - a.length);
  const rows = (largest ?? []).slice(0, MAX_ROWS).map((row) => toRow(row.slice(0, MAX_COLUMNS).map(cellText)));
  return rows.filter(({ cells }) => cells.length > 0);
}

/** What a cell shows, as far as its value tells it. */
function cellText(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "" : value.toISOString().slice(0, 10);
  // Six decimals are more than any currency has, and hide what adding binary fractions leaves behind.
  if (typeof value === "number") return String(Number(value.toFixed(6)));
  return typeof value === "object" ? "" : String(value as string | boolean);
}

function toRow(texts: readonly string[]): Row {
  const cells = texts
    .slice(0, MAX_COLUMNS)
    .map((text, column): Cell => ({ text: text.replace(/\s+/g, " ").trim(), left: column, right: column }))
    .filter(({ text }) => text !== "");
  return { cells, gap: null };
}
