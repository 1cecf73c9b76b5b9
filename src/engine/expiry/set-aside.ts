import type { DataSource } from "typeorm";
import { isConnectionLoss, isExhausted, isTransient } from "../../database/transaction.js";

/** After the first failure; doubled by each further one, up to an hour. */
const FIRST_RETRY_SECONDS = 5;
const LAST_RETRY_SECONDS = 3_600;

type Database = Pick<DataSource, "query">;

/** What a duty could not handle: it is tried again after a while, and others are not kept waiting by it. */
export interface SetAside {
  readonly db: Database;
  readonly onError: (error: unknown, doing: string) => void;
}

/**
 * Does what is to be done of one thing. Where that fails, it is told of by its name and set aside, and null is returned.
 * Where the database refused for a moment only, a lock or a deadlock, it stays due: that is no fault of the thing either.
 * @throws where the database is away or full: that is no fault of the one thing
 */
export async function orSetAside<T>(
  { onError }: SetAside,
  doing: string,
  work: () => Promise<T>,
  setAside: () => Promise<unknown>,
): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (isConnectionLoss(error) || isExhausted(error)) throw error;
    if (isTransient(error)) {
      onError(error, `${doing}; the next sweep tries it again`);
      return null;
    }
    onError(error, `${doing}; it will be tried again later`);
    await setAside();
    return null;
  }
}

/** SQL: when to look again at what has failed so many times before. */
const nextTry = (failures: string): string =>
  `clock_timestamp() + make_interval(secs => least(${LAST_RETRY_SECONDS}, ${FIRST_RETRY_SECONDS} * 2.0 ^ least(${failures}, 20)))`;

export async function setAsideCollection(db: Database, id: string): Promise<void> {
  await db.query(
    `update headway.collection set expiry_failures = expiry_failures + 1, expiry_retry_at = ${nextTry("expiry_failures")}
     where id = $1`,
    [id],
  );
}

/** What was set aside goes on: its next failure is a first one again. */
export async function noteProgress(db: Database, id: string): Promise<void> {
  await db.query(
    "update headway.collection set expiry_failures = 0, expiry_retry_at = null where id = $1 and expiry_failures > 0",
    [id],
  );
}

export async function setAsideUpload(db: Database, id: string): Promise<void> {
  await db.query(
    `update headway.upload set sweep_failures = sweep_failures + 1, sweep_at = ${nextTry("sweep_failures")}
     where id = $1 and sweep_at <= clock_timestamp()`,
    [id],
  );
}

/** @param at when it was due, by which the booking is known: it may have been booked again meanwhile */
export async function setAsideBlobs(db: Database, prefix: string, at: string): Promise<void> {
  await db.query(
    `update headway.blob_deletion set failures = failures + 1, delete_after = ${nextTry("failures")}
     where prefix = $1 and delete_after = $2::timestamptz`,
    [prefix, at],
  );
}
