const BASE_MS = 1_000;
const CAP_MS = 300_000;

/**
 * How long to wait before attempt `attempt + 1`: exponential with full jitter, uniform in [0, min(2^attempt s, 5 min)).
 * Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 * @param attempt the attempt that has just failed, 1 or more
 * @param random a number in [0, 1)
 */
export function backoffMs(attempt: number, random: number = Math.random()): number {
  return Math.floor(random * Math.min(CAP_MS, BASE_MS * 2 ** Math.min(attempt, 30)));
}
