import { parse } from "csv-parse/sync";
import { decodeText } from "../../decode-text.js";
import type { Parsed } from "./parsed.js";

const DELIMITERS = [",", ";", "\t", "|"];

/** One line of text a row, its cells apart by tabs. */
export async function parseCsv(bytes: Uint8Array): Promise<Parsed> {
  const { text, encoding } = decodeText(bytes);
  const rows = parse(text, {
    delimiter: delimiterOf(text),
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    trim: true,
    max_record_size: 1_000_000,
  }) as string[][];
  const columns = rows.reduce((most, row) => Math.max(most, row.length), 0);
  return { text: rows.map((row) => row.join("\t")).join("\n"), metadata: { encoding, rows: rows.length, columns } };
}

/** The one that the first lines hold most of. */
function delimiterOf(text: string): string {
  const head = text.split(/\r?\n/, 20).join("\n");
  const counted = DELIMITERS.map((delimiter) => ({ delimiter, count: head.split(delimiter).length }));
  return counted.sort((a, b) => b.count - a.count)[0]!.delimiter;
}
