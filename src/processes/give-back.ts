import type { DataSource } from "typeorm";
import { withDeadline } from "../async/with-deadline.js";
import type { Config } from "../config.js";
import { dispatch } from "../engine/flush/hints.js";
import { Recorder } from "../engine/flush/recorder.js";
import type { TaskCommand } from "../engine/flush/task-command.js";
import type { Dispatcher } from "../dispatch/dispatcher.js";
import { endOfLost, placeOfCrash } from "../lifecycle/reasons.js";
import { recordEach } from "../reconciler/record-each.js";
import type { Ended } from "./worker-process.js";

interface Held {
  readonly task: string;
  readonly fence: string;
  readonly stage: string;
  readonly hasCrashed: boolean;
  /** How many the worker ran when it died, this one included. */
  readonly held: number;
}

/** How a worker's process has ended, and what it said of its tasks. */
export interface WorkerEnd extends Ended {
  /** It ran suspects, one at a time. */
  readonly isQuarantine: boolean;
  /** The ends of tasks whose handlers did not stop. */
  readonly ends: readonly TaskCommand[];
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
  of(workerId: string, end: WorkerEnd): Promise<void> {
    const pending: Promise<void> = this.#giveBack(workerId, end).finally(() => this.#pending.delete(pending));
    this.#pending.add(pending);
    return pending;
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
        const { held } = rows[0]!;
        const commands = held.map((one) => commandFor(one, workerId, end));
        await recordEach({ recorder: this.#recorder, onError: this.#onError }, "giving back", commands);
        return;
      } catch (error) {
        this.#onError(error, `giving back the tasks of worker ${workerId}`);
        if (this.#closed) return;
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      }
    }
  }
}

/** What becomes of a task that a dead process held. */
function commandFor(
  { task: taskId, fence, stage, hasCrashed, held }: Held,
  workerId: string,
  { how, isAsked, isSilent, isQuarantine, ends }: WorkerEnd,
): TaskCommand {
  const own = ends.find((end) => end.taskId === taskId && end.fence === fence);
  if (own !== undefined) return own;
  const base = { kind: "end", taskId, fence } as const;
  const place = placeOfCrash(stage, hasCrashed);
  if (isAsked)
    return { ...base, cause: "INTERRUPTED", message: `Worker ${workerId} was stopped, ${place}: its ${how}.` };
  // Work that takes long is no crash: where nobody runs beside it, it gets all the time that its stage may take.
  const { cause, note } = isSilent && !isQuarantine ? WITHOUT_GUILT : endOfLost(held);
  return { ...base, cause, message: `Worker ${workerId} died, ${place}: its ${how}.${note}` };
}

const WITHOUT_GUILT = { cause: "LOST_BESIDE_OTHERS", note: " It runs alone next; no crash is counted." } as const;
