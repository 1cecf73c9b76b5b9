import type { DataSource } from "typeorm";
import { wholeEnvironment } from "../config/environment.js";
import type { Config } from "../config.js";
import type { Address } from "../database/session.js";
import type { Dispatcher } from "../dispatch/dispatcher.js";
import { messageOf } from "../errors.js";
import type { Logger } from "../logger.js";
import type { PlainMetrics } from "../metrics.js";
import { stallOf } from "../worker/start-worker.js";
import { GiveBack } from "./give-back.js";
import { addCounted } from "./counted.js";
import type { WorkerOrders } from "./messages.js";
import { WorkerProcess } from "./worker-process.js";

export interface WorkerProcessesOptions {
  readonly count: number;
  readonly config: Config;
  readonly db: DataSource;
  readonly dispatcher: Dispatcher;
  readonly workAt: Address;
  readonly listenAt: Address | null;
  /** Connections of each worker, beside the one that listens. */
  readonly workerPoolSize: number;
  readonly logger: Logger;
  readonly onError: (error: unknown, doing: string) => void;
}

/** A worker that has lived this long is started again at once when it dies; sooner, and each time later. */
const LONG_LIFE_MS = 30_000;
const RESTART_FIRST_MS = 100;
const RESTART_MAX_MS = 10_000;

interface Place {
  process: WorkerProcess | null;
  startedAt: number;
  /** Deaths without a long life in between. */
  deaths: number;
  timer: NodeJS.Timeout | null;
}

/**
 * The processes that run this one's workers, and with them the code of pipelines: it can block, exhaust or end its own
 * process, not this one. One that dies is replaced; its tasks are given back before their leases pass.
 */
export class WorkerProcesses {
  readonly #options: WorkerProcessesOptions;
  readonly #places: readonly Place[];
  readonly #giveBack: GiveBack;
  /** What dead workers have counted. */
  #counted: Promise<PlainMetrics> = Promise.resolve([]);
  #failpoint: string | null;
  #stopping = false;
  #stopped: Promise<void> | null = null;
  readonly #killAll = (): void => {
    for (const { process: one } of this.#places) one?.kill();
  };

  constructor(options: WorkerProcessesOptions) {
    this.#options = options;
    this.#giveBack = new GiveBack(options);
    this.#failpoint = options.config.failpoint;
    this.#places = Array.from({ length: options.count }, () => ({
      process: null,
      startedAt: 0,
      deaths: 0,
      timer: null,
    }));
  }

  /** Returns once every worker's claim loop runs. @throws what kept one from that; the others are stopped then */
  async start(): Promise<void> {
    // Whatever ends this process ends them.
    process.once("exit", this.#killAll);
    for (const place of this.#places) this.#startIn(place);
    try {
      await Promise.all(this.#places.map((place) => place.process!.started));
    } catch (error) {
      await this.stop(0, 0);
      throw error;
    }
  }

  /** Of those that run now. */
  get pids(): number[] {
    return this.#places.flatMap(({ process: one }) => (one?.ready && one.pid !== undefined ? [one.pid] : []));
  }

  /** What is not well with any of them; null when all are. */
  fault(): string | null {
    const faults = this.#places.map(({ process: one }) => {
      if (one === null || !one.ready) return "a worker process is being started again";
      const stall = stallOf(one.stalledMs, this.#options.config);
      return stall === null ? null : `process ${one.pid}: ${stall}`;
    });
    return faults.find((fault) => fault !== null) ?? null;
  }

  /** What they have counted, those that have died included. */
  async measure(): Promise<PlainMetrics[]> {
    const living = this.#places.flatMap(({ process: one }) => (one?.ready ? [one] : []));
    return Promise.all([this.#counted, ...living.map((one) => one.measure())]);
  }

  /** They take nothing more, and none is started again. */
  async drain(): Promise<void> {
    this.#stopping = true;
    for (const { timer } of this.#places) if (timer) clearTimeout(timer);
    await Promise.all(this.#places.map(async ({ process: one }) => one?.drain()));
  }

  /**
   * Gives running work graceMs to end and what has not ended back; a worker that has not stopped after killAfterMs, since
   * its event loop does not turn, is killed, and its tasks are given back here. Idempotent.
   */
  stop(graceMs: number, killAfterMs: number): Promise<void> {
    this.#stopped ??= this.#stop(graceMs, killAfterMs);
    return this.#stopped;
  }

  async #stop(graceMs: number, killAfterMs: number): Promise<void> {
    this.#stopping = true;
    for (const { timer } of this.#places) if (timer) clearTimeout(timer);
    await Promise.all(
      this.#places.map(async ({ process: one }) => {
        if (one === null) return;
        // It has taken nothing yet, and may hear nothing.
        if (!one.ready) one.kill();
        if (!(await one.stop(graceMs, killAfterMs))) return;
        this.#options.logger.warn({ worker: one.workerId, workerPid: one.pid }, "a worker did not stop and was killed");
      }),
    );
    await this.#giveBack.close();
    process.off("exit", this.#killAll);
  }

  #startIn(place: Place): void {
    const { config, workAt, listenAt, workerPoolSize, dispatcher } = this.#options;
    const orders: WorkerOrders = {
      environment: wholeEnvironment(),
      database: workAt,
      listenAt,
      poolSize: workerPoolSize,
      hintsByParent: config.redisUrl === null,
      failpoint: this.#failpoint,
    };
    const one = new WorkerProcess(orders, dispatcher);
    place.process = one;
    place.startedAt = performance.now();
    void one.gone.then((how) => this.#onGone(place, one, how));
  }

  async #onGone(place: Place, one: WorkerProcess, how: string): Promise<void> {
    place.process = null;
    this.#counted = this.#counted.then((counted) => addCounted(counted, one.counted));
    const facts = { worker: one.workerId, workerPid: one.pid };
    const end = { how: `process ${one.pid} ${how}`, isAsked: this.#stopping };
    // A worker that has stopped in order holds nothing, which costs one look.
    if (one.workerId !== null) this.#giveBack.of(one.workerId, end);
    if (this.#stopping) return;
    if (!one.ready) await one.started.catch((error: unknown) => Object.assign(facts, { error: messageOf(error) }));
    place.deaths = performance.now() - place.startedAt > LONG_LIFE_MS ? 0 : place.deaths + 1;
    // Armed for a test once: what starts again is not to die of the same.
    this.#failpoint = null;
    const restartInMs = Math.min(RESTART_MAX_MS, RESTART_FIRST_MS * 2 ** Math.max(0, place.deaths - 1));
    this.#options.logger.error({ ...facts, restartInMs }, `a worker's process ${how}; another takes its place`);
    place.timer = setTimeout(() => this.#startIn(place), restartInMs);
  }
}
