import { roleOfHeading } from "../table/headings.js";

const MONEY = ["amount", "debit", "credit", "net", "balance"];
const WHOLE = /^[-+−]?(?:\d{1,3}(?:\.\d{3})+|\d+)$/;
const CENTS = /^\d{2}$/;

/**
 * Rows of a table that commas part and whose amounts have a comma of their own without quotes: each row has one cell more
 * than the heading, of two digits, behind the amount. Both are put together again; all other tables stay as they are.
 */
export function withDecimalCommas(records: readonly (readonly string[])[]): readonly (readonly string[])[] {
  const heading = records.findIndex((cells) => cells.length >= 3 && cells.every((cell) => !/\d/.test(cell)));
  const names = records[heading];
  const rows = records.slice(heading + 1);
  if (!names || rows.length === 0 || rows.some((cells) => cells.length !== names.length + 1)) return records;
  const places = [...names.keys()].filter(
    (at) =>
      MONEY.includes(roleOfHeading(names[at]!)) &&
      rows.every((cells) => WHOLE.test(cells[at]!.trim()) && CENTS.test(cells[at + 1]!.trim())),
  );
  const [at] = places;
  if (at === undefined || places.length > 1) return records;
  return records.map((cells, row) =>
    row <= heading
      ? cells
      : [...cells.slice(0, at), `${cells[at]!.trim()},${cells[at + 1]!.trim()}`, ...cells.slice(at + 2)],
  );
}
