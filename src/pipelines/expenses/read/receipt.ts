import { decideOrder } from "./date-order.js";
import { findDates, toIso, withoutAccents, type DateOrder, type WrittenDate } from "../dates.js";
import { merchantOf } from "./merchant.js";
import { currencyIn, decimalMarkOf, findAmounts, toMinor, type WrittenAmount } from "../money.js";
import type { Missing, Receipt } from "../shapes.js";

export interface ReceiptText {
  /** Line by line; cells of one line are two blanks apart. */
  readonly text: string;
  /** Who sent it, where it came by e-mail. */
  readonly sender?: string;
  readonly subject?: string;
  /** ISO; counts where the text has no date. */
  readonly sentOn?: string;
  /** Whether letters may have been read wrongly. */
  readonly isOcr?: boolean;
}

export interface ReceiptDefaults {
  readonly currency: string | null;
  readonly employee: string | null;
  readonly dateOrder: DateOrder | "auto";
}

/** Words that a receipt's sum stands behind, the surest first; compared without accents. */
const SUMS: readonly RegExp[] = [
  /\b(grand total|total (amount )?(paid|due|charged?|refund(ed)?)|amount (paid|due|charged|refunded)|balance due|refund total|you paid|total ttc|gesamtbetrag|gesamtsumme|endbetrag|rechnungsbetrag|zu zahlen(der betrag)?|net a payer|montant (total|paye)|total a pagar|importe total|totaal te betalen|totale complessivo|total to pay|order total|invoice total|total price)\b/,
  /\btotal\b.*\b(inc|incl|including|with)\b|\btotal (?=[a-z]{3}\b)|^\W*total\b|\b(total|summe|gesamt|totaal|totale|sum|betrag|montant|importe)\b/,
  /\b(amount|paid|charged|visa|mastercard|amex|card|cash|cb|karte|ec|payment)\b/,
];
/** Sums that are not the sum. */
const NOT_THE_SUM =
  /\b(sub-?\s?total|zwischensumme|sous-total|total (ht|tax|vat|items?|qty|quantity|savings?|discounts?|points?|net|excl|before)|net(to)?(betrag)?|tax(es)?|vat|mwst|tva|iva|tips?|gratuity|change|cash back|saved|savings|balance (before|forward)|points)\b/;
const DATE_LABEL =
  /\b(date|datum|le|fecha|data|purchased?|issued|paid( on)?|order(ed)?|transaction|invoice|rechnungsdatum|booked)\b/;
const NOT_THE_DATE =
  /\b(due|valid|expires?|expiry|until|return by|returns? (before|until)|delivery|outward|inward|departure|arrival|departs|check.?(in|out)|anreise|abreise|zahlbar|faellig|fallig|bis|member since|valable|echeance|print(ed)?|statement)\b/;
