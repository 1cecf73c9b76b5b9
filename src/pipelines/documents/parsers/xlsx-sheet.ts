import { Parser } from "htmlparser2";
import { PermanentError } from "../../../errors.js";
import { decodeText, declaredEncoding } from "../../decode-text.js";

/** Cells that hold something, of all sheets of a workbook. */
export const MAX_CELLS = 5_000_000;

export interface RawCell {
  /** From 0. */
  readonly column: number;
  /** As the sheet has it: "s", "str", "inlineStr", "b", "e", "d" or "n". */
  readonly type: string;
  readonly style: number;
  readonly value: string;
}
export interface RawRow {
  /** From 0. */
  readonly row: number;
  readonly cells: RawCell[];
}
export interface RawSheet {
  readonly rows: readonly RawRow[];
  /** Cells that are one, from their first to their last row and column. */
  readonly merged: readonly { readonly from: CellPlace; readonly to: CellPlace }[];
}
/** A sheet as its file has it. */
export interface XlsxSheet extends RawSheet {
  /** Cells with a formula of which no result is kept: whoever wrote the file left the computing to its reader. */
  readonly uncomputed: number;
  /** What is printed above and below the sheet, with its codes. */
  readonly margins: readonly string[];
}
export interface CellPlace {
  readonly row: number;
  readonly column: number;
}

const MARGIN = /^(?:odd|even|first)(?:Header|Footer)$/;

/** Reads a sheet as it streams by: a tree of it would be ten times its size. @throws {PermanentError} RESOURCE_LIMIT */
export function readSheet(bytes: Uint8Array, name: string): XlsxSheet {
  const rows: RawRow[] = [];
  const merged: { from: CellPlace; to: CellPlace }[] = [];
  let row: RawRow | null = null;
  let cell: { column: number; type: string; style: number } | null = null;
  let [cells, nextRow, nextColumn, uncomputed] = [0, 0, 0, 0];
  let [isFormula, isComputed, isPhonetic] = [false, false, false];
  let value: string | null = null;
  let taken = "";
  const margins: string[] = [];
  stream(bytes, {
    open(element, attributes) {
      if (element === "row") {
        const number = Number(attributes.r);
        row = { row: Number.isInteger(number) && number > 0 ? number - 1 : nextRow, cells: [] };
        rows.push(row);
        [nextRow, nextColumn] = [row.row + 1, 0];
      } else if (element === "c") {
        const place = placeOf(attributes.r ?? "");
        cell = {
          column: place?.column ?? nextColumn,
          type: attributes.t ?? "n",
          style: Number(attributes.s ?? 0) || 0,
        };
        nextColumn = cell.column + 1;
        taken = "";
        [isFormula, isComputed] = [false, false];
      } else if (element === "v" || element === "t" || MARGIN.test(element)) {
        value = "";
        // An empty text is a result; for a number it is none.
        isComputed ||= cell?.type === "str";
      } else if (element === "f") isFormula = true;
      else if (element === "rPh")
        isPhonetic = true; // How it is pronounced: said again in another script.
      else if (element === "mergeCell") {
        const [from, to] = (attributes.ref ?? "").split(":").map(placeOf);
        if (from && to) merged.push({ from, to });
      }
    },
    text(text) {
      if (value !== null) value += text;
    },
    close(element) {
      if (element === "rPh") isPhonetic = false;
      else if ((element === "v" || element === "t") && value !== null) {
        isComputed ||= value !== "";
        if (!isPhonetic) taken += value;
        value = null;
      } else if (value !== null && MARGIN.test(element)) {
        margins.push(unescaped(value));
        value = null;
      } else if (element === "c" && cell && row) {
        if (isFormula && !isComputed) uncomputed += 1;
        if (taken !== "") {
          row.cells.push({ ...cell, value: unescaped(taken) });
          cells += 1;
          if (cells > MAX_CELLS) throw tooMany(name);
        }
        cell = null;
      }
    },
  });
  return { rows, merged, uncomputed, margins };
}

/** The texts that cells share, by their number. */
export function readSharedStrings(bytes: Uint8Array): string[] {
  const strings: string[] = [];
  let [open, phonetic] = [false, false];
  let text = "";
  stream(bytes, {
    open(element) {
      if (element === "si") text = "";
      else if (element === "t") open = true;
      else if (element === "rPh") phonetic = true;
    },
    text(piece) {
      if (open && !phonetic) text += piece;
    },
    close(element) {
      if (element === "si") strings.push(unescaped(text));
      else if (element === "t") open = false;
      else if (element === "rPh") phonetic = false;
    },
  });
  return strings;
}

/** Characters that XML does not take, and line ends, are written by their number: "_x000D_". */
function unescaped(text: string): string {
  return text.replace(/_x([0-9a-f]{4})_/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

/** "B3" is row 2, column 1. */
export function placeOf(reference: string): CellPlace | null {
  const found = /^\$?([A-Z]{1,3})\$?(\d{1,7})$/.exec(reference);
  if (!found) return null;
  const column = [...found[1]!].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0);
  return { row: Number(found[2]) - 1, column: column - 1 };
}

export function columnName(column: number): string {
  const letter = String.fromCharCode(65 + (column % 26));
  return column < 26 ? letter : columnName(Math.floor(column / 26) - 1) + letter;
}

export function tooMany(name: string): PermanentError {
  return new PermanentError(
    "RESOURCE_LIMIT",
    `${name} has more than ${MAX_CELLS} cells to lay out, which is the limit. Split it.`,
  );
}

interface Handlers {
  readonly open: (element: string, attributes: Readonly<Record<string, string>>) => void;
  readonly text: (text: string) => void;
  readonly close: (element: string) => void;
}

/** Elements by their names without prefix, whatever prefix the file uses. */
function stream(bytes: Uint8Array, { open, text, close }: Handlers): void {
  const local = (name: string): string => name.slice(name.indexOf(":") + 1);
  const parser = new Parser(
    {
      onopentag: (name, attributes) => open(local(name), attributes),
      ontext: text,
      onclosetag: (name) => close(local(name)),
    },
    { xmlMode: true, decodeEntities: true },
  );
  parser.write(decodeText(bytes, declaredEncoding(bytes)).text);
  parser.end();
}
