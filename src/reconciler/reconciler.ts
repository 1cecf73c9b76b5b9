import { withDeadline } from "../async/with-deadline.js";
import { isConnectionLoss, isExhausted } from "../database/transaction.js";
import { dispatch } from "../engine/flush/hints.js";
import { Recorder } from "../engine/flush/recorder.js";
import { deleteDueBlobs } from "../engine/expiry/expire.js";
import { removeUnacceptedArtifacts } from "../engine/uploads/artifacts.js";
import { lookForAttention } from "./attention.js";
import { createAbandonedWrites } from "./abandoned-writes.js";
import { followClock } from "./clock.js";
import { enforceCancelDeadlines } from "./cancel-deadlines.js";
import { createGoneWorkers } from "./gone-workers.js";
import { rescueExpiredLeases } from "./expired-leases.js";
import { expireCollections } from "./expiry.js";
import { convergeOpenJobs } from "./open-jobs.js";
import { addUpJobCounts } from "./job-counts.js";
import type { DutyDeps } from "./duty.js";
import { createStatistics } from "./statistics.js";
import { finishOperations } from "./operations.js";
import { countOpenWork } from "./open-work.js";
import { expireUploads } from "./uploads.js";

/** After an outage workers get a heartbeat and this long to renew what they hold, before anything is rescued. */
const SETTLE_MS = 2_000;
/** A tick that hangs is given up, and the next is armed. */
export const TICK_DEADLINE_MS = 60_000;

/** What is under way when the process stops is left to itself after this long. */
const STOP_DEADLINE_MS = 2_000;

/**
 * Makes facts and status agree again, every `sweepMs` ± 20 %, on every instance: there is no leader. Each duty
 * selects what it acts on in SQL, page by page, passing over rows that somebody else is writing just now, and acts
 * through the same SQL functions as everyone else; a second pass writes nothing.
 */
export class Reconciler {
  readonly #deps: DutyDeps;
  readonly #removeAbandonedWrites = createAbandonedWrites();
  readonly #countStatistics = createStatistics();
  readonly #removeGoneWorkers = createGoneWorkers();
  #timer: NodeJS.Timeout | null = null;
  #ticking: Promise<void> | null = null;
  /** At its own pace: a store that is away takes half a minute to say so, and leases can't wait for that. */
  #removingFiles: Promise<void> | null = null;
  #stopped = false;
  #lastTickAt: number | null = null;
  #rescueFrom: number | null = null;

  constructor(from: Omit<DutyDeps, "recorder">) {
    const { db, dispatcher, settings, onError } = from;
    const recorder = new Recorder({
      db,
      actor: { type: "SYSTEM", name: "system:sweep" },
      workerId: null,
      ...settings,
      onDue: (due) => dispatch({ dispatcher, onError }, due),
      onError,
    });
    this.#deps = { ...from, recorder };
  }

  /** Since the sweep last ended; null before the first time. */
  get stalledMs(): number | null {
    return this.#lastTickAt === null ? null : Math.round(performance.now() - this.#lastTickAt);
  }

  start(): void {
    // A process that has just come up does not know how long the database has been back.
    this.#arm(0);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer) clearTimeout(this.#timer);
    this.#deps.recorder.close();
    const underWay = Promise.all([this.#ticking, this.#removingFiles]);
    // A store that hangs must not keep the process from its end: the next sweep, anywhere, goes on where this one stood.
    await withDeadline("The sweep", STOP_DEADLINE_MS, underWay).catch((error: unknown) =>
      this.#deps.onError(error, "ending the sweep"),
    );
  }

  #arm(delayMs: number): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#ticking = this.#tick().finally(() => {
        this.#ticking = null;
        this.#arm(this.#deps.settings.sweepMs * (0.8 + 0.4 * Math.random()));
      });
    }, delayMs);
  }

  async #tick(): Promise<void> {
    try {
      await withDeadline("The sweep", TICK_DEADLINE_MS, this.#duties());
      this.#lastTickAt = performance.now();
    } catch (error) {
      this.#rescueFrom = null;
      this.#deps.onError(error, "sweeping");
    }
  }

  async #duties(): Promise<void> {
    await this.#deps.db.query("select 1");
    this.#rescueFrom ??= performance.now() + this.#deps.settings.heartbeatMs + SETTLE_MS;
    await this.#duty("following the clock of the database", followClock);
    await this.#duty("finishing cancels and retries", finishOperations);
    await this.#duty("converging open jobs", convergeOpenJobs);
    // An outage of the database is nobody's crash: its leases passed while nobody could renew them.
    if (performance.now() >= this.#rescueFrom) {
      await this.#duty("enforcing cancel deadlines", enforceCancelDeadlines);
      await this.#duty("rescuing expired leases", rescueExpiredLeases);
    }
    await this.#duty("counting open work", countOpenWork);
    await this.#duty("adding up the counts of jobs", addUpJobCounts);
    await this.#duty("expiring uploads", expireUploads);
    await this.#duty("expiring collections", expireCollections);
    await this.#duty("removing artifacts of stages that did not end", ({ db }) => removeUnacceptedArtifacts(db));
    await this.#duty("removing the rows of workers that are gone", this.#removeGoneWorkers);
    await this.#duty("looking for what needs a person", lookForAttention);
    await this.#duty("counting the history", this.#countStatistics);
    this.#removingFiles ??= this.#removeFiles().finally(() => (this.#removingFiles = null));
  }

  async #removeFiles(): Promise<void> {
    const { onError } = this.#deps;
    try {
      await this.#duty("removing stored files", (deps) => deleteDueBlobs(deps, deps.blobs, () => !this.#stopped));
      if (!this.#stopped) await this.#duty("removing abandoned writes", this.#removeAbandonedWrites);
    } catch (error) {
      onError(error, "removing stored files");
    }
  }

  /** One duty that can't be done must not keep the others from theirs; without a database that can write none can. */
  async #duty(doing: string, duty: (deps: DutyDeps) => Promise<number>): Promise<void> {
    try {
      await duty(this.#deps);
    } catch (error) {
      if (isConnectionLoss(error) || isExhausted(error)) throw error;
      this.#deps.onError(error, doing);
    }
  }
}
