import { leadingDate, readDate } from "../../dates.js";
import { currencyOf, readAmount, shownMark, decimalMarkOf, type DecimalMark } from "../../money.js";
import { currencyOfHeading, namesProduct, plainHeading, roleOfHeading, type ColumnRole } from "./headings.js";
import type { GridRow, Section } from "./sections.js";
import { directionOf, isSettled } from "./words.js";

/** A column with what its heading says and what its cells show, in shares of those that are filled. */
export interface Column {
  readonly index: number;
  readonly heading: string;
  /** The currency that the heading names. */
  readonly currency: string | null;
  readonly role: ColumnRole;
  /** Whether the heading's words gave the role, and not the cells. */
  readonly isNamed: boolean;
  readonly filled: number;
  readonly amounts: number;
  /** Of the amounts, those with decimals, a sign or a currency: what numbers of accounts and checks lack. */
  readonly moneylike: number;
  readonly ids: number;
  /** Whether some of the amounts carry a minus and others none. */
  readonly isMixed: boolean;
  readonly isConstant: boolean;
  readonly mark: DecimalMark | null;
}

const SAMPLE = 500;
const FIGURES: readonly ColumnRole[] = ["amount", "debit", "credit", "net", "fee", "balance", "originalAmount"];

interface Shares {
  readonly filled: number;
  readonly dates: number;
  readonly amounts: number;
  readonly moneylike: number;
  readonly ids: number;
  /** Of these, those that no amount of a currency without cents can be. */
  readonly names: number;
  readonly currencies: number;
  readonly directions: number;
  readonly statuses: number;
  readonly letters: number;
  readonly distinct: number;
  /** The share of cells that say what another before them says. */
  readonly repeated: number;
  readonly length: number;
  readonly isMixed: boolean;
  readonly mark: DecimalMark | null;
}

/** Rows that may be lines: a date in one cell, a figure in another. */
export function datedRows({ rows, places, hasHeading }: Section): GridRow[] {
  const named = new Set(
    places.flatMap(({ heading }, at) => (["date", "posted"].includes(roleOfHeading(heading)) ? [at] : [])),
  );
  const mayBegin = (at: number): boolean => named.has(at) || (!hasHeading && at === 0);
  return rows.filter(({ texts }) => {
    const date = texts.findIndex(
      (text, at) =>
        isDate(text) ||
        // "Reserverat" in the place of a date: it has none yet.
        (named.has(at) && isSettled(text) === false) ||
        (mayBegin(at) && (readDate(text.split(/\s/)[0]!) ?? leadingDate(text)) !== null),
    );
    return date >= 0 && texts.some((text, at) => at !== date && text !== "" && readAmount(text) !== null);
  });
}

/** The columns of a section; what the cells show overrules what the heading says. `given` fixes roles by column. */
export function columnsOf(section: Section, given: ReadonlyMap<number, ColumnRole> | null = null): Column[] {
  const sample = datedRows(section).slice(0, SAMPLE);
  const shares = section.places.map((_, index) => sharesOf(sample.map(({ texts }) => texts[index] ?? "")));
  const named = section.places.map(({ heading }, index): ColumnRole => {
    if (given) return given.get(index) ?? "other";
    return settled(roleOfHeading(heading), shares[index]!);
  });
  const roles = given ? named : withContent(onceEach(named, mainDate(named, shares, section)), shares, section);
  return section.places.map(({ heading }, index) => ({
    index,
    heading,
    currency: currencyOfHeading(heading),
    role: roles[index]!,
    isNamed: given !== null || (heading !== "" && roles[index] === named[index] && named[index] !== "other"),
    filled: shares[index]!.filled,
    amounts: shares[index]!.amounts,
    moneylike: shares[index]!.moneylike,
    ids: shares[index]!.ids,
    isMixed: shares[index]!.isMixed,
    isConstant: shares[index]!.distinct === 1 && sample.length > 2,
    mark: shares[index]!.mark,
  }));
}

