import type { Session } from "../ledger.js";
import type { Match, MatchOutput } from "../match/match-ledger.js";
import { daysBetween } from "../dates.js";
import { minorDigits, toDecimal } from "../money.js";
import type { ReportRow } from "./report-row.js";
import type { Report } from "./report-rows.js";
import { mappings, reconciliation } from "./reconciliation.js";
import type { SheetCell, SheetColumn, SheetTable } from "./sheet-table.js";

const column = (title: string, width: number): SheetColumn => ({ title, width });
const long = (title: string, width: number): SheetColumn => ({ title, width, isLong: true });
const day = (date: string): SheetCell => (date === "" ? null : { day: date });
const money = (amount: string): SheetCell => (amount === "" ? null : { amount });

const LINE = [
  column("Document", 24),
  column("Row", 6),
  column("Date", 11),
  column("Description", 34),
  column("Employee", 16),
  column("Category", 14),
  column("Currency", 9),
  column("Amount", 12),
];

function lineCells(row: ReportRow): SheetCell[] {
  return [
    row.document,
    row.row,
    day(row.date),
    row.description,
    row.employee,
    row.category,
    row.currency,
    money(row.amount),
  ];
}

/** All sheets of the workbook, the reconciliation first. */
export function sheetsOf(session: Session, match: MatchOutput, report: Report): SheetTable[] {
  const of = (keep: (row: ReportRow) => boolean): ReportRow[] => report.rows.filter(keep);
  return [
    reconciliation(session),
    mappings(session),
    {
      name: "Lines",
      columns: [...LINE, column("Status", 13), column("Counterpart", 26), long("Flags", 26)],
      rows: of(({ record }) => record === "line").map((row) => [
        ...lineCells(row),
        row.status,
        row.counterpart,
        row.flags,
      ]),
    },
    matches(session, match),
    {
      name: "Unmatched lines",
      columns: [...LINE, column("Status", 13), long("Nearest receipts", 44), long("Flags", 22)],
      rows: of(({ record, status }) => record === "line" && status !== "matched").map((row) => [
        ...lineCells(row),
        row.status,
        row.nearest,
        row.flags,
      ]),
    },
    {
      name: "Unmatched receipts",
      columns: [
        column("Document", 24),
        column("Date", 11),
        column("Merchant", 28),
        column("Employee", 16),
        column("Currency", 9),
        column("Amount", 12),
        column("Status", 20),
        long("Why, and what comes near", 60),
        long("Flags", 22),
      ],
      rows: of(({ record, status }) => record === "receipt" && status !== "matched").map((row) => [
        row.document,
        day(row.date),
        row.description,
        row.employee,
        row.currency,
        money(row.amount),
        row.status,
        [row.nearest, row.counterpart].filter((part) => part !== "").join(" | "),
        row.flags,
      ]),
    },
    tax(session),
    {
      name: "Totals",
      columns: [column("Of", 18), column("Name", 30), column("Lines", 12), column("Currency", 9), column("Amount", 14)],
      rows: of(({ record }) => record.endsWith("total") || record === "reporting rate").map((row) => [
        row.record,
        row.employee || row.category || row.document || (row.record === "reporting rate" ? row.description : ""),
        row.record === "reporting rate" ? "" : row.description,
        row.currency,
        money(row.amount),
      ]),
    },
    {
      name: "Failed documents",
      columns: [column("Document", 30), column("Stage", 12), column("Code", 24), long("Reason", 90)],
      rows: session.failed.map(({ name, stage, code, message }) => [name, stage, code, message]),
    },
    {
      name: "Not read",
      columns: [column("Document", 30), column("Sheet", 14), column("Row", 8), long("Text", 100)],
      rows: session.statements.flatMap(({ name, facts }) =>
        facts.notRead.map(({ row, sheet, text }) => [name, sheet ?? null, row, text]),
      ),
    },
    {
      name: "Flags",
      columns: [column("Flag", 32), column("Count", 10)],
      rows: Object.entries(report.flags).map(([flag, count]) => [flag, count]),
    },
  ];
}

