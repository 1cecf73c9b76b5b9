const DEFAULT_BASE_MS = 1_000;
const DEFAULT_MAX_MS = 300_000;
/** A week: what is to wait for longer is no retry. */
const LONGEST_MS = 604_800_000;

/**
 * Delay before the next attempt of a stage, in milliseconds, 0 to 604,800,000 (one week). "fixed" waits `delayMs`.
 * "exponential" uses full jitter: uniform in [0, min(maxMs, 2^attempt × baseMs)), by default with baseMs 1,000 and maxMs
 * 300,000. A function gets the failed attempt, 1 or more, and its error; if it throws or does not return a number from 0, the
 * default applies.
 */
export type Backoff =
  | { readonly kind: "fixed"; readonly delayMs: number }
  | { readonly kind: "exponential"; readonly baseMs?: number; readonly maxMs?: number }
  | ((attempt: number, error: unknown) => number);

/**
 * The time until attempt `attempt + 1`. Source of the default: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 * @param attempt the attempt that has just failed, 1 or more
 * @param random a number in [0, 1)
 */
export function backoffMs(
  backoff: Backoff | undefined,
  attempt: number,
  error?: unknown,
  random: number = Math.random(),
): number {
  if (typeof backoff === "function") return called(backoff, attempt, error) ?? exponential({}, attempt, random);
  if (backoff?.kind === "fixed") return backoff.delayMs;
  return exponential(backoff ?? {}, attempt, random);
}

function exponential(
  { baseMs = DEFAULT_BASE_MS, maxMs = DEFAULT_MAX_MS }: { readonly baseMs?: number; readonly maxMs?: number },
  attempt: number,
  random: number,
): number {
  return Math.floor(random * Math.min(maxMs, baseMs * 2 ** Math.min(attempt, 30)));
}

function called(backoff: (attempt: number, error: unknown) => number, attempt: number, error: unknown): number | null {
  try {
    const delayMs = backoff(attempt, error);
    return typeof delayMs === "number" && delayMs >= 0 ? Math.min(LONGEST_MS, Math.round(delayMs)) : null;
  } catch {
    // It is its pipeline's, and decides on the wait alone: the failure that it was asked about is what is told.
    return null;
  }
}

/** What is wrong with a backoff, each as a clause behind what has it. */
export function faultsOfBackoff(backoff: unknown): string[] {
  if (backoff === undefined || typeof backoff === "function") return [];
  const { kind, delayMs, baseMs = 1, maxMs = 1 } = (backoff ?? {}) as Readonly<Record<string, unknown>>;
  const isTime = (value: unknown): boolean =>
    Number.isInteger(value) && (value as number) >= 0 && (value as number) <= LONGEST_MS;
  const isWell = (kind === "fixed" && isTime(delayMs)) || (kind === "exponential" && isTime(baseMs) && isTime(maxMs));
  if (isWell) return [];
  return [
    `has backoff ${JSON.stringify(backoff)}; it must be { kind: "fixed", delayMs }, { kind: "exponential", baseMs, maxMs } in whole milliseconds up to ${LONGEST_MS}, or a function of attempt and error`,
  ];
}