/** Digits alone in number, or letters and digits as in an IBAN: names of accounts, cards and transactions. */
function isId(text: string): boolean {
  return /^0\d+$|^\d{7,}$|^[A-Z]{2}\d{2}[A-Z0-9 ]{8,}$|^[\dxX*]+[xX*]+\d*$/.test(text);
}

/** Two dates in one cell, or a date and a text, where columns of a page have run together. */
function beginsWithDate(text: string): boolean {
  return /\s/.test(text) && (readDate(text.split(/\s/)[0]!) !== null || leadingDate(text) !== null);
}

/** A date that can't be an amount; "10.12" may be either. */
function isDate(text: string): boolean {
  return text !== "" && !/^\d{1,2}[./]\d{1,2}$/.test(text) && readDate(text) !== null;
}

function sharesOf(texts: readonly string[]): Shares {
  const filled = texts.filter((text) => text !== "");
  const of = (fits: (text: string) => boolean): number =>
    filled.length === 0 ? 0 : filled.filter(fits).length / filled.length;
  const read = filled.map((text) => readAmount(text)).filter((amount) => amount !== null);
  const decimal = read.filter(
    ({ number, negative, currency, mark }) =>
      shownMark(number) !== null || negative || currency !== null || mark !== null,
  );
  return {
    filled: filled.length / Math.max(1, texts.length),
    dates: of((text) => readDate(text) !== null || beginsWithDate(text)),
    amounts: of((text) => readAmount(text) !== null && !(isDate(text) && /^\d{8}/.test(text))),
    moneylike: filled.length === 0 ? 0 : decimal.length / filled.length,
    ids: of(isId),
    names: of((text) => isId(text) && !/^[1-9]\d{6,9}$/.test(text)),
    currencies: of((text) => /^([A-Za-z]{3}|\p{Sc}|\p{Lo}{1,3})$/u.test(text.trim()) && currencyOf(text) !== null),
    directions: of((text) => directionOf(text) !== null),
    statuses: of((text) => isSettled(text) !== null),
    letters: of((text) => /\p{L}{2}/u.test(text)),
    distinct: new Set(filled).size,
    repeated: 1 - new Set(filled).size / Math.max(1, filled.length),
    length: filled.reduce((sum, text) => sum + text.length, 0) / Math.max(1, filled.length),
    isMixed: new Set(read.map(({ negative }) => negative)).size === 2,
    mark: decimalMarkOf(read.map(({ number }) => number)),
  };
}

/** A role that the cells do not contradict. */
function settled(role: ColumnRole, share: Shares): ColumnRole {
  if (share.filled === 0) return FIGURES.includes(role) ? role : role === "date" || role === "posted" ? "other" : role;
  if (FIGURES.includes(role)) {
    if (share.amounts >= 0.6 && share.names < 0.5) return role;
    if (share.directions > 0.8) return "direction";
    return share.currencies > 0.8 ? "currency" : "other";
  }
  if (role === "date" || role === "posted") {
    if (share.dates >= 0.5) return role;
    return share.currencies > 0.8 ? "currency" : "other";
  }
  if (role === "currency" || role === "originalCurrency") {
    if (share.currencies >= 0.5) return role;
    if (share.dates > 0.8) return "posted";
    return "other";
  }
  if (role === "direction") return share.directions >= 0.5 ? role : share.amounts > 0.8 ? "amount" : "type";
  if (role === "type") return share.directions >= 0.6 ? "direction" : share.amounts > 0.8 ? "other" : role;
  if (role === "account") return (share.moneylike > 0.8 && share.ids < 0.2) || isOfOthers(share) ? "other" : role;
  if (role === "description" || role === "merchant" || role === "employee")
    return share.moneylike > 0.8 || (share.dates > 0.9 && share.length < 12) ? "other" : role;
  return role;
}

/** Accounts of whom money went to or came from: another in most lines, and none in some. One's own are few. */
function isOfOthers({ filled, distinct, repeated }: Shares): boolean {
  return distinct > 3 && (filled < 0.9 || repeated < 0.5);
}

/** Headings of days on which a file was made or a row was written, and not of the booking. */
const OF_THE_FILE =
  /\b(zeit|time|created|export\w*|generat\w*|emiter\w*|issued|erstellt|inceput|final[ae]|begin|start|end|evaluation|valuation|valutazione|valoracion|bewertung)\b/;

