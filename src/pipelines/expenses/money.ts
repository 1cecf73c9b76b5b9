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
/** The dollars of the world but one: a bare "$" means the job's own, where that is one of them. */
const SYMBOLS: readonly (readonly [string, string])[] = [
  ["US$", "USD"],
  ["A$", "AUD"],
  ["AU$", "AUD"],
  ["C$", "CAD"],
  ["CA$", "CAD"],
  ["NZ$", "NZD"],
  ["HK$", "HKD"],
  ["NT$", "TWD"],
  ["MX$", "MXN"],
  ["S$", "SGD"],
  ["R$", "BRL"],
  ["RM", "MYR"],
  ["€", "EUR"],
  ["£", "GBP"],
  ["¥", "JPY"],
  ["￥", "CNY"],
  ["₹", "INR"],
  ["₩", "KRW"],
  ["₪", "ILS"],
  ["₺", "TRY"],
  ["₽", "RUB"],
  ["₴", "UAH"],
  ["₫", "VND"],
  ["₱", "PHP"],
  ["฿", "THB"],
  ["₦", "NGN"],
  ["zł", "PLN"],
  ["Kč", "CZK"],
  ["Fr.", "CHF"],
  ["SFr.", "CHF"],
  ["Rs.", "INR"],
  // Japan's keyboards and fonts have the yen where others have a backslash.
  ["\\", "JPY"],
  ["د.ا.", "JOD"],
  ["د.أ.", "JOD"],
  ["د.إ.", "AED"],
  ["ر.س.", "SAR"],
  ["ر.ق.", "QAR"],
  ["ر.ع.", "OMR"],
  ["د.ك.", "KWD"],
  ["د.ب.", "BHD"],
  ["د.ع.", "IQD"],
  ["د.ت.", "TND"],
  ["د.ج.", "DZD"],
  ["د.م.", "MAD"],
  ["د.ل.", "LYD"],
  ["ج.م.", "EGP"],
  ["ل.ل.", "LBP"],
  ["Rp", "IDR"],
  ["$", "USD"],
];
/** What currencies are called where nobody writes their code. */
const NAMES: Readonly<Record<string, string>> = {
  RMB: "CNY",
  人民币: "CNY",
  人民幣: "CNY",
  元: "CNY",
  원: "KRW",
  美元: "USD",
  欧元: "EUR",
  港币: "HKD",
  日元: "JPY",
  円: "JPY",
  руб: "RUB",
  грн: "UAH",
  лв: "BGN",
  Ft: "HUF",
  TL: "TRY",
};
const SYMBOL = SYMBOLS.map(([symbol]) => symbol.replace(/[$.\\]/g, "\\$&"))
  .sort((a, b) => b.length - a.length)
  .join("|");
