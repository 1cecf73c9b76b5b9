import type { Block, BlockPlace } from "./block.js";

/** One cell of a table as it stands in a document: what it holds, and how far it goes. */
export interface DocumentCell {
  readonly blocks: readonly Block[];
  readonly columns: number;
  readonly rows: number;
  readonly isHead: boolean;
}

/** A cell of more than this is a column of a page, not of a table. */
const MAX_CELL_LENGTH = 1_500;
/** Cells that a span repeats, in all; a table that claims more is an attack. */
const MAX_SPANNED_CELLS = 200_000;
const MAX_COLUMNS = 2_000;

/**
 * A table's rows with spanned cells repeated; or, where the table only lays out a page (headings, lists or other tables in
 * its cells, or a single cell), what is in the cells, one after the other.
 */
export function tableOf(rows: readonly (readonly DocumentCell[])[], place: BlockPlace, isLayout: boolean): Block[] {
  const all = rows.flat();
  const holdsStructure = all.some(({ blocks }) => blocks.length > 1 && blocks.some(isStructure));
  const isLong = all.some(({ blocks }) => lengthOf(blocks) > MAX_CELL_LENGTH);
  if (isLayout || all.length < 2 || holdsStructure || isLong) return all.flatMap(({ blocks }) => blocks);
  const texts = spread(rows);
  const headRows = headRowsOf(rows);
  const filled = texts.filter((row) => row.some((cell) => cell !== ""));
  return filled.length === 0
    ? []
    : [{ kind: "table", rows: filled, headRows: Math.min(headRows, filled.length), ...place }];
}

/** The text of a cell: its paragraphs behind one another. */
export function cellText(blocks: readonly Block[]): string {
  return blocks
    .map((block) => {
      if (block.kind === "table") return block.rows.map((row) => row.join(" ")).join("; ");
      return block.kind === "item" ? `${block.marker} ${block.text}` : block.text;
    })
    .join(" ")
    .replace(/\s+/g, " ")
    .trim();
}

function spread(rows: readonly (readonly DocumentCell[])[]): string[][] {
  const grid: string[][] = rows.map(() => []);
  let spanned = 0;
  for (const [y, row] of rows.entries()) {
    let x = 0;
    for (const cell of row) {
      while (grid[y]![x] !== undefined) x += 1;
      const text = cellText(cell.blocks);
      const [width, height] = [Math.min(cell.columns, MAX_COLUMNS), Math.min(cell.rows, rows.length - y)];
      for (let below = 0; below < height; below += 1) {
        for (let beside = 0; beside < width; beside += 1) {
          if ((spanned += 1) > MAX_SPANNED_CELLS + rows.length * 50 && below + beside > 0) continue;
          grid[y + below]![x + beside] = text;
        }
      }
      x += width;
    }
  }
  return grid.map((row) => Array.from(row, (cell) => cell ?? ""));
}

function headRowsOf(rows: readonly (readonly DocumentCell[])[]): number {
  const count = rows.findIndex((row) => !row.every(({ isHead }) => isHead));
  if (count > 0) return Math.min(count, 3);
  return rows.length > 1 ? 1 : 0;
}

function isStructure({ kind }: Block): boolean {
  return kind === "heading" || kind === "table" || kind === "code";
}

function lengthOf(blocks: readonly Block[]): number {
  return blocks.reduce((sum, block) => sum + ("text" in block ? block.text.length : MAX_CELL_LENGTH), 0);
}
