import type { Blob } from "node:buffer";
import type { Stream } from "node:stream";
import type { Cell, Feature as AnyFeature } from "write-excel-file/node";
import type { SheetCell, SheetTable } from "./sheet-table.js";

/** What a spreadsheet cell can hold. */
const MAX_CELL = 32_000;
/** In points. */
const LINE_HEIGHT = 15;
/** A row may be 409 points high. */
const MAX_LINES = 27;

/** The workbook as an accountant opens it: real days and numbers, filters, a head that stays, and pages in landscape. */
export async function toXlsx(sheets: readonly SheetTable[]): Promise<Uint8Array> {
  // Loaded where it is needed: no other stage should pay for it.
  const { default: write } = await import("write-excel-file/node");
  const all = sheets.map(({ name, columns, rows }) => ({
    sheet: name,
    stickyRowsCount: 1,
    orientation: "landscape",
    columns: columns.map(({ width }) => ({ width })),
    data: [
      columns.map(({ title }, at): Cell => ({
        value: title,
        type: String,
        fontFamily: "Calibri",
        fontSize: 11,
        fontWeight: "bold",
        backgroundColor: "#E8EEF4",
        wrap: true,
        align: isOfNumbers(rows, at) ? "right" : "left",
        alignVertical: "top",
      })),
      ...rows.map((row) => {
        const height = heightOf(row, columns);
        return row.map((cell, at) => cellOf(cell, columns[at]?.isLong === true ? height : null));
      }),
    ],
  }));
  return new Uint8Array(await write(all as Parameters<typeof write>[0], { features: [pages(sheets)] }).toBuffer());
}

/** A heading stands over its figures. */
function isOfNumbers(rows: SheetTable["rows"], at: number): boolean {
  const first = rows.map((row) => row[at]).find((cell) => cell !== null && cell !== undefined && cell !== "");
  return typeof first === "number" || (typeof first === "object" && first !== null && "amount" in first);
}

/** Points, for as many lines as the longest of the long texts takes: not every program looks for itself. */
function heightOf(row: readonly SheetCell[], columns: SheetTable["columns"]): number {
  const lines = row.map((cell, at) =>
    typeof cell === "string" && columns[at]?.isLong ? Math.ceil(cell.length / (columns[at].width * 0.95)) : 1,
  );
  return LINE_HEIGHT * Math.min(MAX_LINES, Math.max(1, ...lines));
}

/** Text is text, whatever it begins with: a cell of a workbook is a formula only where it says so. */
function cellOf(cell: SheetCell, height: number | null): Cell {
  if (cell === null || cell === "") return null;
  const top = { alignVertical: "top" } as const;
  if (typeof cell === "number") return { ...top, value: cell, type: Number };
  if (typeof cell === "string")
    return { ...top, value: cell.slice(0, MAX_CELL), type: String, ...(height && { wrap: true, height }) };
  if ("day" in cell)
    return { ...top, value: new Date(`${cell.day}T00:00:00Z`), type: Date, format: "yyyy-mm-dd", align: "left" };
  // A blank behind the figure parts it from the text beside it.
  return { ...top, value: Number(cell.amount), type: Number, format: `${formatOf(cell.amount)}_)` };
}

/** As many decimals as the amount was written with. */
function formatOf(amount: string): string {
  const decimals = amount.split(".")[1]?.length ?? 0;
  return decimals > 0 ? `#,##0.${"0".repeat(decimals)}` : "#,##0";
}

type Feature = AnyFeature<Buffer | Blob | Stream>;

/** Filters over each table, and its columns on the width of one page: what the library has no options for. */
function pages(sheets: readonly SheetTable[]): Feature {
  return {
    files: {
      transform: {
        "xl/worksheets/sheet{id}.xml": {
          transform: (xml, options) => {
            const table = sheets.find(({ name }) => name === options.sheet);
            if (!table) return xml;
            const area = `A1:${letters(table.columns.length)}${table.rows.length + 1}`;
            const fitted = xml.replace(
              /<sheetPr>|<sheetPr\/>|(<worksheet[^>]*>)(?!<sheetPr)/,
              (found, opening: string | undefined) =>
                opening ? `${opening}<sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>` : found,
            );
            return fitted
              .replace("</sheetData>", `</sheetData><autoFilter ref="${area}"/>`)
              .replace(
                /<pageSetup [^>]*\/>/,
                `<pageMargins left="0.4" right="0.4" top="0.5" bottom="0.5" header="0.3" footer="0.3"/><pageSetup paperSize="9" orientation="landscape" fitToWidth="1" fitToHeight="0"/><headerFooter><oddFooter>&amp;L&amp;A&amp;R&amp;P / &amp;N</oddFooter></headerFooter>`,
              );
          },
        },
      },
    },
  };
}

/** 1 is "A", 27 "AA". */
function letters(column: number): string {
  return column <= 26
    ? String.fromCharCode(64 + column)
    : letters(Math.floor((column - 1) / 26)) + letters(((column - 1) % 26) + 1);
}
