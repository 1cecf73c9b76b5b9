/**
 * Runs one piece of work at a time. However often it is asked for during a run, it runs once more after: what is asked
 * for last is seen by a run that begins later.
 */
export class SingleFlight {
  readonly #work: () => Promise<void>;
  readonly #onError: (error: unknown) => void;
  #isRunning = false;
  #present: Promise<void> | null = null;
  #again = false;
  #closed = false;

  /** @param onError is told what a run threw; it must not throw. A run that throws does not keep the next from running. */
  constructor(work: () => Promise<void>, onError: (error: unknown) => void) {
    this.#work = work;
    this.#onError = onError;
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Begins a run at once, or once more after the present one. Nothing after `close`. */
  run(): void {
    if (this.#closed) return;
    if (this.#isRunning) this.#again = true;
    else this.#present = this.#runAll();
  }

  /** No run begins any more. Resolves when the present one has ended. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#present;
  }

  async #runAll(): Promise<void> {
    this.#isRunning = true;
    do {
      this.#again = false;
      try {
        await this.#work();
      } catch (error) {
        this.#onError(error);
      }
    } while (this.#again && !this.#closed);
    // In the same turn as the look above: a run that is asked for between the two would be lost.
    this.#isRunning = false;
  }
}
