import type { DataSource } from "typeorm";
import { withDeadline } from "../async/with-deadline.js";
import type { Config } from "../config.js";
import type { TaskKind } from "../lifecycle/status.js";
import { DEFAULT_STAGE_TIMEOUT_MS } from "../pipelines/stage-settings.js";
import type { Registry } from "../pipelines/registry.js";
import type { WorkerProcess } from "./worker-process.js";

/** How many leases a process that runs several tasks may say nothing for: so long its neighbours wait. */
const SILENT_LEASES = 4;

/**
 * Looks after processes that say nothing, since a handler keeps their event loop from turning: their leases are renewed
 * for them, up to a bound, and then they are killed. One that runs a suspect alone hurts nobody, and is killed when the
 * stage has had its whole time.
 */
export class Silence {
  readonly #db: DataSource;
  readonly #registry: Registry;
  readonly #config: Config;
  readonly #onError: (error: unknown, doing: string) => void;
  readonly #living: () => readonly WorkerProcess[];
  #timer: NodeJS.Timeout | undefined;
  /** When the leases of each were renewed last. */
  readonly #renewedAt = new WeakMap<WorkerProcess, number>();
  #lastAt = performance.now();

  constructor(
    from: {
      readonly db: DataSource;
      readonly registry: Registry;
      readonly config: Config;
      readonly onError: (error: unknown, doing: string) => void;
    },
    living: () => readonly WorkerProcess[],
  ) {
    [this.#db, this.#registry, this.#config, this.#onError] = [from.db, from.registry, from.config, from.onError];
    this.#living = living;
  }

  start(): void {
    const tickMs = aliveMsOf(this.#config);
    this.#timer = setInterval(() => {
      // What this process has slept through itself is nobody's silence.
      const passedMs = Math.min(performance.now() - this.#lastAt, 2 * tickMs);
      this.#lastAt = performance.now();
      for (const one of this.#living()) this.#look(one, passedMs);
    }, tickMs);
    this.#timer.unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(one: WorkerProcess, passedMs: number): void {
    one.passes(passedMs);
    const { leaseMs, heartbeatMs } = this.#config;
    if (one.silentMs < leaseMs / 3) return;
    const renewedAt = this.#renewedAt.get(one) ?? -Infinity;
    if (performance.now() - renewedAt < Math.min(heartbeatMs, leaseMs / 3)) return;
    this.#renewedAt.set(one, performance.now());
    this.#lookAfter(one).catch((error: unknown) => this.#onError(error, "renewing the leases of a silent worker"));
  }

  async #lookAfter(one: WorkerProcess): Promise<void> {
    const { leaseMs } = this.#config;
    const mayBeMs = one.isQuarantine ? await this.#timeOf(one) : SILENT_LEASES * leaseMs;
    if (one.silentMs > Math.max(leaseMs, mayBeMs)) return one.kill("silence");
    if (one.workerId === null) return;
    await this.#ask("Renewing", "select headway.renew_leases($1, $2)", [one.workerId, leaseMs]);
  }

  /** A database that hangs is no reason to let a silent process live on. */
  #ask<T>(doing: string, sql: string, values: unknown[]): Promise<T[]> {
    return withDeadline(doing, this.#config.leaseMs / 3, this.#db.query(sql, values));
  }

  /** What the stage may take that it runs, each being recorded there before it begins; none once a cancel is overdue. */
  async #timeOf(one: WorkerProcess): Promise<number> {
    const { leaseMs, cancelDeadlineMs } = this.#config;
    const [task] = await this.#ask<{ pipeline: string; kind: TaskKind; stage: string; isOverdue: boolean }>(
      "Reading what a silent worker runs",
      `select pipeline, kind, stage, coalesce(
         cancel_requested_at < clock_timestamp() - make_interval(secs => $2::float8 / 1000), false) as "isOverdue"
       from headway.task where worker_id = $1 and status = 'RUNNING' limit 1`,
      [one.workerId, cancelDeadlineMs],
    ).catch((error: unknown) => {
      this.#onError(error, "reading what a silent worker runs");
      return [];
    });
    if (!task) return SILENT_LEASES * leaseMs;
    if (task.isOverdue) return 0;
    const pipeline = this.#registry.get(task.pipeline);
    const stages = task.kind === "DOCUMENT" ? pipeline?.documentStages : pipeline?.collectionStages;
    return stages?.find(({ name }) => name === task.stage)?.timeoutMs ?? DEFAULT_STAGE_TIMEOUT_MS;
  }
}

/** How often a worker's process says that its event loop turns: often enough to renew its leases before they pass. */
export function aliveMsOf({ leaseMs }: Pick<Config, "leaseMs">): number {
  return Math.max(50, Math.min(1_000, leaseMs / 8));
}
