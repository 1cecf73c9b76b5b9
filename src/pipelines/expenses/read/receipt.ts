import { decideOrder } from "./table/date-order.js";
import { findDates, toIso, withoutAccents, type DateOrder, type WrittenDate } from "../dates.js";
import { merchantOf } from "./merchant.js";
import type { OrderData } from "./order-data.js";
import { currencyOf, decimalMarkOf, findAmounts, toMinor, type DecimalMark, type FoundAmount } from "../money.js";
import type { Missing, Receipt, TaxPart } from "../shapes.js";
import { sellerNames } from "./seller-names.js";
import { totalOf } from "./total.js";

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
  /** What a page says in data beside its text. */
  readonly order?: OrderData;
}

export interface ReceiptDefaults {
  readonly currency: string | null;
  readonly employee: string | null;
  readonly dateOrder: DateOrder | "auto";
}

const DATE_LABEL =
  /\b(date|datum|le|fecha|data|purchased?|issued|paid( on)?|order(ed)?|transaction|invoice|rechnungsdatum|booked|placed|kelte|vystaveni)\b|発行日|거래일/;
const NOT_THE_DATE =
  /\b(due|valid|expires?|expiry|until|return by|returns? (before|until)|expiration|exp date|delivery|outward|inward|departure|arrival|departs|check.?(in|out)|anreise|abreise|zahlbar|faellig|fallig|bis|member since|valable|echeance|print(ed)?|statement|birth|dob|born|geburtsdatum|geboren|naissance|after|limite|prelev\w*|vencimiento|vencimento|scadenza|splatnost\w*|hatarid\w*|teljesites\w*|platnosci)\b|期限|有効/;
/** Words for the day of issue, which may stand at the head of a long cell, far from the date. */
const ISSUED =
  /\b(wystawieni\w*|vystaveni|date of issue|issue date|invoice date|rechnungsdatum|date de facture|fecha de emision|data (di )?emissione|data de emissao|factuurdatum|fakturadatum)\b/;
const REFUND =
  /\b(refund(ed)?|credit note|credit memo|gutschrift|remboursement|avoir|erstattung|stornorechnung|return receipt)\b/;
/** What a shop says about refunds is none. */
const ABOUT_REFUNDS =
  /\b(no|not|non|policy|policies|within|days?|exchanges?|without|kein\w*|only|only with|if|please|must|for refunds?|may|return(s|ed)? (and|or|within))\b/;
