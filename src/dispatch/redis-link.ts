import type { Redis } from "ioredis";
import { parseRedisUrl } from "../config/redis-url.js";
import { messageOf } from "../errors.js";
import { processMetrics, redisUp } from "../metrics.js";
import { connectRedis, type RedisConnection } from "./redis-connect.js";

/** How often the shared connection is probed, and thus how late after an outage hints are sent again. */
const PROBE_INTERVAL_MS = 1_000;
/** A connection that is open and silent for this long is made anew: half open connections never answer. */
const SILENT_LIMIT_MS = 5_000;
/** A subscription that was refused is asked for again this much later. */
const SUBSCRIBE_AGAIN_MS = 1_000;

/** The connections that all queues share, kept alive, and what is known of the server behind them. */
export class RedisLink {
  readonly client: RedisConnection;
  readonly subscriber: RedisConnection;
  readonly #probeTimer: NodeJS.Timeout;
  readonly #database: number;
  #probe: Promise<boolean> | null = null;
  #lastAnswerAt = Date.now();
  #suspect = false;
  #away: string | null = null;
  #closed = false;

  /** @param onChange told once when the server goes away, and why, and once, with null, when it is back */
  constructor(
    private readonly url: string,
    private readonly onChange: (away: string | null) => void,
  ) {
    if (processMetrics.getSingleMetric("headway_redis_up") === undefined) processMetrics.registerMetric(redisUp);
    redisUp.set(1);
    this.#database = parseRedisUrl(url).options.db ?? 0;
    this.client = this.connect();
    this.subscriber = this.connect();
    this.client.on("close", () => this.doubt());
    this.#probeTimer = setInterval(() => this.#watch(), PROBE_INTERVAL_MS);
    this.#probeTimer.unref();
  }

  /** Why the server can't be used; null while it can. */
  get away(): string | null {
    return this.#away;
  }

  /** Whatever a connection, a queue or a command says went wrong: hints are not carried, until a probe is answered. */
  failed(error: unknown): void {
    this.doubt();
    if (this.#away !== null || this.#closed) return;
    this.#away = adviceOn(messageOf(error));
    redisUp.set(0);
    this.onChange(this.#away);
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

  /** Settles when the server answers, however late. At most one question is under way: in an outage they would pile up. */
  ask(): Promise<boolean> {
    this.#probe ??= this.#greet()
      .then(() => {
        this.answered();
        this.#suspect = false;
        this.#back();
        return true;
      })
      .catch((error: unknown) => {
        this.failed(error);
        return false;
      })
      .finally(() => (this.#probe = null));
    return this.#probe;
  }

  connect(): RedisConnection {
    const redis = connectRedis(this.url);
    // Every queue listens on the shared connections: more than Node's default of ten is meant.
    redis.setMaxListeners(0);
    redis.on("error", (error: unknown) => this.failed(error));
    catchOnReconnect(redis, (error) => this.failed(error));
    return redis;
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#probeTimer);
    this.client.disconnect();
    this.subscriber.disconnect();
  }

  /** A connection that is not in its database may not be used either. */
  #greet(): Promise<string> {
    return this.#database === 0 ? this.client.ping() : (this.client as Redis).select(this.#database);
  }

  #back(): void {
    if (this.#away === null) return;
    this.#away = null;
    redisUp.set(1);
    if (!this.#closed) this.onChange(null);
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
      this.failed(new Error(`it has not answered for ${SILENT_LIMIT_MS} ms`));
      this.answered();
      this.client.disconnect(true);
      this.subscriber.disconnect(true);
      return;
    }
    // What comes of it is kept in `suspect`.
    void this.ask();
  }
}

/** What the server or the connection said, with what to do where that is known. */
function adviceOn(said: string): string {
  const advice = Object.entries(ADVICE).find(([sign]) => said.includes(sign))?.[1];
  return advice === undefined ? said : `${said} (${advice})`;
}

const ADVICE: Readonly<Record<string, string>> = {
  WRONGPASS: "check user and password in REDIS_URL",
  NOAUTH: "put a password into REDIS_URL: redis://:PASSWORD@host",
  NOPERM: "the user of REDIS_URL needs ~{PREFIX:*, and +@all -@dangerous +info +client",
  ECONNREFUSED: "is Redis running at the address of REDIS_URL?",
  ENOTFOUND: "check the host in REDIS_URL",
  SELF_SIGNED: "name the certificate's issuer in NODE_EXTRA_CA_CERTS",
  "self-signed": "name the certificate's issuer in NODE_EXTRA_CA_CERTS",
};

/**
 * Bull connects its blocking connection anew while it closes, in a promise that nobody catches where a handler still
 * runs: with Redis down that would end the process. What went wrong is told by the connection's own error event.
 */
export function quietReconnects(connection: RedisConnection): void {
  const connect = connection.connect.bind(connection);
  Object.assign(connection, { connect: () => connect().catch(() => undefined) });
}

/**
 * Once it has reconnected, ioredis chooses the database and subscribes as before, once, in promises that nobody catches.
 * Where the server refuses them (it runs a script, the user may not), the process would end; and were they only caught, it
 * would listen no more, or write into another database. So a subscription is asked for until it is granted, and a connection
 * without its database is made anew.
 * @param onRefused told of the first refusal after a success
 */
function catchOnReconnect(connection: RedisConnection, onRefused: (error: unknown) => void): void {
  let isRefused = false;
  const refused = (error: unknown): void => {
    if (!isRefused) onRefused(error);
    isRefused = true;
  };
  const granted = (): void => void (isRefused = false);
  for (const name of ["subscribe", "psubscribe"] as const) {
    const send = connection[name].bind(connection) as (...args: unknown[]) => Promise<unknown>;
    const subscribe = (...args: unknown[]): Promise<unknown> => {
      const answer = send(...args);
      answer.then(granted, (error: unknown) => {
        // Closed by us: it is not to come back.
        if (connection.status === "end") return;
        refused(error);
        setTimeout(() => void subscribe(...args), SUBSCRIBE_AGAIN_MS).unref();
      });
      return answer;
    };
    Object.assign(connection, { [name]: subscribe });
  }
  const choose = (connection as Redis).select.bind(connection) as (...args: unknown[]) => Promise<"OK">;
  const select = (...args: unknown[]): Promise<"OK"> => {
    const answer = choose(...args);
    answer.then(granted, (error: unknown) => {
      refused(error);
      if (connection.status === "ready") connection.disconnect(true);
    });
    return answer;
  };
  Object.assign(connection, { select });
}

/**
 * Makes the connection anew when a blocking fetch has not come back for overdueMs; ioredis then sends the fetch again.
 * Nothing else notices that such a connection is half open, since nothing else is ever sent on it.
 */
export function watchFetches(connection: RedisConnection, overdueMs: number): void {
  const fetch = (connection as Redis).brpoplpush.bind(connection) as (...args: unknown[]) => Promise<string | null>;
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
