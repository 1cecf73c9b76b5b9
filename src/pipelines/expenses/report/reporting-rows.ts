import { toDecimal } from "../money.js";
import { EMPTY_ROW, type ReportRow } from "./report-row.js";
import type { Reporting } from "./reporting.js";

/** The sums in one currency, the rates behind them, and what could not be converted. */
export function reportingRows(reporting: Reporting): ReportRow[] {
  const { currency, amountMinor, lines, rates, withoutRate } = reporting;
  const counted = (count: number): string => `${count} ${count === 1 ? "line" : "lines"}`;
  const groups = [
    ["reporting employee total", "employee", reporting.byEmployee],
    ["reporting category total", "category", reporting.byCategory],
    ["reporting statement total", "document", reporting.byStatement],
  ] as const;
  return [
    ...groups.flatMap(([record, column, all]) =>
      all.map((group): ReportRow => ({
        ...EMPTY_ROW,
        record,
        [column]: group.name,
        description: counted(group.lines),
        currency,
        amount: toDecimal(group.amountMinor, currency),
      })),
    ),
    {
      ...EMPTY_ROW,
      record: "reporting total",
      description: counted(lines),
      currency,
      amount: toDecimal(amountMinor, currency),
    },
    ...rates.map((one): ReportRow => ({
      ...EMPTY_ROW,
      record: "reporting rate",
      description: `1 ${one.currency} is ${Number(one.rate.toPrecision(8))} ${currency}, by ${BY[one.from]}`,
      currency: one.currency,
    })),
    ...withoutRate.map((one): ReportRow => ({
      ...EMPTY_ROW,
      record: "reporting rate",
      description: `no rate: ${counted(one.lines)} ${one.lines === 1 ? "is" : "are"} in no sum in ${currency}; ${adviceFor(one.currency, currency)}`,
      currency: one.currency,
    })),
  ];
}

/** "XXX" stands for no currency, which no rate can be given for. */
function adviceFor(from: string, to: string): string {
  return from === "XXX" ? "no currency is named; set defaultCurrency" : `give exchangeRates ${from}/${to}`;
}

const BY = { option: "the option exchangeRates", lines: "original amounts in the statements" } as const;
