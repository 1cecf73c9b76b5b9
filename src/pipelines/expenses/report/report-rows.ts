import type { Ledger, LedgerLine, LedgerReceipt } from "../ledger.js";
import type { Match, MatchOutput } from "../match/match-ledger.js";
import type { OwnTransfer } from "../match/own-transfers.js";
import { toDecimal } from "../money.js";
import { totalsOf, type Totals } from "./totals.js";

/** One row of report.csv, and of the workbook's sheets; columns that a kind of row has no use for are empty. */
export interface ReportRow {
  readonly record: "line" | "receipt" | "total" | "employee total" | "category total" | "statement total";
  /** The statement's or receipt's file name. */
  readonly document: string;
  readonly row: number | null;
  readonly date: string;
  readonly description: string;
  readonly employee: string;
  readonly category: string;
  readonly currency: string;
  /** In the currency's major unit, with its decimals: "-12.50". */
  readonly amount: string;
  readonly status: string;
  /** The other side of a match, or of what comes near one. */
  readonly counterpart: string;
  readonly score: number | null;
  readonly flags: string;
  /** Why it is alone, and what comes nearest. */
  readonly nearest: string;
}

export interface Report {
  readonly rows: readonly ReportRow[];
  readonly totals: Totals;
  /** How often each flag occurs. */
  readonly flags: Readonly<Record<string, number>>;
}

const EMPTY = {
  document: "",
  row: null,
  date: "",
  description: "",
  employee: "",
  category: "",
  currency: "",
  amount: "",
  status: "",
  counterpart: "",
  score: null,
  flags: "",
  nearest: "",
} as const;

export function reportOf(ledger: Ledger, match: MatchOutput): Report {
  const counts: Record<string, number> = {};
  const flag = (...names: string[]): string => {
    for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
    return names.join("; ");
  };
  const moved = transfersByLine(match);
  const totals = totalsOf(ledger.lines.filter(({ id }) => !moved.has(id)));
  const rows = [...lineRows(ledger, match, flag), ...receiptRows(ledger, match, flag), ...totalRows(totals)];
  return { rows, totals, flags: counts };
}

/** By each of their two lines. */
function transfersByLine({ transfers }: MatchOutput): Map<string, OwnTransfer> {
  return new Map(transfers.flatMap((one) => [one.out, one.in].map((id): [string, OwnTransfer] => [id, one])));
}

type Flag = (...names: string[]) => string;

function lineRows({ lines, receipts }: Ledger, match: MatchOutput, flag: Flag): ReportRow[] {
  const matches = grouped(match.matches, ({ line }) => line);
  const moved = transfersByLine(match);
  const lineById = new Map(lines.map((line): [string, LedgerLine] => [line.id, line]));
  const copies = new Map(match.duplicateLines.map(({ id, of }) => [id, of]));
  const receiptById = new Map(receipts.map((receipt): [string, LedgerReceipt] => [receipt.id, receipt]));
  const undecided = new Set(
    match.unmatched.flatMap(({ reason, candidates }) => (reason === "tie" ? candidates.map(({ line }) => line) : [])),
  );
  const near = nearestReceipts(match, receiptById);
  return lines.map((line): ReportRow => {
    const all = matches.get(line.id) ?? [];
    const [found] = all;
    const transfer = moved.get(line.id);
    const flags = [
      ...line.incomplete.map((missing) => `incomplete: ${missing}`),
      ...line.flags,
      ...(copies.has(line.id) ? ["duplicate line"] : []),
      ...((line.amountMinor ?? 0) < 0 ? ["credit"] : []),
      ...(line.originalCurrency ? ["foreign currency"] : []),
      ...(found?.by === "exchange rate" ? ["matched by exchange rate"] : []),
      ...(found && PARTED.has(found.by) ? [`matched by ${found.by}`] : []),
      ...(found?.isInterchangeable ? ["interchangeable"] : []),
      ...(transfer ? [`own ${transfer.kind}`] : []),
    ];
    return {
      record: "line",
      document: line.statement,
      row: line.row,
      date: line.date ?? "",
      description: line.description,
      employee: line.employee ?? "",
      category: line.category,
      currency: line.currency ?? "",
      amount: line.amountMinor === null ? "" : toDecimal(line.amountMinor, line.currency),
      status: found
        ? "matched"
        : transfer
          ? `own ${transfer.kind}`
          : line.notCounted
            ? `not counted: ${line.notCounted}`
            : copies.has(line.id)
              ? "duplicate"
              : undecided.has(line.id)
                ? "undecided"
                : "no receipt",
      counterpart: transfer
        ? placeOf(lineById.get(transfer.out === line.id ? transfer.in : transfer.out)!)
        : all.map(({ receipt }) => receiptById.get(receipt)!.name).join(" | "),
      score: found?.score ?? null,
      flags: flag(...flags),
      nearest: found ? "" : (near.get(line.id) ?? ""),
    };
  });
}

