import { fork, type ChildProcess } from "node:child_process";
import { HeadwayError } from "../../errors.js";

/** What goes to the child and what comes back. */
export interface EmbedRequest {
  readonly id: number;
  readonly texts: readonly string[];
}
export type EmbedAnswer =
  { readonly id: number; readonly vectors: readonly Float32Array[] } | { readonly id: number; readonly error: string };

interface Waiting {
  readonly resolve: (vectors: readonly Float32Array[]) => void;
  readonly reject: (error: unknown) => void;
}

/** One process with the model. Idle, it keeps nobody alive, and ends after `idleMs` (null: never). */
export class LocalChild {
  readonly #process: ChildProcess;
  readonly #idleMs: number | null;
  readonly #onGone: () => void;
  readonly #waiting = new Map<number, Waiting>();
  #requests = 0;
  #idle: NodeJS.Timeout | undefined;

  constructor({ idleMs, onGone }: { readonly idleMs: number | null; readonly onGone: () => void }) {
    this.#idleMs = idleMs;
    this.#onGone = onGone;
    this.#process = this.#fork();
  }

  /** Batches that have no answer yet. */
  get underWay(): number {
    return this.#waiting.size;
  }

  async ask(texts: readonly string[]): Promise<readonly Float32Array[]> {
    clearTimeout(this.#idle);
    const child = this.#process;
    const id = (this.#requests += 1);
    child.ref();
    child.channel?.ref();
    try {
      return await new Promise((resolve, reject) => {
        this.#waiting.set(id, { resolve, reject });
        child.send({ id, texts } satisfies EmbedRequest, (error) => error && reject(error));
      });
    } finally {
      this.#waiting.delete(id);
      if (this.#waiting.size === 0) this.#rest();
    }
  }

  async end(): Promise<void> {
    clearTimeout(this.#idle);
    const child = this.#process;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.ref(); // An idle child keeps nobody alive, and its end is waited for here.
    child.kill("SIGKILL");
    await gone;
  }

  #rest(): void {
    this.#process.unref();
    this.#process.channel?.unref();
    if (this.#idleMs === null) return;
    this.#idle = setTimeout(() => {
      this.#onGone();
      this.#process.kill("SIGKILL");
    }, this.#idleMs).unref();
  }

  #fork(): ChildProcess {
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
      if ("vectors" in answer) waiting?.resolve(answer.vectors);
      else waiting?.reject(new HeadwayError("EMBEDDING_FAILED", answer.error));
    });
    child.once("error", (error) => this.#lost(error.message));
    child.once("exit", (code, by) => this.#lost(`it ended with ${by ?? `code ${code}`}. ${said}`));
    return child;
  }

  /** What it had under way fails, and is tried again as any failed stage is; the next request starts another. */
  #lost(why: string): void {
    this.#onGone();
    for (const { reject } of this.#waiting.values()) {
      reject(new HeadwayError("EMBEDDING_FAILED", `The process of the local embedder is gone: ${why}`));
    }
  }
}
