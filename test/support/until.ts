/**
 * Only what never comes meets it: a busy machine may take many times as long as an idle one. A shorter one belongs only
 * where the time itself is what is promised.
 */
export const PATIENCE_MS = Number(process.env.HEADWAY_TEST_PATIENCE_MS ?? 120_000);

/** Waits for a fact, asking every 10 ms. @throws after deadlineMs, saying which fact did not come */
export async function until(
  fact: string,
  holds: () => boolean | Promise<boolean>,
  deadlineMs = PATIENCE_MS,
): Promise<void> {
  const deadlineAt = Date.now() + deadlineMs;
  while (!(await holds())) {
    if (Date.now() > deadlineAt) throw new Error(`Waited ${deadlineMs} ms in vain: ${fact}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