/** Headings of the days that lines are of. */
const OF_THE_LINE = /\b(transaction|booking|buchung\w*|operation|achat|purchase|kaufdatum|tranzacti\w*)\b/;

/**
 * The column of the lines' dates: not one that tells when the file was made where another tells more. One that is the same
 * in every row may be a day on which all happened; it gives way only to a heading of the lines' own.
 */
function mainDate(roles: readonly ColumnRole[], shares: readonly Shares[], { places }: Section): number {
  const dates = [...roles.keys()].filter((at) => roles[at] === "date");
  const isOfLine = (at: number): boolean => OF_THE_LINE.test(plainHeading(places[at]!.heading));
  const isOfFile = (at: number): boolean => !isOfLine(at) && OF_THE_FILE.test(plainHeading(places[at]!.heading));
  const tells = (at: number): boolean => !isOfFile(at) && shares[at]!.filled > 0.9 && shares[at]!.distinct > 1;
  const [first] = dates;
  if (first === undefined || isOfLine(first)) return first ?? -1;
  const telling = dates.filter(tells);
  if (isOfFile(first)) return telling.find(isOfLine) ?? telling[0] ?? first;
  return shares[first]!.distinct === 1 ? (telling.find(isOfLine) ?? first) : first;
}

/** A second date is that of the posting; other roles that one column alone can have count once. `main` is the date's column. */
function onceEach(roles: readonly ColumnRole[], main: number): ColumnRole[] {
  const seen = new Set<ColumnRole>();
  return roles.map((role, at) => {
    if (role === "date") return at === main ? role : "posted";
    const isSecond = seen.has(role);
    seen.add(role);
    if (!isSecond) return role;
    return ["currency", "direction", "status", "originalAmount", "originalCurrency", "employee"].includes(role)
      ? "other"
      : role;
  });
}

/** Gives columns that no heading names the role that their cells show. */
function withContent(
  named: readonly ColumnRole[],
  shares: readonly Shares[],
  { hasHeading, places }: Section,
): ColumnRole[] {
  const roles = [...named];
  const free = (): number[] => roles.flatMap((role, at) => (role === "other" && shares[at]!.filled > 0.3 ? [at] : []));
  const has = (role: ColumnRole): boolean => roles.includes(role);
  // What a payment service calls a charge came in.
  const isService = (["amount", "fee", "net"] as const).every(has);
  const isUnknown = (at: number): boolean =>
    !isService && (!hasHeading || roleOfHeading(places[at]!.heading) === "other");
  for (const at of free()) {
    const share = shares[at]!;
    if (share.dates > 0.9 && share.length >= 5 && share.amounts < 0.9) roles[at] = has("date") ? "posted" : "date";
    else if (share.dates > 0.9 && !has("date")) roles[at] = "date";
    else if (share.currencies > 0.9 && !has("currency")) roles[at] = "currency";
    else if (share.directions > 0.6 && share.distinct <= 4 && !has("direction") && isUnknown(at))
      roles[at] = "direction";
    else if (
      share.statuses > 0.9 &&
      share.distinct <= 6 &&
      share.letters > 0.9 &&
      !has("status") &&
      share.directions < 0.5
    )
      roles[at] = "status";
    else if (share.ids > 0.9 && share.distinct === 1 && !has("account")) roles[at] = "account";
  }
  if (!has("date") && has("posted")) roles[roles.indexOf("posted")] = "date";
  if (!has("description") && !has("merchant")) {
    const isProduct = (at: number): boolean => roles[at] === "account" && namesProduct(places[at]!.heading);
    const texts = [...free(), ...[...roles.keys()].filter(isProduct)].filter(
      (at) => shares[at]!.letters > 0.5 && shares[at]!.amounts < 0.3,
    );
    const [longest] = texts.sort((a, b) => shares[b]!.length - shares[a]!.length);
    if (longest !== undefined) roles[longest] = "description";
    else if (has("type")) roles[roles.indexOf("type")] = "description";
  }
  return roles;
}
