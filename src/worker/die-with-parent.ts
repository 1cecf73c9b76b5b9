import { Worker } from "node:worker_threads";

/**
 * Ends this process when its parent has gone; with `group`, all that it started too, where it leads a process group. The
 * channel says so at once, but only to a main thread that is not busy; hence a second thread, which watches who the
 * parent is. (Orphans get another one.)
 */
export function dieWithParent(parentPid: number, { group }: { readonly group: boolean }): void {
  const whom = group ? -process.pid : process.pid;
  process.on("disconnect", () => process.kill(whom, "SIGKILL"));
  const watch = `setInterval(() => { if (process.ppid !== ${parentPid}) process.kill(${whom}, "SIGKILL"); }, 500);`;
  new Worker(watch, { eval: true, env: {}, resourceLimits: { maxOldGenerationSizeMb: 16 } }).unref();
}
