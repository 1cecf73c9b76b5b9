/**
 * Only what never comes meets it: a busy machine may take many times as long as an idle one. A shorter one belongs only
 * where the time itself is what is promised.
 */
export const PATIENCE_MS = Number(process.env.HEADWAY_TEST_PATIENCE_MS ?? 120_000);

/** A fact that takes longer than this is asked for less often: each asking takes what the others wait for. */
const EAGER_MS = 1_000;

/** Waits for a fact, asking every 10 ms, after a second every 50. @throws after deadlineMs, saying which fact did not come */
export async function until(
  fact: string,
  holds: () => boolean | Promise<boolean>,
  deadlineMs = PATIENCE_MS,
): Promise<void> {
  const startedAt = Date.now();
  while (!(await holds())) {
    const waitedMs = Date.now() - startedAt;
    if (waitedMs > deadlineMs) throw new Error(`Waited ${deadlineMs} ms in vain: ${fact}`);
    await new Promise((resolve) => setTimeout(resolve, waitedMs < EAGER_MS ? 10 : 50));
  }
}
