import type { DataSource, EntityManager } from "typeorm";
import type { Stop } from "../async/stop.js";
import { inTransaction } from "../database/transaction.js";
import { pauseAfter } from "../engine/flush/try-again.js";

/**
 * The database as a stage uses it, for its document's bytes and for what it stages. A connection that breaks, a
 * deadlock or a full disk is no fault of the stage: the statement is sent again until it is answered or the stage is
 * stopped, and no attempt is used up. Every statement sent through here must therefore be safe to repeat, which the
 * writes are because they replace rows under (task, fence).
 */
export class StageDatabase {
  readonly #db: DataSource;
  readonly #onError: (error: unknown, doing: string) => void;
  #stop: Pick<Stop, "aborted"> | null;

  /** @param stop ends the waiting, as that of each stage does */
  constructor(db: DataSource, stop: Pick<Stop, "aborted"> | null, onError: (error: unknown, doing: string) => void) {
    this.#db = db;
    this.#stop = stop;
    this.#onError = onError;
  }

  /** From now on it is this stage that waits for the database. */
  enter(stop: Pick<Stop, "aborted">): void {
    this.#stop = stop;
  }

  query<Rows>(sql: string, parameters: unknown[]): Promise<Rows> {
    return this.#untilAnswered(() => this.#db.query<Rows>(sql, parameters));
  }

  /** @param work is run again from its start, in a transaction of its own */
  transaction<T>(work: (tx: EntityManager) => Promise<T>): Promise<T> {
    return this.#untilAnswered(() => inTransaction(this.#db, work));
  }

  async #untilAnswered<T>(work: () => Promise<T>): Promise<T> {
    const stop = this.#stop;
    for (;;) {
      try {
        return await work();
      } catch (error) {
        await pauseAfter(error, {
          doing: "reading or writing for a stage; trying again",
          isClosed: stop?.aborted ?? false,
          waitsForRoom: true,
          repeatsLate: false,
          onError: this.#onError,
        });
      }
    }
  }
}
