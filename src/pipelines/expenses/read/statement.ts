import { findDates, readDate, type DateOrder, type WrittenDate } from "../dates.js";
import { decimalMarkOf, findAmounts } from "../money.js";
import {
  rowText,
  type Evidence,
  type Row,
  type StatementFacts,
  type StatementLine,
  type StatementMapping,
} from "../shapes.js";
import { accountsOf, reconciled, type Balances } from "./table/accounts.js";
import { columnsOf, datedRows, type Column } from "./table/columns.js";
import { decideOrder, latestOf } from "./table/date-order.js";
import { factsOf, type RowFacts } from "./table/facts.js";
import { readRows, type Draft, type ReadRow } from "./table/drafts.js";
import type { Around } from "./table/around.js";
import { readOutside } from "./table/outside.js";
import { plainHeading } from "./table/headings.js";
import { toLine, withInheritedDates, type Settled } from "./table/lines.js";
import { mappingFor, mappingOf, rolesBy } from "./table/mapping.js";
import { sectionsOf, type Section } from "./table/sections.js";
import { sizeOf } from "./table/figures.js";
import { signOf, type Sign } from "./table/sign.js";
import { evidenceOfMoney } from "./table/money-evidence.js";
import { moneyOf, type Money } from "./table/structure.js";
import { currencyOfStatement } from "./table/currency.js";
import { explained, isGapless } from "./table/under-lines.js";

export interface StatementDefaults {
  readonly currency: string | null;
  readonly employee: string | null;
  readonly dateOrder: DateOrder | "auto";
  readonly statements: readonly StatementMapping[];
}

export interface Statement {
  readonly lines: readonly StatementLine[];
  readonly facts: StatementFacts;
}

/** Sections with the same headings, which are one table: a heading is repeated on each page. */
interface Table {
  readonly sections: readonly Section[];
  readonly columns: readonly Column[];
  readonly money: Money;
  readonly given: StatementMapping | null;
}

/** The transactions of a table, and what is known of them. No lines where its rows hold none. */
export function readStatement(
  rows: readonly Row[],
  about: { readonly name: string; readonly format: string; readonly isPage: boolean },
  defaults: StatementDefaults,
): Statement {
  const sections = sectionsOf(rows, about.isPage);
  if (sections.length > 0 && sections.every((section) => section.rows.length === 0))
    return withoutRows(sections[0]!, about.format);
  const tables = tablesOf(sections, about.name, defaults.statements);
  const around: Around = { owner: null, account: null, pending: null };
  const read: ReadRow[] = sections.length === 0 ? readOutside(rows, around) : [];
  const drafts = new Map<Table, Draft[]>();
  for (const section of sections) {
    read.push(...readOutside(section.above, around));
    const table = tables.find((one) => one.sections.includes(section));
    const ofSection = table
      ? rowsOf(section, table, about.isPage, around)
      : readOutside(
          section.rows.map(({ row }) => row),
          around,
        );
    read.push(...ofSection);
    if (table)
      drafts.set(table, [
        ...(drafts.get(table) ?? []),
        ...ofSection.flatMap((one) => (one.is === "line" ? [one.draft] : [])),
      ]);
  }
  return settle({ about, defaults, read, drafts, tables });
}

function rowsOf({ rows }: Section, { columns, money }: Table, isPage: boolean, around: Around): ReadRow[] {
  const read = readRows(rows, columns, money, { isPage, around });
  return isPage ? read : explained(read, columns, money);
}

/** A heading and nothing under it: a month in which nothing happened. */
function withoutRows(section: Section, format: string): Statement {
  const evidence: Evidence[] = [{ of: "rows", certainty: "supported", reason: "the table has a heading and no rows" }];
  return {
    lines: [],
    facts: { format, accounts: [], evidence, notRead: [], mapping: mappingOf(section, columnsOf(section), null, {}) },
  };
}

