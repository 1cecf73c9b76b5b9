import type { DataSource } from "typeorm";
import { isConnectionLoss, isExhausted } from "../database/transaction.js";
import type { Dispatcher } from "../dispatch/dispatcher.js";
import { dispatch } from "../engine/flush/hints.js";
import { Recorder } from "../engine/flush/recorder.js";
import type { BlobStore } from "../storage/blob-store.js";
import { createAbandonedWrites } from "./abandoned-writes.js";
import { enforceCancelDeadlines } from "./cancel-deadlines.js";
import { rescueExpiredLeases } from "./expired-leases.js";
import { expireCollections } from "./expiry.js";
import { convergeOpenJobs } from "./open-jobs.js";
import { expireUploads } from "./uploads.js";

export interface ReconcilerSettings {
  readonly sweepMs: number;
  readonly heartbeatMs: number;
  readonly leaseMs: number;
  readonly crashLimit: number;
  readonly cancelDeadlineMs: number;
}

/** What a duty works with. */
export interface DutyParts {
  readonly db: DataSource;
  readonly recorder: Recorder;
  readonly blobs: BlobStore;
  readonly settings: ReconcilerSettings;
  readonly onError: (error: unknown, doing: string) => void;
}

/** After an outage workers get a heartbeat and this long to renew what they hold, before anything is rescued. */
const SETTLE_MS = 2_000;
/** A tick that hangs is given up, and the next is armed. */
export const TICK_DEADLINE_MS = 60_000;

/**
 * Makes facts and status agree again, every `sweepMs` ± 20 %, on every instance: there is no leader. Each duty
 * selects what it acts on in SQL, page by page, passing over rows that somebody else is writing just now, and acts
 * through the same door as everybody; a second pass writes nothing.
 */
export class Reconciler {
  readonly #parts: DutyParts;
  readonly #removeAbandonedWrites = createAbandonedWrites();
  #timer: NodeJS.Timeout | null = null;
  #ticking: Promise<void> | null = null;
  #stopped = false;
  #lastTickAt: number | null = null;
  #rescueFrom: number | null = null;

  constructor(from: Omit<DutyParts, "recorder"> & { readonly dispatcher: Dispatcher }) {
    const { db, dispatcher, settings, onError } = from;
    const recorder = new Recorder({
      db,
      actor: { type: "SYSTEM", name: "system:sweep" },
      workerId: null,
      ...settings,
      onDue: (due) => dispatch({ dispatcher, onError }, due),
      onError,
    });
    this.#parts = { ...from, recorder };
  }

  /** Since the sweep last went round whole; null before the first time. */
  get standingStillMs(): number | null {
    return this.#lastTickAt === null ? null : Math.round(performance.now() - this.#lastTickAt);
  }

  start(): void {
    // A process that has just come up does not know how long the database has been back.
    this.#arm(0);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer) clearTimeout(this.#timer);
    this.#parts.recorder.close();
    await this.#ticking;
  }

  #arm(delayMs: number): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#ticking = this.#tick().finally(() => {
        this.#ticking = null;
        this.#arm(this.#parts.settings.sweepMs * (0.8 + 0.4 * Math.random()));
      });
    }, delayMs);
  }

  async #tick(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`the sweep took more than ${TICK_DEADLINE_MS} ms`)), TICK_DEADLINE_MS);
    });
    try {
      await Promise.race([this.#duties(), late]);
      this.#lastTickAt = performance.now();
    } catch (error) {
      this.#rescueFrom = null;
      this.#parts.onError(error, "sweeping");
    } finally {
      clearTimeout(timer);
    }
  }

  async #duties(): Promise<void> {
    await this.#parts.db.query("select 1");
    this.#rescueFrom ??= performance.now() + this.#parts.settings.heartbeatMs + SETTLE_MS;
    await this.#duty("converging open jobs", convergeOpenJobs);
    await this.#duty("enforcing cancel deadlines", enforceCancelDeadlines);
    // An outage of the database is nobody's crash: its leases passed while nobody could renew them.
    if (performance.now() >= this.#rescueFrom) await this.#duty("rescuing expired leases", rescueExpiredLeases);
    await this.#duty("expiring uploads", expireUploads);
    await this.#duty("expiring collections", expireCollections);
    await this.#duty("removing abandoned writes", this.#removeAbandonedWrites);
  }

  /** One duty that can't be done must not keep the others from theirs; without a database that can write none can. */
  async #duty(doing: string, duty: (parts: DutyParts) => Promise<number>): Promise<void> {
    try {
      await duty(this.#parts);
    } catch (error) {
      if (isConnectionLoss(error) || isExhausted(error)) throw error;
      this.#parts.onError(error, doing);
    }
  }
}