/** Both sides of each match with what differs. */
function matches({ lines, receipts }: Session, { matches: all }: MatchOutput): SheetTable {
  const lineById = new Map(lines.map((line) => [line.id, line]));
  const receiptById = new Map(receipts.map((receipt) => [receipt.id, receipt]));
  const sumOf = (amounts: readonly (number | null)[]): number =>
    amounts.reduce<number>((sum, one) => sum + (one ?? 0), 0);
  /** Of a pair that is part of a sum, what the whole differs from its parts by. */
  const differenceOf = ({ line, receipt, by }: Match): number => {
    const ownLines = by === "sum of lines" ? all.filter((one) => one.receipt === receipt) : [{ line }];
    const ownReceipts = by === "sum of receipts" ? all.filter((one) => one.line === line) : [{ receipt }];
    return (
      sumOf(ownLines.map((one) => lineById.get(one.line)!.amountMinor)) -
      sumOf(ownReceipts.map((one) => receiptById.get(one.receipt)!.amountMinor))
    );
  };
  return {
    name: "Matches",
    columns: [
      column("Statement", 22),
      column("Row", 6),
      column("Line date", 11),
      column("Line", 28),
      column("Currency", 9),
      column("Amount", 12),
      column("Receipt", 22),
      column("Receipt date", 12),
      column("Merchant", 22),
      column("Currency", 9),
      column("Amount", 12),
      column("Days apart", 10),
      column("Difference", 11),
      column("Matched by", 16),
      column("Score", 7),
    ],
    rows: all.map((match) => {
      const { line: lineId, receipt: receiptId, by, score } = match;
      const [line, receipt] = [lineById.get(lineId)!, receiptById.get(receiptId)!];
      const isSame = line.currency === receipt.currency && line.amountMinor !== null && receipt.amountMinor !== null;
      const written = (minor: number | null, currency: string | null): SheetCell =>
        minor === null ? null : { amount: toDecimal(minor, currency) };
      return [
        line.statement,
        line.row,
        day(line.date ?? ""),
        line.description,
        line.currency ?? "",
        written(line.amountMinor, line.currency),
        receipt.name,
        day(receipt.date ?? ""),
        receipt.merchant ?? "",
        receipt.currency ?? "",
        written(receipt.amountMinor, receipt.currency),
        line.date && receipt.date ? daysBetween(line.date, receipt.date) : null,
        isSame ? written(differenceOf(match), line.currency) : null,
        by,
        score,
      ];
    }),
  };
}

/** Tax of each receipt by rate, as it is shown or as the e-invoice says it. */
function tax({ receipts }: Session): SheetTable {
  const amount = (minor: number | null, currency: string | null): SheetCell =>
    minor === null ? null : { amount: (minor / 10 ** minorDigits(currency)).toFixed(minorDigits(currency)) };
  return {
    name: "Tax",
    columns: [
      column("Document", 26),
      column("Date", 11),
      column("Seller", 28),
      column("Tax number", 18),
      column("Invoice number", 18),
      column("Currency", 9),
      column("Rate %", 8),
      column("Net", 12),
      column("Tax", 12),
      column("Total", 12),
      column("Source", 12),
    ],
    rows: receipts.flatMap(
      ({ name, date, merchant, taxNumber, reference, currency, amountMinor, taxes = [], source }) =>
        taxes.map(({ rate, netMinor, taxMinor }): SheetCell[] => [
          name,
          day(date ?? ""),
          merchant ?? "",
          taxNumber ?? "",
          reference ?? "",
          currency ?? "",
          rate,
          amount(netMinor, currency),
          amount(taxMinor, currency),
          amount(amountMinor, currency),
          source ?? "",
        ]),
    ),
  };
}
