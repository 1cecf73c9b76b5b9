import type { DocumentContext } from "../../src/index.js";

interface Held {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** A stage that holds each document until the test lets it through or fails it. */
export class Gate {
  readonly #held = new Map<string, Held>();

  readonly run = (ctx: DocumentContext): Promise<void> =>
    new Promise((resolve, reject) => {
      this.#held.set(ctx.document.name, { resolve, reject });
      ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason as Error), { once: true });
    });

  /** Names of the documents held now, in the order in which they came. */
  get held(): string[] {
    return [...this.#held.keys()];
  }

  open(name: string): void {
    this.#take(name).resolve();
  }

  fail(name: string): void {
    this.#take(name).reject(new Error(`${name} is a bad file`));
  }

  /** Forgets what an earlier test left. */
  clear(): void {
    this.#held.clear();
  }

  #take(name: string): Held {
    const held = this.#held.get(name);
    if (!held) throw new Error(`${name} is not at the gate`);
    this.#held.delete(name);
    return held;
  }
}
