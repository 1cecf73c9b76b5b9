import type { Consumer, Dispatcher, Hint, HintHandler } from "../dispatch/dispatcher.js";
import type { FromWorker } from "./messages.js";

/** A worker process's end of the parent's dispatcher, over their channel. Has one consumer at most. */
export class HintsByParent implements Dispatcher {
  readonly kind = "in-process";
  readonly away = null;
  readonly #tell: (message: FromWorker) => void;
  #onHint: HintHandler | null = null;

  constructor(tell: (message: FromWorker) => void) {
    this.#tell = tell;
  }

  async send(hints: readonly Hint[]): Promise<number> {
    if (hints.length > 0) this.#tell({ type: "hints", hints });
    return hints.length;
  }

  async consume({
    pipelines,
    concurrency,
    onHint,
  }: {
    readonly pipelines: readonly string[];
    readonly concurrency: number;
    readonly onHint: HintHandler;
  }): Promise<Consumer> {
    this.#onHint = onHint;
    this.#tell({ type: "consume", pipelines, concurrency });
    return {
      close: async () => {
        this.#onHint = null;
        this.#tell({ type: "unconsume" });
      },
    };
  }

  /** A hint has come from the parent, which keeps its place until it is told that there is room again. */
  take(id: number, hint: Hint): void {
    const handled = this.#onHint === null ? Promise.resolve() : this.#onHint(hint);
    // A handler's fault is its worker's to tell; what counts here is that it has ended.
    void handled.catch(() => undefined).then(() => this.#tell({ type: "taken", id }));
  }

  async ping(): Promise<boolean> {
    return true;
  }

  async close(): Promise<void> {
    this.#onHint = null;
  }
}