/** Thousands apart, or as India parts them (1,24,500.00); any number of decimals, or a dash for none. */
const DIGITS = String.raw`\d{1,3}(?:[.,'’ \u00a0\u2009\u202f\ufffd]\d{3})+(?:[.,]\d{1,6}|[.,](?:-|–|—){1,2})?|\d{1,2}(?:,\d{2})+,\d{3}(?:\.\d{1,6})?|\d+(?:[.,]\d{1,6}|[.,](?:-|–|—){1,2})?|[.,]\d{2}`;
const SIGN = "[-−–+]";
const CURRENCY = `(?:${SYMBOL}|[A-Z]{3}|kr\\.?)`;
/** What stands behind a figure instead of a sign or code; Japan marks food that is taxed less with 軽. */
const NAMED = Object.keys(NAMES).join("|");
const AMOUNT = new RegExp(
  `(?<![\\p{L}\\d.,/:#*])(?<open>\\()?\\s?(?<lead>${SIGN})?\\s?(?<before>${CURRENCY})?\\s?(?<inner>${SIGN})?\\s?(?<number>${DIGITS})\\s?(?<trail>[-−–](?![\\d\\p{L}]))?(?:\\s?(?<after>${CURRENCY}|(?:${NAMED})\\.?)(?![\\p{L}\\d]))?(?<close>\\))?(?:\\s?(?<mark>[CcDd][Rr])\\b\\.?)?(?![\\d%:]|[./,]\\d|-\\d|(?!軽)\\p{L})`,
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
  return SYMBOLS.find(([symbol]) => symbol === trimmed)?.[1] ?? NAMES[trimmed.replace(/(?<=\p{L})\.$/u, "")] ?? null;
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

/** The amount that a cell holds and nothing else; null where it holds none. Signs and CR or DR may stand on either side. */
export function readAmount(cell: string): WrittenAmount | null {
  const text = withoutNoise(cell.trim().replace(/^=?"?|"$/g, ""));
  const [found] = findAmounts(text);
  if (found && found.index === 0 && found.length === text.length) return found.amount;
  const marked = /^(?:(?<mark>[CcDd][Rr])\.?\s+(?<rest>.+)|(?<lead>.+?)\s*(?<sign>[-+−])\s*)$/u.exec(text)?.groups;
  // "8,000.00(CN)": a word in brackets is a remark.
  const remark = /^(.*\d)\s*[(（]\p{L}+[)）]$/u.exec(text)?.[1];
  if (remark !== undefined) return readAmount(remark);
  const rest = marked?.rest ?? marked?.lead;
  const [inner] = rest === undefined ? [] : findAmounts(rest);
  if (!inner || inner.index !== 0 || inner.length !== rest!.length) return null;
  if (marked!.mark) return { ...inner.amount, mark: /c/i.test(marked!.mark) ? "credit" : "debit" };
  return { ...inner.amount, negative: inner.amount.negative || marked!.sign !== "+" };
}

/** "22.500000000" and "22.499999999999996" are how programs write what they have calculated. */
function withoutNoise(text: string): string {
  return text.replace(/^([-−+]?\s?\d+\.)(\d{7,})$/, (_, whole: string, decimals: string) => {
    const [number, places] = [Number(`0.${decimals}`), 6];
    return number > 1 - 10 ** -places
      ? `${whole}${decimals.slice(0, places)}`
      : whole + number.toFixed(places).slice(2);
  });
}

function fromGroups(groups: Record<string, string | undefined>): WrittenAmount {
  const minus = [groups.lead, groups.inner, groups.trail].some((sign) => sign !== undefined && sign !== "+");
  const mark = groups.mark?.toUpperCase();
  return {
    negative: minus || (groups.open !== undefined && groups.close !== undefined),
    mark: mark === "CR" ? "credit" : mark === "DR" ? "debit" : null,
    currency: isYuan(groups) ? "CNY" : (currencyOf(groups.before) ?? currencyOf(groups.after)),
    number: groups.number!,
  };
}

/** China and Japan share a sign; only one of them has decimals. */
function isYuan({ before, after, number }: Record<string, string | undefined>): boolean {
  return [before, after].includes("¥") && /[.,]\d{2}$/.test(number!);
}

/** The decimal mark that all amounts of a document agree on; null where none of them shows it. */
export function decimalMarkOf(numbers: readonly string[]): DecimalMark | null {
  let [points, commas] = [0, 0];
  for (const number of numbers) {
    const mark = shownMark(number);
    if (mark === ".") points += 1;
    if (mark === ",") commas += 1;
  }
  if (points === commas) return points === 0 ? markBesideUngrouped(numbers) : null;
  return points > commas ? "." : ",";
}

/** Who writes "2500" parts no thousands: "13.300" beside it has three decimals. */
function markBesideUngrouped(numbers: readonly string[]): DecimalMark | null {
  const marks = new Set(numbers.flatMap((number) => (number.match(/^\d{1,3}([.,])\d{3}$/)?.[1] as DecimalMark) ?? []));
  const isUngrouped = numbers.some((number) => /^[1-9]\d{3,}$/.test(number));
  const isGrouped = numbers.some((number) => /\d[.,'’\s]\d{3}[.,'’\s]\d{3}/.test(number));
  return isUngrouped && !isGrouped && marks.size === 1 ? [...marks][0]! : null;
}

/** What a number shows by itself: "1,5", "0,125" and "1.000,00" a comma; "1.000" nothing. */
export function shownMark(number: string): DecimalMark | null {
  const last = /([.,])(\d+|[-–—]+)$/.exec(number);
  if (!last) return null;
  const mark = last[1] as DecimalMark;
  const others = number.slice(0, last.index);
  // "1.301.25": who parts thousands with the mark of the decimals writes groups of three.
  if (others.includes(mark)) return last[2]!.length !== 3 && /\d/.test(last[2]!) ? mark : mark === "." ? "," : ".";
  if (last[2]!.length !== 3 || /[.,'’\s]/.test(others)) return mark;
  return /^0?$|^\d{4,}$/.test(others) ? mark : null;
}

/** ISO 4217's exceptions; all other currencies have two decimals. (Intl tells how people round, not what a bank books.) */
const WITHOUT_DECIMALS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";
const WITH_THREE = "BHD IQD JOD KWD LYD OMR TND";

/** Currencies whose smallest coin is worth so little that nobody writes parts of it, three decimals least of all. */
const WITHOUT_PARTS = `${WITHOUT_DECIMALS} IDR COP HUF CRC IRR LBP MMK LAK KHR UZS TZS MNT SOS STN SLL`;

/** Whether "13.300" of this currency can only be thirteen thousand. */
export function hasNoParts(currency: string | null): boolean {
  return currency !== null && WITHOUT_PARTS.includes(currency);
}

/** How many decimals a currency has by ISO 4217, such as 2 for EUR and 0 for JPY; 2 where it is not known. */
export function minorDigits(currency: string | null): number {
  if (currency === null) return 2;
  if (WITHOUT_DECIMALS.includes(currency)) return 0;
  return WITH_THREE.includes(currency) ? 3 : 2;
}

/**
 * Whole minor units, without the sign, rounded half up. A lone mark before exactly three digits parts thousands, unless
 * `mark` says that it is the document's decimal mark. Null above 2^53.
 */
export function toMinor(
  { number }: Pick<WrittenAmount, "number">,
  currency: string | null,
  mark: DecimalMark | null,
): number | null {
  const digits = minorDigits(currency);
  const lone =
    mark ?? (digits === 3 && /^\d{1,3}[.,]\d{3}$/.test(number) ? (number.match(/[.,]/)![0] as DecimalMark) : null);
  const decimal = shownMark(number) ?? lone;
  const at = decimal === null || isRepeated(number, decimal) ? -1 : number.lastIndexOf(decimal);
  const whole = (at < 0 ? number : number.slice(0, at)).replace(/\D/g, "") || "0";
  const fraction = at < 0 ? "" : number.slice(at + 1).replace(/\D/g, "");
  const rounded = Math.round(Number(`${whole}.${fraction || "0"}e${digits}`));
  return Number.isSafeInteger(rounded) ? rounded : null;
}

/** @internal Whether the mark parts thousands: it stands more than once, and before three digits at last. */
export function isRepeated(number: string, mark: DecimalMark): boolean {
  return number.split(mark).length > 2 && number.length - number.lastIndexOf(mark) === 4;
}

/** More decimals than the currency has: the bank shows a rate's product or interest before rounding. */
export function isRounded(
  { number }: Pick<WrittenAmount, "number">,
  currency: string | null,
  mark: DecimalMark | null,
): boolean {
  const decimal = shownMark(number) ?? mark;
  if (decimal === null || isRepeated(number, decimal) || !number.includes(decimal)) return false;
  return /[1-9]/.test(
    number
      .slice(number.lastIndexOf(decimal) + 1)
      .replace(/\D/g, "")
      .slice(minorDigits(currency)),
  );
}

/** Minor units as people read them: 123456 EUR is "1234.56". */
export function toDecimal(amountMinor: number, currency: string | null): string {
  return (amountMinor / 10 ** minorDigits(currency)).toFixed(minorDigits(currency));
}
