import { bytesOf, splitBatch, taskOf, type Entry } from "./line.js";

/**
 * Flushes that wait for a collection which somebody else holds alone, beside those in flight: each takes a connection.
 * One that has waited for as long as a session may makes room for another collection's.
 */
const MAX_WAITING_LANES = 3;

/** What came back because somebody else holds its collection alone: one flush a collection waits, and holds up nobody else. */
export class Lanes {
  readonly #flush: (batch: readonly Entry[], collection: string) => Promise<void>;
  readonly #most: number;
  readonly #waiting = new Map<string, readonly Entry[]>();
  readonly #busy = new Set<string>();

  /** @param most entries of a flush */
  constructor(flush: (batch: readonly Entry[], collection: string) => Promise<void>, most: number) {
    this.#flush = flush;
    this.#most = most;
  }

  /** To the end of the line: of each collection's changes, and of the collections. */
  add(collection: string, batch: readonly Entry[]): void {
    const waiting = this.#waiting.get(collection) ?? [];
    this.#waiting.delete(collection);
    this.#waiting.set(collection, [...waiting, ...batch]);
  }

  next(): void {
    for (const [collection, waiting] of this.#waiting) {
      if (this.#busy.size >= MAX_WAITING_LANES) return;
      if (this.#busy.has(collection)) continue;
      const [batch, rest] = splitBatch(waiting, this.#most, taskOf, ({ steps }) => bytesOf(steps));
      if (rest.length === 0) this.#waiting.delete(collection);
      else this.#waiting.set(collection, rest);
      this.#busy.add(collection);
      void this.#flush(batch, collection).finally(() => {
        this.#busy.delete(collection);
        this.next();
      });
    }
  }
}
