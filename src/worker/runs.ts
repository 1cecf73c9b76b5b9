import { Stop } from "../async/stop.js";
import type { Claim } from "../engine/flush/claim.js";
import { Stopped } from "./ending.js";
import { runTask, type RunTaskDeps } from "./run-task.js";

interface Run {
  readonly stop: Stop;
  /** Its end is recorded, or is for somebody else to record. */
  readonly over: Promise<void>;
}

/** The claims that a worker runs now; each takes up one of its slots until its handler has settled. */
export class Runs {
  readonly #deps: RunTaskDeps;
  readonly #onEnd: () => void;
  readonly #running = new Map<string, Run>();
  #unsettled = 0;

  /** @param onEnd called when a slot is free again */
  constructor(deps: RunTaskDeps, onEnd: () => void) {
    this.#deps = deps;
    this.#onEnd = onEnd;
  }

  get size(): number {
    return this.#running.size;
  }

  /** Those whose handlers were to stop, and have not in time. */
  get unsettled(): number {
    return this.#unsettled;
  }

  /** @param isTooLate it is given back at once */
  start(claim: Claim, isTooLate: boolean): void {
    const stop = new Stop();
    if (isTooLate) stop.abort(new Stopped("shutting down"));
    const key = `${claim.taskId} ${claim.fence}`;
    let leave = (): void => undefined;
    const left = new Promise<void>((resolve) => (leave = resolve));
    // Not in this turn of the event loop: a handler that blocks in its first line would keep this process from saying
    // that it runs, and its parent from renewing its lease.
    const turn = new Promise<void>((resolve) => setImmediate(resolve));
    const over = turn
      .then(() =>
        runTask(this.#deps, claim, stop, () => {
          this.#unsettled += 1;
          leave();
        }),
      )
      // The task stays RUNNING until its lease passes, and is rescued then; nothing here may end the process.
      .catch((error: unknown) => {
        this.#deps.onError(error, `running task ${claim.taskId}`);
        return null;
      });
    this.#running.set(key, { stop, over: Promise.race([over.then(() => undefined), left]) });
    void over
      .then(async (unsettled) => {
        if (unsettled === null) return;
        await unsettled.handler;
        this.#unsettled -= 1;
      })
      .finally(() => {
        this.#running.delete(key);
        this.#onEnd();
      });
  }

  /** Asks all to stop. */
  stop(): void {
    for (const { stop } of this.#running.values()) stop.abort(new Stopped("shutting down"));
  }

  /** Settles when all that run now are over, but for handlers that were to stop and have not. */
  async ended(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ over }) => over));
  }
}
