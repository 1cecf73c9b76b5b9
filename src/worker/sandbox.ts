import { availableParallelism } from "node:os";
import { environmentOfChildren } from "../config/environment.js";
import { HeadwayError } from "../errors.js";
import type { StageLogger } from "../pipelines/pipeline.js";
import { DiedBeforeStart, SandboxProcess } from "./sandbox-process.js";
import type { SandboxCall, SandboxHost } from "./sandbox-protocol.js";
import type { SandboxUser } from "./sandbox-user.js";

/** Long enough for the documents of one collection to share a warm child, which took a second or two to load. */
const DEFAULT_IDLE_MS = 60_000;
/**
 * How long a call waits for a busy child before one more is started, times the children that there would be beyond the cores. A
 * start takes 0.6 s of a core and more for the libraries of a format, and more children than cores make no document faster.
 */
const DEFAULT_PATIENCE_MS = 1_000;

export interface SandboxOptions {
  /** The module a child runs: it calls `serveSandbox`. */
  readonly childEntry: URL;
  /** How many children there are at most, idle ones included. */
  readonly concurrency: number;
  /** How long a child is kept without work; default 60,000. */
  readonly idleMs?: number;
  /** How many children of a kind start without a wait for one that is busy; default as many as there are cores. */
  readonly startsAtOnce?: number;
  /** How long a further one waits, times the children beyond those; default 1,000. */
  readonly patienceMs?: number;
  /** Of which only what is harmless is passed on. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Whom they run as; default whoever runs this. */
  readonly user?: SandboxUser;
  readonly logger: StageLogger;
}

interface Warm {
  readonly key: string;
  readonly process: SandboxProcess;
  readonly timer: NodeJS.Timeout;
}

/** A call that waits for a busy child of its kind. */
interface Waiting {
  readonly key: string;
  readonly take: (child: SandboxProcess | null) => void;
}

/** Runs stages in child processes with limits of time and memory; warm children are used again. */
export class Sandbox {
  readonly #environment: Readonly<Record<string, string>>;
  readonly #idle = new Set<Warm>();
  /** With the kinds of their calls. */
  readonly #busy = new Map<SandboxProcess, string>();
  readonly #waiting = new Set<Waiting>();
  readonly #queue: (() => void)[] = [];
  #taken = 0;
  #closed = false;

  constructor(private readonly options: SandboxOptions) {
    this.#environment = environmentOfChildren(options.environment ?? {});
  }

  /**
   * Runs one stage and returns what its handler returned.
   * @throws what the handler threw; PermanentError stays one
   * @throws {PermanentError} RESOURCE_LIMIT when it took more time or memory than it may
   * @throws {HeadwayError} CRASHED when its process died otherwise; details: exitCode, signal, stderr
   * @throws signal.reason, at once, when that aborts
   */
  async run(call: SandboxCall, host: SandboxHost, signal: AbortSignal): Promise<unknown> {
    await this.#place(signal);
    try {
      return await this.#runInChild(call, host, signal);
    } finally {
      this.#taken -= 1;
      this.#queue.shift()?.();
    }
  }

  /** Kills all children; calls that run reject with CRASHED. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    const all = [...this.#busy.keys(), ...[...this.#idle].map((warm) => warm.process)];
    for (const warm of this.#idle) clearTimeout(warm.timer);
    this.#idle.clear();
    for (const child of all) child.kill();
    for (const wake of this.#queue.splice(0)) wake();
    for (const { take } of this.#waiting) take(null);
    await Promise.all(all.map((child) => child.gone));
  }

  async #runInChild(call: SandboxCall, host: SandboxHost, signal: AbortSignal): Promise<unknown> {
    // Who was given a secret once is no child for others.
    const owner = Object.keys(call.snapshot.secrets).length > 0 ? call.pipeline : null;
    const key = JSON.stringify([call.memoryLimitMiB, call.pipelineSource, owner]);
    // Without a wait between the look and the start: of calls that come together, each sees those before it.
    const warm = this.#takeWarm(key) ?? (this.#moreThanAtOnce(key) > 0 ? await this.#handedOver(key, signal) : null);
    if (warm !== null) {
      try {
        return await this.#use(warm, key, { call, host, signal });
      } catch (error) {
        // It died of its idleness, not of this call.
        if (!(error instanceof DiedBeforeStart) || this.#closed) throw error;
      }
    }
    this.#assertOpen();
    this.#makeRoom();
    return this.#use(this.#start(call.memoryLimitMiB), key, { call, host, signal });
  }

  async #use(
    child: SandboxProcess,
    key: string,
    work: { readonly call: SandboxCall; readonly host: SandboxHost; readonly signal: AbortSignal },
  ): Promise<unknown> {
    this.#busy.set(child, key);
    child.ref();
    try {
      return await child.run(work.call, work.host, work.signal);
    } finally {
      const keep = child.alive && !this.#closed && child.hasStarted && !(await child.hasGrown());
      // One that is handed over stays among the busy ones, so that closing ends it whenever it comes.
      if (!keep || this.#closed || !this.#handOver(child, key)) {
        this.#busy.delete(child);
        if (keep && !this.#closed) this.#keepWarm(child, key);
        else {
          child.kill();
          // Whoever waits for one of this kind starts one in its place; all have been told where this is closed.
          if (this.#moreThanAtOnce(key) <= 0) this.#handOver(null, key);
        }
      }
    }
  }

  /** How many children of a kind there would be, with one more, beyond those that start at once; 0 or less while there are fewer. */
  #moreThanAtOnce(key: string): number {
    const busy = [...this.#busy.values()].filter((one) => one === key).length;
    return busy + 1 - (this.options.startsAtOnce ?? availableParallelism());
  }

