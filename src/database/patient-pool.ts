import pg from "pg";
import { ServiceBusy } from "../errors.js";
import { NoConnection, sqlStateOf } from "./transaction.js";

/** How long a caller waits for a connection that is free. */
export const CONNECTION_WAIT_MS = 5_000;
/** The server had no connection left for us: asked again this soon while none of ours is there to wait for. */
const ASK_AGAIN_MS = 100;
/** How long the pool keeps to the connections it has after the server refused one more. */
const KEEP_SMALL_MS = 30_000;
const TOO_MANY_CONNECTIONS = "53300";

type Taken = (
  error: Error | undefined,
  client: pg.PoolClient | undefined,
  release: (destroy?: boolean) => void,
) => void;

/**
 * A pool whose callers wait where the server gives it fewer connections than it may have: for one of its own that
 * comes back, or for the server. After twice CONNECTION_WAIT_MS at most they get ServiceBusy.
 */
export class PatientPool extends pg.Pool {
  readonly #size: number;
  #smallUntil = 0;

  constructor(config: pg.PoolConfig) {
    super(config);
    this.#size = this.options.max;
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(callback: Taken): void;
  override connect(callback?: Taken): Promise<pg.PoolClient> | void {
    if (callback) return this.#take(callback, performance.now() + CONNECTION_WAIT_MS);
    return new Promise((resolve, reject) => {
      this.connect((error, client) => (error ? reject(error) : resolve(client!)));
    });
  }

  #take(callback: Taken, giveUpAt: number): void {
    if (performance.now() >= this.#smallUntil) this.options.max = this.#size;
    super.connect((error, client, release) => {
      if (!error) return callback(undefined, client, release);
      if (sqlStateOf(error) !== TOO_MANY_CONNECTIONS)
        return callback(isWaitedOut(error) ? this.#busy(error) : new NoConnection(error), undefined, release);
      if (performance.now() >= giveUpAt) return callback(this.#busy(error), undefined, release);
      this.options.max = Math.max(1, this.totalCount);
      this.#smallUntil = performance.now() + KEEP_SMALL_MS;
      // With one of ours there, the next try waits in the pool's own queue.
      setTimeout(() => this.#take(callback, giveUpAt), this.totalCount > 0 ? 0 : ASK_AGAIN_MS);
    });
  }

  #busy(cause: Error): ServiceBusy {
    const { totalCount, waitingCount } = this;
    return new ServiceBusy(
      `No database connection was free within ${CONNECTION_WAIT_MS} ms (${totalCount} in use, ${waitingCount} more waiting); try again later.`,
      { cause },
    );
  }
}

/** node-postgres has no code for it. */
function isWaitedOut({ message }: Error): boolean {
  return message === "timeout exceeded when trying to connect";
}
