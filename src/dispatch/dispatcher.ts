/**
 * "Work is due", with a guess which. Losing one costs one poll; getting one twice, late or for work long done costs
 * one claim that finds nothing.
 */
export interface Hint {
  readonly pipeline: string;
  /** At most MAX_HINT_TASKS; each with the fence it had when the hint was made. */
  readonly tasks: readonly { readonly id: string; readonly fence: string }[];
  /** -100 to 100; higher first. */
  readonly priority: number;
  /** Not to be delivered before this many milliseconds; 0 for at once. */
  readonly delayMs: number;
}

export const MAX_HINT_TASKS = 20;
/** No call of a dispatcher takes longer than this, whatever becomes of its server. */
export const DISPATCH_DEADLINE_MS = 1_000;

/** Settles when the worker has room for another hint. Must not throw; what it does throw is logged. */
export type HintHandler = (hint: Hint) => Promise<void>;

/**
 * Carries hints from whoever made work due to the workers. It is no queue of record: Postgres is. Guarantees:
 *
 * - `send` never throws and never takes longer than DISPATCH_DEADLINE_MS; it returns how many hints were taken.
 * - A hint is normally delivered once, to one consumer in one process, by priority and then by age; a lost, repeated
 *   or reordered hint harms nothing.
 * - At most `concurrency` handlers of one consumer run at once; a handler that has not settled holds its place.
 * - `consume` returns once hints can arrive; `Consumer.close` stops deliveries, waits for running handlers at most
 *   DISPATCH_DEADLINE_MS, and never throws.
 * - Emptying or losing the server behind it loses hints and nothing else; it goes on by itself when the server is back.
 */
export interface Dispatcher {
  /** "in-process" or "bull", for people. */
  readonly kind: string;
  /** Why no hint can be carried just now; null while they can. Work then goes on by polling. */
  readonly away: string | null;
  send(hints: readonly Hint[]): Promise<number>;
  consume(options: {
    readonly pipelines: readonly string[];
    readonly concurrency: number;
    readonly onHint: HintHandler;
  }): Promise<Consumer>;
  /** Whether the server behind it answers within the deadline. */
  ping(): Promise<boolean>;
  /** Idempotent; bounded by DISPATCH_DEADLINE_MS. */
  close(): Promise<void>;
}

export interface Consumer {
  close(): Promise<void>;
}
