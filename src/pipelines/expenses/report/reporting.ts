import type { LedgerLine } from "../ledger.js";
import { minorDigits } from "../money.js";
import { NO_EMPLOYEE, type GroupTotal } from "./totals.js";

/** What one unit of a currency costs in the reporting currency, and who says so. */
export interface ReportingRate {
  readonly currency: string;
  readonly rate: number;
  /** The option `exchangeRates`, or the lines of statements that tell an original amount. */
  readonly from: "option" | "lines";
}

/** All that counts, in one currency. Each line is converted and rounded by itself, so that every grouping has the same sum. */
export interface Reporting {
  readonly currency: string;
  /** Minor units of that currency; credits count as negative. */
  readonly amountMinor: number;
  readonly lines: number;
  readonly byEmployee: readonly GroupTotal[];
  readonly byCategory: readonly GroupTotal[];
  readonly byStatement: readonly GroupTotal[];
  readonly rates: readonly ReportingRate[];
  /** Currencies that no rate is known for, with their lines: these are in none of the sums above. "XXX" where none is named. */
  readonly withoutRate: readonly { readonly currency: string; readonly lines: number }[];
}

export interface Rates {
  /** "USD/EUR": what one of the first costs in the second. */
  readonly known: ReadonlyMap<string, number>;
  readonly given: Readonly<Record<string, number>>;
}

/** The lines in the reporting currency. A line that was paid in it keeps what was paid, unless a fee was added to it. */
export function reportingOf(lines: readonly LedgerLine[], currency: string, rates: Rates): Reporting {
  const used = new Map<string, ReportingRate>();
  const without = new Map<string, number>();
  const converted = lines.flatMap((line) => {
    if (line.amountMinor === null || line.notCounted) return [];
    const amountMinor = inCurrency(line, currency, (from) => {
      const rate = rateOf(from, currency, rates);
      if (rate) used.set(from, rate);
      return rate?.rate ?? null;
    });
    if (amountMinor !== null) return [{ line, amountMinor }];
    const own = line.currency ?? "XXX";
    without.set(own, (without.get(own) ?? 0) + 1);
    return [];
  });
  const grouped = (nameOf: (line: LedgerLine) => string): GroupTotal[] => {
    const groups = new Map<string, GroupTotal>();
    for (const { line, amountMinor } of converted) {
      const name = nameOf(line);
      const sum = groups.get(name) ?? { name, currency, amountMinor: 0, lines: 0 };
      groups.set(name, { ...sum, amountMinor: sum.amountMinor + amountMinor, lines: sum.lines + 1 });
    }
    return [...groups.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  };
  return {
    currency,
    amountMinor: converted.reduce((sum, { amountMinor }) => sum + amountMinor, 0),
    lines: converted.length,
    byEmployee: grouped(({ employee }) => employee ?? NO_EMPLOYEE),
    byCategory: grouped(({ category }) => category),
    byStatement: grouped(({ statement }) => statement),
    rates: [...used.values()].sort((a, b) => (a.currency < b.currency ? -1 : 1)),
    withoutRate: [...without].map(([one, count]) => ({ currency: one, lines: count })),
  };
}

function inCurrency(line: LedgerLine, currency: string, rateFrom: (from: string) => number | null): number | null {
  if (line.currency === currency) return line.amountMinor;
  // Some banks write what was paid abroad without its sign.
  if (line.originalCurrency === currency && line.originalAmountMinor !== undefined && !line.feeMinor)
    return Math.sign(line.amountMinor!) * Math.abs(line.originalAmountMinor) || 0;
  const rate = line.currency === null ? null : rateFrom(line.currency);
  if (rate === null) return null;
  const digits = minorDigits(currency) - minorDigits(line.currency);
  const minor = Math.round(Math.abs(line.amountMinor!) * rate * 10 ** digits);
  return line.amountMinor! < 0 && minor !== 0 ? -minor : minor;
}

function rateOf(from: string, currency: string, { known, given }: Rates): ReportingRate | null {
  const rate = known.get(`${from}/${currency}`) ?? inverse(known.get(`${currency}/${from}`));
  if (rate === null) return null;
  const isGiven = given[`${from}/${currency}`] !== undefined || given[`${currency}/${from}`] !== undefined;
  return { currency: from, rate, from: isGiven ? "option" : "lines" };
}

function inverse(rate: number | undefined): number | null {
  return rate === undefined ? null : 1 / rate;
}

/** Whether every grouping has the sum of all. @throws {Error} naming the grouping and both sums */
export function assertReportingAgrees({ amountMinor, lines, byEmployee, byCategory, byStatement }: Reporting): void {
  for (const [name, groups] of Object.entries({ byEmployee, byCategory, byStatement })) {
    const sum = groups.reduce((all, group) => all + group.amountMinor, 0);
    const count = groups.reduce((all, group) => all + group.lines, 0);
    if (sum !== amountMinor || count !== lines)
      throw new Error(`reporting ${name} adds up to ${sum} in ${count} lines, the lines to ${amountMinor} in ${lines}`);
  }
}
