/** At most `limit` begin in any `perMs` milliseconds. */
export interface Rate {
  /** 1 to 1,000,000. */
  readonly limit: number;
  /** 1 to 86,400,000. */
  readonly perMs: number;
}

/** How much of something goes on at once, and how much begins, over all workers together. */
export interface Limits {
  /** How many tasks are in it at once, over all workers. No limit when absent. */
  readonly concurrency?: number;
  /**
   * How often a worker begins it, over all workers; a try that follows a failed one counts as well. Over any time of `perMs`
   * it is never more, and may be a twentieth less.
   */
  readonly rateLimit?: Rate;
}

const MAX_LIMIT = 1_000_000;
const MAX_PER_MS = 86_400_000;

export function hasLimits({ concurrency, rateLimit }: Limits): boolean {
  return concurrency !== undefined || rateLimit !== undefined;
}

/** What is wrong with limits, each as a clause behind what has them. */
export function faultsOfLimits({ concurrency, rateLimit }: Limits): string[] {
  const faults: string[] = [];
  if (concurrency !== undefined && !isWhole(concurrency, MAX_LIMIT)) {
    faults.push(`has concurrency ${String(concurrency)}; it must be a whole number from 1`);
  }
  if (rateLimit === undefined) return faults;
  const { limit, perMs } = (rateLimit ?? {}) as Partial<Rate>;
  if (!isWhole(limit, MAX_LIMIT) || !isWhole(perMs, MAX_PER_MS)) {
    faults.push(
      `has rateLimit ${JSON.stringify(rateLimit)}; it must be { limit, perMs }, both whole numbers from 1, perMs at most ${MAX_PER_MS}`,
    );
  }
  return faults;
}

function isWhole(value: unknown, most: number): boolean {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= most;
}
