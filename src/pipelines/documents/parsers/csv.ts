import type { Block } from "../blocks/block.js";
import { delimiterOf, recordsOf } from "./csv-records.js";
import { readText, type ParseAid, type Parsed } from "./parsed.js";

/** A row of the table a record. What is no table, having one column, is lines. */
export async function parseCsv(bytes: Uint8Array, name: string, aid: ParseAid): Promise<Parsed> {
  const { text, encoding } = readText(bytes, name, aid);
  // Spreadsheets write which delimiter follows into a line of its own.
  const named = /^sep=(.)\r?\n/i.exec(text);
  const body = named ? text.slice(named[0].length) : text;
  const { records, brokenQuotes } = recordsOf(body, named?.[1] ?? delimiterOf(body));
  if (brokenQuotes > 0) {
    aid.warn("QUOTES_BROKEN", `${name} has ${brokenQuotes} quotes that are not closed; they were read as letters.`, {
      count: brokenQuotes,
    });
  }
  const rows = records
    .map((record) => record.map((cell) => cell.trim()))
    .filter((row) => row.some((cell) => cell !== ""));
  const columns = rows.reduce((most, row) => Math.max(most, row.length), 0);
  return { blocks: tableBlocks(rows), metadata: { encoding, rows: rows.length, columns } };
}

/** The rows under their names, where the first row holds names: text in every column, and no figure among them. */
export function tableBlocks(rows: readonly (readonly string[])[], place: Partial<Block> = {}): Block[] {
  if (rows.length === 0) return [];
  const [first = []] = rows;
  const namesColumns =
    rows.length > 1 && first.length > 1 && first.every((cell) => cell !== "" && !/^[\d\s.,%€$£:/+-]+$/.test(cell));
  return [{ ...place, kind: "table", rows, headRows: namesColumns ? 1 : 0 } as Block];
}