function tablesOf(sections: readonly Section[], name: string, mappings: readonly StatementMapping[]): Table[] {
  const groups = new Map<string, Section[]>();
  for (const section of sections) {
    const key = section.places.map(({ heading }) => plainHeading(heading)).join("|");
    groups.set(key, [...(groups.get(key) ?? []), section]);
  }
  return [...groups.values()].flatMap((group): Table[] => {
    const whole: Section = { ...group[0]!, rows: group.flatMap(({ rows }) => rows) };
    const given = mappingFor(whole, name, mappings);
    const columns = columnsOf(whole, given && rolesBy(given, whole));
    // Balances and sums alone: "10.30" may be a time.
    const beside = group.flatMap(({ above }) => above.flatMap((row) => factsOf(row).special?.amounts ?? []));
    const markAround = decimalMarkOf(beside.map(({ number }) => number));
    const money = moneyOf(whole.rows, datedRows(whole), columns, { isGiven: given !== null, markAround });
    return money ? [{ sections: group, columns, money, given }] : [];
  });
}

interface Gathered {
  readonly about: { readonly name: string; readonly format: string; readonly isPage: boolean };
  readonly defaults: StatementDefaults;
  readonly read: readonly ReadRow[];
  readonly drafts: ReadonlyMap<Table, readonly Draft[]>;
  readonly tables: readonly Table[];
}

/** Orders, signs and currencies are settled by all lines of the file together. */
function settle({ about, defaults, read, drafts, tables }: Gathered): Statement {
  const all = [...drafts.values()].flat();
  const outside = read.filter((one) => one.is === "facts" || one.is === "special" || one.is === "not read");
  const aroundText = outside.map(({ row }) => rowText(row)).join("\n");
  const currencies = currencyOfStatement(
    all,
    tables.map(({ columns, given }) => ({ columns, given: given?.currency ?? null })),
    { read, defaults, text: aroundText, name: about.name },
  );
  const dates = all.flatMap(({ date }) => date ?? []);
  const aroundDates = read.flatMap((one) => (one.is === "facts" && !isOpening(one.facts) ? one.facts.dates : []));
  // An opening balance is of a day as well; it tells nothing of the year of what comes after.
  const ofBalances = read.flatMap((one) =>
    one.is === "special" ? findDates(rowText(one.row)).map(({ date }) => date) : [],
  );
  const decided = decideOrder(dates, {
    currency: currencies.main,
    around: [...aroundDates, ...ofBalances],
    texts: all.flatMap(({ date, description }) => (date ? [description.join(" ")] : [])),
  });
  const given =
    tables.find((table) => table.given?.dateOrder)?.given?.dateOrder ??
    (defaults.dateOrder === "auto" ? null : defaults.dateOrder);
  const order = given ?? decided.order;
  const latest = latestOf([...aroundDates, ...datesOfEnds(read)], order) ?? latestOf(dates, order);
  const evidence: Evidence[] = [...currencies.evidence, dateEvidence(given !== null, decided.certain, order)];
  const balances = balancesIn(read);
  const lines: StatementLine[] = [];
  let mapping: StatementMapping | null = null;
  for (const [table, ofTable] of drafts) {
    const headings = table.sections.flatMap(({ places }) => places.map(({ heading }) => heading)).join(" ");
    const change =
      drafts.size === 1 && balances.opening !== null && balances.closing !== null
        ? balances.closing - balances.opening
        : null;
    const sign = table.given?.sign
      ? givenSign(table.given.sign)
      : signOf(
          ofTable.map(({ grid }) => grid),
          table.columns,
          table.money,
          { around: `${aroundText} ${headings} ${about.name}`, change },
        );
    const settled: Settled = {
      currencies,
      defaults,
      order,
      latest,
      dateIsCertain: given !== null || decided.certain,
      sign,
    };
    lines.push(
      ...withInheritedDates(ofTable, about.isPage).map((draft, at) => toLine(draft, lines.length + at + 1, settled)),
    );
    evidence.push(sign.evidence, ...evidenceOfMoney(table.money, table.columns, table.given !== null));
    mapping ??= mappingOf(table.sections[0]!, table.columns, table.money.structure, {
      ...signWord(sign, table.money),
      dateOrder: order,
      ...(currencies.main ? { currency: currencies.main } : {}),
    });
  }
  const notRead = read.flatMap((one) =>
    one.is === "not read"
      ? [{ row: one.row.at, ...(one.row.sheet ? { sheet: one.row.sheet } : {}), text: rowText(one.row).slice(0, 200) }]
      : [],
  );
  const mayBeLines = read.some(
    (one) => one.is === "not read" && (about.isPage ? one.isLineLike === true : !isSentence(one.row)),
  );
  if (notRead.length > 0) evidence.push(evidenceOfRows(notRead.length, !mayBeLines, tables));
  const accounts = accountsOf(lines, balances, { drafts: all, latest });
  return {
    lines,
    facts: {
      format: about.format,
      accounts,
      evidence: [...evidence, ...reconciled(accounts, lines, balances)],
      notRead,
      mapping,
    },
  };
}

