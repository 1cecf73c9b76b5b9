import { ServiceBusy } from "../errors.js";
import { isDatabaseAway, isExhausted, isTransient, NoConnection, sqlStateOf } from "./transaction.js";

/** What a client is told of a database that can't answer now. */
export interface Busy {
  readonly message: string;
  /** Absent where what was asked for may have been done: clients that are told a time ask again by themselves, mutations too. */
  readonly retryAfterMs?: number;
}

/** Null for an error that is none of the database's, or that is no matter of time. */
export function busyOf(error: unknown): Busy | null {
  if (error instanceof ServiceBusy) return { message: error.message, retryAfterMs: error.retryAfterMs };
  if (isTransient(error) || isExhausted(error)) {
    const state = sqlStateOf(error);
    return {
      message: `The database is busy, full, or read-only now (${state}); try again later.`,
      retryAfterMs: 1_000,
    };
  }
  if (!isDatabaseAway(error)) return null;
  // A mutation may have come far before: of its statements only the last is known not to have been sent.
  const what =
    error instanceof NoConnection ? "The database cannot be reached" : "The connection to the database was lost";
  return {
    message: `${what}. Repeat a query. Before you repeat a mutation, check whether it was carried out.`,
  };
}