const REFUND = /\b(refund(ed)?|credit note|gutschrift|remboursement|avoir|erstattung|stornorechnung|return receipt)\b/;
const REFERENCE =
  /\b(?:invoice|receipt|order|booking|check|ticket|rechnungs?|transaction|confirmation|bon|facture)\s*-?(?:reference|number|nummer|no|nr|id|n°)?\s*[.:#°]*\s*#?\s*([A-Z0-9][A-Z0-9/-]{3,24})\b/gi;
const EMPLOYEE =
  /^(?:employee|passenger|guest|gast|traveller|traveler|customer|name|kunde|client)\s*[:.]\s*(\p{L}[\p{L} .,'-]{2,60})/imu;

/** What a receipt says: who, when, how much. */
export function readReceipt(source: ReceiptText, defaults: ReceiptDefaults): Receipt {
  const lines = (source.isOcr ? mended(source.text) : source.text)
    .split("\n")
    .map((line) => line.replace(/[\t\u00a0]+/g, " ").trim())
    .filter((line) => line !== "");
  const plain = lines.map(withoutAccents);
  const sum = sumOf(lines, plain);
  const currency = sum?.currency ?? currencyIn(lines.join("\n")) ?? defaults.currency;
  const mark = decimalMarkOf(lines.flatMap((line) => findAmounts(line).map(({ amount }) => amount.number)));
  const minor = sum && toMinor(sum, currency, mark);
  const isRefund = sum !== null && (sum.negative || plain.some((line) => REFUND.test(line) && line.length < 40));
  const amountMinor = minor === null ? null : isRefund && minor !== 0 ? -minor : minor;
  const { date, otherDate } = dateOf(lines, plain, { ...defaults, currency });
  const merchant = merchantOf(lines, source);
  const employee = EMPLOYEE.exec(lines.join("\n"))?.[1]?.trim() ?? defaults.employee;
  const reference = referenceOf(lines);
  const missing: (Missing | false)[] = [
    merchant === null && "merchant",
    (date ?? source.sentOn ?? null) === null && "date",
    amountMinor === null && "amount",
    amountMinor !== null && currency === null && "currency",
  ];
  return {
    merchant,
    date: date ?? source.sentOn ?? null,
    ...(otherDate ? { otherDate } : {}),
    amountMinor,
    currency,
    employee,
    ...(reference ? { reference } : {}),
    incomplete: missing.filter((one): one is Missing => one !== false),
  };
}

/** In figures a reader of pictures takes O for 0, l and I for 1, S for 5 and B for 8, and puts blanks around points. */
function mended(text: string): string {
  return text
    .replace(
      /(?<=[\d.,$€£ ])[OolISB](?=[\d.,])|(?<=\d[.,]\d?)[OolISB](?=\d?\b)|(?<=\d)[OolISB](?=[.,]\d)/g,
      (letter) => (letter === "O" || letter === "o" ? "0" : letter === "S" ? "5" : letter === "B" ? "8" : "1"),
    )
    .replace(/(\d) ?([.,]) (\d\d)(?!\d)/g, "$1$2$3");
}

/** The figure behind the surest word; of several behind words as sure, the largest. */
function sumOf(lines: readonly string[], plain: readonly string[]): WrittenAmount | null {
  for (const words of SUMS) {
    const found = plain.flatMap((line, index) => {
      const match = words.exec(line);
      if (!match || NOT_THE_SUM.test(line.replace(/\b(total|gesamt\w*)\b.*\b(inc|incl|ttc|inkl).*/, ""))) return [];
      const own = moneyIn(lines[index]!, match.index);
      if (own.length > 0) return [own.at(-1)!];
      // A sum whose figure the layout has put on the next line.
      const next = lines[index + 1];
      const below = next === undefined ? [] : moneyIn(next, 0);
      return below.length === 1 && /^[^\p{L}]*(\p{L}{1,3}[^\p{L}]*)?$/u.test(next!) ? [below[0]!] : [];
    });
    if (found.length > 0) return found.reduce((most, one) => (valueOf(one) > valueOf(most) ? one : most));
  }
  const all = lines.flatMap((line) => moneyIn(line, 0));
  return all.length === 0 ? null : all.reduce((most, one) => (valueOf(one) > valueOf(most) ? one : most));
}

/** Figures with decimals or a currency; bare whole numbers are quantities, tables and years. */
function moneyIn(line: string, from: number): WrittenAmount[] {
  const dates = findDates(line);
  return findAmounts(line)
    .filter(
      ({ index, length }) =>
        index + length > from && !dates.some((date) => index >= date.index && index < date.index + date.length),
    )
    .map(({ amount }) => amount)
    .filter(({ number, currency }) => currency !== null || /[.,]\d{2}$/.test(number));
}

function valueOf(amount: WrittenAmount): number {
  return toMinor(amount, null, null) ?? 0;
}

function dateOf(
  lines: readonly string[],
  plain: readonly string[],
  { currency, dateOrder }: ReceiptDefaults,
): { date: string | null; otherDate: string | null } {
  const found = lines.flatMap((line, index) =>
    findDates(line)
      .filter(({ date }) => date.year !== null)
      .map(({ date, index: at }) => {
        // The words right before a date say what it is of; a label may also stand alone on the line above.
        const before = plain[index]!.slice(Math.max(0, at - 40), at)
          .split(/\d{2,4}|[,;]\s/)
          .at(-1)!;
        const label = before.trim() === "" ? (plain[index - 1] ?? "") : before;
        return { date, rank: NOT_THE_DATE.test(before) ? 2 : DATE_LABEL.test(label) ? 0 : 1 };
      }),
  );
  const first = found.sort((a, b) => a.rank - b.rank)[0];
  if (!first) return { date: null, otherDate: null };
  const dates = found.map(({ date }) => date);
  const { order, certain } = decideOrder(dates, { currency, around: [] });
  const taken = dateOrder === "auto" ? order : dateOrder;
  const date = toIso(first.date, taken, null);
  const other = toIso(first.date, taken === "dmy" ? "mdy" : "dmy", null);
  const isOpen = first.date.kind === "open" && dateOrder === "auto" && !isSettled(dates, certain);
  return { date, otherDate: isOpen && other !== date ? other : null };
}

/** One receipt's dates settle their order only by a number above 12: how near they are to each other says little. */
function isSettled(dates: readonly WrittenDate[], certain: boolean): boolean {
  return certain && dates.some((date) => date.kind === "open" && (date.first > 12 || date.second > 12));
}

function referenceOf(lines: readonly string[]): string | null {
  for (const line of lines) {
    for (const [, reference] of line.matchAll(REFERENCE)) {
      if (/\d/.test(reference!) && findDates(reference!).length === 0) return reference!;
    }
  }
  return null;
}
