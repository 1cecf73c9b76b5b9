import { changeId, type ChangePlace } from "../../src/engine/stream/change-id.js";

interface Database {
  query(sql: string, values?: unknown[]): Promise<unknown>;
}

/** The ids of the changes that a statement finds, `rest` being its conditions and its order; the rows are called s. */
export async function changeIds(db: Database, rest: string, values: unknown[] = []): Promise<string[]> {
  const found = (await db.query(
    `select s.tx::text as tx, s.position::text as position, right(s.change_id::text, 12) as mark
     from headway.status_change s ${rest}`,
    values,
  )) as ChangePlace[] | { readonly rows: ChangePlace[] };
  return ("rows" in found ? found.rows : found).map(changeId);
}
