import type { DataSource } from "typeorm";
import type { Budget } from "./budget.js";

/** Where a request reads, and how much it may. */
export interface BoundedDb {
  readonly db: DataSource;
  readonly budget: Budget;
}

/**
 * Reads rows no further than the request's budget allows: the database counts their sizes as it goes, and gives none
 * behind the first that is over it.
 * @throws {GraphQLError} RESPONSE_TOO_LARGE
 */
export async function readBounded<Row extends object>(
  db: Pick<DataSource, "query">,
  budget: Budget,
  sql: string,
  parameters: readonly unknown[],
): Promise<Row[]> {
  budget.check();
  // A row as a value is flattened and unpacked, so its size is the real one, of texts that are kept apart too.
  const rows: (Row & { readonly bytes_so_far: string })[] = await db.query(
    `select * from (
       select r.*, sum(pg_column_size(r)) over (rows unbounded preceding) as bytes_so_far, pg_column_size(r) as bytes_of_row
       from (${sql}) r
     ) counted where bytes_so_far - bytes_of_row <= $${parameters.length + 1}::bigint`,
    [...parameters, budget.leftToRead],
  );
  budget.read(Number(rows.at(-1)?.bytes_so_far ?? 0));
  return rows;
}
