import type { Address } from "../database/session.js";
import type { Hint } from "../dispatch/dispatcher.js";
import type { TaskCommand } from "../engine/flush/task-command.js";
import type { PlainMetrics } from "../metrics.js";
import type { PlainError } from "../worker/sandbox-error.js";

/** All that a worker process is told before it is one. */
export interface WorkerOrders {
  /** Variables that are set before anything is loaded: they don't stand in the environment that /proc shows. */
  readonly environment: Readonly<Record<string, string>>;
  readonly database: Address;
  readonly listenAt: Address | null;
  /** Connections to the database at most, beside the one that listens. */
  readonly poolSize: number;
  /** It is for suspects, which run one at a time with nothing beside them; else it takes none of them. */
  readonly isQuarantine: boolean;
  /** How often it says that it is alive. */
  readonly aliveMs: number;
  /** Whether hints come and go through the parent; else over Redis. */
  readonly hintsByParent: boolean;
  /** Where a test wants it to fail; null but in tests. */
  readonly failpoint: string | null;
}

/** Parent to worker. */
export type ToWorker =
  | { readonly type: "start"; readonly orders: WorkerOrders }
  | { readonly type: "hint"; readonly id: number; readonly hint: Hint }
  | { readonly type: "measure"; readonly id: number }
  | { readonly type: "drain" }
  | { readonly type: "stop"; readonly graceMs: number };

/** Worker to parent. */
export type FromWorker =
  /** It can take its orders. */
  | { readonly type: "up" }
  /** Before it claims anything: whoever sees it end knows whose tasks to give back. */
  | { readonly type: "named"; readonly workerId: string }
  /** Its claim loop has ended an iteration. */
  | { readonly type: "ready" }
  | { readonly type: "failed"; readonly error: PlainError }
  /** Every `aliveMs`, as long as its event loop turns: since when its claim loop has not. */
  | { readonly type: "alive"; readonly stalledMs: number }
  /** An error has escaped from a handler: it had better be replaced. */
  | { readonly type: "spoiled" }
  /** A handler does not stop: it has to be replaced, and then this is the end of its task; null where that has one. */
  | { readonly type: "unsettled"; readonly end: TaskCommand | null }
  | { readonly type: "consume"; readonly pipelines: readonly string[]; readonly concurrency: number }
  | { readonly type: "unconsume" }
  | { readonly type: "hints"; readonly hints: readonly Hint[] }
  /** It has room for another hint. */
  | { readonly type: "taken"; readonly id: number }
  | { readonly type: "measured"; readonly id: number; readonly metrics: PlainMetrics }
  | { readonly type: "drained" };
