import { columnUnder, headingOf, type Column, type ColumnRole } from "./columns.js";
import { findDates, readDate, type WrittenDate } from "../dates.js";
import { currencyOf, findAmounts, readAmount, type WrittenAmount } from "../money.js";
import { rowText, type Cell, type Row } from "../shapes.js";

/** A line as its row tells it, before the statement as a whole has settled orders, signs and currencies. */
export interface DraftLine {
  date: WrittenDate | null;
  description: string[];
  merchant: string;
  amount: WrittenAmount | null;
  /** Which column the amount stood in; "amount" where one column holds all. */
  column: "amount" | "debit" | "credit";
  currency: string | null;
  original: WrittenAmount | null;
  originalCurrency: string | null;
  employee: string | null;
  category: string;
  type: string;
  reference: string;
  hasBalance: boolean;
}

export interface Draft {
  readonly lines: DraftLine[];
  /** Dates in the rows around the lines, such as the statement's period. */
  readonly around: WrittenDate[];
  /** The currency that the headings or the rows around the lines name. */
  readonly currency: string | null;
}

/** What a statement counts up in between; with a date of its own it may be a shop of that name. */
const TOTALS =
  /^(sub-?\s?totals?|(grand )?totals?|summe|zwischensumme|gesamt(betrag|summe)?|minimum payment|credit limit|amount due)\b/i;
const BALANCES =
  /\b(opening|closing|previous|new|statement|starting|ending|available) balance\b|^balance\b|\b(brought|carried) forward\b|^(alter|neuer|anfangs-?|end-?)\s?(konto)?saldo|^(ancien|nouveau) solde/i;
const OWNER =
  /^(card ?holder|card ?member|employee|account (?:holder|name|owner)|name on card|kontoinhaber(?:in)?|karteninhaber(?:in)?|mitarbeiter(?:in)?|titulaire)(?: name)?\s*[:.]?\s*(.*)$/i;
const CURRENCY = /^(?:(?:statement |account |billing )?currency|währung|devise)\s*[:.]?\s*([A-Z]{3})?$/i;
/** A second line of an entry stands close below its first: in lines of its own height. */
const CLOSE = 1.7;
/** A second line begins where the first did, in points. */
const ALIGNED = 8;

/** Reads the rows of a table with a heading, wherever it begins, is repeated, or is broken by other rows. */
export function draftLines(rows: readonly Row[], columns: readonly Column[] | null = null): Draft {
  const draft: { lines: DraftLine[]; around: WrittenDate[]; currency: string | null } = {
    lines: [],
    around: [],
    currency: null,
  };
  let heading = columns;
  let owner: string | null = null;
  let descriptionLeft: number | null = null;
  let previousIsLine = false;
  for (const row of rows) {
    const found = columns === null ? headingOf(row) : null;
    if (found) {
      heading = found;
      descriptionLeft = null;
      draft.currency ??= found.find(({ role, currency }) => role !== "originalAmount" && currency)?.currency ?? null;
      previousIsLine = false;
      continue;
    }
    const facts = factsOf(row);
    if (facts.owner !== null) owner = facts.owner;
    draft.currency ??= facts.currency;
    if (facts.isFact) {
      draft.around.push(...findDates(rowText(row)).map(({ date }) => date));
      previousIsLine = false;
      continue;
    }
    const line: RowLine | null = heading && lineOf(row, heading, descriptionLeft);
    if (line) {
      draft.lines.push({ ...line.draft, employee: line.draft.employee ?? owner });
      descriptionLeft ??= line.descriptionLeft;
      previousIsLine = true;
    } else if (previousIsLine && isContinuation(row, descriptionLeft)) continueLine(draft.lines.at(-1)!, row);
    else {
      draft.around.push(...findDates(rowText(row)).map(({ date }) => date));
      previousIsLine = false;
    }
  }
  return draft;
}

/** Rows that say whose the lines below are, or in what currency, or for which time. */
function factsOf({ cells }: Row): { owner: string | null; currency: string | null; isFact: boolean } {
  let owner: string | null = null;
  let currency: string | null = null;
  for (const [index, { text }] of cells.entries()) {
    const isOwner = OWNER.exec(text);
    const value = isOwner && (isOwner[2]!.trim() || (index === 0 ? ownerBeside(cells) : ""));
    if (value && !/\d{4}/.test(value)) owner = value.replace(/[:;]$/, "").trim();
    const isCurrency = CURRENCY.exec(text);
    if (isCurrency) currency = currencyOf(isCurrency[1] ?? cells[index + 1]?.text);
  }
  return { owner, currency, isFact: owner !== null || currency !== null };
}

