import { leadingDate, readDate, type WrittenDate } from "../../dates.js";
import { findAmounts, readAmount, type WrittenAmount } from "../../money.js";
import { rowText, type Row } from "../../shapes.js";
import type { Column } from "./columns.js";
import { factsOf, isPeriod, type RowFacts } from "./facts.js";
import { figureOf, isValue, sizeOf, type Figure } from "./figures.js";
import type { ColumnRole } from "./headings.js";
import type { GridRow } from "./sections.js";
import { heedTitle, type Around } from "./around.js";
import type { Money } from "./structure.js";
import { isBalanceLabel, isBalanceName, isBareBalance, isEnd, isSum, specialRow, type SpecialRow } from "./words.js";

/** A line as its row tells it, before the statement as a whole has settled orders, signs and currencies. */
export interface Draft {
  readonly grid: GridRow;
  readonly columns: readonly Column[];
  readonly money: Money;
  date: WrittenDate | null;
  readonly figure: Figure | null;
  readonly description: string[];
  original: WrittenAmount | null;
  readonly owner: string | null;
  readonly account: string | null;
  readonly hasBalance: boolean;
  /** Its text names an opening balance, and its amount is another than its balance. */
  readonly isOpeningMoved: boolean;
  /** A word in the place of the date: it has none of its own yet. */
  readonly dayWord: string;
  /** What the title above the lines' heading says of all of them, where that is that they have not happened yet. */
  readonly pending: string | null;
}

/** What a row is: every one that has a date or an amount is one of these. */
export type ReadRow =
  | { readonly is: "line"; readonly draft: Draft }
  | { readonly is: "special"; readonly kind: SpecialRow; readonly row: Row; readonly amounts: readonly WrittenAmount[] }
  | { readonly is: "facts"; readonly row: Row; readonly facts: RowFacts }
  | { readonly is: "continued" }
  | { readonly is: "nothing" }
  | { readonly is: "not read"; readonly row: Row; readonly isLineLike?: true };

/** A second line of an entry stands close below its first: in lines of its own height. */
const CLOSE = 1.7;
/** A second line begins where the first did, in points. */
const ALIGNED = 8;

/** Reads the rows of one section; `around` goes on from section to section. */
export function readRows(
  rows: readonly GridRow[],
  columns: readonly Column[],
  money: Money,
  options: { readonly isPage: boolean; readonly around: Around },
): ReadRow[] {
  const { isPage, around } = options;
  let last: Draft | null = null;
  let descriptionLeft: number | null = null;
  return rows.map((grid): ReadRow => {
    const facts = factsOf(grid.row);
    heedTitle(grid.row, around);
    if (isPeriod(grid.row, facts.dates) && figureOf(grid, money.structure, money.oneSided) === null)
      return { is: "facts", row: grid.row, facts };
    const found = draftOf(grid, columns, money, { isPage, around, descriptionLeft });
    if (found?.is === "line") {
      last = found.draft;
      if (isPage) descriptionLeft = leftOf(grid, columns) ?? descriptionLeft;
      return found;
    }
    if (found) {
      last = null;
      return found;
    }
    if (facts.owner !== null || facts.currency !== null || facts.account !== null) {
      around.owner = facts.owner ?? around.owner;
      around.account = facts.account ?? around.account;
      last = null;
      return { is: "facts", row: grid.row, facts };
    }
    if (facts.special)
      return { is: "special", kind: facts.special.kind, row: grid.row, amounts: facts.special.amounts };
    if (last && isContinuation(grid.row, descriptionLeft)) {
      continueLine(last, grid.row);
      return { is: "continued" };
    }
    last = null;
    const hasValue =
      facts.dates.length > 0 ||
      grid.row.cells.some(({ text }) =>
        findAmounts(text).some(({ amount }) => amount.currency !== null || /[.,]\d{2}$/.test(amount.number)),
      );
    return hasValue ? { is: "not read", row: grid.row } : { is: "nothing" };
  });
}

interface Context {
  readonly isPage: boolean;
  readonly around: Around;
  readonly descriptionLeft: number | null;
}

