import type { Column, ColumnRole } from "./columns.js";
import { readDate } from "../dates.js";
import { readAmount } from "../money.js";
import type { Cell, Row } from "../shapes.js";

/** So many rows show what the columns of a table without a heading hold. */
const SAMPLE = 200;
/** Edges of one column waver by less, in points; the columns of a table are apart by one. */
const SAME_EDGE = 12;

interface Group {
  left: number;
  right: number;
  cells: Cell[];
}

/**
 * The columns of a table without a heading, by what is in them: the first dates, the last amounts, the longest text. Null
 * where there is no column of dates and none of amounts. Where two columns of amounts are full, the last is the balance.
 */
export function guessColumns(rows: readonly Row[]): readonly Column[] | null {
  const dated = rows.filter(({ cells }) => cells.some(({ text }) => readDate(text))).slice(0, SAMPLE);
  if (dated.length < 2) return null;
  const groups = groupsOf(dated);
  const share = (group: Group, fits: (text: string) => boolean): number =>
    group.cells.filter(({ text }) => fits(text)).length / dated.length;
  const dates = groups.filter((group) => share(group, (text) => readDate(text) !== null) > 0.5);
  const amounts = groups.filter(
    (group) => share(group, (text) => readDate(text) === null && readAmount(text) !== null) > 0.5,
  );
  if (dates.length === 0 || amounts.length === 0) return null;
  const texts = groups.filter((group) => !dates.includes(group) && !amounts.includes(group));
  const length = ({ cells }: Group): number => cells.reduce((sum, { text }) => sum + text.length, 0);
  const longest = [...texts].sort((a, b) => length(b) - length(a))[0];
  const roleOf = (group: Group): ColumnRole => {
    if (group === dates[0]) return "date";
    if (dates.includes(group)) return "posted";
    if (group === amounts[0]) return "amount";
    if (amounts.includes(group)) return "balance";
    return group === longest ? "description" : "other";
  };
  return groups.map((group) => ({ role: roleOf(group), left: group.left, right: group.right, currency: null }));
}

/** Cells that share their left or their right edge are a column. */
function groupsOf(rows: readonly Row[]): Group[] {
  const groups: Group[] = [];
  for (const cell of rows.flatMap(({ cells }) => cells)) {
    const isTable = cell.left === cell.right;
    const limit = isTable ? 0 : SAME_EDGE;
    const group = groups.find(
      ({ left, right }) => Math.min(Math.abs(left - cell.left), Math.abs(right - cell.right)) <= limit,
    );
    if (group) group.cells.push(cell);
    else groups.push({ left: cell.left, right: cell.right, cells: [cell] });
  }
  return groups.sort((a, b) => a.left - b.left);
}
