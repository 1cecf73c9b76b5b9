import type { DataSource } from "typeorm";
import { withDeadline } from "../async/with-deadline.js";
import type { Config } from "../config.js";
import { dispatch } from "../engine/flush/hints.js";
import { Recorder } from "../engine/flush/recorder.js";
import type { Dispatcher } from "../dispatch/dispatcher.js";
import { placeOfCrash } from "../lifecycle/reasons.js";

interface Held {
  readonly task: string;
  readonly fence: string;
  readonly stage: string;
  readonly hasCrashed: boolean;
}

/** How a worker's process has ended. */
export interface WorkerEnd {
  /** Such as "process 12 was ended by SIGKILL". */
  readonly how: string;
  /** Whether it was told to stop: what it held then is no crash. */
  readonly isAsked: boolean;
}

/** How soon it is tried again while the database can't be asked. */
const AGAIN_MS = 1_000;
const CLOSE_MS = 1_000;

/** Gives back what the worker of a dead process held: nobody waits for its leases to pass. */
export class GiveBack {
  readonly #db: DataSource;
  readonly #recorder: Recorder;
  readonly #onError: (error: unknown, doing: string) => void;
  readonly #pending = new Set<Promise<void>>();
  #closed = false;

  constructor({
    db,
    dispatcher,
    config,
    onError,
  }: {
    readonly db: DataSource;
    readonly dispatcher: Dispatcher;
    readonly config: Config;
    readonly onError: (error: unknown, doing: string) => void;
  }) {
    this.#db = db;
    this.#onError = onError;
    this.#recorder = new Recorder({
      db,
      actor: { type: "SYSTEM", name: "system:supervisor" },
      workerId: null,
      leaseMs: config.leaseMs,
      crashLimit: config.crashLimit,
      onDue: (due) => dispatch({ dispatcher, onError }, due),
      onError,
    });
  }

  /**
   * First the worker is dead, then its tasks are given back by (task, fence): a claim of it that is still under way in
   * the database would else take tasks that nobody runs.
   */
  of(workerId: string, end: WorkerEnd): void {
    const pending: Promise<void> = this.#giveBack(workerId, end).finally(() => this.#pending.delete(pending));
    this.#pending.add(pending);
  }

  /** Waits for what is under way, but not for a database that is away: leases pass, and the sweep finds what is left. */
  async close(): Promise<void> {
    this.#closed = true;
    await withDeadline("Giving back tasks", CLOSE_MS, Promise.all(this.#pending)).catch(() => undefined);
    this.#recorder.close();
  }

  async #giveBack(workerId: string, end: WorkerEnd): Promise<void> {
    for (;;) {
      try {
        const rows: { held: Held[] }[] = await this.#db.query("select headway.worker_died($1) as held", [workerId]);
        await Promise.all(rows[0]!.held.map((held) => this.#record(held, workerId, end)));
        return;
      } catch (error) {
        this.#onError(error, `giving back the tasks of worker ${workerId}`);
        if (this.#closed) return;
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      }
    }
  }

  async #record(held: Held, workerId: string, { how, isAsked }: WorkerEnd): Promise<void> {
    const { task: taskId, fence, stage, hasCrashed } = held;
    const message = `Worker ${workerId} ${isAsked ? "was stopped" : "died"}, ${placeOfCrash(stage, hasCrashed)}: its ${how}.`;
    await this.#recorder.record({ kind: "end", taskId, fence, cause: isAsked ? "INTERRUPTED" : "LEASE_LOST", message });
  }
}
