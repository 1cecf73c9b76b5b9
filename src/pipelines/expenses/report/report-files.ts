import { stringify } from "csv-stringify/sync";
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
  // Loaded where it is needed: it takes a second, which no other stage should pay.
  const { default: excel } = await import("exceljs");
  const workbook = new excel.Workbook();
  workbook.creator = "Headway";
  for (const { name, columns, rows } of sheetsOf(report)) {
    const sheet = workbook.addWorksheet(name, { views: [{ state: "frozen", ySplit: 1 }] });
    sheet.columns = columns.map((column) => ({ header: titleOf(column), key: column, width: widthOf(column) }));
    sheet.getRow(1).font = { bold: true };
    for (const row of rows) {
      const added = sheet.addRow(columns.map((column) => cellOf(row, column)));
      const decimals = row.amount.split(".")[1]?.length ?? 0;
      const at = columns.indexOf("amount") + 1;
      if (at > 0) added.getCell(at).numFmt = decimals > 0 ? `0.${"0".repeat(decimals)}` : "0";
    }
  }
  const flags = workbook.addWorksheet("Flags");
  flags.columns = [
    { header: "Flag", key: "flag", width: 32 },
    { header: "Count", key: "count", width: 10 },
  ];
  for (const [flag, count] of Object.entries(report.flags)) flags.addRow([safeCell(flag), count]);
  return new Uint8Array(await workbook.xlsx.writeBuffer());
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
function cellOf(row: ReportRow, column: keyof ReportRow): string | number | null {
  const value = row[column];
  if (value === null || value === "") return null;
  if (column === "amount") return Number(value);
  return typeof value === "number" ? value : safeCell(value).slice(0, MAX_CELL);
}

function titleOf(column: string): string {
  return column[0]!.toUpperCase() + column.slice(1);
}

function widthOf(column: string): number {
  return { description: 36, counterpart: 48, document: 24, flags: 32, employee: 20 }[column] ?? 14;
}
