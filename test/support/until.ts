/** Waits for a fact, asking every 10 ms. @throws after deadlineMs (default 10 s), saying which fact did not come */
export async function until(fact: string, holds: () => boolean | Promise<boolean>, deadlineMs = 10_000): Promise<void> {
  const deadlineAt = Date.now() + deadlineMs;
  while (!(await holds())) {
    if (Date.now() > deadlineAt) throw new Error(`Waited ${deadlineMs} ms in vain: ${fact}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
