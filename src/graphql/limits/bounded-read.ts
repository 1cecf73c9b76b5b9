import type { DataSource } from "typeorm";
import type { Budget } from "./budget.js";

/** Where a request reads, and how much it may. */
export interface BoundedDb {
  readonly db: DataSource;
  readonly budget: Budget;
}

/**
 * Reads rows no further than the request's budget allows: the database counts their sizes as it goes, and gives none
 * behind the first that is over it. The reads of one budget come one after the other, so that each knows what is left.
 * @throws {GraphQLError} RESPONSE_TOO_LARGE
 */
export function readBounded<Row extends object>(
  db: Pick<DataSource, "query">,
  budget: Budget,
  sql: string,
  parameters: readonly unknown[],
): Promise<Row[]> {
  return budget.inTurn(async () => {
    budget.check();
    // As text, as it is sent: what a row takes inside the database is less, since long values are packed there.
    // "offset 0" keeps the planner from writing the size out twice, which would then be taken twice.
    const rows: (Row & { readonly bytes_so_far: string })[] = await db.query(
      `select * from (
         select sized.*, sum(bytes_of_row) over (rows unbounded preceding) as bytes_so_far
         from (select r.*, octet_length(r::text) as bytes_of_row from (${sql}) r offset 0) sized
       ) counted where bytes_so_far - bytes_of_row <= $${parameters.length + 1}::bigint`,
      [...parameters, budget.leftToRead],
    );
    budget.read(Number(rows.at(-1)?.bytes_so_far ?? 0));
    return rows;
  });
}
