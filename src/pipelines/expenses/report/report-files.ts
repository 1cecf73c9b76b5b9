import { stringify } from "csv-stringify/sync";
import type { Cell } from "write-excel-file/node";
import { safeCell } from "../../safe-cell.js";
import type { Report, ReportRow } from "./report-rows.js";

const COLUMNS = [
  "record",
  "document",
  "row",
  "date",
  "description",
  "employee",
  "category",
  "currency",
  "amount",
  "status",
  "counterpart",
  "score",
  "flags",
] as const satisfies readonly (keyof ReportRow)[];
/** What a spreadsheet cell can hold. */
const MAX_CELL = 32_000;

/** All records in one table; `record` tells lines, receipts and totals apart. UTF-8 with a mark, for spreadsheets. */
export function toCsv({ rows }: Report): string {
  const cells = rows.map((row) => COLUMNS.map((column) => safeCell(String(row[column] ?? ""))));
  return stringify([COLUMNS, ...cells], { bom: true });
}

type Sheet = {
  readonly name: string;
  readonly columns: readonly (keyof ReportRow)[];
  readonly rows: readonly ReportRow[];
};

/** A sheet each for lines, matches, what is unmatched, totals and flags. */
export async function toXlsx(report: Report): Promise<Uint8Array> {
  // Loaded where it is needed: no other stage should pay for it.
  const { default: write } = await import("write-excel-file/node");
  const sheets = sheetsOf(report).map(({ name, columns, rows }) => ({
    sheet: name,
    stickyRowsCount: 1,
    columns: columns.map((column) => ({ width: widthOf(column) })),
    data: [headOf(columns.map(titleOf)), ...rows.map((row) => columns.map((column) => cellOf(row, column)))],
  }));
  const flags = Object.entries(report.flags).map(([flag, count]) => [text(flag), { value: count, type: Number }]);
  const all = [
    ...sheets,
    { sheet: "Flags", columns: [{ width: 32 }, { width: 10 }], data: [headOf(["Flag", "Count"]), ...flags] },
  ];
  return new Uint8Array(await write(all as Parameters<typeof write>[0]).toBuffer());
}

function headOf(titles: readonly string[]): Cell[] {
  return titles.map((title) => ({ value: title, type: String, fontWeight: "bold" }));
}

function sheetsOf({ rows }: Report): Sheet[] {
  const of = (keep: (row: ReportRow) => boolean): ReportRow[] => rows.filter(keep);
  const line = ["document", "row", "date", "description", "employee", "category", "currency", "amount"] as const;
  const receipt = ["document", "date", "description", "employee", "currency", "amount"] as const;
  return [
    {
      name: "Lines",
      columns: [...line, "status", "counterpart", "score", "flags"],
      rows: of(({ record }) => record === "line"),
    },
    {
      name: "Matches",
      columns: [...line, "counterpart", "score"],
      rows: of(({ record, status }) => record === "line" && status === "matched"),
    },
    {
      name: "Unmatched lines",
      columns: [...line, "status", "flags"],
      rows: of(({ record, status }) => record === "line" && status !== "matched"),
    },
    {
      name: "Unmatched receipts",
      columns: [...receipt, "status", "counterpart", "flags"],
      rows: of(({ record, status }) => record === "receipt" && status !== "matched"),
    },
    {
      name: "Totals",
      columns: ["record", "employee", "category", "document", "description", "currency", "amount"],
      rows: of(({ record }) => record.endsWith("total")),
    },
  ];
}

/** Amounts, scores and row numbers are numbers; all else is text, and safe. */
function cellOf(row: ReportRow, column: keyof ReportRow): Cell {
  const value = row[column];
  if (value === null || value === "") return null;
  if (column === "amount") return { value: Number(value), type: Number, format: formatOf(row.amount) };
  return typeof value === "number" ? { value, type: Number } : text(value);
}

function text(value: string): Cell {
  return { value: safeCell(value).slice(0, MAX_CELL), type: String };
}

/** As many decimals as the amount was written with. */
function formatOf(amount: string): string {
  const decimals = amount.split(".")[1]?.length ?? 0;
  return decimals > 0 ? `0.${"0".repeat(decimals)}` : "0";
}

function titleOf(column: string): string {
  return column[0]!.toUpperCase() + column.slice(1);
}

function widthOf(column: string): number {
  return { description: 36, counterpart: 48, document: 24, flags: 32, employee: 20 }[column] ?? 14;
}