const PARTED: ReadonlySet<Match["by"]> = new Set(["sum of receipts", "sum of lines"]);

function placeOf({ statement, row, description }: LedgerLine): string {
  return `${statement} row ${row}: ${description}`;
}

function grouped(matches: readonly Match[], keyOf: (match: Match) => string): Map<string, Match[]> {
  const groups = new Map<string, Match[]>();
  for (const one of matches) groups.set(keyOf(one), [...(groups.get(keyOf(one)) ?? []), one]);
  return groups;
}

/** The receipts that come near a line, of those that were not matched. */
function nearestReceipts(
  { unmatched }: MatchOutput,
  receipts: ReadonlyMap<string, LedgerReceipt>,
): Map<string, string> {
  const near = new Map<string, string>();
  for (const { receipt, reason, candidates } of unmatched) {
    for (const { line, score } of candidates) {
      const told = `${receipts.get(receipt)!.name} (${reason}, ${score})`;
      near.set(line, near.has(line) ? `${near.get(line)} | ${told}` : told);
    }
  }
  return near;
}

function receiptRows({ lines, receipts }: Ledger, match: MatchOutput, flag: Flag): ReportRow[] {
  const lineById = new Map(lines.map((line): [string, LedgerLine] => [line.id, line]));
  const unmatched = new Map(match.unmatched.map((one) => [one.receipt, one]));
  const byReceipt = grouped(match.matches, ({ receipt }) => receipt);
  const nameOf = (id: string): string => placeOf(lineById.get(id)!);
  return receipts.map((receipt): ReportRow => {
    const alone = unmatched.get(receipt.id);
    const found = byReceipt.get(receipt.id) ?? [];
    return {
      ...EMPTY,
      record: "receipt",
      document: receipt.name,
      date: receipt.date ?? "",
      description: receipt.merchant ?? "",
      employee: receipt.employee ?? "",
      currency: receipt.currency ?? "",
      amount: receipt.amountMinor === null ? "" : toDecimal(receipt.amountMinor, receipt.currency),
      status: alone ? `unmatched: ${alone.reason}` : "matched",
      counterpart:
        found.length > 0
          ? found.map(({ line }) => nameOf(line)).join(" | ")
          : (alone?.candidates ?? []).map(({ line, score }) => `${nameOf(line)} (${score})`).join(" | "),
      score: found[0]?.score ?? null,
      nearest: alone?.why ?? "",
      flags: flag(
        ...receipt.flags,
        ...receipt.incomplete.map((missing) => `receipt incomplete: ${missing}`),
        ...(alone?.reason === "duplicate" ? ["duplicate receipt"] : []),
        ...(alone?.reason === "tie" ? ["tie"] : []),
      ),
    };
  });
}

function totalRows(totals: Totals): ReportRow[] {
  const groups = [
    ["employee total", "employee", totals.byEmployee],
    ["category total", "category", totals.byCategory],
    ["statement total", "document", totals.byStatement],
  ] as const;
  return [
    ...groups.flatMap(([record, column, all]) =>
      all.map(({ name, currency, amountMinor, lines }): ReportRow => ({
        ...EMPTY,
        record,
        [column]: name,
        description: `${lines} ${lines === 1 ? "line" : "lines"}`,
        currency,
        amount: toDecimal(amountMinor, currency),
      })),
    ),
    ...totals.byCurrency.map(({ currency, amountMinor, lines }): ReportRow => ({
      ...EMPTY,
      record: "total",
      description: `${lines} ${lines === 1 ? "line" : "lines"}`,
      currency,
      amount: toDecimal(amountMinor, currency),
    })),
  ];
}
