/** Before every uuid: where a walk over a table by its ids begins. */
const BEFORE_ALL_IDS = "00000000-0000-0000-0000-000000000000";

/** Reads the rows behind `after`, in the order of their keys and at most `limit`. */
type ReadBehind<Row, Key> = (after: Key, limit: number) => Promise<Row[]>;

/**
 * The pages of a table from its first row to its last, each read by the key that the page before ended with: right
 * while rows come and go, and as fast on page 1,000 as on page 1. A page is read when it is asked for, and none is
 * empty.
 */
export async function* eachPage<Row, Key>(
  from: { readonly after: Key; readonly size: number; readonly keyOf: (row: Row) => Key },
  read: ReadBehind<Row, Key>,
): AsyncGenerator<Row[]> {
  for (let after = from.after; ;) {
    const rows = await read(after, from.size);
    if (rows.length > 0) yield rows;
    if (rows.length < from.size) return;
    after = from.keyOf(rows.at(-1)!);
  }
}

/** As `eachPage`, by the uuids of rows. */
export function eachPageById<Row extends { readonly id: string }>(
  size: number,
  read: ReadBehind<Row, string>,
): AsyncGenerator<Row[]> {
  return eachPage({ after: BEFORE_ALL_IDS, size, keyOf: ({ id }: Row) => id }, read);
}
