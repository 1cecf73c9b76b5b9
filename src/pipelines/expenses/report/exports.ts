import { stringify } from "csv-stringify/sync";
import { safeCell } from "../../safe-cell.js";
import type { Session } from "../ledger.js";
import type { MatchOutput } from "../match/match-ledger.js";
import { toDecimal } from "../money.js";
import type { ReportRow } from "./report-row.js";
import { outOfTotals, type Report } from "./report-rows.js";

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

/** All records in one table; `record` tells lines, receipts and totals apart. UTF-8 with a mark, for spreadsheets. */
export function toCsv({ rows }: Report): string {
  const cells = rows.map((row) => COLUMNS.map((column) => safeCell(String(row[column] ?? ""))));
  return stringify([COLUMNS, ...cells], { bom: true });
}

/** The columns of ledger.csv, in their order; docs/guides/expenses.md says what they hold. */
export const LEDGER_COLUMNS = [
  "line_id",
  "statement",
  "account",
  "date",
  "description",
  "counterparty",
  "reference",
  "employee",
  "category",
  "currency",
  "amount",
  "original_currency",
  "original_amount",
  "fee",
  "counted",
  "receipt",
  "flags",
] as const;

/** One row per line of all statements, for other programs; amounts are negative where money went out, as banks book it. */
export function toLedgerCsv({ lines, receipts }: Session, match: MatchOutput): string {
  const names = new Map(receipts.map(({ id, name }) => [id, name]));
  const outside = outOfTotals(match);
  const receiptsOf = new Map<string, string[]>();
  for (const { line, receipt } of match.matches)
    receiptsOf.set(line, [...(receiptsOf.get(line) ?? []), names.get(receipt) ?? ""]);
  const booked = (minor: number | null | undefined, currency: string | null): string =>
    minor === null || minor === undefined ? "" : toDecimal(minor === 0 ? 0 : -minor, currency);
  const rows = lines.map((line) => [
    line.id,
    line.statement,
    line.account ?? "",
    line.date ?? "",
    line.description,
    line.counterparty ?? "",
    line.reference ?? "",
    line.employee ?? "",
    line.category,
    line.currency ?? "",
    booked(line.amountMinor, line.currency),
    line.originalCurrency ?? "",
    booked(line.originalAmountMinor, line.originalCurrency ?? null),
    line.feeMinor === undefined ? "" : toDecimal(line.feeMinor, line.currency),
    line.notCounted || outside.has(line.id) ? "no" : "yes",
    (receiptsOf.get(line.id) ?? []).join("; "),
    [...line.flags, ...line.incomplete.map((what) => `incomplete: ${what}`)].join("; "),
  ]);
  return stringify([LEDGER_COLUMNS, ...rows.map((row) => row.map((cell) => safeCell(cell)))], { bom: true });
}

/**
 * Bank CSV of three columns as QuickBooks Online describes it: Date, Description, Amount; day and month by the job's
 * order, no currency signs, no thousands marks, money that went out negative (the bank's side). One file takes one
 * currency; the lines of others, those that do not count, copies of a line in another statement, and those without a date
 * or an amount are left out.
 */
export function toQuickBooksCsv(
  { lines }: Session,
  { duplicateLines }: MatchOutput,
  currency: string,
  dateOrder: "dmy" | "mdy",
): string {
  const copies = new Set(duplicateLines.flatMap(({ id, isLeftOut }) => (isLeftOut ? [id] : [])));
  const own = lines.filter(
    (line) =>
      line.currency === currency &&
      line.date !== null &&
      line.amountMinor !== null &&
      !line.notCounted &&
      !copies.has(line.id),
  );
  const rows = own.map(({ date, description, amountMinor }) => {
    const [year, month, day] = date!.split("-");
    const written = dateOrder === "mdy" ? `${month}/${day}/${year}` : `${day}/${month}/${year}`;
    return [
      written,
      safeCell(description.replace(/\s+/g, " ")),
      toDecimal(amountMinor === 0 ? 0 : -amountMinor!, currency),
    ];
  });
  return stringify([["Date", "Description", "Amount"], ...rows]);
}