function draftOf(
  grid: GridRow,
  columns: readonly Column[],
  money: Money,
  { isPage, around, descriptionLeft }: Context,
): Extract<ReadRow, { is: "line" | "special" }> | null {
  const text = (role: ColumnRole): string => cellText(grid, columns, role);
  const own = dateOf(text("date"));
  const dated = own ?? dateOf(text("posted"));
  const figure = figureOf(grid, money.structure, money.oneSided);
  const told = [text("merchant"), dated?.rest ?? "", text("description")].filter(
    (part, at, all) => part !== "" && all.indexOf(part) === at,
  );
  // One word behind a date is that of a weekday, unless there is no other text.
  const behind = dated && told.length === 0 && text("type") === "" ? leadingDate(text("date"))?.rest : undefined;
  const description = behind && /\p{L}{3}/u.test(behind) ? [behind] : told;
  const what = description.join(" ").trim() || text("type");
  const first = grid.row.cells.find((cell) => /\p{L}{2}/u.test(cell.text))?.text ?? "";
  const isSure = columns.some(({ role, index }) => WORDS.includes(role) && isSum(grid.texts[index] ?? ""));
  const kind = isSure
    ? "sum"
    : (specialRow(what) ??
      // "Kontostand;2.1.2026": its name stands in the place of the date.
      (own === null ? specialRow(text("date")) : null) ??
      (dated === null ? (specialRow(first) ?? specialIn(grid, what)) : null) ??
      (what === "" ? specialIn(grid, what) : null) ??
      (dated === null && (isBalanceName(first) || isBesideLines(grid, columns)) ? "balance" : null) ??
      (!isPage && isEnd(what) && isBalanceAlone(grid, columns, money) ? "balance" : null));
  const balance =
    columns.find(({ role }) => role === "balance") ?? (money.balance ? columns[money.balance.column] : undefined);
  const left = readAmount(balance ? (grid.texts[balance.index] ?? "") : "");
  const isBought = kind !== null && dated && figure && !isSure && specialRow(what) === kind && isPurchase(what, kind);
  const isOpeningMoved = !isBought && kind === "opening" && dated !== null && isOther(figure, left, money);
  if (kind !== null && !isOpeningMoved && !isBought) {
    const amounts = left
      ? [left]
      : figure
        ? [figure.written]
        : grid.texts.map((cell) => readAmount(cell)).filter((one) => one !== null);
    return { is: "special", kind, row: grid.row, amounts };
  }
  const has = [dated !== null, what !== "", figure !== null].filter(Boolean).length;
  if (has < 2 || (dated === null && figure === null)) return null;
  if (!isPage && dated === null && what === "") return null;
  // On a page much else has text and a figure: without a date only what begins where the lines begin is one.
  if (isPage && dated === null && !isAligned(grid, columns, descriptionLeft)) return null;
  if (isPage && figure === null && (dated === null || !hasTextColumn(grid, columns))) return null;
  return {
    is: "line",
    draft: {
      grid,
      columns,
      money,
      date: dated?.date ?? null,
      figure,
      description: description.length > 0 ? description : [text("type")].filter((part) => part !== ""),
      original: readAmount(text("originalAmount")),
      owner: text("employee") || around.owner,
      account: text("account") || around.account,
      dayWord: own === null ? text("date") : "",
      pending: around.pending,
      isOpeningMoved,
      hasBalance: columns.some(({ role, index }) => role === "balance" && (grid.texts[index] ?? "") !== ""),
    },
  };
}

/** Whether a figure moved something and is no copy of the balance beside it. */
function isOther(figure: Figure | null, balance: WrittenAmount | null, { mark }: Money): boolean {
  if (figure === null || balance === null || !isValue(figure.written)) return false;
  return Math.abs(sizeOf(figure.written, mark) - sizeOf(balance, mark)) > CENT;
}

const CENT = 0.0051;
const WORDS: readonly ColumnRole[] = ["merchant", "description", "type"];