const REFERENCE =
  /\b(?:invoice|receipt|order|booking|check|ticket|rechnungs?|transaction|confirmation|bon|facture)\s*-?(?:reference|number|nummer|no|nr|id|n°)?\s*[.:#°]*\s*#?\s*([A-Z0-9][A-Z0-9/-]{3,24})\b/gi;
const EMPLOYEE =
  /^(employee|passenger|guest|gast|traveller|traveler|customer|name|kunde|client)(?: name)?\s*[:.]\s*(\p{L}[\p{L} .,'-]{2,60})$/iu;
const SELLER =
  /\b(seller|verkaufer|vendeur|vendor|supplier|lieferant|merchant|from|rechnungssteller|absender|issuer)\b/;
const COMPANY = /\b(gmbh|ltd|llc|inc|ag|kg|se|plc|sarl|sas|s\.?a\.?|b\.?v\.?|s\.?r\.?l\.?|sdn bhd|pty|oy|ab|co)\b\.?$/i;
/** Codes and signs behind a word for the sum: "Total (EUR)", "Betrag in €". */
const NAMED_CURRENCY =
  /\b(?:total|amount|betrag|summe|currency|wahrung|währung|montant|importe|all prices)(?: due| paid| amount| price)?\b\W{0,3}(?:in|en)?\W{0,3}([A-Z]{3}|€|£|¥|₹|\$)(?![A-Za-z])/i;
const DOLLARS: ReadonlySet<string> = new Set(["AUD", "CAD", "NZD", "HKD", "SGD", "MXN", "TWD"]);
const TAX_LINE = /\b(vat|mwst|ust|tva|iva|tax|gst|btw|moms|umsatzsteuer)\b/;
const TAX_NUMBER =
  /\b(?:vat (?:no|number|reg(?:istration)?(?: no)?|id)|ust-?\s?id(?:-?\s?nr)?|tva|n° tva|gst(?: reg)?(?: no)?|abn|p\.? ?iva|cif|nif|btw(?:-nr)?)\.?\s*[:#.]?\s*([A-Z]{0,3}[ -]?\d[\dA-Z -]{6,16}\d)\b/i;

/** What a receipt says: who, when, how much. */
export function readReceipt(source: ReceiptText, defaults: ReceiptDefaults): Receipt {
  const text = source.isOcr ? mended(source.text) : source.text;
  const lines = (source.isOcr || IS_SCANNED.test(text) ? unspaced(text) : text)
    .split("\n")
    .map((line) => line.replace(/[\t\u00a0]+/g, " ").trim())
    .filter((line) => line !== "");
  const plain = lines.map(withoutAccents);
  const mark = decimalMarkOf(lines.flatMap((line) => findAmounts(line).map(({ amount }) => amount.number)));
  const total = totalOf(lines, plain, mark, source.isOcr);
  const found = total?.written.currency ?? currencyAt(lines);
  const isOwnDollar =
    found === "USD" && defaults.currency !== null && DOLLARS.has(defaults.currency) && !/US\$|USD/.test(source.text);
  const currency = isOwnDollar ? defaults.currency : (found ?? defaults.currency);
  const minor = total && toMinor(total.written, currency, mark);
  const isRefund =
    total !== null &&
    (total.written.negative ||
      (/\brefund/.test(total.label) && !NO_REFUND.test(lettersOf(total.label))) ||
      isRefundDocument(plain, (line) => isPartOf(minor, findAmounts(line), mark)));
  const amountMinor = minor === null ? null : isRefund && minor !== 0 ? -minor : minor;
  const { date, otherDate } = dateOf(lines, plain, { ...defaults, currency });
  const names = sellerNames([...(source.subject ? [source.subject] : []), ...lines]);
  const merchant = merchantOf(lines, source) ?? names[0] ?? null;
  const otherNames = names.filter((name) => name !== merchant);
  const employee = employeeOf(lines, plain) ?? defaults.employee;
  const taxes = taxesOf(lines, plain, { currency, mark, totalMinor: Math.abs(amountMinor ?? 0) });
  const taxNumber = TAX_NUMBER.exec(source.text)?.[1]?.replace(/\s+/g, " ").trim();
  const reference = referenceOf(lines);
  const missing: (Missing | false)[] = [
    merchant === null && "merchant",
    (date ?? source.sentOn ?? null) === null && "date",
    amountMinor === null && "amount",
    amountMinor !== null && currency === null && "currency",
  ];
  return {
    merchant,
    ...(otherNames.length > 0 ? { otherNames } : {}),
    date: date ?? source.sentOn ?? null,
    ...(otherDate ? { otherDate } : {}),
    amountMinor,
    currency,
    employee,
    ...(reference ? { reference } : {}),
    ...(taxes.length > 0 ? { taxes } : {}),
    ...(taxNumber ? { taxNumber } : {}),
    source: source.isOcr ? "picture" : "text",
    incomplete: missing.filter((one): one is Missing => one !== false),
    flags: [
      ...(amountMinor !== null && total?.isUncertain ? (["TOTAL_UNCERTAIN"] as const) : []),
      ...(amountMinor !== null && found === null && currency !== null ? (["CURRENCY_ASSUMED"] as const) : []),
    ],
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

/** A blank before a decimal point: nobody prints that, and readers of pictures do. */
const IS_SCANNED = /\d \. ?\d \d?(?!\d)|\d \. ?\d\d(?!\d)/;

/** "$3 2 . 1 2" is 32.12, and "66 .93" is no 0.93. */
function unspaced(text: string): string {
  return text
    .replace(/(?<=[$€£] ?)\d(?: \d)+(?= ?\. )/g, (digits) => digits.replaceAll(" ", ""))
    .replace(/(\d) \. ?(\d) ?(\d)(?!\d)/g, "$1.$2$3")
    .replace(/(\d)\. (\d\d)(?!\d)/g, "$1.$2");
}

/** A currency counts where its code or sign stands at a figure, or behind a word for the sum: a capital word is no currency. */
function currencyAt(lines: readonly string[]): string | null {
  const counts = new Map<string, number>();
  for (const { amount } of lines.flatMap((line) => findAmounts(line))) {
    if (amount.currency !== null) counts.set(amount.currency, (counts.get(amount.currency) ?? 0) + 1);
  }
  const [most] = [...counts].sort((a, b) => b[1] - a[1]);
  return most?.[0] ?? lines.flatMap((line) => currencyOf(NAMED_CURRENCY.exec(line)?.[1]) ?? [])[0] ?? null;
}

/** Without blanks, for readers of pictures put them into words. A card of refunds that is redeemed pays as any card does. */
const NO_REFUND = /seeback|exchang|refundcard(red|bal|numb)/;

function lettersOf(line: string): string {
  return line.replace(/[^a-z]+/g, "");
}

function isAboutRefunds(line: string): boolean {
  return ABOUT_REFUNDS.test(line) || NO_REFUND.test(lettersOf(line));
}

/** Whether a line has figures of its own and all are less than the total: a part of it was paid back later. */
function isPartOf(totalMinor: number | null, found: readonly FoundAmount[], mark: DecimalMark | null): boolean {
  const sums = found.flatMap(({ amount }) =>
    amount.currency !== null || /[.,]\d{2}$/.test(amount.number) ? (toMinor(amount, amount.currency, mark) ?? []) : [],
  );
  return totalMinor !== null && sums.length > 0 && sums.every((sum) => sum < totalMinor);
}

/** Only where the document says of itself that it is one. */
function isRefundDocument(plain: readonly string[], isPart: (line: string) => boolean): boolean {
  return plain.some(
    (line, at) =>
      REFUND.test(line) &&
      line.length < 40 &&
      !isAboutRefunds(line) &&
      !isPart(line) &&
      (at < 12 || /^\W*(refund|gutschrift|avoir|credit note)/.test(line)),
  );
}

/** The seller is not the employee: a company is none, nor who stands under a word for the seller. */
function employeeOf(lines: readonly string[], plain: readonly string[]): string | null {
  for (const [at, line] of lines.entries()) {
    const [, label, name] = EMPLOYEE.exec(line) ?? [];
    if (!name || COMPANY.test(name.trim())) continue;
    const isUnderSeller = plain.slice(Math.max(0, at - 3), at).some((above) => SELLER.test(above));
    if (!/^name$/i.test(label!) || !isUnderSeller) return name.trim();
  }
  return null;
}

/** Tax by rate, where a line names a rate in percent and its figure is smaller than the total. */
function taxesOf(
  lines: readonly string[],
  plain: readonly string[],
  {
    currency,
    mark,
    totalMinor,
  }: { readonly currency: string | null; readonly mark: DecimalMark | null; readonly totalMinor: number },
): TaxPart[] {
  return lines.flatMap((line, at): TaxPart[] => {
    const rate = /(\d{1,2}(?:[.,]\d{1,2})?) ?%/.exec(line)?.[1];
    if (!rate || !TAX_LINE.test(plain[at]!)) return [];
    const written = findAmounts(line)
      .filter(({ amount }) => /[.,]\d{2}$/.test(amount.number))
      .at(-1);
    const taxMinor = written ? toMinor(written.amount, currency, mark) : null;
    if (taxMinor === null || taxMinor === 0 || taxMinor >= totalMinor / 2) return [];
    return [{ rate: Number(rate.replace(",", ".")), netMinor: null, taxMinor }];
  });
}

function dateOf(
  lines: readonly string[],
  plain: readonly string[],
  { currency, dateOrder }: ReceiptDefaults,
): { date: string | null; otherDate: string | null } {
  const found = lines.flatMap((line, index) =>
    findDates(line)
      .filter(({ date }) => date.year !== null)
      .map(({ date, index: at, length }) => {
        // The words right before a date say what it is of; a label may also stand alone on the line above.
        const before = plain[index]!.slice(Math.max(0, at - 40), at)
          .split(/\d{2,4}|[,;]\s/)
          .at(-1)!;
        const label = before.trim() === "" ? (plain[index - 1] ?? "") : before;
        const yearFirst = yearFirstOf(line.slice(at, at + length));
        const isIssued = ISSUED.test(plain[index]!.slice(0, at).split(/ {2,}/).at(-1)!);
        const rank = NOT_THE_DATE.test(before) ? 2 : isIssued || DATE_LABEL.test(label) ? 0 : 1;
        return { date, yearFirst, rank };
      }),
  );
  const first = found.sort((a, b) => a.rank - b.rank)[0];
  if (!first) return { date: null, otherDate: null };
  const dates = found.map(({ date }) => date);
  const { order, certain } = decideOrder(dates, { currency, around: [], texts: [] });
  const taken = dateOrder === "auto" ? order : dateOrder;
  const date = toIso(first.date, taken, null);
  const other = toIso(first.date, taken === "dmy" ? "mdy" : "dmy", null);
  const isOpen = first.date.kind === "open" && dateOrder === "auto" && !isSettled(dates, certain);
  if (isOpen && other !== date) return { date, otherDate: other };
  return { date, otherDate: dateOrder === "auto" && first.yearFirst !== date ? first.yearFirst : null };
}

/** Terminals write "13/02/03" with the year in front as well: what it is then, of years in which there are terminals. */
function yearFirstOf(written: string): string | null {
  const [, year, month, day] = /^(\d\d)[-/](\d\d)[-/](\d\d)$/.exec(written) ?? [];
  if (year === undefined || Number(year) < 10 || Number(year) > 39) return null;
  return toIso({ kind: "known", day: Number(day), month: Number(month), year: 2000 + Number(year) }, "dmy", null);
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
