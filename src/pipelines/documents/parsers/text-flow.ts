import type { Block } from "../blocks/block.js";
import { tableOf, type DocumentCell } from "../blocks/cells.js";
import { assertBlockCount } from "./parsed.js";

/** How a paragraph is set. */
export interface FlowParagraph {
  /** How many tables it stands in. */
  readonly depth: number;
  /** From 1; null where it is no heading. */
  readonly heading: number | null;
  /** Of its list, from 0. */
  readonly level: number;
}

/** What a row says of one of its cells. */
export interface CellShape {
  /** Goes on where the cell before ended. */
  readonly fromLeft: boolean;
  /** Goes on where the cell above ended. */
  readonly fromAbove: boolean;
  /** Where it ends, in twentieths of a point. */
  readonly edge: number;
}
interface RowCell extends CellShape {
  readonly blocks: readonly Block[];
  readonly isHead: boolean;
}
interface RowShape {
  cells: CellShape[];
  isHead: boolean;
}
interface OpenTable {
  readonly rows: (readonly RowCell[])[];
  cells: (readonly Block[])[];
  blocks: Block[];
}

const ALONE: CellShape = { fromLeft: false, fromAbove: false, edge: 0 };
const MAX_SHAPES = 1_000;
/** Edges less apart than this are one, a tenth of an inch. */
const SAME_EDGE = 144;

/** Gathers the paragraphs and tables of one text, such as the body or a footnote. */
export class TextFlow {
  readonly #blocks: Block[] = [];
  readonly #tables: OpenTable[] = [];
  #inline: string[] = [];
  #marker: string[] = [];
  #beside: Block[] = [];
  /** Of the row of a table, and of that of a table inside it. */
  readonly #shapes: [RowShape, RowShape] = [
    { cells: [], isHead: false },
    { cells: [], isHead: false },
  ];
  #shape = ALONE;
  #count = 0;

  /** Text beside the open paragraph, such as a text box. */
  beside(blocks: readonly Block[]): void {
    for (const block of blocks) this.#beside.push(block);
  }

  text(text: string): void {
    this.#inline.push(text);
  }

  marker(text: string): void {
    this.#marker.push(text);
  }

  endParagraph({ depth, heading, level }: FlowParagraph): void {
    const text = this.#inline
      .join("")
      .replace(/[^\S\n\t]+/g, " ")
      .trim();
    const marker = this.#marker.join("").trim();
    this.#inline = [];
    this.#marker = [];
    this.#closeTables(depth);
    const target = this.#targetAt(depth);
    for (const block of this.#beside.splice(0)) target.push(block);
    if (text === "") return;
    assertBlockCount((this.#count += 1));
    if (heading !== null) target.push({ kind: "heading", level: heading, text: marker ? `${marker} ${text}` : text });
    else if (marker === "") target.push({ kind: "paragraph", text });
    else target.push({ kind: "item", text, marker: /[\p{L}\p{N}]/u.test(marker) ? marker : "-", depth: level });
  }

  endCell(paragraph: FlowParagraph): void {
    this.endParagraph(paragraph);
    const table = this.#tableAt(paragraph.depth);
    table.cells.push(table.blocks);
    table.blocks = [];
  }

  /** One of the words that say how the cells of a row are; false for any other. */
  rowWord(word: string, value: number | null, isNested: boolean): boolean {
    const row = this.#shapes[isNested ? 1 : 0];
    if (word === "trowd") {
      row.cells = [];
      row.isHead = false;
    } else if (word === "trhdr") row.isHead = true;
    else if (word === "clmrg") this.#shape = { ...this.#shape, fromLeft: true };
    else if (word === "clvmrg") this.#shape = { ...this.#shape, fromAbove: true };
    else if (word === "cellx") {
      if (row.cells.length < MAX_SHAPES) row.cells.push({ ...this.#shape, edge: value ?? 0 });
      this.#shape = ALONE;
    } else return false;
    return true;
  }

  /** How the cells of the row that ends next are, at that depth of tables. */
  shapeRow(cells: readonly CellShape[], isHead: boolean, depth: number): void {
    this.#shapes[depth > 1 ? 1 : 0] = { cells: [...cells], isHead };
  }

  endRow(depth: number): void {
    const table = this.#tableAt(depth);
    const { cells, isHead } = this.#shapes[depth > 1 ? 1 : 0];
    const row = table.cells.map((blocks, index): RowCell => ({ blocks, isHead, ...(cells[index] ?? ALONE) }));
    if (row.length > 0) table.rows.push(row);
    table.cells = [];
  }

  end(): Block[] {
    this.endParagraph({ depth: 0, heading: null, level: 0 });
    return this.#blocks;
  }

  #tableAt(depth: number): OpenTable {
    while (this.#tables.length < depth) this.#tables.push({ rows: [], cells: [], blocks: [] });
    return this.#tables[depth - 1]!;
  }

  #targetAt(depth: number): Block[] {
    return depth === 0 ? this.#blocks : this.#tableAt(depth).blocks;
  }

  /** Tables deeper than this have ended. */
  #closeTables(depth: number): void {
    while (this.#tables.length > depth) {
      const { rows, cells, blocks } = this.#tables.pop()!;
      // A row that breaks off is kept as far as it goes.
      const last = blocks.length > 0 ? [...cells, blocks] : cells;
      if (last.length > 0) rows.push(last.map((one) => ({ blocks: one, isHead: false, ...ALONE })));
      for (const block of tableOf(spanned(rows), {}, false)) this.#targetAt(this.#tables.length).push(block);
    }
  }
}

/** The cells with how many columns each goes over, which only their edges tell. */
function spanned(rows: readonly (readonly RowCell[])[]): DocumentCell[][] {
  const edges: number[] = [];
  for (const edge of [...new Set(rows.flat().map((cell) => cell.edge))].sort((a, b) => a - b)) {
    if (edges.length === 0 || edge - edges.at(-1)! > SAME_EDGE) edges.push(edge);
  }
  const columnOf = (edge: number): number => lastUpTo(edges, edge);
  const spannedRows: DocumentCell[][] = [];
  let starts: number[] = [];
  for (const row of rows) {
    const [above, aboveStarts] = [spannedRows.at(-1), starts];
    starts = [];
    const cells: DocumentCell[] = [];
    let column = -1;
    for (const { blocks, isHead, fromLeft, fromAbove, edge } of row) {
      const columns = edge > 0 ? Math.max(1, columnOf(edge) - column) : 1;
      const before = cells.at(-1);
      const upper = fromAbove ? above?.[lastUpTo(aboveStarts, column + 1)] : undefined;
      if (fromLeft && before) cells[cells.length - 1] = { ...before, columns: before.columns + columns };
      else {
        starts.push(column + 1);
        cells.push({ blocks: upper?.blocks ?? blocks, columns, rows: 1, isHead });
      }
      column += columns;
    }
    spannedRows.push(cells);
  }
  return spannedRows;
}

/** The place of the last of these, which rise, that is not beyond; -1 where all are. */
function lastUpTo(sorted: readonly number[], most: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! <= most) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
