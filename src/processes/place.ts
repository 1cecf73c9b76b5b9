import { messageOf } from "../errors.js";
import type { Logger } from "../logger.js";
import type { GiveBack } from "./give-back.js";
import type { Ended, Told, WorkerProcess } from "./worker-process.js";

/** A worker that has lived this long is started again at once when it dies; sooner, and each time later. */
const LONG_LIFE_MS = 30_000;
const RESTART_FIRST_MS = 100;
const RESTART_MAX_MS = 10_000;

export interface PlaceDeps {
  /** @throws where the system starts no process */
  readonly start: (told: Told) => WorkerProcess;
  readonly giveBack: GiveBack;
  readonly logger: Logger;
  /** How long work gets to end where its process is replaced, and when one that has not stopped by then is killed. */
  readonly graceMs: number;
  readonly killAfterMs: number;
  /** A process has ended, and what it held is given back. */
  readonly onGone: (one: WorkerProcess) => void;
  /** Whether another is to take its place; default always. */
  readonly isWanted?: () => boolean;
}

/** Where one worker's process runs, and after it another. */
export class Place {
  readonly #deps: PlaceDeps;
  #process: WorkerProcess | null = null;
  #startedAt = 0;
  /** Deaths without a long life in between. */
  #deaths = 0;
  #timer: NodeJS.Timeout | null = null;
  /** Why the last one that was to run here never did; null where it did. */
  #startFault: string | null = null;
  #closed = false;

  constructor(deps: PlaceDeps) {
    this.#deps = deps;
  }

  get process(): WorkerProcess | null {
    return this.#process;
  }

  /** Nothing runs here, and nothing is about to. */
  get isFree(): boolean {
    return this.#process === null && this.#timer === null && !this.#closed;
  }

  /** Why nothing runs here, though it was to; null while something does, and where nothing is to. */
  get startFault(): string | null {
    return this.#startFault;
  }

  /** @throws where the system starts no process */
  start(): WorkerProcess {
    const one: WorkerProcess = this.#startProcess();
    this.#process = one;
    one.started.then(
      () => (this.#startFault = null),
      (error: unknown) => (this.#startFault = one.isStopping ? null : messageOf(error)),
    );
    this.#startedAt = performance.now();
    void one.gone.then((ended) => this.#onGone(one, ended));
    return one;
  }

  #startProcess(): WorkerProcess {
    try {
      const one: WorkerProcess = this.#deps.start({ onSpoiled: (why) => this.replace(one, why) });
      return one;
    } catch (error) {
      this.#startFault = messageOf(error);
      throw error;
    }
  }

  /** None takes its place any more. */
  close(): void {
    this.#closed = true;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** It takes nothing more; what it runs gets the grace, and is given back then. Another takes its place. */
  replace(one: WorkerProcess, why: string): void {
    if (this.#closed || one.isStopping) return;
    this.#deps.logger.warn(factsOf(one), `a worker's process is replaced: ${why}`);
    void one.stop(this.#deps.graceMs, this.#deps.killAfterMs);
  }

  async #onGone(one: WorkerProcess, ended: Ended): Promise<void> {
    const { giveBack, logger, onGone } = this.#deps;
    this.#process = null;
    const { how, isAsked } = ended;
    const end = { ...ended, isQuarantine: one.isQuarantine, ends: one.ends };
    // A worker that has stopped in order holds nothing, which costs one look.
    const givenBack = one.workerId === null ? null : giveBack.of(one.workerId, end);
    void Promise.resolve(givenBack).then(() => onGone(one));
    const fault = one.ready ? {} : { error: await one.started.then(() => "", messageOf) };
    const facts = { ...factsOf(one), ...fault };
    if (this.#closed) {
      if (!isAsked) logger.error(facts, `while workers are stopped: ${how}`);
      return;
    }
    if (isAsked) return this.#again(0);
    this.#deaths = performance.now() - this.#startedAt > LONG_LIFE_MS ? 0 : this.#deaths + 1;
    const restartInMs = this.#pauseMs();
    logger.error({ ...facts, restartInMs }, `a worker's ${how}; another takes its place`);
    this.#again(restartInMs);
  }

  #pauseMs(): number {
    return Math.min(RESTART_MAX_MS, RESTART_FIRST_MS * 2 ** Math.max(0, this.#deaths - 1));
  }

  #again(inMs: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = null;
      if (this.#deps.isWanted?.() === false) {
        this.#startFault = null;
        return;
      }
      try {
        this.start();
      } catch (error) {
        // Nobody but this timer would hear of it.
        this.#deaths += 1;
        const restartInMs = this.#pauseMs();
        this.#deps.logger.error({ error: messageOf(error), restartInMs }, "a worker's process could not be started");
        this.#again(restartInMs);
      }
    }, inMs);
  }
}

function factsOf(one: WorkerProcess): { readonly worker: string | null; readonly workerPid: number | undefined } {
  return { worker: one.workerId, workerPid: one.pid };
}
