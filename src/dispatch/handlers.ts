import { Signal } from "../async/signal.js";
import { withDeadline } from "../async/with-deadline.js";
import { DISPATCH_DEADLINE_MS, type Hint, type HintHandler } from "./dispatcher.js";

/** The running handlers of one consumer: never more than `concurrency`, whatever pipelines their hints came from. */
export class Handlers {
  readonly #running = new Set<Promise<void>>();
  readonly #change = new Signal();
  #closed = false;

  constructor(
    private readonly options: {
      readonly concurrency: number;
      readonly onHint: HintHandler;
      readonly onError: (error: Error) => void;
    },
  ) {}

  get closed(): boolean {
    return this.#closed;
  }

  get hasRoom(): boolean {
    return !this.#closed && this.#running.size < this.options.concurrency;
  }

  /** Starts the handler and returns a promise that settles, without ever throwing, when the handler has. */
  start(hint: Hint): Promise<void> {
    const run: Promise<void> = this.#handle(hint).finally(() => {
      this.#running.delete(run);
      this.#change.raise();
    });
    this.#running.add(run);
    return run;
  }

  /** Settles when there is room, or when this is closed: look at `closed` afterwards. */
  async room(): Promise<void> {
    while (!this.#closed && !this.hasRoom) await this.#change.wait();
  }

  /** Starts no more, and waits for what runs, at most the deadline. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#change.raise();
    const ended = Promise.all(this.#running);
    await withDeadline("Ending the handlers of hints", DISPATCH_DEADLINE_MS, ended).catch(() => undefined);
  }

  async #handle(hint: Hint): Promise<void> {
    // Whoever sends a hint must not run its handler, nor wait for what that does before its first await.
    await Promise.resolve();
    try {
      await this.options.onHint(hint);
    } catch (error) {
      this.options.onError(error instanceof Error ? error : new Error(String(error)));
    }
  }
}
