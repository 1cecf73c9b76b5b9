/** Rate of at most `limit` starts in any period of `perMs` milliseconds. */
export interface Rate {
  /** Maximum number of starts in a period, 1 to 1,000,000. */
  readonly limit: number;
  /** Length of the period in milliseconds, 1 to 86,400,000 (one day). */
  readonly perMs: number;
}

/** Limits over all workers together. */
export interface Limits {
  /** Maximum number of tasks that run at the same time, 1 to 1,000,000. Default: no limit. */
  readonly concurrency?: number;
  /**
   * Maximum rate of starts; every attempt counts. Never exceeded in any period of `perMs`; the actual rate may be up to 5 %
   * lower. Default: no limit.
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
