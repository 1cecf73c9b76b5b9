import type { DutyDeps } from "./duty.js";

/** What dead writers left is an hour old before it is removed; looking more often finds no more. */
const EVERY_MS = 600_000;

/** The duty of removing what writers left in the blob store that died before their end; it looks every ten minutes. */
export function createAbandonedWrites(): (deps: Pick<DutyDeps, "blobs">) => Promise<number> {
  let lookedAt = -Infinity;
  return async ({ blobs }) => {
    if (performance.now() - lookedAt < EVERY_MS) return 0;
    const removed = await blobs.removeAbandoned();
    lookedAt = performance.now();
    return removed;
  };
}
