import { spawnSync } from "node:child_process";

/** As many starts of the smallest process as what a test measures may have to wait behind. */
const STARTS = 20;

/**
 * What the machine just now adds to anything that processes and timers take, in ms: 20 times what it takes to start and end
 * a process that does nothing. Less than a second on an idle machine, many on one that is busy. For bounds that are
 * promises; whatever only must come is waited for with `until`.
 */
export function slackMs(): number {
  const startedAt = performance.now();
  spawnSync(process.execPath, ["-e", "0"]);
  return STARTS * (performance.now() - startedAt);
}
