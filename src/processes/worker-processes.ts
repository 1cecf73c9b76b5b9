import type { DataSource } from "typeorm";
import { OF_QUARANTINE } from "../config/database.js";
import { wholeEnvironment } from "../config/environment.js";
import type { Config } from "../config.js";
import type { Address } from "../database/session.js";
import type { Dispatcher } from "../dispatch/dispatcher.js";
import type { Logger } from "../logger.js";
import type { PlainMetrics } from "../metrics.js";
import { servesOf, type Registry } from "../pipelines/registry.js";
import { stallOf } from "../worker/start-worker.js";
import { addCounted } from "./counted.js";
import { GiveBack } from "./give-back.js";
import type { WorkerOrders } from "./messages.js";
import { Place, type PlaceDeps } from "./place.js";
import { Quarantine } from "./quarantine.js";
import { aliveMsOf, Silence } from "./silence.js";
import { WorkerProcess, type Told } from "./worker-process.js";

export interface WorkerProcessesOptions {
  readonly count: number;
  readonly config: Config;
  readonly db: DataSource;
  readonly registry: Registry;
  readonly dispatcher: Dispatcher;
  readonly workAt: Address;
  readonly listenAt: Address | null;
  /** Connections of each worker, beside the one that listens. */
  readonly workerPoolSize: number;
  readonly logger: Logger;
  readonly onError: (error: unknown, doing: string) => void;
}

/** Kept back from the grace of a process that is replaced: giving its work back. */
const LEAVE_MS = 2_000;

/**
 * The processes that run this one's workers, and with them the handlers of pipelines: they can block, exhaust or end their
 * own process, not this one. One that dies is replaced; its tasks are given back before their leases pass.
 */
export class WorkerProcesses {
  readonly #options: WorkerProcessesOptions;
  readonly #places: readonly Place[];
  readonly #quarantine: Quarantine;
  readonly #silence: Silence;
  readonly #giveBack: GiveBack;
  /** What dead workers have counted. */
  #counted: Promise<PlainMetrics> = Promise.resolve([]);
  #failpoint: string | null;
  #stopped: Promise<void> | null = null;
  readonly #killAll = (): void => {
    for (const one of this.#all()) one.kill("stop");
  };

  constructor(options: WorkerProcessesOptions) {
    const { count, config, db, registry, logger } = options;
    this.#options = options;
    this.#giveBack = new GiveBack(options);
    this.#failpoint = config.failpoint;
    const deps = (isQuarantine: boolean): PlaceDeps => ({
      start: (told) => this.#startOne(told, isQuarantine),
      giveBack: this.#giveBack,
      logger,
      graceMs: Math.max(0, config.graceMs - LEAVE_MS),
      killAfterMs: config.graceMs,
      onGone: (one) => this.#onGone(one),
    });
    this.#places = Array.from({ length: count }, () => new Place(deps(false)));
    const looks = { ...options, serves: servesOf(registry), everyMs: config.pollMs };
    this.#quarantine = new Quarantine(looks, deps(true));
    this.#silence = new Silence({ ...options, db }, () => this.#all().filter(({ workerId }) => workerId !== null));
  }

  /** Returns once every worker's claim loop runs. @throws what kept one from that; the others are stopped then */
  async start(): Promise<void> {
    // Whatever ends this process ends them.
    process.once("exit", this.#killAll);
    this.#silence.start();
    try {
      await Promise.all(this.#places.map((place) => place.start().started));
    } catch (error) {
      await this.stop(0, 0);
      throw error;
    }
    this.#quarantine.start();
  }

  /** Of those that run now, but for one that suspects run in. */
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

  /** What is not well with the process that suspects run in; null where it is, and while there is to be none. */
  quarantineFault(): string | null {
    const { startFault, process: one } = this.#quarantine.place;
    if (startFault !== null) return `the process for tasks whose worker has died does not start: ${startFault}`;
    const stall = one?.ready ? stallOf(one.stalledMs, this.#options.config) : null;
    return stall === null ? null : `process ${one?.pid}, for tasks whose worker has died: ${stall}`;
  }

  /** What they have counted, those that have died included. */
  async measure(): Promise<PlainMetrics[]> {
    const living = this.#all().filter(({ ready }) => ready);
    return Promise.all([this.#counted, ...living.map((one) => one.measure())]);
  }

  /** They take nothing more, and none is started again. */
  async drain(): Promise<void> {
    this.#close();
    await Promise.all(this.#all().map((one) => one.drain()));
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
    this.#close();
    await Promise.all(
      this.#all().map(async (one) => {
        // It has taken nothing yet, and may hear nothing.
        const { ready } = one;
        if (!ready) one.kill("stop");
        if (!(await one.stop(graceMs, killAfterMs)) || !ready) return;
        this.#options.logger.warn({ worker: one.workerId, workerPid: one.pid }, "a worker did not stop and was killed");
      }),
    );
    this.#silence.close();
    await this.#giveBack.close();
    process.off("exit", this.#killAll);
  }

  #close(): void {
    for (const place of this.#places) place.close();
    this.#quarantine.close();
  }

  #all(): WorkerProcess[] {
    const places = [...this.#places, this.#quarantine.place];
    return places.flatMap(({ process: one }) => (one === null ? [] : [one]));
  }

  #startOne(told: Told, isQuarantine: boolean): WorkerProcess {
    const { config, workAt, listenAt, workerPoolSize, dispatcher } = this.#options;
    const orders: WorkerOrders = {
      environment: wholeEnvironment(),
      database: workAt,
      listenAt,
      // One of them listens.
      poolSize: isQuarantine ? Math.min(OF_QUARANTINE - 1, workerPoolSize) : workerPoolSize,
      isQuarantine,
      aliveMs: aliveMsOf(config),
      hintsByParent: config.redisUrl === null,
      failpoint: isQuarantine ? null : this.#failpoint,
    };
    return new WorkerProcess(orders, dispatcher, told);
  }

  #onGone(one: WorkerProcess): void {
    this.#counted = this.#counted.then((counted) => addCounted(counted, one.counted));
    // Some of what it held may be suspects now.
    this.#quarantine.look();
  }
}
