import { fork, type ChildProcess } from "node:child_process";
import { withDeadline } from "../async/with-deadline.js";
import { environmentAtStart } from "../config/environment.js";
import type { Consumer, Dispatcher, Hint } from "../dispatch/dispatcher.js";
import type { TaskCommand } from "../engine/flush/task-command.js";
import { HeadwayError } from "../errors.js";
import type { PlainMetrics } from "../metrics.js";
import { fromPlainError } from "../worker/sandbox-error.js";
import type { FromWorker, ToWorker, WorkerOrders } from "./messages.js";

/** For loading the pipelines and for the first claim, on a busy machine. */
const START_LIMIT_MS = 120_000;
/** A worker whose event loop is busy does not answer; what it counted last is true enough. */
const MEASURE_LIMIT_MS = 500;
/** The end of claiming is not waited for longer: the stop that follows has a deadline that is kept. */
const DRAIN_LIMIT_MS = 1_000;

const ENTRY = new URL("./worker-main.js", import.meta.url);

/** How a process has ended. */
export interface Ended {
  /** Such as "process 12 was ended by SIGKILL". */
  readonly how: string;
  /** As it was told to: it stopped, or was killed because it did not. */
  readonly isAsked: boolean;
  /** It said nothing for longer than it may, and was killed for that. */
  readonly isSilent: boolean;
}

/** What a process says that concerns whoever has started it. */
export interface Told {
  /** What it has left behind nobody knows: it had better be replaced. */
  readonly onSpoiled: (why: string) => void;
}

/** One process that runs a worker, as its parent sees it. */
export class WorkerProcess {
  readonly #child: ChildProcess;
  /** Hints that it has taken and has no room behind yet. */
  readonly #hints = new Map<number, () => void>();
  readonly #dispatcher: Dispatcher;
  readonly #told: Told;
  readonly #measured = new Map<number, (metrics: PlainMetrics) => void>();
  #consumer: Promise<Consumer | null> | null = null;
  #lastId = 0;
  #workerId: string | null = null;
  #metrics: PlainMetrics = [];
  #ready = false;
  #aliveAt = performance.now();
  #silentMs = 0;
  /** What it is to be told once it has its orders; null when it has. */
  #beforeOrders: ToWorker[] | null = [];
  #isStopping = false;
  #killedFor: "stop" | "silence" | null = null;
  readonly #ends: TaskCommand[] = [];
  #stalledMs = 0;
  #onDrained: () => void = () => undefined;
  /** Settles once its claim loop runs. @throws what kept it from that */
  readonly started: Promise<void>;
  /** Settles when it is dead. */
  readonly gone: Promise<Ended>;
  readonly isQuarantine: boolean;

