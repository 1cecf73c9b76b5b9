import { hostname } from "node:os";
import { monitorEventLoopDelay, type IntervalHistogram } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import type { DataSource } from "typeorm";
import { v7 as uuidv7 } from "uuid";
import { listen, type Listener } from "../database/listener.js";
import type { Consumer, Dispatcher, Hint } from "../dispatch/dispatcher.js";
import { CANCEL_CHANNEL } from "../engine/cancel/cancel.js";
import type { Claim } from "../engine/flush/claim.js";
import { dispatch } from "../engine/flush/hints.js";
import { Recorder } from "../engine/flush/recorder.js";
import type { SourceRules } from "../sources/uri.js";
import { HeadwayError, messageOf } from "../errors.js";
import { failpoint } from "../failpoint.js";
import { Heartbeat } from "./heartbeat.js";
import { runTask, Stopped, type RunTaskParts } from "./run-task.js";
import { removeStale } from "./staging.js";
import { WorkerRow } from "./worker-row.js";

export interface WorkerSettings {
  readonly concurrency: number;
  readonly leaseMs: number;
  readonly heartbeatMs: number;
  readonly pollMs: number;
  readonly crashLimit: number;
  readonly build: string;
}

export interface WorkerParts extends Pick<
  RunTaskParts,
  "blobs" | keyof SourceRules | "s3" | "maxDocumentBytes" | "logger" | "registry" | "runIsolated" | "onError"
> {
  readonly db: DataSource;
  readonly databaseUrl: string;
  readonly dispatcher: Dispatcher;
}

const START_DEADLINE_MS = 10_000;
/** A claim that hangs in the database must not hold up the stop: what it takes after all is rescued by its lease. */
const CLAIM_DEADLINE_MS = 1_000;
/** Hinted ids kept while all slots are taken; any more are found by the claim anyway. */
const MAX_HINTED = 1_000;

interface Run {
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

/**
 * Takes due tasks and runs them, at most `concurrency` at once. Its health is the loop's own progress, written by the
 * loop itself; a hint wakes it, and a poll stands behind every hint.
 */
export class Worker {
  readonly id = uuidv7();
  readonly #parts: WorkerParts;
  readonly #settings: WorkerSettings;
  readonly #recorder: Recorder;
  readonly #heartbeat: Heartbeat;
  readonly #row: WorkerRow;
  readonly #lag: IntervalHistogram = monitorEventLoopDelay({ resolution: 20 });
  readonly #running = new Map<string, Run>();
  #hinted: string[] = [];
  #roomFor: (() => void)[] = [];
  #wakeUp: (() => void) | null = null;
  #awake = false;
  #stopping = false;
  #iterations = 0;
  #lastRoundAt = performance.now();
  #loop: Promise<void> | null = null;
  #claimError: unknown = null;
  #consumer: Consumer | null = null;
  #listener: Listener | null = null;
  #drained: Promise<void> | null = null;
  #stopped: Promise<void> | null = null;

