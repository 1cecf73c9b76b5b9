import Bull from "bull";
import { withDeadline } from "../async/with-deadline.js";
import { HeadwayError, messageOf } from "../errors.js";
import { DISPATCH_DEADLINE_MS, type Consumer, type Dispatcher, type Hint, type HintHandler } from "./dispatcher.js";
import { Handlers } from "./handlers.js";
import type { RedisConnection } from "./redis-connect.js";
import { quietReconnects, RedisLink, watchFetches } from "./redis-link.js";

/** How long one blocking fetch waits at the server (Bull's own default). */
const FETCH_WAIT_S = 5;
/** A blocking fetch unanswered for this long hangs on a dead connection: it should have come back after FETCH_WAIT_S. */
const FETCH_OVERDUE_MS = FETCH_WAIT_S * 1_000 + 5_000;
/** Bull waits this long after an error before it fetches again; its default of 5 s would be felt after every outage. */
const FETCH_RETRY_MS = 1_000;

export interface BullDispatcherOptions {
  readonly redisUrl: string;
  /** First word of every key in Redis; default "headway". */
  readonly prefix?: string;
  /** Told of a fault of its own in the background. It must not throw; nothing needs to be done about it. */
  readonly onError?: (error: Error) => void;
  /** Told once when Redis goes away, and why, and once, with null, when it is back. */
  readonly onChange?: (away: string | null) => void;
}

/** Carries hints over Redis, with one Bull queue for each pipeline. */
export function createBullDispatcher(options: BullDispatcherOptions): Dispatcher {
  return new BullDispatcher(options);
}

class BullDispatcher implements Dispatcher {
  readonly kind = "bull";
  readonly #link: RedisLink;
  readonly #senders = new Map<string, Bull.Queue<Hint>>();
  readonly #consumers = new Set<BullConsumer>();
  #closing: Promise<void> | null = null;

  constructor(private readonly options: BullDispatcherOptions) {
    this.#link = new RedisLink(options.redisUrl, (away) => options.onChange?.(away));
  }

  get away(): string | null {
    return this.#link.away;
  }

