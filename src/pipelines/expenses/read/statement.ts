import { decideOrder, latestOf } from "./date-order.js";
import { toIso, type DateOrder, type WrittenDate } from "../dates.js";
import { draftLines, type Draft, type DraftLine } from "./draft-lines.js";
import { guessColumns } from "./guess-columns.js";
import { decimalMarkOf, toMinor, type DecimalMark, type WrittenAmount } from "../money.js";
import type { Missing, Row, StatementLine } from "../shapes.js";

export interface StatementDefaults {
  readonly currency: string | null;
  readonly employee: string | null;
  readonly dateOrder: DateOrder | "auto";
}

export interface Statement {
  readonly lines: readonly StatementLine[];
  /** Whether day and month could be told apart by the dates themselves. */
  readonly datesAreCertain: boolean;
}

/** What gives money back, in the languages banks write. */
const GIVES_BACK =
  /\b(payments?|refund(ed)?|returns?|reversal|rebate|cash ?back|credit|thank you|received|gutschrift|erstattung|ruckgabe|rückgabe|storno|remboursement|avoir|reembolso|abono)\b/i;

/** The transactions of a statement. Empty where its rows hold none. */
export function readStatement(rows: readonly Row[], defaults: StatementDefaults): Statement {
  let draft = draftLines(rows);
  if (draft.lines.length === 0) {
    const columns = guessColumns(rows);
    if (columns) draft = draftLines(rows, columns);
  }
  const currency = draft.currency ?? currencyOf(draft.lines) ?? defaults.currency;
  const dates = draft.lines.map(({ date }) => date).filter((date): date is WrittenDate => date !== null);
  const decided = decideOrder(dates, { currency, around: draft.around });
  const order = defaults.dateOrder === "auto" ? decided.order : defaults.dateOrder;
  const settled: Settled = {
    currency,
    defaults,
    order,
    latest: latestOf(draft.around, order) ?? latestOf(dates, order),
    mark: decimalMarkOf(numbersOf(draft)),
    chargesAreNegative: chargesAreNegative(draft.lines),
  };
  return {
    lines: withInheritedDates(draft.lines).map((line, index) => toLine(line, index + 1, settled)),
    datesAreCertain: decided.certain || defaults.dateOrder !== "auto",
  };
}

interface Settled {
  readonly currency: string | null;
  readonly defaults: StatementDefaults;
  readonly order: DateOrder;
  readonly latest: string | null;
  readonly mark: DecimalMark | null;
  readonly chargesAreNegative: boolean;
}

function currencyOf(lines: readonly DraftLine[]): string | null {
  const counts = new Map<string, number>();
  for (const { amount } of lines) {
    if (amount?.currency) counts.set(amount.currency, (counts.get(amount.currency) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? null;
}

function numbersOf({ lines }: Draft): string[] {
  return lines.flatMap(({ amount, original }) => [amount, original].flatMap((one) => (one ? [one.number] : [])));
}

/** In one column of signed amounts a bank may write what was spent as negative or as positive: what is no refund shows it. */
function chargesAreNegative(lines: readonly DraftLine[]): boolean {
  let [negative, positive] = [0, 0];
  for (const { amount, column, type, description, merchant } of lines) {
    if (!amount || amount.mark !== null || column !== "amount") continue;
    if (GIVES_BACK.test(type) || (type === "" && GIVES_BACK.test(`${merchant} ${description.join(" ")}`))) continue;
    if (amount.negative) negative += 1;
    else positive += 1;
  }
  return negative > positive;
}

/** Where a bank prints the date once for all lines of a day, it prints the balance once, too: behind the day's last. */
function withInheritedDates(lines: readonly DraftLine[]): DraftLine[] {
  if (!lines.some(({ hasBalance }) => hasBalance)) return [...lines];
  let [date, dayGoesOn]: [WrittenDate | null, boolean] = [null, false];
  return lines.map((line) => {
    const own = line.date ?? (dayGoesOn ? date : null);
    [date, dayGoesOn] = [own, !line.hasBalance];
    return { ...line, date: own };
  });
}

function toLine(line: DraftLine, row: number, settled: Settled): StatementLine {
  const { defaults, mark } = settled;
  const currency = line.currency ?? line.amount?.currency ?? settled.currency;
  const date = line.date && toIso(line.date, settled.order, settled.latest);
  const description = [line.merchant, ...line.description].join(" ").replace(/\s+/g, " ").trim();
  const amountMinor = line.amount && signed(line, line.amount, { ...settled, currency });
  const employee = line.employee ?? defaults.employee;
  const originalCurrency = line.originalCurrency ?? line.original?.currency ?? null;
  const originalMinor = line.original && originalCurrency ? toMinor(line.original, originalCurrency, mark) : null;
  const missing: (Missing | false)[] = [
    date === null && "date",
    amountMinor === null && "amount",
    currency === null && "currency",
    employee === null && "employee",
    description === "" && "description",
  ];
  const isForeign = originalMinor !== null && originalCurrency !== currency;
  return {
    row,
    date,
    description,
    amountMinor,
    currency,
    employee,
    ...(line.category ? { category: line.category } : {}),
    ...(line.reference ? { reference: line.reference } : {}),
    ...(isForeign && originalCurrency
      ? { originalAmountMinor: (amountMinor ?? 0) < 0 ? -originalMinor : originalMinor, originalCurrency }
      : {}),
    incomplete: missing.filter((one): one is Missing => one !== false),
  };
}

/** What was spent is positive, what came back negative; a zero has no sign. */
function signed(
  { column, type }: DraftLine,
  amount: WrittenAmount,
  { currency, mark, chargesAreNegative: flip }: Settled,
): number | null {
  const minor = toMinor(amount, currency, mark);
  if (minor === null || minor === 0) return minor;
  if (amount.mark !== null) return amount.mark === "credit" ? -minor : minor;
  if (column !== "amount") return (column === "credit") !== amount.negative ? -minor : minor;
  if (!amount.negative && !flip && /^(credit|cr|c|refund|return|payment|haben|h)$/i.test(type)) return -minor;
  return amount.negative !== flip ? -minor : minor;
}