  constructor(parts: WorkerParts, settings: WorkerSettings) {
    this.#parts = parts;
    this.#settings = settings;
    const { db, onError } = parts;
    this.#heartbeat = new Heartbeat(db, { workerId: this.id, ...settings }, onError);
    this.#recorder = new Recorder({
      db,
      actor: { type: "WORKER", name: `worker:${this.id}` },
      workerId: this.id,
      ...settings,
      onDue: (due) => dispatch(parts, due),
      onError,
    });
    const pipelines = parts.registry.all().map(({ name }) => name);
    this.#row = new WorkerRow(
      db,
      { id: this.id, hostname: hostname(), pid: process.pid, pipelines, ...settings },
      onError,
    );
  }

  get iterations(): number {
    return this.#iterations;
  }

  /** Since the loop last went round, which it does at least once a poll, with free slots or without. */
  get standingStillMs(): number {
    return Math.round(performance.now() - this.#lastRoundAt);
  }

  /**
   * Returns once the loop has gone round.
   * @throws {HeadwayError} WORKER_NOT_STARTED when it has not within ten seconds, saying at which step it hangs
   */
  async start(): Promise<void> {
    let step = "registering in the database";
    const starting = async (): Promise<void> => {
      await this.#row.register();
      step = "listening for cancel requests";
      this.#listener = await listen(
        this.#parts.databaseUrl,
        [CANCEL_CHANNEL],
        () => this.#heartbeat.soon(),
        (error) => this.#parts.onError(error, "listening for cancel requests"),
      );
      this.#lag.enable();
      this.#heartbeat.start();
      step = "consuming hints";
      this.#consumer = await this.#parts.dispatcher.consume({
        pipelines: this.#pipelines(),
        concurrency: 2,
        onHint: (hint) => this.#onHint(hint),
      });
      step = "the first round of the claim loop";
      await new Promise<void>((resolve, reject) => {
        this.#loop = this.#goRound(resolve).catch(reject);
      });
    };
    const timer = new AbortController();
    const late = sleep(START_DEADLINE_MS, undefined, { signal: timer.signal, ref: false }).then(() => {
      throw new HeadwayError(
        "WORKER_NOT_STARTED",
        `The worker did not start within ${START_DEADLINE_MS} ms: it hangs in ${step}.${
          this.#claimError === null ? "" : ` The last claim failed: ${messageOf(this.#claimError)}`
        }`,
      );
    });
    try {
      await Promise.race([starting(), late]);
    } catch (error) {
      await this.stop(0);
      throw error instanceof HeadwayError
        ? error
        : new HeadwayError(
            "WORKER_NOT_STARTED",
            `The worker can't start, in ${step}: ${String(error)}`,
            {},
            { cause: error },
          );
    } finally {
      timer.abort();
      late.catch(() => undefined); // Aborted above: the start has been decided.
    }
  }

  /** Takes nothing new from here on; what runs goes on. Idempotent. */
  drain(): Promise<void> {
    this.#drained ??= this.#stopClaiming();
    return this.#drained;
  }

  /**
   * Drains, gives running work graceMs to end, and gives the rest back (INTERRUPTED, no attempt counted). Idempotent:
   * the first call's graceMs holds.
   */
  stop(graceMs: number): Promise<void> {
    this.#stopped ??= this.#giveBack(graceMs);
    return this.#stopped;
  }

  async #stopClaiming(): Promise<void> {
    this.#stopping = true;
    this.#wake();
    for (const resolve of this.#roomFor.splice(0)) resolve();
    // Side by side: a Redis that does not answer must not use up the grace of running work.
    const loop = Promise.race([this.#loop, sleep(CLAIM_DEADLINE_MS, undefined, { ref: false })]);
    await Promise.all([this.#consumer?.close(), this.#row.draining(), loop]);
  }

  async #giveBack(graceMs: number): Promise<void> {
    await this.drain();
    const runs = [...this.#running.values()];
    const all = Promise.all(runs.map(({ done }) => done));
    await Promise.race([all, sleep(graceMs, undefined, { ref: false })]);
    for (const { stop } of this.#running.values()) stop.abort(new Stopped("shutting down"));
    await Promise.race([all, sleep(5_000, undefined, { ref: false })]);
    this.#recorder.close();
    await this.#heartbeat.stop();
    await this.#listener?.close();
    this.#lag.disable();
    await this.#row.stopped();
  }

  #pipelines(): string[] {
    return this.#parts.registry.all().map(({ name }) => name);
  }

  async #goRound(onFirstRound: () => void): Promise<void> {
    while (!this.#stopping) {
      const claimed = await this.#claim();
      // A round whose claim failed is none: a worker that can take nothing must not look as if it moved.
      if (claimed !== "failed" && !this.#stopping) {
        this.#iterations += 1;
        this.#lastRoundAt = performance.now();
        this.#row.beat({ iterations: this.#iterations, running: this.#running.size, lagMs: this.#lag.mean / 1e6 });
        this.#lag.reset();
        onFirstRound();
      }
      if (claimed !== "all" || this.#running.size >= this.#settings.concurrency) await this.#wait();
    }
  }

  /** "all" when the claim took all it asked for, so that more may be due. */
  async #claim(): Promise<"all" | "fewer" | "failed"> {
    const limit = this.#settings.concurrency - this.#running.size;
    if (limit <= 0) return "all";
    const ids = this.#hinted.splice(0, limit);
    let claims: Claim[];
    const askedAt = performance.now();
    try {
      claims = await this.#recorder.claim({ ids, limit, pipelines: this.#pipelines() });
    } catch (error) {
      this.#claimError = error;
      this.#parts.onError(error, "claiming tasks");
      return "failed";
    }
    if (claims.length > 0) this.#row.claimed();
    for (const claim of claims) this.#run(claim);
    // Their leases have been running while the answer was on its way.
    if (performance.now() - askedAt > this.#settings.heartbeatMs) this.#heartbeat.soon();
    if (this.#running.size < this.#settings.concurrency) for (const resolve of this.#roomFor.splice(0)) resolve();
    return claims.length >= limit ? "all" : "fewer";
  }

  #run(claim: Claim): void {
    const stop = new AbortController();
    if (this.#stopping) stop.abort(new Stopped("shutting down"));
    const { recorder, heartbeat } = { recorder: this.#recorder, heartbeat: this.#heartbeat };
    const parts: RunTaskParts = {
      ...this.#parts,
      recorder,
      heartbeat,
      onContentMoved: (documentId) => {
        removeStale(this.#parts.db, documentId).catch((error: unknown) =>
          this.#parts.onError(error, `removing old content of document ${documentId}`),
        );
      },
    };
    const key = `${claim.taskId} ${claim.fence}`;
    const done = runTask(parts, claim, stop)
      // The task stays RUNNING until its lease passes, and is rescued then; nothing here may end the process.
      .catch((error: unknown) => this.#parts.onError(error, `running task ${claim.taskId}`))
      .finally(() => {
        this.#running.delete(key);
        this.#wake();
      });
    this.#running.set(key, { stop, done });
  }

  async #onHint(hint: Hint): Promise<void> {
    if (this.#stopping) return;
    await failpoint("hint.before_claim");
    if (this.#hinted.length < MAX_HINTED) this.#hinted.push(...hint.tasks.map(({ id }) => id));
    this.#wake();
    if (this.#running.size >= this.#settings.concurrency)
      await new Promise<void>((resolve) => this.#roomFor.push(resolve));
  }

  #wake(): void {
    this.#awake = true;
    this.#wakeUp?.();
  }

  /** Until a hint comes, a slot is free again, or the poll is due. */
  async #wait(): Promise<void> {
    if (!this.#awake) {
      const timer = new AbortController();
      const woken = new Promise<void>((resolve) => {
        this.#wakeUp = resolve;
      });
      await Promise.race([
        woken,
        sleep(this.#settings.pollMs, undefined, { signal: timer.signal }).catch(() => undefined),
      ]);
      timer.abort();
      this.#wakeUp = null;
    }
    this.#awake = false;
  }
}
