/** A number as written, before its currency and its decimal mark are settled. */
export interface WrittenAmount {
  readonly negative: boolean;
  /** CR and DR behind the number, which say more than a sign. */
  readonly mark: "credit" | "debit" | null;
  readonly currency: string | null;
  /** Digits and separators only. */
  readonly number: string;
}

export type DecimalMark = "." | ",";

const CODES: ReadonlySet<string> = new Set(Intl.supportedValuesOf("currency"));
const SYMBOLS: readonly (readonly [string, string])[] = [
  ["US$", "USD"],
  ["A$", "AUD"],
  ["AU$", "AUD"],
  ["C$", "CAD"],
  ["CA$", "CAD"],
  ["NZ$", "NZD"],
  ["HK$", "HKD"],
  ["S$", "SGD"],
  ["R$", "BRL"],
  ["€", "EUR"],
  ["£", "GBP"],
  ["¥", "JPY"],
  ["₹", "INR"],
  ["₩", "KRW"],
  ["zł", "PLN"],
  ["Kč", "CZK"],
  ["Fr.", "CHF"],
  ["$", "USD"],
];
const SYMBOL = SYMBOLS.map(([symbol]) => symbol.replace(/[$.]/g, "\\$&"))
  .sort((a, b) => b.length - a.length)
  .join("|");
const DIGITS = String.raw`\d{1,3}(?:[.,'’ \u00a0\u202f]\d{3})+(?:[.,]\d{1,3}|[.,](?:-|–|—){1,2})?|\d+(?:[.,]\d{1,3}|[.,](?:-|–|—){1,2})?|[.,]\d{2}`;
const SIGN = "[-−–+]";
const CURRENCY = `(?:${SYMBOL}|[A-Z]{3}|kr\\.?)`;
const AMOUNT = new RegExp(
  `(?<![\\p{L}\\d.,/:#*])(?<open>\\()?\\s?(?<lead>${SIGN})?\\s?(?<before>${CURRENCY})?\\s?(?<inner>${SIGN})?\\s?(?<number>${DIGITS})\\s?(?<trail>[-−–](?![\\d\\p{L}]))?(?:\\s?(?<after>${CURRENCY})(?![\\p{L}\\d]))?(?<close>\\))?(?:\\s?(?<mark>CR|DR|Cr|Dr)\\b\\.?)?(?![\\d%:]|[./,]\\d|-\\d|\\p{L})`,
  "gu",
);

export interface FoundAmount {
  readonly amount: WrittenAmount;
  readonly index: number;
  readonly length: number;
}

/** The ISO code of a symbol or code; null where it is none. "$" is the dollar of the United States unless told apart. */
export function currencyOf(text: string | undefined): string | null {
  if (!text) return null;
  const trimmed = text.trim();
  if (CODES.has(trimmed.toUpperCase()) && /^[A-Za-z]{3}$/.test(trimmed)) return trimmed.toUpperCase();
  return SYMBOLS.find(([symbol]) => symbol === trimmed)?.[1] ?? null;
}

/** The first currency that a text names by code or symbol. */
export function currencyIn(text: string): string | null {
  for (const [word] of text.matchAll(new RegExp(`(?<!\\p{L})(?:[A-Z]{3})(?!\\p{L})|${SYMBOL}`, "gu"))) {
    const currency = currencyOf(word);
    if (currency) return currency;
  }
  return null;
}

/** All that looks like an amount in running text, in order. */
export function findAmounts(text: string): FoundAmount[] {
  return [...text.matchAll(AMOUNT)].map((match) => ({
    amount: fromGroups(match.groups!),
    index: match.index,
    length: match[0].length,
  }));
}

/** The amount that a cell holds and nothing else; null where it holds none. */
export function readAmount(cell: string): WrittenAmount | null {
  const text = cell.trim();
  const [found] = findAmounts(text);
  if (!found || found.index !== 0 || found.length !== text.length) return null;
  return found.amount;
}

function fromGroups(groups: Record<string, string | undefined>): WrittenAmount {
  const minus = [groups.lead, groups.inner, groups.trail].some((sign) => sign !== undefined && sign !== "+");
  const mark = groups.mark?.toUpperCase();
  return {
    negative: minus || (groups.open !== undefined && groups.close !== undefined),
    mark: mark === "CR" ? "credit" : mark === "DR" ? "debit" : null,
    currency: currencyOf(groups.before) ?? currencyOf(groups.after),
    number: groups.number!,
  };
}

/** The decimal mark that all amounts of a document agree on; null where none of them shows it. */
export function decimalMarkOf(numbers: readonly string[]): DecimalMark | null {
  let [points, commas] = [0, 0];
  for (const number of numbers) {
    const mark = shownMark(number);
    if (mark === ".") points += 1;
    if (mark === ",") commas += 1;
  }
  if (points === commas) return null;
  return points > commas ? "." : ",";
}

/** What a number shows by itself: "1,5" and "1.000,00" a comma; "1.000" nothing. */
function shownMark(number: string): DecimalMark | null {
  const last = /([.,])(\d+|[-–—]+)$/.exec(number);
  if (!last) return null;
  const mark = last[1] as DecimalMark;
  const others = number.slice(0, last.index);
  if (others.includes(mark)) return mark === "." ? "," : ".";
  return last[2]!.length !== 3 || /[.,'’\s]/.test(others) ? mark : null;
}

/** How many decimals a currency has, such as 2 for EUR and 0 for JPY; 2 where it is not known. */
export function minorDigits(currency: string | null): number {
  if (currency === null || !CODES.has(currency)) return 2;
  return new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits ?? 2;
}

/**
 * Whole minor units, without the sign. A lone mark before exactly three digits parts thousands, unless `mark` says
 * otherwise. Null above 2^53.
 */
export function toMinor(
  { number }: Pick<WrittenAmount, "number">,
  currency: string | null,
  mark: DecimalMark | null,
): number | null {
  const shown = shownMark(number);
  const digits = minorDigits(currency);
  const decimal = shown ?? (mark !== null && digits === 3 ? mark : null);
  const at = decimal === null ? -1 : number.lastIndexOf(decimal);
  const whole = (at < 0 ? number : number.slice(0, at)).replace(/\D/g, "") || "0";
  const fraction = at < 0 ? "" : number.slice(at + 1).replace(/\D/g, "");
  const rounded = Math.round(Number(`${whole}.${fraction || "0"}e${digits}`));
  return Number.isSafeInteger(rounded) ? rounded : null;
}

/** Minor units as people read them: 123456 EUR is "1234.56". */
export function toDecimal(amountMinor: number, currency: string | null): string {
  return (amountMinor / 10 ** minorDigits(currency)).toFixed(minorDigits(currency));
}