  /** @throws where the system starts no process, as when it has no memory left */
  constructor(orders: WorkerOrders, dispatcher: Dispatcher, told: Told) {
    this.#dispatcher = dispatcher;
    this.#told = told;
    this.isQuarantine = orders.isQuarantine;
    this.#child = fork(ENTRY, [String(process.pid)], {
      env: environmentAtStart(),
      // What is not a number in metrics crosses as what it is.
      serialization: "advanced",
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    this.gone = new Promise((resolve) => {
      this.#child.on("error", (error) => {
        if (this.pid !== undefined) return;
        resolve({ how: `process could not be started: ${error.message}`, isAsked: false, isSilent: false });
      });
      this.#child.once("exit", (code, signal) => resolve(this.#endedBy(code, signal)));
    });
    this.started = this.#start(orders);
    // Who waits for it is told; a worker that is started again has nobody waiting.
    this.started.catch(() => undefined);
    void this.gone.then(() => this.#release());
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Null until it has one. */
  get workerId(): string | null {
    return this.#workerId;
  }

  get ready(): boolean {
    return this.#ready;
  }

  /** Since its claim loop last began an iteration, as far as can be known while its event loop does not turn. */
  get stalledMs(): number {
    const silentMs = performance.now() - this.#aliveAt;
    return Math.round(this.#stalledMs + silentMs);
  }

  /** How long it has said nothing, as far as the parent was there to hear it. */
  get silentMs(): number {
    return this.#silentMs;
  }

  /** The parent has been there for so long. */
  passes(ms: number): void {
    this.#silentMs += ms;
  }

  /** The ends of tasks whose handlers did not stop: true once it is dead. */
  get ends(): readonly TaskCommand[] {
    return this.#ends;
  }

  /** It has been told to stop. */
  get isStopping(): boolean {
    return this.#isStopping;
  }

  /** What it said last of what it has counted. */
  get counted(): PlainMetrics {
    return this.#metrics;
  }

  /** What it has counted; where it does not answer at once, what it said last. */
  async measure(): Promise<PlainMetrics> {
    const id = (this.#lastId += 1);
    const answer = new Promise<PlainMetrics>((resolve) => this.#measured.set(id, resolve));
    this.#post({ type: "measure", id });
    await withDeadline("Measuring a worker", MEASURE_LIMIT_MS, answer).catch(() => undefined);
    this.#measured.delete(id);
    return this.#metrics;
  }

  /** It takes nothing more. Settles when that is so, or after a second. */
  async drain(): Promise<void> {
    const drained = new Promise<void>((resolve) => (this.#onDrained = resolve));
    this.#post({ type: "drain" });
    await withDeadline("Draining a worker", DRAIN_LIMIT_MS, Promise.race([drained, this.gone])).catch(() => undefined);
  }

  /**
   * Gives its work graceMs to end, and what has not ended back; after killAfterMs it is killed. Returns whether it had
   * to be.
   */
  async stop(graceMs: number, killAfterMs: number): Promise<boolean> {
    this.#isStopping = true;
    this.#post({ type: "stop", graceMs });
    const timer = setTimeout(() => this.kill("stop"), killAfterMs);
    await this.gone;
    clearTimeout(timer);
    return this.#killedFor === "stop";
  }

  /** @param why "stop": it was to stop anyway; "silence": it has said nothing for too long */
  kill(why: "stop" | "silence"): void {
    if (this.#child.kill("SIGKILL")) this.#killedFor ??= why;
  }

  #endedBy(code: number | null, signal: string | null): Ended {
    const by = signal === null ? `exited with code ${code}` : `was ended by ${signal}`;
    const isSilent = this.#killedFor === "silence";
    const why = isSilent ? `, because its event loop was blocked for ${Math.round(this.#silentMs)} ms` : "";
    return {
      how: `process ${this.pid} ${by}${why}`,
      isAsked: this.#killedFor === "stop" || (this.#isStopping && code === 0),
      isSilent,
    };
  }

  async #start(orders: WorkerOrders): Promise<void> {
    const ready = new Promise<void>((resolve, reject) => {
      this.#child.on("message", (message) => this.#on(message as FromWorker, orders, { resolve, reject }));
      void this.gone.then(({ how }) =>
        reject(new HeadwayError("WORKER_NOT_STARTED", `A worker's process was not ready before its end: ${how}.`)),
      );
    });
    try {
      await withDeadline("Starting a worker process", START_LIMIT_MS, ready);
    } catch (error) {
      this.kill("stop");
      throw error;
    }
  }

  #on(
    message: FromWorker,
    orders: WorkerOrders,
    start: { readonly resolve: () => void; readonly reject: (error: Error) => void },
  ): void {
    if (message.type === "up") this.#begin(orders);
    else if (message.type === "named") this.#workerId = message.workerId;
    else if (message.type === "failed") start.reject(fromPlainError(message.error));
    else if (message.type === "alive") this.#alive(message.stalledMs);
    else if (message.type === "spoiled") this.#told.onSpoiled("an error has escaped from a handler");
    else if (message.type === "unsettled") {
      if (message.end !== null) this.#ends.push(message.end);
      this.#told.onSpoiled("a handler does not stop");
    } else if (message.type === "consume") this.#consume(message.pipelines, message.concurrency);
    else if (message.type === "unconsume") void this.#release();
    else if (message.type === "hints") void this.#dispatcher.send(message.hints);
    else if (message.type === "taken") this.#taken(message.id);
    else if (message.type === "measured") {
      this.#metrics = message.metrics;
      this.#measured.get(message.id)?.(message.metrics);
    } else if (message.type === "drained") this.#onDrained();
    else if (message.type === "ready") {
      this.#ready = true;
      this.#alive(0);
      start.resolve();
    }
  }

  #begin(orders: WorkerOrders): void {
    const later = this.#beforeOrders ?? [];
    this.#beforeOrders = null;
    for (const message of [{ type: "start", orders } as const, ...later]) this.#post(message);
  }

  #alive(stalledMs: number): void {
    this.#aliveAt = performance.now();
    this.#silentMs = 0;
    this.#stalledMs = stalledMs;
  }

  #consume(pipelines: readonly string[], concurrency: number): void {
    const onHint = (hint: Hint): Promise<void> =>
      new Promise((resolve) => {
        const id = (this.#lastId += 1);
        this.#hints.set(id, resolve);
        this.#post({ type: "hint", id, hint });
      });
    // A dispatcher that is closed has no more hints, and its process ends.
    this.#consumer = this.#dispatcher.consume({ pipelines, concurrency, onHint }).catch(() => null);
  }

  /** No hint goes to it any more, and none that went holds a place. */
  async #release(): Promise<void> {
    const consumer = this.#consumer;
    this.#consumer = null;
    for (const id of this.#hints.keys()) this.#taken(id);
    await (await consumer)?.close();
  }

  #taken(id: number): void {
    this.#hints.get(id)?.();
    this.#hints.delete(id);
  }

  #post(message: ToWorker): void {
    // Its orders come first.
    if (this.#beforeOrders !== null) this.#beforeOrders.push(message);
    // One that is gone gets nothing; its end is noticed elsewhere.
    else if (this.#child.connected) this.#child.send(message, () => undefined);
  }
}
