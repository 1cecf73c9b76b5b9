import { readDate } from "../../dates.js";
import { readAmount } from "../../money.js";
import type { Cell, Row } from "../../shapes.js";
import type { Column } from "./columns.js";
import type { Draft, ReadRow } from "./drafts.js";
import { sizeOf } from "./figures.js";
import { isProven, type Money } from "./structure.js";

const CENT = 0.0051;

/**
 * What rows without a date between a table's lines are, where arithmetic or their place tells: the parts of the line above,
 * whose sum is its amount; the sums of all lines; a balance; more words of the line above. All others stay unread.
 */
export function explained(read: readonly ReadRow[], columns: readonly Column[], money: Money): ReadRow[] {
  const table = { columns, money, used: usedColumns(money), drafts: datedDraftsOf(read) };
  let line: Draft | null = null;
  let parts: ReadonlySet<Row> = new Set();
  return read.map((one, at): ReadRow => {
    if (one.is === "line") {
      if (one.draft.date === null && isSumOfLines(one.draft.grid.row, table))
        return special(one.draft.grid.row, "sum", table.used);
      // A dated row that moved nothing, where the balances follow without it.
      if (one.draft.figure === null && isGapless(money) && isEmpty(one.draft.grid.row, table.used))
        return { is: "not read", row: one.draft.grid.row };
      line = one.draft;
      parts = partsOf(line, read.slice(at + 1), table);
    }
    if (one.is !== "not read") return one;
    if (parts.has(one.row)) return { is: "continued" };
    if (!isUndated(one.row, columns)) return one;
    if (isSumOfLines(one.row, table) || isCalledSum(one.row)) return special(one.row, "sum", table.used);
    const balance = columns.find(({ role }) => role === "balance")?.index;
    const figures = figuresOf(one.row);
    if (balance !== undefined && figures.length > 0 && figures.every(({ left }) => left === balance))
      return isEmpty(one.row, table.used) ? special(one.row, "balance", [balance]) : one;
    return line !== null && isWordsOnly(one.row, columns) ? { is: "continued" } : one;
  });
}

/** Whether each balance follows from the one before: no line is missing between the first and the last. */
export function isGapless({ balance }: Money): boolean {
  return isProven(balance) && balance!.breaks.length === 0 && balance!.agreeing >= FEWEST;
}

/** So many balances that follow are no accident. */
const FEWEST = 3;

interface Table {
  readonly columns: readonly Column[];
  readonly money: Money;
  readonly used: readonly number[];
  readonly drafts: readonly Draft[];
}

function usedColumns({ structure }: Money): number[] {
  return structure.kind === "pair"
    ? [structure.debit, structure.credit].filter((at) => at !== null)
    : [structure.amount];
}

function datedDraftsOf(read: readonly ReadRow[]): Draft[] {
  return read.flatMap((one) => (one.is === "line" && one.draft.date !== null ? [one.draft] : []));
}

function special(row: Row, kind: "sum" | "balance", columns: readonly number[]): ReadRow {
  const cells = row.cells.filter(({ left }) => columns.includes(left));
  return { is: "special", kind, row, amounts: cells.flatMap(({ text }) => readAmount(text) ?? []) };
}

function figuresOf({ cells }: Row): Cell[] {
  return cells.filter(({ text }) => readAmount(text) !== null);
}

function isEmpty({ cells }: Row, columns: readonly number[]): boolean {
  return cells.every(({ left, text }) => !columns.includes(left) || text.trim() === "");
}

function isUndated({ cells }: Row, columns: readonly Column[]): boolean {
  return cells.every(({ left, text }) => {
    const role = columns[left]?.role;
    return (role !== "date" && role !== "posted") || readDate(text) === null;
  });
}

/** The rows down to the next line whose figures in one column add up to this line's amount. */
function partsOf(line: Draft, below: readonly ReadRow[], { money, used, columns }: Table): ReadonlySet<Row> {
  const next = below.findIndex((one) => one.is === "line");
  const rows = (next < 0 ? below : below.slice(0, next)).flatMap((one) =>
    one.is === "not read" && isUndated(one.row, columns) && isEmpty(one.row, used) ? [one.row] : [],
  );
  if (line.figure === null || rows.length === 0) return new Set();
  const whole = sizeOf(line.figure.written, money.mark);
  const balance = columns.find(({ role }) => role === "balance")?.index;
  for (const column of new Set(rows.flatMap((row) => figuresOf(row).map(({ left }) => left)))) {
    if (column === balance) continue;
    const parts = rows.flatMap((row) => {
      const written = readAmount(row.cells.find(({ left }) => left === column)?.text ?? "");
      return written ? [{ row, size: sizeOf(written, money.mark) * (written.negative ? -1 : 1) }] : [];
    });
    const sum = parts.reduce((total, { size }) => total + size, 0);
    if (Math.abs(Math.abs(sum) - whole) < CENT) return new Set(parts.map(({ row }) => row));
  }
  return new Set();
}

/** Whether the row has in each column of amounts what all lines have there together. */
function isSumOfLines(row: Row, { used, drafts, money }: Table): boolean {
  if (drafts.length < 2 || figuresOf(row).some(({ left }) => !used.includes(left))) return false;
  const told = used.map((column) => readAmount(row.cells.find(({ left }) => left === column)?.text ?? ""));
  if (told.every((written) => written === null || sizeOf(written, money.mark) < CENT)) return false;
  return used.every((column, at) => {
    const written = told[at];
    if (!written) return true;
    const sum = drafts.reduce((total, { grid }) => {
      const own = readAmount(grid.texts[column] ?? "");
      return own ? total + sizeOf(own, money.mark) * (own.negative ? -1 : 1) : total;
    }, 0);
    return Math.abs(Math.abs(sum) - sizeOf(written, money.mark)) < CENT;
  });
}

/** A row that begins with "Total", or with what is available, is none of a purchase where no day stands in it. */
function isCalledSum({ cells }: Row): boolean {
  return /^\W*((grand )?total[a-z]*|summe|somme|suma|disponib[a-z]+|available|verf[uü]gbar)(?!\p{L})/iu.test(
    cells[0]?.text ?? "",
  );
}

/** What stands in columns of words alone goes on with what the line above tells, whatever figures are in it. */
function isWordsOnly({ cells }: Row, columns: readonly Column[]): boolean {
  return cells.every(({ left, text }) => {
    const column = columns[left];
    if (column === undefined) return false;
    const isOfWords = column.isNamed && (column.role === "description" || column.role === "merchant");
    return isOfWords || (LOOSE.has(column.role) && readAmount(text) === null && readDate(text) === null);
  });
}

const LOOSE: ReadonlySet<Column["role"]> = new Set(["description", "merchant", "type", "reference", "other"]);
