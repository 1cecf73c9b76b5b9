import { Redis } from "ioredis";

/** How often the shared connection is probed, and thus how late after an outage hints are sent again. */
const PROBE_INTERVAL_MS = 1_000;
/** A connection that is open and silent for this long is made anew: half open connections never answer. */
const SILENT_LIMIT_MS = 5_000;
/** A steady second at most, so that a Redis that is back is found at once. */
const RECONNECT_MAX_MS = 1_000;

/** The connections that all queues share, kept alive, and what is known of the server behind them. */
export class RedisLink {
  readonly client: Redis;
  readonly subscriber: Redis;
  readonly #probeTimer: NodeJS.Timeout;
  #probe: Promise<boolean> | null = null;
  #lastAnswerAt = Date.now();
  #suspect = false;

  constructor(
    private readonly url: string,
    private readonly report: (error: unknown) => void,
  ) {
    this.client = this.connect();
    this.subscriber = this.connect();
    this.client.on("close", () => this.doubt());
    this.#probeTimer = setInterval(() => this.#watch(), PROBE_INTERVAL_MS);
    this.#probeTimer.unref();
  }

  /** While it is set, nothing should be sent: a queue of commands for a dead server is only memory. */
  get suspect(): boolean {
    return this.#suspect;
  }

  /** Holds until the server answers a probe. */
  doubt(): void {
    this.#suspect = true;
  }

  answered(): void {
    this.#lastAnswerAt = Date.now();
  }

  /** Settles when the server answers, however late. At most one PING is under way: in an outage they would pile up. */
  ask(): Promise<boolean> {
    this.#probe ??= this.client
      .ping()
      .then(() => {
        this.answered();
        this.#suspect = false;
        return true;
      })
      .catch(() => false)
      .finally(() => (this.#probe = null));
    return this.#probe;
  }

  connect(): Redis {
    const redis = new Redis(this.url, {
      // Bull refuses shared connections that have a ready check or give up on a command.
      enableReadyCheck: false,
      maxRetriesPerRequest: null,
      connectTimeout: 3_000,
      keepAlive: 10_000,
      retryStrategy: (times) => Math.min(times * 50, RECONNECT_MAX_MS),
      // After a failover the old primary answers READONLY for ever; the address has another one behind it by now.
      reconnectOnError: (error) => error.message.startsWith("READONLY"),
    });
    // Every queue listens on the shared connections: more than Node's default of ten is meant.
    redis.setMaxListeners(0);
    redis.on("error", this.report);
    return redis;
  }

  close(): void {
    clearInterval(this.#probeTimer);
    this.client.disconnect();
    this.subscriber.disconnect();
  }

  #watch(): void {
    if (this.client.status !== "ready") {
      // Silence counts from the moment there is a connection again.
      this.answered();
      return;
    }
    const silentMs = Date.now() - this.#lastAnswerAt;
    if (silentMs > 2 * PROBE_INTERVAL_MS) this.doubt();
    if (silentMs > SILENT_LIMIT_MS) {
      this.answered();
      this.client.disconnect(true);
      this.subscriber.disconnect(true);
      return;
    }
    // What comes of it is kept in `suspect`.
    void this.ask();
  }
}

/**
 * Makes the connection anew when a blocking fetch has not come back for overdueMs; ioredis then sends the fetch again.
 * Nothing else notices that such a connection is half open, since nothing else is ever sent on it.
 */
export function watchFetches(connection: Redis, overdueMs: number): void {
  const fetch = connection.brpoplpush.bind(connection) as (...args: unknown[]) => Promise<string | null>;
  const watched = (...args: unknown[]): Promise<string | null> => {
    const timer = setInterval(() => {
      // While ioredis reconnects by itself, disconnecting would cancel just that.
      if (connection.status === "ready") connection.disconnect(true);
    }, overdueMs);
    timer.unref();
    return fetch(...args).finally(() => clearInterval(timer));
  };
  Object.assign(connection, { brpoplpush: watched });
}
