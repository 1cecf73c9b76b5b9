import { PermanentError } from "../../../errors.js";
import type { Block, BlockPlace } from "../blocks/block.js";
import { tableBlocks } from "./csv.js";
import { columnName, MAX_CELLS, tooMany } from "./xlsx-sheet.js";

/** In all cells: one long text that many cells share is small in the file and gigabytes on the sheet. */
const MAX_CHARACTERS = 20_000_000;

/** What a workbook has come to so far, for its limits. */
export interface SheetCounts {
  readonly name: string;
  cells: number;
  characters: number;
}

export function rowsIn(block: Block): number {
  if (block.kind === "table") return block.rows.length;
  return block.kind === "lines" ? block.text.split("\n").length : 0;
}

/** @throws {PermanentError} RESOURCE_LIMIT */
export function countText(reader: SheetCounts, characters: number): void {
  if ((reader.characters += characters) <= MAX_CHARACTERS) return;
  throw new PermanentError(
    "RESOURCE_LIMIT",
    `The cells of ${reader.name} hold more than ${MAX_CHARACTERS} characters, which is the limit. Split it.`,
  );
}

/** Empty rows part what stands on a sheet; columns that a part leaves empty are no part of it. */
export function regionsOf(
  rows: ReadonlyMap<number, ReadonlyMap<number, string>>,
  reader: SheetCounts,
  place: BlockPlace,
): Block[] {
  const numbers = [...rows.keys()].sort((a, b) => a - b);
  const regions: number[][] = [];
  for (const number of numbers) {
    const open = regions.at(-1);
    if (open && open.at(-1) === number - 1) open.push(number);
    else regions.push([number]);
  }
  return regions.flatMap((region) => {
    const columns = [...new Set(region.flatMap((row) => [...rows.get(row)!.keys()]))].sort((a, b) => a - b);
    reader.cells += region.length * columns.length;
    if (reader.cells > MAX_CELLS) throw tooMany(reader.name);
    const texts = region.map((row) => columns.map((column) => rows.get(row)!.get(column) ?? ""));
    const range = `${columnName(columns[0]!)}${region[0]! + 1}:${columnName(columns.at(-1)!)}${region.at(-1)! + 1}`;
    return titledTable(texts, { ...place, range });
  });
}

/** Lines of one cell above a table are what it is about, and not its head. */
function titledTable(rows: readonly (readonly string[])[], place: BlockPlace): Block[] {
  const begin = rows.findIndex((row) => row.filter((cell) => cell !== "").length > 1);
  const titles = begin < 0 ? rows : rows.slice(0, begin);
  const lines = titles.map((row) => row.filter((cell) => cell !== "").join(" "));
  return [
    ...(lines.length > 0 ? [{ kind: "lines", text: lines.join("\n"), ...place } as Block] : []),
    ...(begin < 0 ? [] : tableBlocks(rows.slice(begin), place)),
  ];
}
