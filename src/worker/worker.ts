import { hostname } from "node:os";
import { monitorEventLoopDelay, type IntervalHistogram } from "node:perf_hooks";
import type { DataSource } from "typeorm";
import { v7 as uuidv7 } from "uuid";
import { Signal } from "../async/signal.js";
import { endOf, withDeadline } from "../async/with-deadline.js";
import { cancelChannel } from "../database/channels.js";
import { listen, type Listener } from "../database/listener.js";
import type { Address } from "../database/session.js";
import type { Consumer, Dispatcher } from "../dispatch/dispatcher.js";
import type { Claim } from "../engine/flush/claim.js";
import { dispatch } from "../engine/flush/hints.js";
import { Recorder } from "../engine/flush/recorder.js";
import { announced } from "../pipelines/limit-groups.js";
import type { SourceRules } from "../sources/uri.js";
import { failpoint } from "../failpoint.js";
import { Heartbeat } from "./heartbeat.js";
import { cutStack, stackOf } from "./ending.js";
import { catchEscapes, type Escaped } from "./escapes.js";
import { notStarted, START_DEADLINE_MS } from "./not-started.js";
import type { RunTaskDeps } from "./run-task.js";
import { Runs } from "./runs.js";
import { StageFailures } from "./stage-log.js";
import { Room, type SuspectRule } from "./room.js";
import { removeStale } from "./staging.js";
import { TaskLogs } from "./task-logs.js";
import { WorkerRow } from "./worker-row.js";

export interface WorkerSettings {
  readonly concurrency: number;
  readonly leaseMs: number;
  readonly heartbeatMs: number;
  readonly pollMs: number;
  readonly crashLimit: number;
  /** How long a handler that is to stop may take to. */
  readonly cancelDeadlineMs: number;
  readonly build: string;
  /** Default "between". */
  readonly suspects?: SuspectRule;
}

export interface WorkerDeps extends Pick<
  RunTaskDeps,
  | "blobs"
  | keyof SourceRules
  | "s3"
  | "maxDocumentBytes"
  | "logger"
  | "registry"
  | "runIsolated"
  | "onError"
  | "onUnsettled"
> {
  readonly db: DataSource;
  /** Where to LISTEN for cancel requests; null: they are found at each heartbeat alone. */
  readonly listenAt: Address | null;
  readonly dispatcher: Dispatcher;
  /** Told when an error has escaped from a handler: nobody knows what it has left behind in this process. */
  readonly onSpoiled?: () => void;
}

/** A claim that hangs in the database must not hold up the stop: what it takes after all is rescued by its lease. */
const CLAIM_DEADLINE_MS = 1_000;
/** Handlers that ignore their signal are left behind after this long; their leases bring their tasks back. */
const STOP_DEADLINE_MS = 5_000;

/**
 * Takes due tasks and runs them, at most `concurrency` at once. Its health is the loop's own progress, written by the
 * loop itself; a hint wakes it, and a poll stands behind every hint.
 */
export class WorkerLoop {
  readonly id = uuidv7();
  readonly #deps: WorkerDeps;
  readonly #settings: WorkerSettings;
  readonly #recorder: Recorder;
  readonly #heartbeat: Heartbeat;
  readonly #logs: TaskLogs;
  readonly #row: WorkerRow;
  readonly #lag: IntervalHistogram = monitorEventLoopDelay({ resolution: 20 });
  readonly #running: Runs;
  readonly #places: Room;
  /** A hint has come, a slot is free again, or the loop is to end. */
  readonly #wake = new Signal();
  /** Hints may come again: a claim has left slots free, or none will be made any more. */
  readonly #room = new Signal();
  #stopping = false;
  #iterations = 0;
  #lastIterationAt = performance.now();
  #loop: Promise<void> | null = null;
  #claimError: unknown = null;
  #consumer: Consumer | null = null;
  #listener: Listener | null = null;
  #drained: Promise<void> | null = null;
  #stopped: Promise<void> | null = null;
  #endCatching: () => void = () => undefined;

