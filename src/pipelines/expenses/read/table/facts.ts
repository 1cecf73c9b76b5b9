import { endOfMonth, findDates, type WrittenDate } from "../../dates.js";
import { currencyOf, findAmounts, type WrittenAmount } from "../../money.js";
import { rowText, type Cell, type Row } from "../../shapes.js";
import { specialRow, type SpecialRow } from "./words.js";

const OWNER =
  /^(card ?holder|card ?member|employee|account (?:holder|name|owner)|name on card|kontoinhaber(?:in)?|karteninhaber(?:in)?|mitarbeiter(?:in)?|titulaire)(?: name)?\s*[:.]?\s*(.*)$/i;
const CURRENCY =
  /^(?:(?:statement |account |billing )?currency|(?:konto)?währung|devise|moneda|valuta|waluta|měna|mena|divisa|moeda)\s*[:.]?\s*([A-Z]{3})?$/i;
/** Names that one country's money has alone. */
const NAMED: Readonly<Record<string, string>> = {
  naira: "NGN",
  baht: "THB",
  ringgit: "MYR",
  rupiah: "IDR",
  rand: "ZAR",
  cedi: "GHS",
  zloty: "PLN",
  forint: "HUF",
  hryvnia: "UAH",
  euro: "EUR",
  "us dollar": "USD",
  "us dollars": "USD",
  "indian rupee": "INR",
  "indian rupees": "INR",
  "pound sterling": "GBP",
  "swiss franc": "CHF",
  "swiss francs": "CHF",
  "japanese yen": "JPY",
};
const CURRENCY_NAME = new RegExp(
  `^(?:(?:statement |account |billing )?currency|währung|devise|moneda|waluta)\\s*[:.]\\s*(${Object.keys(NAMED).join("|")})$`,
  "i",
);
const ACCOUNT =
  /^(?:account|acct|konto|kontonummer|iban|compte|num[eé]ro de compte|cuenta|rekening|rekeningnummer|conto|rachunek|card|card number|kreditkarte|account (?:no|number|id))\.?(?:\s*(?:number|no|nr|nummer))?\.?\s*[:.]?\s*([A-Z]{2}\d{2}[\dA-Z ]{8,40}|[\dxX*][\dxX* .-]{3,40})?$/i;

/** What a row beside the lines tells. */
export interface RowFacts {
  readonly owner: string | null;
  readonly currency: string | null;
  readonly account: string | null;
  readonly special: { readonly kind: SpecialRow; readonly amounts: readonly WrittenAmount[] } | null;
  readonly dates: readonly WrittenDate[];
}

/** Rows that say whose the lines below are, or in what currency, of which account, for which time, or how much in all. */
export function factsOf(row: Row): RowFacts {
  const { cells } = row;
  let owner: string | null = null;
  let currency: string | null = null;
  let account: string | null = null;
  for (const [index, { text }] of cells.entries()) {
    const isOwner = OWNER.exec(text);
    const value = isOwner && (isOwner[2]!.trim() || (index === 0 ? ownerBeside(cells) : ""));
    if (value && !/\d{4}/.test(value)) owner = value.replace(/[:;]$/, "").trim();
    const isCurrency = CURRENCY.exec(text);
    // "Currency,=,IDR" has a cell between.
    if (isCurrency)
      currency = currencyOf(isCurrency[1]) ?? currencyOf(cells[index + 1]?.text) ?? currencyOf(cells[index + 2]?.text);
    const isName = CURRENCY_NAME.exec(text);
    if (isName) currency ??= NAMED[isName[1]!.toLowerCase()] ?? null;
    const isBare = /^[:=]\s*([A-Z]{3})$/.exec(text);
    if (isBare) currency ??= currencyOf(isBare[1]);
    const isAccount = ACCOUNT.exec(text);
    const number = isAccount && (isAccount[1] ?? cells[index + 1]?.text ?? "");
    if (number && /\d{3}/.test(number) && number.length <= 42) account = number.trim();
  }
  // "Account Number:,1234567890,SGD": a code alone beside the account is its currency.
  const hasNumber = account !== null || cells.some(({ text }) => /^\d{6,20}$/.test(text));
  const codes = !hasNumber
    ? []
    : cells.flatMap(({ text }) => (/^[A-Z]{3}$/.test(text) ? currencyOf(text) : null) ?? []);
  if (codes.length === 1) currency ??= codes[0]!;
  const text = rowText(row);
  const kind = specialRow(cells.find((cell) => /\p{L}{2}/u.test(cell.text))?.text ?? "");
  const dates = findDates(text);
  const inDate = (index: number): boolean =>
    dates.some((date) => index >= date.index && index < date.index + date.length);
  const amounts =
    kind === null
      ? []
      : findAmounts(text)
          .filter(({ index }) => !inDate(index))
          .map(({ amount }) => amount);
  const month = endOfMonth(text);
  const told = [...dates.map(({ date }) => date), ...(month ? [month] : [])];
  return { owner, currency, account, special: kind && { kind, amounts }, dates: told };
}

/** The name in the next cell; or in the next two, where an export has "DOE, JANE" without quotes. */
function ownerBeside([, name, second, ...rest]: readonly Cell[]): string {
  if (!name || rest.length > 0) return "";
  if (!second) return name.text;
  const isSplit =
    name.right + 1 === second.left && [name, second].every(({ text }) => /^\p{L}[\p{L}.' -]*$/u.test(text));
  return isSplit ? `${name.text}, ${second.text}` : "";
}

/** Dates of a period and numbers such as that of the statement, and no other words: what a row of no line's may hold. */
export function isPeriod({ cells }: Row, dates: readonly WrittenDate[]): boolean {
  const rest = cells.filter(({ text }) => findDates(text).length === 0);
  return dates.filter(({ year }) => year !== null).length >= 2 && rest.every(({ text }) => /^\d{1,4}$/.test(text));
}