/** Whether a row beside the lines tells of a balance that may be the one before them. */
function isOpening({ special }: RowFacts): boolean {
  return special?.kind === "opening" || special?.kind === "balance";
}

/** Days of closing balances, and of those that stand behind all lines: no line is later. */
function datesOfEnds(read: readonly ReadRow[]): WrittenDate[] {
  const last = read.findLastIndex((one) => one.is === "line");
  return read.flatMap((one, at) =>
    one.is === "special" && (one.kind === "closing" || (one.kind === "balance" && at > last))
      ? findDates(rowText(one.row)).map(({ date }) => date)
      : [],
  );
}

/** Rows that are no lines are doubted where no balance says that nothing is missing; on a page much else is printed. */
function evidenceOfRows(count: number, isExpected: boolean, tables: readonly Table[]): Evidence {
  const listed = `${count} rows with a date or an amount are no lines; they are listed`;
  if (tables.length > 0 && tables.every(({ money }) => isGapless(money)))
    return { of: "rows", certainty: "proven", reason: `${listed}, and each balance follows without them` };
  return {
    of: "rows",
    certainty: "assumed",
    reason: listed,
    ...(isExpected ? {} : { flag: "ROWS_NOT_READ" as const }),
  };
}

/** One cell with words around a day and no amount, such as "next statement on 14.09.2026". */
function isSentence({ cells }: Row): boolean {
  const [only] = cells;
  return (
    cells.length === 1 &&
    readDate(only!.text) === null &&
    /^\p{L}/u.test(only!.text) &&
    findAmounts(withoutDates(only!.text)).length === 0
  );
}

function withoutDates(text: string): string {
  return findDates(text).reduceRight(
    (left, { index, length }) => left.slice(0, index) + left.slice(index + length),
    text,
  );
}

function givenSign(word: NonNullable<StatementMapping["sign"]>): Sign {
  return {
    plusIsOut: word === "charges positive",
    evidence: { of: "sign", certainty: "supported", reason: "said by the mapping" },
  };
}

function signWord({ plusIsOut }: Sign, { structure }: Money): Pick<StatementMapping, "sign"> {
  return structure.kind === "signed" ? { sign: plusIsOut ? "charges positive" : "charges negative" } : {};
}

function dateEvidence(isGiven: boolean, isCertain: boolean, order: DateOrder): Evidence {
  if (isGiven) return { of: "dates", certainty: "supported", reason: `the order ${order} is said by an option` };
  if (isCertain)
    return { of: "dates", certainty: "supported", reason: `all dates together show the order ${order}, or need none` };
  return {
    of: "dates",
    certainty: "assumed",
    reason: `no date tells day from month; read as ${order} (set dateOrder to be sure)`,
    flag: "DATE_ORDER_UNCERTAIN",
  };
}

/** Opening and closing balance as the file tells them in words; null where it tells none or several that differ. */
function balancesIn(read: readonly ReadRow[]): Balances {
  const of = (kind: "opening" | "closing"): number | null => {
    const told = read.flatMap((one) =>
      one.is === "special" && one.kind === kind && one.amounts.length > 0 ? [one.amounts.at(-1)!] : [],
    );
    const sizes = new Set(
      told.map(({ number, negative, mark }) => `${negative || mark === "debit" ? "-" : ""}${number}`),
    );
    const [first] = told;
    return sizes.size === 1 && first ? sizeWithSign(first) : null;
  };
  const sums = read.flatMap((one) =>
    one.is === "special" && one.kind === "sum" ? one.amounts.map((amount) => Math.abs(sizeWithSign(amount))) : [],
  );
  return { opening: of("opening"), closing: of("closing"), sums };
}

function sizeWithSign(amount: {
  readonly number: string;
  readonly negative: boolean;
  readonly mark: "credit" | "debit" | null;
}): number {
  const size = sizeOf({ currency: null, ...amount }, null);
  return amount.negative || amount.mark === "debit" ? -size : size;
}