  constructor(deps: WorkerDeps, settings: WorkerSettings) {
    this.#deps = deps;
    this.#settings = settings;
    this.#places = new Room(settings.concurrency, settings.suspects ?? "between", 2 * settings.leaseMs);
    const { db, onError } = deps;
    this.#heartbeat = new Heartbeat(db, { workerId: this.id, ...settings }, onError);
    this.#logs = new TaskLogs(db, onError);
    this.#recorder = new Recorder({
      db,
      takeLogs: (ending) => this.#logs.take(ending),
      actor: { type: "WORKER", name: `worker:${this.id}` },
      workerId: this.id,
      ...settings,
      onDue: (due) => dispatch(deps, due),
      onError,
    });
    this.#running = new Runs(
      {
        ...deps,
        leaseMs: settings.leaseMs,
        cancelDeadlineMs: settings.cancelDeadlineMs,
        recorder: this.#recorder,
        heartbeat: this.#heartbeat,
        logs: this.#logs,
        failures: new StageFailures(deps.logger),
        onShareFreed: () => this.#wake.raise(),
        onContentMoved: (documentId) => {
          removeStale(db, documentId).catch((error: unknown) =>
            onError(error, `removing old content of document ${documentId}`),
          );
        },
      },
      () => this.#wake.raise(),
    );
    this.#row = new WorkerRow(
      db,
      { id: this.id, hostname: hostname(), pid: process.pid, serves: announced(deps.registry), ...settings },
      onError,
    );
  }

  get iterations(): number {
    return this.#iterations;
  }

  /** Since the loop last began an iteration, which it does at least once a poll, with free slots or without. */
  get stalledMs(): number {
    return Math.round(performance.now() - this.#lastIterationAt);
  }

  /**
   * Returns once the loop has ended its first iteration.
   * @throws {HeadwayError} WORKER_NOT_STARTED when it has not within ten seconds, saying at which step it hangs
   */
  async start(): Promise<void> {
    let step = "registering in the database";
    const starting = async (): Promise<void> => {
      await this.#row.register();
      step = "listening for cancel requests";
      if (this.#deps.listenAt !== null) {
        this.#listener = await listen(
          this.#deps.listenAt,
          new Map([[cancelChannel(this.#deps.db), () => this.#heartbeat.soon()]]),
          (error) => this.#deps.onError(error, "listening for cancel requests"),
        );
      }
      this.#lag.enable();
      this.#heartbeat.start();
      this.#endCatching = catchEscapes((error, hide) => this.#onEscape(error, hide));
      step = "consuming hints";
      // A worker for suspects would take hints of work that it leaves to others.
      if (this.#settings.suspects !== "only") {
        this.#consumer = await this.#deps.dispatcher.consume({
          pipelines: this.#deps.registry.all().map(({ name }) => name),
          concurrency: 2,
          onHint: () => this.#onHint(),
        });
      }
      step = "the first iteration of the claim loop";
      await new Promise<void>((resolve, reject) => {
        this.#loop = this.#runLoop(resolve).catch(reject);
      });
    };
    try {
      await withDeadline("Starting the worker", START_DEADLINE_MS, starting());
    } catch (error) {
      await this.stop(0);
      throw notStarted(error, step, this.#claimError);
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
    this.#wake.raise();
    this.#room.raise();
    // Side by side: a Redis that does not answer must not use up the grace of running work.
    const loop = endOf("Ending the claim loop", CLAIM_DEADLINE_MS, this.#loop);
    await Promise.all([this.#consumer?.close(), this.#row.draining(), loop]);
  }

  async #giveBack(graceMs: number): Promise<void> {
    await this.drain();
    const all = this.#running.ended();
    await endOf("Ending running tasks", graceMs, all);
    this.#running.stop();
    await endOf("Stopping running tasks", STOP_DEADLINE_MS, all);
    this.#recorder.close();
    await this.#logs.close();
    await this.#heartbeat.stop();
    await this.#listener?.close();
    this.#lag.disable();
    this.#endCatching();
    await this.#row.stopped();
  }

  /** Its task has been told; what it has left behind in this process nobody knows. */
  #onEscape(error: Escaped, hide: (text: string) => string): void {
    const [said, stack] = [hide(error.message), cutStack(hide(stackOf(error) ?? ""))];
    this.#deps.logger.error({ error: said, stack }, "an error escaped from a handler");
    this.#deps.onSpoiled?.();
  }

  async #runLoop(onFirstIteration: () => void): Promise<void> {
    while (!this.#stopping) {
      const claimed = await this.#claim();
      // A failed claim is not an iteration: a worker that can take nothing must not look as if it moved. Nor does one whose
      // handlers hold all its places and never stop.
      if (claimed !== "failed" && !this.#stopping && this.#running.unsettled < this.#settings.concurrency) {
        this.#iterations += 1;
        this.#lastIterationAt = performance.now();
        this.#row.beat({ iterations: this.#iterations, running: this.#running.size, lagMs: this.#lag.mean / 1e6 });
        this.#lag.reset();
        onFirstIteration();
      }
      const opensInMs = this.#free > 0 ? this.#recorder.limitOpensInMs : Infinity;
      if (claimed !== "all" || this.#free <= 0) await this.#wake.wait(Math.min(this.#settings.pollMs, opensInMs));
    }
  }

  /** "all" when the claim took all it asked for, or all that one claim takes, so that more may be due. */
  async #claim(): Promise<"all" | "fewer" | "failed"> {
    const limit = this.#free;
    if (limit <= 0) return "all";
    const suspects = this.#places.asks;
    let claims: Claim[];
    const askedAt = performance.now();
    try {
      claims = await this.#recorder.claim({ limit, registry: this.#deps.registry, ...(suspects && { suspects }) });
    } catch (error) {
      this.#claimError = error;
      this.#deps.onError(error, "claiming tasks");
      return "failed";
    }
    if (claims.length > 0) this.#row.claimed();
    for (const claim of claims) this.#running.start(claim, this.#stopping);
    // Their leases have been running while the answer was on its way.
    if (performance.now() - askedAt > this.#settings.heartbeatMs) this.#heartbeat.soon();
    const isAgain = this.#places.took(claims.length, this.#recorder.suspectsWait);
    if (this.#free > 0) this.#room.raise();
    const mayTakeMore = isAgain || claims.length >= limit || (claims.length > 0 && this.#recorder.hasMoreToClaim);
    return mayTakeMore ? "all" : "fewer";
  }

  async #onHint(): Promise<void> {
    if (this.#stopping) return;
    await failpoint("hint.before_claim");
    this.#wake.raise();
    while (!this.#stopping && this.#free <= 0) await this.#room.wait();
  }

  get #free(): number {
    return this.#places.free(this.#running.size, this.#running.unsettled);
  }
}
