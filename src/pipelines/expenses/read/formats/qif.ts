import { decodeText } from "../../../decode-text.js";
import { readDate, toIso, type DateOrder, type WrittenDate } from "../../dates.js";
import { decimalMarkOf, readAmount, toMinor } from "../../money.js";
import type { Evidence } from "../../shapes.js";
import { decideOrder } from "../table/date-order.js";
import { said, structured, type StructuredAccount, type StructuredLine } from "./structured.js";

interface QifRecord {
  readonly account: string | null;
  readonly values: ReadonlyMap<string, string>;
}

/** Types of QIF whose records are bookings of an account; the others are lists and securities. */
const BOOKINGS = /^(bank|cash|ccard|oth a|oth l|credit ?card)$/i;

/** The bookings of a QIF file (Quicken). It names no currency, and the order of its dates must be inferred. */
export function readQif(
  bytes: Uint8Array,
  defaults: {
    readonly currency: string | null;
    readonly employee: string | null;
    readonly dateOrder: DateOrder | "auto";
  },
) {
  const records = recordsOf(decodeText(bytes).text);
  const dates = records.flatMap(({ values }) => dateOf(values.get("D")) ?? []);
  const decided = decideOrder(dates, { currency: defaults.currency, around: [], texts: [] });
  const order = defaults.dateOrder === "auto" ? decided.order : defaults.dateOrder;
  const isCertain = decided.certain || defaults.dateOrder !== "auto";
  const mark = decimalMarkOf(records.flatMap(({ values }) => readAmount(amountOf(values))?.number ?? []));
  const accounts = new Map<string | null, StructuredLine[]>();
  for (const { account, values } of records) {
    const written = readAmount(amountOf(values));
    const minor = written && toMinor(written, defaults.currency, mark);
    const date = dateOf(values.get("D"));
    const reference = values.get("N");
    const line: StructuredLine = {
      date: date && toIso(date, order, null),
      description: [values.get("P"), values.get("M")]
        .filter((part, at, all) => part && all.indexOf(part) === at)
        .join(" ")
        .replace(/\s+/g, " ")
        .trim(),
      amountMinor: minor === null || minor === 0 ? minor : written!.negative ? minor : -minor,
      currency: defaults.currency,
      ...(reference ? { reference } : {}),
      flags: [
        ...(isCertain || !isOpen(date) ? [] : (["DATE_ORDER_UNCERTAIN"] as const)),
        ...(defaults.currency === null ? [] : (["CURRENCY_ASSUMED"] as const)),
      ],
    };
    accounts.set(account, [...(accounts.get(account) ?? []), line]);
  }
  const evidence: Evidence[] = [
    ...said("QIF"),
    isCertain
      ? { of: "dates", certainty: "supported", reason: `all dates together show the order ${order}, or need none` }
      : {
          of: "dates",
          certainty: "assumed",
          reason: `no date tells day from month; read as ${order} (set dateOrder to be sure)`,
          flag: "DATE_ORDER_UNCERTAIN",
        },
    defaults.currency === null
      ? {
          of: "currency",
          certainty: "assumed",
          reason: "QIF names no currency; set defaultCurrency",
          flag: "CURRENCY_UNCERTAIN",
        }
      : {
          of: "currency",
          certainty: "assumed",
          reason: `QIF names no currency; the job's own, ${defaults.currency}, is taken`,
          flag: "CURRENCY_ASSUMED",
        },
  ];
  const all = [...accounts].map(([account, lines]): StructuredAccount => ({
    account,
    currency: defaults.currency,
    openingMinor: null,
    closingMinor: null,
    lines,
  }));
  return structured("QIF", all, { employee: defaults.employee, evidence });
}

function recordsOf(text: string): QifRecord[] {
  const records: QifRecord[] = [];
  let [type, account]: [string, string | null] = ["bank", null];
  let values = new Map<string, string>();
  for (const line of text.split(/\r\n|\n|\r/)) {
    const header = /^!(?:Type:(.*)|(Account)|(Option|Clear):?.*)/i.exec(line);
    if (header) {
      if (!header[3]) type = header[2] ? "account" : header[1]!.trim();
      values = new Map();
    } else if (line.startsWith("^")) {
      if (type === "account") account = values.get("N") ?? account;
      else if (BOOKINGS.test(type) && values.has("D")) records.push({ account, values });
      values = new Map();
    } else if (line.trim() !== "" && !values.has(line[0]!)) values.set(line[0]!, line.slice(1).trim());
  }
  return records;
}

function amountOf(values: ReadonlyMap<string, string>): string {
  return values.get("T") ?? values.get("U") ?? "";
}

/** "3/ 1'26" is written with blanks for noughts and an apostrophe before years after 1999. */
function dateOf(text: string | undefined): WrittenDate | null {
  if (text === undefined) return null;
  return (
    readDate(
      text
        .replace(/\s+/g, "")
        .replace("'", "/")
        .replace(/\/(\d)$/, "/0$1"),
    ) ?? readDate(text)
  );
}

function isOpen(date: WrittenDate | null): boolean {
  return date !== null && date.kind === "open" && date.first !== date.second && date.first <= 12 && date.second <= 12;
}
