import type { Ledger, LedgerLine, LedgerReceipt } from "../ledger.js";
import type { Match, MatchOutput } from "../match/match-ledger.js";
import type { OwnTransfer } from "../match/own-transfers.js";
import { toDecimal } from "../money.js";
import type { ExpensesOptions } from "../options.js";
import { ratesOf } from "../match/candidates.js";
import { reportingOf, type Reporting } from "./reporting.js";
import { reportingRows } from "./reporting-rows.js";
import { EMPTY_ROW, type ReportRow } from "./report-row.js";
import { totalsOf, type Totals } from "./totals.js";

export interface Report {
  readonly rows: readonly ReportRow[];
  readonly totals: Totals;
  /** Everything in one currency, where the job asks for one. */
  readonly reporting: Reporting | null;
  /** How often each flag occurs. */
  readonly flags: Readonly<Record<string, number>>;
}

/** `options.reportCurrency` adds the sums in one currency. */
export function reportOf(
  ledger: Ledger,
  match: MatchOutput,
  options: Partial<Pick<ExpensesOptions, "reportCurrency" | "exchangeRates">> = {},
): Report {
  const counts: Record<string, number> = {};
  const flag = (...names: string[]): string => {
    for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
    return names.join("; ");
  };
  const outside = outOfTotals(match);
  const counted = ledger.lines.filter(({ id }) => !outside.has(id));
  const totals = totalsOf(counted);
  const { reportCurrency, exchangeRates: given = {} } = options;
  const reporting =
    reportCurrency === undefined
      ? null
      : reportingOf(counted, reportCurrency, { known: ratesOf(ledger.lines, given), given });
  const rows = [
    ...lineRows(ledger, match, flag),
    ...receiptRows(ledger, match, flag),
    ...totalRows(totals),
    ...(reporting ? reportingRows(reporting) : []),
  ];
  return { rows, totals, reporting, flags: counts };
}

/** Lines in no total though they are booked: own transfers, and copies of what another statement has. */
export function outOfTotals(match: MatchOutput): Set<string> {
  const copies = match.duplicateLines.filter(({ isLeftOut }) => isLeftOut);
  return new Set([...transfersByLine(match).keys(), ...copies.map(({ id }) => id)]);
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
  const copies = new Map(match.duplicateLines.map((copy) => [copy.id, copy]));
  const receiptById = new Map(receipts.map((receipt): [string, LedgerReceipt] => [receipt.id, receipt]));
  const undecided = new Set(
    match.unmatched.flatMap(({ reason, candidates }) => (reason === "tie" ? candidates.map(({ line }) => line) : [])),
  );
  const postedAs = new Map(match.pendingCopies.map(({ pending, posted }) => [pending, posted]));
  const near = nearestReceipts(match, receiptById);
  return lines.map((line): ReportRow => {
    const all = matches.get(line.id) ?? [];
    const [found] = all;
    const transfer = moved.get(line.id);
    const posted = postedAs.get(line.id);
    const copy = copies.get(line.id);
    const flags = [
      ...line.incomplete.map((missing) => `incomplete: ${missing}`),
      ...line.flags,
      ...(copy ? [copy.isLeftOut ? "duplicate line" : "possible duplicate line"] : []),
      ...((line.amountMinor ?? 0) < 0 ? ["credit"] : []),
      ...(line.originalCurrency ? ["foreign currency"] : []),
      ...(found?.by === "exchange rate" ? ["matched by exchange rate"] : []),
      ...(found && PARTED.has(found.by) ? [`matched by ${found.by}`] : []),
      ...(found?.isInterchangeable ? ["interchangeable"] : []),
      ...(transfer ? [`own ${transfer.kind}`] : []),
      ...(posted ? ["posted as another line"] : []),
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
            : copy
              ? copy.isLeftOut
                ? "not counted: duplicate"
                : "possible duplicate"
              : undecided.has(line.id)
                ? "undecided"
                : "no receipt",
      counterpart: transfer
        ? placeOf(lineById.get(transfer.out === line.id ? transfer.in : transfer.out)!)
        : posted
          ? placeOf(lineById.get(posted)!)
          : copy && !found
            ? placeOf(lineById.get(copy.of)!)
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
      ...EMPTY_ROW,
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
        ...EMPTY_ROW,
        record,
        [column]: name,
        description: `${lines} ${lines === 1 ? "line" : "lines"}`,
        currency,
        amount: toDecimal(amountMinor, currency),
      })),
    ),
    ...totals.byCurrency.map(({ currency, amountMinor, lines }): ReportRow => ({
      ...EMPTY_ROW,
      record: "total",
      description: `${lines} ${lines === 1 ? "line" : "lines"}`,
      currency,
      amount: toDecimal(amountMinor, currency),
    })),
  ];
}
