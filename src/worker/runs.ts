import type { Claim } from "../engine/flush/claim.js";
import { Stopped } from "./ending.js";
import { runTask, type RunTaskDeps } from "./run-task.js";

interface Run {
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

/** The claims that a worker runs now; each takes up one of its slots until it is over. */
export class Runs {
  readonly #deps: RunTaskDeps;
  readonly #onEnd: () => void;
  readonly #running = new Map<string, Run>();

  /** @param onEnd called when a slot is free again */
  constructor(deps: RunTaskDeps, onEnd: () => void) {
    this.#deps = deps;
    this.#onEnd = onEnd;
  }

  get size(): number {
    return this.#running.size;
  }

  /** @param isTooLate it is given back at once */
  start(claim: Claim, isTooLate: boolean): void {
    const stop = new AbortController();
    if (isTooLate) stop.abort(new Stopped("shutting down"));
    const key = `${claim.taskId} ${claim.fence}`;
    const done = runTask(this.#deps, claim, stop)
      // The task stays RUNNING until its lease passes, and is rescued then; nothing here may end the process.
      .catch((error: unknown) => this.#deps.onError(error, `running task ${claim.taskId}`))
      .finally(() => {
        this.#running.delete(key);
        this.#onEnd();
      });
    this.#running.set(key, { stop, done });
  }

  /** Asks all to stop. */
  stop(): void {
    for (const { stop } of this.#running.values()) stop.abort(new Stopped("shutting down"));
  }

  /** Settles when all that run now are over. */
  async ended(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ done }) => done));
  }
}
