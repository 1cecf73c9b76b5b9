import { messageOf } from "./errors.js";
import type { Logger } from "./logger.js";

/** What has been started and must be stopped again, last first. */
export type Closer = readonly [what: string, close: () => Promise<unknown>];

/** What hangs in a start that is cut off is left to itself: what it has begun is in the closers. */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  const aborted = new Promise<never>((_, reject) => {
    if (signal.aborted) reject(signal.reason as Error);
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
  work.catch(() => undefined); // Read through the race, or of no more interest.
  return Promise.race([work, aborted]);
}

/** Last started, first stopped; what can't be stopped is said and does not keep the rest from stopping. */
export async function closeAll(closers: Closer[], logger: Logger): Promise<void> {
  for (const [what, close] of closers.reverse()) {
    try {
      await close();
    } catch (error) {
      logger.error({ error: messageOf(error) }, `could not stop the ${what}`);
    }
  }
}

/** Stops what is still starting as soon as it has; what does not start needs no stop. */
export function onceStarted(starting: Promise<{ stop(): Promise<void> }>): () => Promise<void> {
  return () =>
    starting.then(
      (started) => started.stop(),
      () => undefined,
    );
}
