import type { DataSource } from "typeorm";
import { AskedTooMuch } from "../errors.js";
import { QUERY_CANCELED, sqlStateOf } from "./transaction.js";

/** What bounds a statement that may scan. */
export interface ReadBounds {
  /** What was asked for, as the error names it, and what to ask for instead. */
  readonly what: string;
  readonly instead: string;
  readonly timeoutMs: number;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/**
 * The rows of one statement that has a time-out of its own, and is ended in the database when `signal` is aborted.
 * @throws {AskedTooMuch} QUERY_TIMED_OUT; the signal's reason once that is aborted
 */
export async function readWithin<T>(
  db: DataSource,
  { what, instead, timeoutMs, signal }: ReadBounds,
  sql: string,
  parameters: readonly unknown[],
): Promise<T[]> {
  signal.throwIfAborted();
  return db.transaction(async (tx) => {
    const [mine] = (await tx.query(
      `select pg_backend_pid() as pid, now()::text as since, set_config('statement_timeout', $1, true)`,
      [String(timeoutMs)],
    )) as { pid: number; since: string }[];
    const cancel = (): void => {
      // The transaction's start tells it from the next one of the same session.
      const asked = db.query(
        "select pg_cancel_backend(pid) from pg_stat_activity where pid = $1 and xact_start = $2::timestamptz",
        [mine!.pid, mine!.since],
      );
      asked.catch(() => undefined); // It has its time-out in any case.
    };
    signal.throwIfAborted();
    signal.addEventListener("abort", cancel, { once: true });
    try {
      return (await tx.query(sql, [...parameters])) as T[];
    } catch (error) {
      if (sqlStateOf(error) !== QUERY_CANCELED) throw error;
      signal.throwIfAborted();
      throw new AskedTooMuch(
        "QUERY_TIMED_OUT",
        `${what} did not end within ${timeoutMs} ms; ${instead}.`,
        {},
        {
          cause: error,
        },
      );
    } finally {
      signal.removeEventListener("abort", cancel);
    }
  });
}
