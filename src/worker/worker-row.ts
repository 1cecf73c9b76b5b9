import type { DataSource } from "typeorm";
import { withDeadline } from "../async/with-deadline.js";
import { DEFAULT_PROJECT_ID } from "../access/projects.js";
import type { Serves } from "../model/worker.js";
import type { SuspectRule } from "./room.js";

interface WorkerFacts {
  readonly id: string;
  readonly hostname: string;
  readonly pid: number;
  readonly build: string;
  readonly serves: Serves;
  readonly concurrency: number;
  readonly leaseMs: number;
  readonly heartbeatMs: number;
  readonly suspects?: SuspectRule;
}

/** Which tasks a worker takes, as its row says. */
const TAKES = { between: "ALL", only: "SUSPECTS", never: "OTHERS" } as const satisfies Record<SuspectRule, string>;

/** How often a loop that turns fast writes its row; a loop that is stalled writes nothing, which is the point. */
const WRITE_EVERY_MS = 1_000;
const WRITE_DEADLINE_MS = 2_000;

/** The worker's own row: what the claim loop says of itself, written by the loop and by nothing else. */
export class WorkerRow {
  readonly #db: DataSource;
  readonly #facts: WorkerFacts;
  readonly #onError: (error: unknown, doing: string) => void;
  #lastWriteAt = -Infinity;
  #writing = false;
  #claimedSince = false;

  constructor(db: DataSource, facts: WorkerFacts, onError: (error: unknown, doing: string) => void) {
    this.#db = db;
    this.#facts = facts;
    this.#onError = onError;
  }

  async register(): Promise<void> {
    const { id, hostname, pid, build, serves, concurrency, leaseMs, suspects = "between" } = this.#facts;
    const pipelines = Object.keys(serves);
    await this.#db.query(
      `insert into headway.worker (id, project_id, hostname, pid, build, pipelines, serves, concurrency, lease_ms, takes)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
      // The column is from before there were several projects: a worker serves all of them.
      [
        id,
        DEFAULT_PROJECT_ID,
        hostname,
        pid,
        build,
        pipelines,
        JSON.stringify(serves),
        concurrency,
        leaseMs,
        TAKES[suspects],
      ],
    );
  }

  claimed(): void {
    this.#claimedSince = true;
  }

  /** The loop has ended an iteration. Not awaited: a slow database must not slow the loop. */
  beat({ iterations, running, lagMs }: { iterations: number; running: number; lagMs: number }): void {
    if (this.#writing || performance.now() - this.#lastWriteAt < WRITE_EVERY_MS) return;
    this.#writing = true;
    this.#lastWriteAt = performance.now();
    const claimed = this.#claimedSince;
    this.#claimedSince = false;
    void this.#write(
      // Not durable at once: the next iteration says it anew, and the row's lock must not be held for as long as a slow disk takes.
      `with hurried as (select set_config('synchronous_commit', 'off', true))
       update headway.worker set loop_iterations = $2, running = $3, event_loop_lag_ms = $4, last_loop_at = clock_timestamp(),
         heartbeat_at = clock_timestamp(), lost_with = null,
         last_claim_at = case when $5 then clock_timestamp() else last_claim_at end
       from hurried where id = $1`,
      [this.#facts.id, iterations, running, Number.isFinite(lagMs) ? lagMs : 0, claimed],
      // A process that stood still for so long that its row was removed.
      (changed) => (changed === 0 ? this.register() : undefined),
    ).finally(() => {
      this.#writing = false;
    });
  }

  draining(): Promise<void> {
    return this.#mark("draining_at");
  }

  stopped(): Promise<void> {
    return this.#mark("stopped_at");
  }

  /** A worker that can't say goodbye shows as LOST, which is true. */
  async #mark(column: "draining_at" | "stopped_at"): Promise<void> {
    await this.#write(`update headway.worker set ${column} = clock_timestamp(), running = 0 where id = $1`, [
      this.#facts.id,
    ]);
  }

  /** Never throws, and is waited for within bounds: a dead connection must neither hold up the stop nor the next beat. */
  async #write(
    sql: string,
    parameters: readonly unknown[],
    then: (changed: number) => Promise<void> | undefined = () => undefined,
  ): Promise<void> {
    const written = this.#db.query(sql, [...parameters]).then(([, changed]: [unknown, number]) => then(changed));
    await withDeadline("The statement", WRITE_DEADLINE_MS, written).catch((error: unknown) =>
      this.#onError(error, "writing the worker's row"),
    );
  }
}
