import type { ParseAid } from "./parsed.js";
import type { CellFormats } from "./xlsx-format.js";
import { countText, type SheetCounts } from "./xlsx-regions.js";
import type { RawSheet } from "./xlsx-sheet.js";

/** Cells that merges repeat, and cells that are looked at for that, in all sheets. */
const MAX_MERGED_CELLS = 100_000;
const MAX_LOOKED_AT = 5_000_000;

/** What the cells of a workbook are shown by, and what they have come to. */
export interface SheetReader extends SheetCounts {
  readonly shared: readonly string[];
  readonly formats: CellFormats;
  merged: number;
  lookedAt: number;
}

/** What of the sheets is lost. */
export function warnOfSheets({ name, merged, lookedAt, formats }: SheetReader, aid: Pick<ParseAid, "warn">): void {
  if (merged > MAX_MERGED_CELLS || lookedAt > MAX_LOOKED_AT) {
    aid.warn("PART_UNREAD", `${name} has more merged cells than are repeated; some stand once.`, { count: 1 });
  }
  if (formats.lost > 0) {
    aid.warn("PART_UNREAD", `${formats.lost} cells of ${name} show texts that are not in it.`, { count: formats.lost });
  }
}

/** Formulas whose results are not in the file: programs that write workbooks leave the computing to whoever opens them. */
export function warnOfFormulas(count: number, name: string, aid: Pick<ParseAid, "warn">): void {
  if (count === 0) return;
  aid.warn(
    "PART_UNREAD",
    `${count} cells of ${name} hold formulas without their results; open it in a spreadsheet program, save it, and send that.`,
    { count },
  );
}

/** Rows by their number, each with its cells by their column. */
export function shownRows(reader: SheetReader, { rows, merged }: RawSheet): Map<number, Map<number, string>> {
  const shown = new Map<number, Map<number, string>>();
  for (const { row, cells } of rows) {
    const texts = shown.get(row) ?? new Map<number, string>();
    for (const cell of cells) {
      const said = reader.formats.show(cell, reader.shared);
      countText(reader, said.length);
      const text = said.replace(/\s+/g, " ").trim();
      if (text !== "") texts.set(cell.column, text);
    }
    if (texts.size > 0) shown.set(row, texts);
  }
  const last = rows.reduce((most, { row }) => Math.max(most, row), 0);
  for (const { from, to } of merged) {
    const text = shown.get(from.row)?.get(from.column);
    // Titles go over the whole width: said once. Cells that span rows belong to each of them.
    if (text === undefined || from.row === to.row) continue;
    for (let row = from.row; row <= Math.min(to.row, last); row += 1) {
      if ((reader.lookedAt += 1) > MAX_LOOKED_AT) return shown;
      const texts = shown.get(row);
      if (!texts || texts.has(from.column)) continue;
      if ((reader.merged += 1) > MAX_MERGED_CELLS) return shown;
      countText(reader, text.length);
      texts.set(from.column, text);
    }
  }
  return shown;
}