  async send(hints: readonly Hint[]): Promise<number> {
    if (this.#closing !== null || this.#link.suspect || hints.length === 0) return 0;
    let taken = 0;
    const adding = hints.map(async (hint) => {
      if (await this.#add(hint)) taken += 1;
    });
    const all = await withDeadline("Sending hints", DISPATCH_DEADLINE_MS, Promise.all(adding)).then(
      () => true,
      () => false,
    );
    if (!all) this.#link.doubt();
    return taken;
  }

  async consume(options: {
    readonly pipelines: readonly string[];
    readonly concurrency: number;
    readonly onHint: HintHandler;
  }): Promise<Consumer> {
    if (this.#closing !== null)
      throw new HeadwayError("DISPATCHER_CLOSED", "The dispatcher is closed; make a new one.");
    const handlers = new Handlers({ ...options, onError: (error) => this.#report(error) });
    const consumer = new BullConsumer(handlers, () => this.#link.connect());
    this.#consumers.add(consumer);
    const started = options.pipelines.map((pipeline) =>
      consumer.start(
        (connect) => this.#queue(pipeline, connect),
        (error) => this.#link.failed(error),
      ),
    );
    // In an outage the queues go on connecting in the background.
    await withDeadline("Connecting the queues", DISPATCH_DEADLINE_MS, Promise.all(started)).catch(() => undefined);
    return {
      close: async () => {
        this.#consumers.delete(consumer);
        await consumer.close();
      },
    };
  }

  async ping(): Promise<boolean> {
    if (this.#closing !== null) return false;
    return withDeadline("Asking Redis", DISPATCH_DEADLINE_MS, this.#link.ask()).catch(() => false);
  }

  close(): Promise<void> {
    this.#closing ??= this.#shut();
    return this.#closing;
  }

  async #shut(): Promise<void> {
    await Promise.all([...this.#consumers].map((consumer) => consumer.close()));
    this.#consumers.clear();
    this.#link.close();
  }

  async #add(hint: Hint): Promise<boolean> {
    const [first] = hint.tasks;
    try {
      await this.#sender(hint.pipeline).add(hint, {
        // The same hint twice is one job. A hint without tasks gets an id from Bull.
        ...(first === undefined ? {} : { jobId: `${first.id}.${first.fence}` }),
        // Bull: 1 is first. Every job has a priority, because Bull puts those without one before all others.
        priority: 101 - Math.max(-100, Math.min(100, Math.round(hint.priority))),
        delay: Math.max(0, hint.delayMs),
        attempts: 1,
        removeOnComplete: true,
        removeOnFail: true,
      });
      this.#link.answered();
      return true;
    } catch (error) {
      this.#link.failed(error);
      return false;
    }
  }

  #sender(pipeline: string): Bull.Queue<Hint> {
    const known = this.#senders.get(pipeline);
    if (known !== undefined) return known;
    const queue = this.#queue(pipeline, () => {
      throw new HeadwayError("INTERNAL", "A queue that only sends needs no blocking connection.");
    });
    this.#senders.set(pipeline, queue);
    return queue;
  }

  /** Client and subscriber are shared by all queues; the blocking connection can't be, as it waits for one queue. */
  #queue(pipeline: string, connectBlocking: () => RedisConnection): Bull.Queue<Hint> {
    const shared = { client: this.#link.client, subscriber: this.#link.subscriber };
    const settings = {
      // A hint whose consumer died is not delivered again: the lease's expiry brings its tasks back.
      maxStalledCount: 0,
      drainDelay: FETCH_WAIT_S,
      retryProcessDelay: FETCH_RETRY_MS,
    };
    const options = {
      // In braces, so that a cluster keeps all keys of one queue on one node.
      prefix: `{${this.options.prefix ?? "headway"}:${pipeline}}`,
      settings,
      // Bull would ask INFO without a deadline or an error handler.
      skipVersionCheck: true,
      createClient: (type: "client" | "subscriber" | "bclient") =>
        type === "bclient" ? connectBlocking() : shared[type],
    };
    const queue = new Bull<Hint>("hints", options);
    // Bull names its blocking connection in a promise that nobody catches, which would end the process in an outage.
    Object.assign(queue, { setWorkerName: () => Promise.resolve() });
    queue.on("error", (error: unknown) => {
      if (isOfOneHint(error)) this.#report(error);
      else this.#link.failed(error);
    });
    return queue;
  }

  #report(error: unknown): void {
    if (this.#closing !== null) return;
    this.options.onError?.(error instanceof Error ? error : new Error(String(error)));
  }
}

/** Bull misses what it keeps of a hint, as after FLUSHALL: Redis has answered, and the hint was delivered. */
function isOfOneHint(error: unknown): boolean {
  return /^(Missing (key|lock) for job |Lock mismatch for job |Job \S+ is not in the )/.test(messageOf(error));
}

/** The queues of one consumer, each with a blocking connection of its own. */
class BullConsumer {
  readonly #queues: Bull.Queue<Hint>[] = [];
  readonly #connections: RedisConnection[] = [];
  #closing: Promise<void> | null = null;

  constructor(
    private readonly handlers: Handlers,
    private readonly connect: () => RedisConnection,
  ) {}

  /** Settles when hints can arrive. */
  async start(
    makeQueue: (connect: () => RedisConnection) => Bull.Queue<Hint>,
    report: (error: unknown) => void,
  ): Promise<void> {
    let connection: RedisConnection | undefined;
    const queue = makeQueue(() => {
      connection = this.connect();
      this.#connections.push(connection);
      watchFetches(connection, FETCH_OVERDUE_MS);
      quietReconnects(connection);
      return connection;
    });
    this.#queues.push(queue);
    // One fetch at a time: the number of handlers is bounded over all pipelines, by Handlers. `process` settles only
    // when the queue is closed, so what is waited for is its blocking connection.
    queue.process((job) => this.#hand(job.data)).catch(report);
    await queue.isReady();
    while (connection?.status !== "ready" && this.#closing === null) {
      await new Promise((resolve) => setTimeout(resolve, 20).unref());
    }
  }

  /**
   * Ends the Bull job when there is room for the next: so Bull fetches nothing that would have to wait here, where a
   * hint of higher priority can't overtake it.
   */
  async #hand(hint: Hint): Promise<void> {
    // Asked again after each wait: the queue of another pipeline may have taken the place by then.
    while (!this.handlers.hasRoom) {
      await this.handlers.room();
      if (this.handlers.closed) return;
    }
    // Never throws: Handlers reports what a handler throws.
    void this.handlers.start(hint);
    await this.handlers.room();
  }

  close(): Promise<void> {
    this.#closing ??= this.#shut();
    return this.#closing;
  }

  async #shut(): Promise<void> {
    const closed = this.#queues.map(async (queue, index) => {
      await queue.close().catch(() => undefined);
      // Bull reconnects its blocking connection while it closes, maybe long after the deadline.
      this.#connections[index]?.disconnect();
    });
    await Promise.all([
      this.handlers.close(),
      withDeadline("Closing the queues", DISPATCH_DEADLINE_MS - 100, Promise.all(closed)).catch(() => undefined),
    ]);
    for (const connection of this.#connections) connection.disconnect();
    this.#queues.forEach(stopTimers);
  }
}

/**
 * Where Redis died under a running handler, Bull's own close never ends, and its interval that looks for stalled jobs
 * would keep the process alive.
 */
function stopTimers(queue: Bull.Queue<Hint>): void {
  // In Bull 4, and not among its types: what its close calls when it comes so far.
  (queue as unknown as { _clearTimers(): Promise<void> })._clearTimers().catch(() => undefined);
}
