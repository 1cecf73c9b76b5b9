import { decodeText } from "../../../decode-text.js";
import type { Row } from "../../shapes.js";
import { toRow } from "./table-rows.js";

const MAX_ROWS = 100_000;
const MAX_SPAN = 50;

interface OpenRow {
  readonly texts: string[];
  /** The cell that is open, if one is. */
  cell: { text: string; span: number } | null;
}

/**
 * The rows of all tables of a page, in order: what many banks send as a workbook is one. A row within a cell of another, as
 * pages are laid out, comes before it.
 */
export async function htmlRows(bytes: Uint8Array): Promise<Row[]> {
  const { Parser } = await import("htmlparser2");
  const rows: Row[] = [];
  const open: OpenRow[] = [];
  let hidden = 0;
  const endCell = (row: OpenRow | undefined): void => {
    if (!row?.cell) return;
    row.texts.push(row.cell.text, ...Array.from({ length: row.cell.span - 1 }, () => ""));
    row.cell = null;
  };
  const endRow = (): void => {
    const row = open.pop();
    endCell(row);
    if (row && rows.length < MAX_ROWS) rows.push(toRow(row.texts, rows.length + 1));
  };
  const parser = new Parser({
    onopentag: (name, { colspan }) => {
      if (name === "script" || name === "style") hidden += 1;
      else if (name === "tr") open.push({ texts: [], cell: null });
      else if (name === "td" || name === "th") {
        endCell(open.at(-1));
        const row = open.at(-1);
        if (row)
          row.cell = { text: "", span: Math.min(MAX_SPAN, Math.max(1, Number.parseInt(colspan ?? "1", 10) || 1)) };
      } else if (name === "br" && open.at(-1)?.cell) open.at(-1)!.cell!.text += " ";
    },
    ontext: (text) => {
      const cell = hidden === 0 ? open.at(-1)?.cell : null;
      if (cell) cell.text += text;
    },
    onclosetag: (name) => {
      if (name === "script" || name === "style") hidden -= 1;
      else if (name === "td" || name === "th") endCell(open.at(-1));
      else if (name === "tr") endRow();
    },
  });
  parser.end(decodeText(bytes).text);
  return rows.filter(({ cells }) => cells.length > 0).map((row, at) => ({ ...row, at: at + 1 }));
}
