import { startTracing } from "../tracing/start.js";
import { loadConfig } from "../config.js";
import { createDataSource } from "../database/data-source.js";
import { openDispatcher } from "../dispatch/open.js";
import { engineDepsOf } from "../engine/engine.js";
import { armFailpoint } from "../failpoint.js";
import { createLogger } from "../logger.js";
import { loadRegistry, pipelineSourceOf } from "../pipelines/load.js";
import { troubleTo } from "../repeats.js";
import { measureProcess } from "../server/metrics.js";
import { openStores } from "../storage/stores.js";
import { toPlainError } from "../worker/sandbox-error.js";
import { startWorker, type StartedWorker } from "../worker/start-worker.js";
import { HintsByParent } from "./hints-by-parent.js";
import type { FromWorker, ToWorker, WorkerOrders } from "./messages.js";

/** A handler's process.exit is taken for its error: this one is ours. */
const exit = process.exit.bind(process);

/** Hands over what the parent says, what it has said already included. */
type Inbox = (onMessage: (message: ToWorker) => void) => void;

/** Runs a worker in this process, which does nothing else, until the parent says stop. */
export async function runWorkerRole(orders: WorkerOrders, inbox: Inbox): Promise<void> {
  try {
    await run(orders, inbox);
  } catch (error) {
    await tell({ type: "failed", error: toPlainError(error) });
    exit(1);
  }
}

async function run(orders: WorkerOrders, inbox: Inbox): Promise<void> {
  const config = loadConfig();
  if (orders.failpoint !== null) armFailpoint(orders.failpoint);
  const logger = createLogger(config.logLevel);
  let stopping = false;
  const onError = troubleTo(logger, () => stopping);
  const endTracing = await startTracing();
  const source = pipelineSourceOf(config);
  const { registry, embedder } = await loadRegistry(source);
  const db = await createDataSource(orders.database.url, {
    route: orders.database.route,
    schema: config.databaseSchema,
    poolSize: orders.poolSize,
    onError: (error) => onError(error, "holding a database connection"),
  }).initialize();
  const byParent = orders.hintsByParent ? new HintsByParent((message) => void tell(message)) : null;
  // That Redis is away, and back, the parent says.
  const dispatcher = byParent ?? (await openDispatcher(config, createLogger("silent"), onError));
  const stores = await openStores(config);
  let worker: StartedWorker | null = null;
  let draining = false;
  const drain = async (): Promise<void> => {
    draining = true;
    // Before it has started there is nothing to drain yet: it is drained then.
    if (worker === null) return;
    await worker.loop.drain();
    await tell({ type: "drained" });
  };
  const stop = async (graceMs: number): Promise<void> => {
    // The first word holds.
    if (stopping) return;
    stopping = true;
    // Told to stop before it has started: it has taken nothing.
    await worker?.loop.stop(graceMs);
    await worker?.closeChildren();
    await Promise.allSettled([stores.close(), dispatcher.close(), db.destroy(), embedder.close()]);
    await endTracing?.().catch((error: unknown) => onError(error, "sending the last spans"));
    exit(0);
  };
  const measured = measureProcess({ work: db });
  // From before the start on: that asks for hints.
  inbox((message) => {
    if (message.type === "hint") byParent?.take(message.id, message.hint);
    else if (message.type === "drain") void drain();
    else if (message.type === "stop") void stop(message.graceMs);
    else if (message.type === "measure") {
      void measured.getMetricsAsJSON().then((metrics) => tell({ type: "measured", id: message.id, metrics }));
    }
  });
  worker = await startWorker({
    config,
    logger,
    deps: engineDepsOf(config, { db, dispatcher, registry, onError }),
    source,
    blobs: stores.blobs,
    s3: stores.s3,
    listenAt: orders.listenAt,
    onNamed: (workerId) => tell({ type: "named", workerId }),
    onSpoiled: () => void tell({ type: "spoiled" }),
    onUnsettled: (end) => void tell({ type: "unsettled", end }),
    suspects: orders.isQuarantine ? "only" : "never",
  });
  const { loop } = worker;
  setInterval(() => void tell({ type: "alive", stalledMs: loop.stalledMs }), orders.aliveMs).unref();
  await tell({ type: "ready" });
  if (draining) await drain();
}

/** A parent that is gone hears nothing: this process ends with it. */
function tell(message: FromWorker): Promise<void> {
  return new Promise((resolve) => {
    if (process.connected) process.send?.(message, undefined, undefined, () => resolve());
    else resolve();
  });
}
