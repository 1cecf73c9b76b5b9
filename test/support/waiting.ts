import type { DataSource } from "typeorm";

/**
 * The statements that wait for a lock in this database; `xid` is the number that their transaction has got, null while it has
 * not. Not asked within a transaction: there Postgres goes on showing the sessions as it showed them first.
 */
export function waitingForLocks(
  db: DataSource,
  like = "%",
): Promise<readonly { readonly pid: number; readonly xid: string | null }[]> {
  return db.query(
    `select pid, backend_xid::text as xid from pg_stat_activity
     where datname = current_database() and wait_event_type = 'Lock' and query like $1`,
    [like],
  );
}
