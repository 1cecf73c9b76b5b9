import { QueryFailedError, type DataSource, type EntityManager } from "typeorm";
import { messageOf, ServiceBusy } from "../errors.js";
import { databaseRetries } from "../metrics.js";

/** Deadlock, serialisation failure, lock not available: the same work may well succeed at once. */
const TRY_AGAIN = new Set(["40P01", "40001", "55P03"]);
const MAX_TRIES = 5;
/** By the time-out of statements: nobody cancels one otherwise while its answer is waited for. */
export const QUERY_CANCELED = "57014";

/** The SQLSTATE of a database error, whichever layer wrapped it; null for anything else. */
export function sqlStateOf(error: unknown): string | null {
  if (typeof error !== "object" || error === null) return null;
  const { code, driverError } = error as { code?: unknown; driverError?: { code?: unknown } };
  if (typeof driverError?.code === "string" && /^[0-9A-Z]{5}$/.test(driverError.code)) return driverError.code;
  return typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) ? code : null;
}

/** Whether the database refused for a moment only. */
export function isTransient(error: unknown): boolean {
  return TRY_AGAIN.has(sqlStateOf(error) ?? "");
}

/**
 * Whether the database has run out of disk or connections, its disk fails, or it is a standby: nothing was done, and it
 * may be once there is room again, or the standby has taken over. Out of memory is not among them: that may be this
 * statement's own size.
 */
export function isExhausted(error: unknown): boolean {
  // No connection of our own was free: the statement was not sent.
  if (error instanceof ServiceBusy) return true;
  const state = sqlStateOf(error);
  return state !== null && (state.startsWith("53") || state === "58030" || state === "25006") && state !== "53200";
}

/** No connection could be made: the server is down, starting, out of reach, or takes nobody. Its code is the cause's. */
export class NoConnection extends Error {
  readonly code: unknown;

  constructor(cause: Error) {
    // Of several addresses each has failed in its own way, and the whole has no message.
    super(cause instanceof AggregateError ? cause.errors.map(messageOf).join("; ") : cause.message, { cause });
    this.code = (cause as NodeJS.ErrnoException).code;
  }
}

/** Whether the database is away, judged by where the error comes from as well: it may be anybody's. */
export function isDatabaseAway(error: unknown): boolean {
  if (error instanceof NoConnection) return true;
  return (sqlStateOf(error) !== null || error instanceof QueryFailedError) && isConnectionLoss(error);
}

/** Whether the connection broke, so that nobody knows whether the statement took effect. */
export function isConnectionLoss(error: unknown): boolean {
  const state = sqlStateOf(error);
  if (error instanceof ServiceBusy) return false;
  if (state !== null) return state.startsWith("08") || state.startsWith("57P") || state === "25P03";
  const text = error instanceof Error ? `${(error as NodeJS.ErrnoException).code ?? ""} ${error.message}` : "";
  return /ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|terminated|Connection|connection|timeout/.test(text);
}

/** Something is about to be tried again because of this error. */
export function countRetry(error: unknown): void {
  databaseRetries.inc({ sqlstate: sqlStateOf(error) ?? "connection" });
}

/**
 * Runs `work` in one transaction, READ COMMITTED as all are on a data source's connections, again from the start after a
 * deadlock or a lock time-out, at most five times. `work` must make its change ids before, so that every try writes the same ones.
 */
export async function inTransaction<T>(db: DataSource, work: (tx: EntityManager) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await db.transaction(work);
    } catch (error) {
      if (attempt >= MAX_TRIES || !isTransient(error)) throw error;
      countRetry(error);
      await new Promise((resolve) => setTimeout(resolve, 10 * 2 ** attempt * Math.random()));
    }
  }
}
