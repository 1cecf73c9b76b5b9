import type { DataSource } from "typeorm";
import type { Dispatcher } from "../dispatch/dispatcher.js";
import { dispatch } from "../engine/hints.js";
import { Recorder } from "../engine/recorder.js";
import { enforceCancelDeadlines } from "./cancel-deadlines.js";
import { rescueExpiredLeases } from "./expired-leases.js";
import { convergeOpenJobs } from "./open-jobs.js";

export interface ReconcilerSettings {
  readonly projectId: string;
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
  readonly settings: ReconcilerSettings;
  readonly onError: (error: unknown, doing: string) => void;
}

/** After an outage workers get a heartbeat and this long to renew what they hold, before anything is rescued. */
const SETTLE_MS = 2_000;
/** A tick that hangs is given up, and the next is armed. */
const TICK_DEADLINE_MS = 60_000;

/**
 * Makes facts and status agree again, every `sweepMs` ± 20 %, on every instance: there is no leader. Each duty
 * selects what it acts on in SQL and acts through the same door as everybody; a second pass writes nothing.
 */
export class Reconciler {
  readonly #parts: DutyParts;
  #timer: NodeJS.Timeout | null = null;
  #ticking: Promise<void> | null = null;
  #stopped = false;
  #ticks = 0;
  #rescueFrom: number | null = null;

  constructor(
    db: DataSource,
    dispatcher: Dispatcher,
    settings: ReconcilerSettings,
    onError: (error: unknown, doing: string) => void,
  ) {
    const recorder = new Recorder({
      db,
      actor: { type: "SYSTEM", name: "system:sweep" },
      workerId: null,
      ...settings,
      onDue: (due) => dispatch({ dispatcher, onError }, due),
      onError,
    });
    this.#parts = { db, recorder, settings, onError };
  }

  /** How often the sweep has gone round, for readiness. */
  get ticks(): number {
    return this.#ticks;
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
      this.#ticks += 1;
    } catch (error) {
      this.#rescueFrom = null;
      this.#parts.onError(error, "sweeping");
    } finally {
      clearTimeout(timer);
    }
  }

  async #duties(): Promise<void> {
    await this.#parts.db.query("select 1");
    this.#rescueFrom ??= Date.now() + this.#parts.settings.heartbeatMs + SETTLE_MS;
    await convergeOpenJobs(this.#parts);
    await enforceCancelDeadlines(this.#parts);
    // An outage of the database is nobody's crash: its leases passed while nobody could renew them.
    if (Date.now() >= this.#rescueFrom) await rescueExpiredLeases(this.#parts);
  }
}
