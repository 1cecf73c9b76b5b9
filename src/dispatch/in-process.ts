import { HeadwayError } from "../errors.js";
import type { Consumer, Dispatcher, Hint, HintHandler } from "./dispatcher.js";
import { Handlers } from "./handlers.js";

/** Some 50 MB of hints at worst; past it hints are refused, which costs their tasks a poll and not the process its memory. */
const MAX_WAITING_HINTS = 100_000;
/** The longest time setTimeout takes; a hint for later than that is left to the poll. */
const MAX_DELAY_MS = 2_147_483_647;

interface Waiting {
  readonly hint: Hint;
  readonly age: number;
}

interface InProcessConsumer {
  readonly pipelines: ReadonlySet<string>;
  readonly handlers: Handlers;
}

/** Carries hints within this process: for embedded mode, where API and workers are one process. */
export function createInProcessDispatcher(options: { readonly onError?: (error: Error) => void } = {}): Dispatcher {
  return new InProcessDispatcher(options.onError ?? (() => undefined));
}

class InProcessDispatcher implements Dispatcher {
  readonly kind = "in-process";
  readonly away = null;
  readonly #waiting = new Map<string, Waiting[]>();
  readonly #delayed = new Set<NodeJS.Timeout>();
  readonly #consumers: InProcessConsumer[] = [];
  #waitingCount = 0;
  #sent = 0;
  #closed = false;

  constructor(private readonly onError: (error: Error) => void) {}

  async send(hints: readonly Hint[]): Promise<number> {
    let taken = 0;
    for (const hint of hints) if (this.#take(hint)) taken += 1;
    this.#deliver();
    return taken;
  }

  async consume(options: {
    readonly pipelines: readonly string[];
    readonly concurrency: number;
    readonly onHint: HintHandler;
  }): Promise<Consumer> {
    if (this.#closed) throw new HeadwayError("DISPATCHER_CLOSED", "The dispatcher is closed; make a new one.");
    const handlers = new Handlers({ ...options, onError: this.onError });
    const consumer: InProcessConsumer = { pipelines: new Set(options.pipelines), handlers };
    this.#consumers.push(consumer);
    this.#deliver();
    return {
      close: async () => {
        const index = this.#consumers.indexOf(consumer);
        if (index >= 0) this.#consumers.splice(index, 1);
        await handlers.close();
      },
    };
  }

  async ping(): Promise<boolean> {
    return !this.#closed;
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#delayed) clearTimeout(timer);
    this.#delayed.clear();
    this.#waiting.clear();
    this.#waitingCount = 0;
    await Promise.all(this.#consumers.splice(0).map((consumer) => consumer.handlers.close()));
  }

  #take(hint: Hint): boolean {
    if (this.#closed || hint.delayMs > MAX_DELAY_MS) return false;
    if (this.#waitingCount + this.#delayed.size >= MAX_WAITING_HINTS) return false;
    if (hint.delayMs <= 0) {
      this.#enqueue(hint);
      return true;
    }
    const timer = setTimeout(() => {
      this.#delayed.delete(timer);
      this.#enqueue(hint);
      this.#deliver();
    }, hint.delayMs);
    // A process that is otherwise done need not stay for a hint.
    timer.unref();
    this.#delayed.add(timer);
    return true;
  }

  #enqueue(hint: Hint): void {
    const queue = this.#waiting.get(hint.pipeline) ?? [];
    this.#waiting.set(hint.pipeline, queue);
    this.#sent += 1;
    queue.splice(placeFor(queue, hint.priority), 0, { hint, age: this.#sent });
    this.#waitingCount += 1;
  }

  /** Gives out hints while some consumer has room for one of its pipelines, each consumer in turn. */
  #deliver(): void {
    let delivered = true;
    while (delivered) {
      delivered = false;
      for (const consumer of this.#consumers) {
        if (!consumer.handlers.hasRoom) continue;
        const hint = this.#next(consumer.pipelines);
        if (hint === undefined) continue;
        delivered = true;
        // Never throws: Handlers reports what a handler throws.
        void consumer.handlers.start(hint).then(() => this.#deliver());
      }
    }
  }

  #next(pipelines: ReadonlySet<string>): Hint | undefined {
    let best: Waiting[] | undefined;
    for (const pipeline of pipelines) {
      const queue = this.#waiting.get(pipeline);
      if (queue?.[0] !== undefined && (best?.[0] === undefined || goesBefore(queue[0], best[0]))) best = queue;
    }
    const next = best?.shift();
    if (next !== undefined) this.#waitingCount -= 1;
    return next?.hint;
  }
}

function goesBefore(a: Waiting, b: Waiting): boolean {
  return a.hint.priority === b.hint.priority ? a.age < b.age : a.hint.priority > b.hint.priority;
}

/** Behind all of the same or a higher priority. */
function placeFor(queue: readonly Waiting[], priority: number): number {
  let low = 0;
  let high = queue.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((queue[middle]?.hint.priority ?? -Infinity) >= priority) low = middle + 1;
    else high = middle;
  }
  return low;
}