/** A row without a date may name its balance in any of its cells: where it tells nothing else, or the cell says no more. */
function specialIn({ texts }: GridRow, what: string): SpecialRow | null {
  return (
    texts
      .filter((text) => what === "" || isBalanceLabel(text))
      .map((text) => specialRow(text))
      .find((kind) => kind === "opening" || kind === "closing" || (what === "" && kind === "sum")) ?? null
  );
}

const BESIDE: ReadonlySet<ColumnRole> = new Set(["balance", "fee", "other"]);

/** A row whose figures all stand in named columns in which no line has any: what the statement as a whole tells. */
function isBesideLines({ texts }: GridRow, columns: readonly Column[]): boolean {
  const figures = columns.filter(({ index }) => readAmount(texts[index] ?? "") !== null);
  return (
    figures.length > 0 &&
    figures.every(({ heading, role, filled }) => heading !== "" && filled === 0 && BESIDE.has(role))
  );
}

/** A row that moved nothing and tells a balance. A cell that can't be read is no empty one. */
function isBalanceAlone({ texts }: GridRow, columns: readonly Column[], { structure }: Money): boolean {
  const used = structure.kind === "pair" ? [structure.debit, structure.credit] : [structure.amount];
  const balance = columns.find(({ role }) => role === "balance");
  if (!balance || readAmount(texts[balance.index] ?? "") === null) return false;
  return used.every((at) => at === null || (texts[at] ?? "").trim() === "");
}

/** "New Balance Store 12" with a date and an amount is a shop, "New balance" is none. */
function isPurchase(what: string, kind: SpecialRow): boolean {
  if (kind === "balance") return !isBareBalance(what);
  return kind === "sum" ? /\d|\p{L}+ \p{L}+ \p{L}+/u.test(what) : what.split(/\s+/).length > 5;
}

export function cellText({ texts }: GridRow, columns: readonly Column[], role: ColumnRole): string {
  return columns
    .filter((column) => column.role === role)
    .map(({ index }) => texts[index] ?? "")
    .filter((text) => text !== "")
    .join(" ");
}

function hasTextColumn(grid: GridRow, columns: readonly Column[]): boolean {
  return cellText(grid, columns, "description") !== "" || cellText(grid, columns, "merchant") !== "";
}

function leftOf({ row, texts }: GridRow, columns: readonly Column[]): number | null {
  const text = (["merchant", "description"] as const)
    .map((role) => columns.find((column) => column.role === role))
    .map((column) => (column ? (texts[column.index] ?? "") : ""))
    .find((one) => one !== "");
  return row.cells.find((cell) => text?.startsWith(cell.text))?.left ?? null;
}

/** Whether a text begins where those of the lines above do. */
function isAligned(grid: GridRow, columns: readonly Column[], descriptionLeft: number | null): boolean {
  const left = leftOf(grid, columns);
  return left !== null && (descriptionLeft === null || Math.abs(left - descriptionLeft) <= ALIGNED);
}

/** A date that begins the text, and what stands behind it where columns have run together. */
function dateOf(text: string): { date: WrittenDate; rest: string } | null {
  const whole = readDate(text);
  if (whole) return { date: whole, rest: "" };
  const parts = /^(\S+)\s+(\S+)(?:\s+(.*))?$/.exec(text);
  const date = parts && readDate(parts[1]!);
  if (!date) return leadingDate(text);
  return readDate(parts[2]!) ? { date, rest: parts[3] ?? "" } : { date, rest: text.slice(parts[1]!.length).trim() };
}

function isContinuation({ cells, gap }: Row, descriptionLeft: number | null): boolean {
  const [only] = cells;
  if (cells.length !== 1 || !only || gap === null || gap > CLOSE || descriptionLeft === null) return false;
  return Math.abs(only.left - descriptionLeft) <= ALIGNED && specialRow(only.text) === null;
}

/** What stands below an entry belongs to it: what was paid abroad, or more words. */
function continueLine(line: Draft, row: Row): void {
  const text = rowText(row);
  const abroad = findAmounts(text).find(({ amount }) => amount.currency !== null);
  if (abroad && /\b(exch|exchange|rate|kurs|foreign|fx)\b|@|\bx\b/i.test(text)) line.original = abroad.amount;
  else line.description.push(text);
}
