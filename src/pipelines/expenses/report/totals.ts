import type { LedgerLine } from "../ledger.js";

/** ISO 4217 for "no currency": lines that name none are summed up by themselves. */
export const NO_CURRENCY = "XXX";
export const NO_EMPLOYEE = "(no employee)";

export interface Total {
  readonly currency: string;
  /** Minor units; credits count as negative. */
  readonly amountMinor: number;
  readonly lines: number;
}
export interface CurrencyTotal extends Total {
  readonly chargesMinor: number;
  readonly creditsMinor: number;
}
export interface GroupTotal extends Total {
  readonly name: string;
}

export interface Totals {
  readonly byCurrency: readonly CurrencyTotal[];
  readonly byEmployee: readonly GroupTotal[];
  readonly byCategory: readonly GroupTotal[];
  readonly byStatement: readonly GroupTotal[];
}

/** Sums of all lines that have an amount and count. @throws {RangeError} above 2^53 minor units */
export function totalsOf(lines: readonly LedgerLine[]): Totals {
  return {
    byCurrency: currencyTotals(lines),
    byEmployee: groupTotals(lines, ({ employee }) => employee ?? NO_EMPLOYEE),
    byCategory: groupTotals(lines, ({ category }) => category),
    byStatement: groupTotals(lines, ({ statement }) => statement),
  };
}

function currencyTotals(lines: readonly LedgerLine[]): CurrencyTotal[] {
  const totals = new Map<string, CurrencyTotal>();
  for (const { amountMinor, currency, notCounted } of lines) {
    if (amountMinor === null || notCounted) continue;
    const key = currency ?? NO_CURRENCY;
    const sum = totals.get(key) ?? { currency: key, amountMinor: 0, chargesMinor: 0, creditsMinor: 0, lines: 0 };
    totals.set(key, {
      currency: key,
      amountMinor: safe(sum.amountMinor + amountMinor),
      chargesMinor: sum.chargesMinor + Math.max(0, amountMinor),
      creditsMinor: sum.creditsMinor + Math.min(0, amountMinor),
      lines: sum.lines + 1,
    });
  }
  return [...totals.values()].sort((a, b) => (a.currency < b.currency ? -1 : 1));
}

function groupTotals(lines: readonly LedgerLine[], nameOf: (line: LedgerLine) => string): GroupTotal[] {
  const totals = new Map<string, GroupTotal>();
  for (const line of lines) {
    if (line.amountMinor === null || line.notCounted) continue;
    const [name, currency] = [nameOf(line), line.currency ?? NO_CURRENCY];
    const key = `${currency} ${name}`;
    const sum = totals.get(key) ?? { name, currency, amountMinor: 0, lines: 0 };
    totals.set(key, { ...sum, amountMinor: safe(sum.amountMinor + line.amountMinor), lines: sum.lines + 1 });
  }
  return [...totals.values()].sort((a, b) =>
    a.name < b.name ? -1 : a.name > b.name ? 1 : a.currency < b.currency ? -1 : 1,
  );
}

function safe(sum: number): number {
  if (!Number.isSafeInteger(sum))
    throw new RangeError(`The amounts add up to ${sum}, which is more than is counted exactly.`);
  return sum;
}

/** Whether every way to group the lines gives the same sums. @throws {Error} naming the group and both sums */
export function assertTotalsAgree(totals: Totals): void {
  for (const [name, groups] of Object.entries(totals) as [keyof Totals, readonly Total[]][]) {
    for (const { currency, amountMinor, lines } of totals.byCurrency) {
      const own = groups.filter((group) => group.currency === currency);
      const sum = own.reduce((all, group) => all + group.amountMinor, 0);
      const count = own.reduce((all, group) => all + group.lines, 0);
      if (sum !== amountMinor || count !== lines) {
        throw new Error(
          `${name} adds up to ${sum} ${currency} in ${count} lines, the lines to ${amountMinor} in ${lines}`,
        );
      }
    }
    const strange = groups.find((group) => !totals.byCurrency.some(({ currency }) => currency === group.currency));
    if (strange) throw new Error(`${name} has ${strange.currency}, which no line has`);
  }
}
