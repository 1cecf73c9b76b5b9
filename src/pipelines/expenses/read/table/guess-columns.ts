import { readDate } from "../../dates.js";
import { readAmount } from "../../money.js";
import type { Row } from "../../shapes.js";

/** Where a column stands: its number in a table, points from the left on a page. */
export interface Place {
  readonly heading: string;
  readonly left: number;
  readonly right: number;
}

/** So many rows show what the columns of a table without a heading hold. */
const SAMPLE = 200;
/** Edges of one column waver by less, in points; the columns of a page are apart by one. */
export const SAME_EDGE = 12;

/**
 * The columns of rows without a heading: numbers of a table, or what stands one below the other on a page. Null where no
 * row has a date and an amount.
 */
export function guessPlaces(rows: readonly Row[], isPage: boolean): readonly Place[] | null {
  const dated = rows.filter(({ cells }) => {
    const date = cells.findIndex(({ text }) => readDate(text) !== null);
    return date >= 0 && cells.some(({ text }, at) => at !== date && readAmount(text) !== null);
  });
  if (dated.length < (isPage ? 2 : 1)) return null;
  if (!isPage) {
    const width = dated.reduce((most, { cells }) => Math.max(most, cells.at(-1)!.left + 1), 0);
    return Array.from({ length: width }, (_, column) => ({ heading: "", left: column, right: column }));
  }
  const groups: { left: number; right: number; cells: number }[] = [];
  for (const cell of dated.slice(0, SAMPLE).flatMap(({ cells }) => cells)) {
    const group = groups.find(
      ({ left, right }) => Math.min(Math.abs(left - cell.left), Math.abs(right - cell.right)) <= SAME_EDGE,
    );
    if (group) group.cells += 1;
    else groups.push({ left: cell.left, right: cell.right, cells: 1 });
  }
  return groups
    .filter(({ cells }) => cells > Math.min(dated.length, SAMPLE) / 10)
    .sort((a, b) => a.left - b.left)
    .map(({ left, right }) => ({ heading: "", left, right }));
}