/** The name in the next cell; or in the next two, where an export has "DOE, JANE" without quotes. */
function ownerBeside([, name, second, ...rest]: readonly Cell[]): string {
  if (!name || rest.length > 0) return "";
  if (!second) return name.text;
  const isSplit =
    name.right + 1 === second.left && [name, second].every(({ text }) => /^\p{L}[\p{L}.' -]*$/u.test(text));
  return isSplit ? `${name.text}, ${second.text}` : "";
}

interface RowLine {
  readonly draft: DraftLine;
  readonly descriptionLeft: number | null;
}

function lineOf(row: Row, columns: readonly Column[], descriptionLeft: number | null): RowLine | null {
  const at = new Map<ColumnRole, Cell[]>();
  for (const cell of row.cells) {
    const role = roleOf(cell, columns);
    at.set(role, [...(at.get(role) ?? []), cell]);
  }
  const text = (role: ColumnRole): string => (at.get(role) ?? []).map((cell) => cell.text).join(" ");
  const dated = dateOf(text("date")) ?? dateOf(text("posted"));
  const onPage = row.gap !== null || row.cells.some(({ left }) => !Number.isInteger(left));
  const descriptions = [dated?.rest ?? "", text("description")].filter((part) => part !== "");
  const money = moneyOf(text);
  const first = at.get("merchant")?.[0] ?? at.get("description")?.[0] ?? null;
  const what = [text("merchant"), ...descriptions].join(" ").trim();
  if (BALANCES.test(what) && money.amount === null) return null;
  if (dated === null && (TOTALS.test(what) || TOTALS.test(text("date")) || TOTALS.test(row.cells[0]!.text)))
    return null;
  if (BALANCES.test(what) && dated === null) return null;
  const has = [dated !== null, what !== "", money.amount !== null].filter(Boolean).length;
  if (has < 2) return null;
  // On a page much else has text and a figure: without a date only what begins where the lines begin is one.
  if (onPage && dated === null && !isAligned(first, columns, descriptionLeft)) return null;
  return {
    descriptionLeft: first?.left ?? null,
    draft: {
      date: dated?.date ?? null,
      description: descriptions,
      merchant: text("merchant"),
      ...money,
      currency: currencyOf(text("currency")),
      original: readAmount(text("originalAmount")),
      originalCurrency: currencyOf(text("originalCurrency")),
      employee: text("employee") || null,
      category: text("category"),
      type: text("type"),
      reference: text("reference"),
      hasBalance: at.has("balance"),
    },
  };
}

/** Whether a text begins where those of the lines above do, or the heading of its column. */
function isAligned(cell: Cell | null, columns: readonly Column[], descriptionLeft: number | null): boolean {
  const lefts = columns.filter(({ role }) => role === "description" || role === "merchant").map(({ left }) => left);
  return (
    cell !== null && [...lefts, descriptionLeft ?? lefts[0] ?? 0].some((left) => Math.abs(left - cell.left) <= ALIGNED)
  );
}

/** Figures stand under the nearest column of figures, whatever text is nearer. */
function roleOf(cell: Cell, columns: readonly Column[]): ColumnRole {
  const { role } = columnUnder(columns, cell);
  if (Number.isInteger(cell.left) && cell.left === cell.right) return role;
  const isMoney = readAmount(cell.text) !== null && /[.,]\d{2}\D*$/.test(cell.text);
  if (!isMoney) return role;
  const figures = columns.filter((column) =>
    ["amount", "debit", "credit", "balance", "originalAmount"].includes(column.role),
  );
  return columnUnder(figures, cell).role;
}

/** A date that begins the text, and what stands behind it where columns have run together. */
function dateOf(text: string): { date: WrittenDate; rest: string } | null {
  const whole = readDate(text);
  if (whole) return { date: whole, rest: "" };
  const parts = /^(\S+)\s+(\S+)(?:\s+(.*))?$/.exec(text);
  const date = parts && readDate(parts[1]!);
  if (!date) return null;
  return readDate(parts[2]!) ? { date, rest: parts[3] ?? "" } : { date, rest: text.slice(parts[1]!.length).trim() };
}

function moneyOf(text: (role: ColumnRole) => string): Pick<DraftLine, "amount" | "column"> {
  for (const column of ["amount", "debit", "credit"] as const) {
    const amount = readAmount(text(column));
    // A nought in the other column says "nothing here".
    if (amount && (column === "amount" || /[1-9]/.test(amount.number))) return { amount, column };
  }
  return { amount: null, column: "amount" };
}

function isContinuation({ cells, gap }: Row, descriptionLeft: number | null): boolean {
  const [only] = cells;
  if (cells.length !== 1 || !only || gap === null || gap > CLOSE || descriptionLeft === null) return false;
  return Math.abs(only.left - descriptionLeft) <= ALIGNED && !BALANCES.test(only.text) && !TOTALS.test(only.text);
}

/** What stands below an entry belongs to it: what was paid abroad, or more words. */
function continueLine(line: DraftLine, row: Row): void {
  const text = rowText(row);
  const abroad = findAmounts(text).find(({ amount }) => amount.currency !== null);
  if (abroad && /\b(exch|exchange|rate|kurs|foreign|fx)\b|@|\bx\b/i.test(text)) {
    line.original = abroad.amount;
    line.originalCurrency = abroad.amount.currency;
  } else line.description.push(text);
}
