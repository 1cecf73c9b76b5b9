/**
 * Lets so many pieces of work run at once, and of each owner one; the others wait in the order in which they came.
 * Who has waited for `waitMs` is told so by `onLate`, whose error it gets.
 */
export class Turns {
  readonly #most: number;
  readonly #waitMs: number;
  readonly #onLate: () => Error;
  readonly #running = new Set<string>();
  #waiting: { readonly owner: string; readonly begin: () => void }[] = [];

  constructor(most: number, waitMs: number, onLate: () => Error) {
    this.#most = most;
    this.#waitMs = waitMs;
    this.#onLate = onLate;
  }

  async run<T>(owner: string, work: () => Promise<T>): Promise<T> {
    await this.#turn(owner);
    try {
      return await work();
    } finally {
      this.#running.delete(owner);
      this.#next();
    }
  }

  #turn(owner: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting = this.#waiting.filter((other) => other !== mine);
        reject(this.#onLate());
      }, this.#waitMs);
      const mine = {
        owner,
        begin: () => {
          clearTimeout(timer);
          this.#running.add(owner);
          resolve();
        },
      };
      this.#waiting.push(mine);
      this.#next();
    });
  }

  #next(): void {
    for (const one of this.#waiting) {
      if (this.#running.size >= this.#most) return;
      if (this.#running.has(one.owner)) continue;
      this.#waiting = this.#waiting.filter((other) => other !== one);
      one.begin();
    }
  }
}