  /** A child that ends its call in time; null where another is to be started. @throws signal.reason when that aborts */
  async #handedOver(key: string, signal: AbortSignal): Promise<SandboxProcess | null> {
    signal.throwIfAborted();
    this.#assertOpen();
    const more = this.#moreThanAtOnce(key) + [...this.#waiting].filter((waiting) => waiting.key === key).length;
    const child = await new Promise<SandboxProcess | null>((resolve) => {
      const onAbort = (): void => waiting.take(null);
      const timer = setTimeout(onAbort, more * (this.options.patienceMs ?? DEFAULT_PATIENCE_MS));
      const waiting: Waiting = {
        key,
        take: (taken) => {
          clearTimeout(timer);
          signal.removeEventListener("abort", onAbort);
          this.#waiting.delete(waiting);
          resolve(taken);
        },
      };
      signal.addEventListener("abort", onAbort, { once: true });
      this.#waiting.add(waiting);
    });
    // Of a child that was just handed over, the call's own end says what becomes of it.
    if (child === null) signal.throwIfAborted();
    return child;
  }

  /** Whether somebody waits for a child of this kind; then it has it, or is to start one where there is none to have. */
  #handOver(child: SandboxProcess | null, key: string): boolean {
    const next = [...this.#waiting].find((waiting) => waiting.key === key);
    next?.take(child);
    return next !== undefined;
  }

  /** Waits until fewer than `concurrency` calls run, first come, first served. */
  async #place(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#assertOpen();
    if (this.#taken < this.options.concurrency) {
      this.#taken += 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => {
        this.#queue.splice(this.#queue.indexOf(wake), 1);
        reject(signal.reason as Error);
      };
      const wake = (): void => {
        signal.removeEventListener("abort", onAbort);
        // Taken here and not after the await: a call that comes in between would take the place as well.
        this.#taken += 1;
        resolve();
      };
      this.#queue.push(wake);
      signal.addEventListener("abort", onAbort, { once: true });
    });
    if (!this.#closed) return;
    this.#taken -= 1;
    this.#assertOpen();
  }

  #assertOpen(): void {
    if (this.#closed) throw new HeadwayError("CRASHED", "The child processes have been closed.");
  }

  #takeWarm(key: string): SandboxProcess | null {
    for (const warm of this.#idle) {
      if (warm.key !== key) continue;
      this.#idle.delete(warm);
      clearTimeout(warm.timer);
      if (warm.process.alive) return warm.process;
    }
    return null;
  }

  /** Ends the longest idle child of another kind when there would be too many. */
  #makeRoom(): void {
    const [oldest] = this.#idle;
    if (oldest === undefined || this.#busy.size + this.#idle.size < this.options.concurrency) return;
    this.#endIdle(oldest);
  }

  #keepWarm(child: SandboxProcess, key: string): void {
    const timer = setTimeout(() => this.#endIdle(warm), this.options.idleMs ?? DEFAULT_IDLE_MS);
    timer.unref();
    const warm: Warm = { key, process: child, timer };
    this.#idle.add(warm);
    child.unref();
  }

  #endIdle(warm: Warm): void {
    clearTimeout(warm.timer);
    this.#idle.delete(warm);
    warm.process.kill();
  }

  #start(memoryLimitMiB: number): SandboxProcess {
    const child = new SandboxProcess(this.options.childEntry, {
      memoryLimitMiB,
      environment: this.#environment,
      user: this.options.user ?? {},
    });
    this.options.logger.debug({ pid: child.pid, memoryLimitMiB }, "child process started");
    return child;
  }
}
