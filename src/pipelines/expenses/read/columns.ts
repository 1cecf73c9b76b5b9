import { withoutAccents } from "../dates.js";
import { currencyOf, readAmount } from "../money.js";
import type { Cell, Row } from "../shapes.js";

/** What a column of a statement holds. */
export type ColumnRole =
  | "date"
  | "posted"
  | "description"
  | "merchant"
  | "amount"
  | "debit"
  | "credit"
  | "balance"
  | "currency"
  | "originalAmount"
  | "originalCurrency"
  | "employee"
  | "category"
  | "type"
  | "reference"
  | "other";

export interface Column {
  readonly role: ColumnRole;
  readonly left: number;
  readonly right: number;
  /** Where the heading names it: "Amount (GBP)". */
  readonly currency: string | null;
}

/** In this order: the first that fits a heading decides. Headings are compared without accents and punctuation. */
const HEADINGS: readonly (readonly [ColumnRole, RegExp])[] = [
  ["balance", /\b(balance|saldo|solde|kontostand)\b/],
  ["originalCurrency", /\b(original|foreign|orig|local)\b.*\b(currency|ccy|curr)\b|\boriginalwahrung\b/],
  ["originalAmount", /\b(original|foreign|orig|local)\b|\b(fremdwahrung|originalbetrag)\b/],
  ["other", /\b(exchange rate|fx rate|kurs|rate|sort code|account (number|no)|iban|card (number|no)|kartennummer)\b/],
  [
    "employee",
    /\b(employee|card ?holder|card ?member|name on card|travell?er|member name|mitarbeiter(in)?|karteninhaber|titulaire|user name|spender)\b/,
  ],
  ["type", /^((transaction|entry) )?(type|art|umsatzart|sens|dr cr|cr dr|debit credit|credit debit|d c)$/],
  ["posted", /\b(post(ed|ing)?|value date|wertstellung|valuta(datum)?|settle(ment|d)|date de valeur|date valeur)\b/],
  ["date", /\b(date|datum|fecha|data|dato|buchungstag|buchungsdatum|transaktionsdatum|when)\b/],
  ["credit", /\b(credits?|paid in|money in|deposits?|haben|gutschrift|abono|received|entrees?)\b|^in$/],
  ["debit", /\b(debits?|paid out|money out|withdrawals?|soll|belastung|cargo|spent|charges?|sorties?)\b|^out$/],
  ["currency", /^(transaction )?(currency|ccy|curr|wahrung|devise|moneda|valuta|valute|currency code)$/],
  ["category", /\b(category|kategorie|categorie|categoria|expense type|mcc)\b/],
  ["amount", /\b(amount|betrag|umsatz|montant|importe|importo|bedrag|belop|belob|total|value)\b/],
  [
    "merchant",
    /\b(merchant|payee|vendor|supplier|begunstigter?|auftraggeber|empfanger|counterparty|beneficiary|name|wer)\b/,
  ],
  [
    "description",
    /\b(descriptions?|details?|narrative|transactions?|particulars|memo|buchungstext|verwendungszweck|libelle|concepto|text|tekst|omschrijving|beskrivelse|beskrivning|purpose|activity|what)\b/,
  ],
  ["reference", /\b(ref|reference|referenz|id|number|no|nr|check|cheque)\b/],
];
const MONEY: readonly ColumnRole[] = ["amount", "debit", "credit"];

/** The columns that a row names when it is a table's heading; null when it is none. */
export function headingOf(row: Row): readonly Column[] | null {
  const columns = row.cells.map(columnOf);
  const roles = new Set(columns.map(({ role }) => role));
  const says =
    MONEY.some((role) => roles.has(role)) &&
    (["date", "posted", "description", "merchant"] as const).some((role) => roles.has(role));
  const known = columns.filter(({ role }) => role !== "other").length;
  if (!says || known < 2 || roles.size < 2 || known < row.cells.length / 2) return null;
  // Headings are names. A line about a "credit" on a "date" has figures in it.
  if (row.cells.some(({ text }) => readAmount(text) !== null || text.length > 60 || /\d{3}/.test(text))) return null;
  return onceEach(columns);
}

function columnOf({ text, left, right }: Cell): Column {
  const plain = withoutAccents(text)
    .replace(/[^a-z0-9]+/g, " ")
    .trim();
  const role = HEADINGS.find(([, pattern]) => pattern.test(plain))?.[0] ?? "other";
  const code = /(?<![A-Z])([A-Z]{3})(?![A-Z])|[€£¥]/.exec(text)?.[0];
  return { role, left, right, currency: currencyOf(code) };
}

/** A second date is that of the posting, a second description a merchant's; any other repeated role counts once. */
function onceEach(columns: readonly Column[]): Column[] {
  const seen = new Set<ColumnRole>();
  return columns.map((column) => {
    let { role } = column;
    if (role === "date" && seen.has("date")) role = "posted";
    if (role !== "other" && role !== "description" && role !== "merchant" && seen.has(role)) role = "other";
    seen.add(role);
    return { ...column, role };
  });
}

/** The column that a cell stands under: the one whose left edge, right edge or middle is nearest. */
export function columnUnder(columns: readonly Column[], cell: Cell): Column {
  const distance = ({ left, right }: Column): number =>
    Math.min(
      Math.abs(left - cell.left),
      Math.abs(right - cell.right),
      Math.abs((left + right) / 2 - (cell.left + cell.right) / 2),
      // A long text reaches under the headings to its right; its beginning decides, unless it is within one.
      cell.left >= left && cell.right <= right ? 0 : Infinity,
    );
  return columns.reduce((best, column) => (distance(column) < distance(best) ? column : best));
}
