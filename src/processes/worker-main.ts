import "reflect-metadata";
import { adoptEnvironment } from "../config/environment.js";
import { dieWithParent } from "../worker/die-with-parent.js";
import type { ToWorker } from "./messages.js";

// As `headway start` has them, however it was started.
process.setSourceMapsEnabled(true);
// A process that runs a worker: it ends by its parent's word, or with its parent. A terminal, systemd and `timeout`
// signal the whole group; when this process is to stop is for the parent to say.
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => undefined);
dieWithParent(Number(process.argv[2]), { group: false });

process.once("message", (message: ToWorker) => {
  if (message.type !== "start") throw new Error(`A worker process was told "${message.type}" before its orders.`);
  // Before anything is loaded that looks at it.
  adoptEnvironment(message.orders.environment);
  // What comes while the code is loaded is kept for whoever it is for.
  const early: ToWorker[] = [];
  const keep = (later: ToWorker): unknown => early.push(later);
  process.on("message", keep);
  const take = (onMessage: (later: ToWorker) => void): void => {
    process.off("message", keep).on("message", onMessage);
    for (const later of early.splice(0)) onMessage(later);
  };
  void import("./worker-role.js").then(({ runWorkerRole }) => runWorkerRole(message.orders, take));
});
process.send?.({ type: "up" });
