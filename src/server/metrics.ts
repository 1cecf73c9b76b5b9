import type { RequestHandler } from "express";
import { AggregatorRegistry, Counter, Gauge, Registry } from "prom-client";
import type { DataSource } from "typeorm";
import { poolUsage } from "../database/data-source.js";
import { findViolations } from "../engine/operations/doctor.js";
import { readMetricsSnapshot, TransitionCounter } from "../engine/operations/operational-metrics.js";
import { messageOf } from "../errors.js";
import type { Logger } from "../logger.js";
import { collectProcessMetrics, processMetrics, type PlainMetrics } from "../metrics.js";

export interface MetricsDeps {
  readonly db: DataSource;
  /** The connections of clients' requests; `db` itself where there are none of their own. */
  readonly apiDb: DataSource;
  /** What worker processes have counted that belong to this one; null where there are none. */
  readonly ofWorkers: (() => Promise<readonly PlainMetrics[]>) | null;
  readonly logger: Logger;
}

/** The invariants are checked at most this often, over what changed since about two checks ago, and never while waited for. */
const VIOLATIONS_EVERY_MS = 60_000;
const MAX_VIOLATIONS = 1_000;

/** What this process counts and knows of itself, its pools of connections included. */
export function measureProcess(pools: Readonly<Record<string, DataSource>>): Registry {
  collectProcessMetrics();
  const ofPool = new Registry();
  const pool = new Gauge({
    name: "headway_pool_connections",
    help: "Database connections of this process and its workers, and callers waiting for one.",
    labelNames: ["pool", "state"] as const,
    registers: [ofPool],
    collect: () => {
      for (const [name, one] of Object.entries(pools)) {
        for (const [state, count] of Object.entries(poolUsage(one))) pool.set({ pool: name, state }, count);
      }
    },
  });
  return Registry.merge([processMetrics, ofPool]);
}

/** What the database knows of the whole installation; the values are set when somebody asks. */
export function installationMetrics(registers: Registry[]) {
  const whole = "Covers the whole installation: do not sum over processes.";
  const transitions = new Counter({
    name: "headway_transitions_total",
    help: `Status changes by pair and reason since this process was first asked. ${whole}`,
    labelNames: ["entity", "from", "to", "reason"] as const,
    registers,
  });
  const openTasks = new Gauge({
    name: "headway_open_tasks",
    help: `Queued and running tasks, as last counted by a reconciler. ${whole}`,
    labelNames: ["pipeline", "stage", "status"] as const,
    registers,
  });
  const queueAge = new Gauge({
    name: "headway_queue_age_seconds",
    help: `Age of the oldest due task that is not claimed, as last counted. ${whole}`,
    labelNames: ["pipeline"] as const,
    registers,
  });
  const measuredAgo = new Gauge({
    name: "headway_open_work_age_seconds",
    help: `Time since open tasks and the queue's age were last counted, usually up to ten seconds. Absent before the first count. ${whole}`,
    registers,
  });
  const workers = new Gauge({
    name: "headway_workers",
    help: `Workers that have not stopped. ${whole}`,
    labelNames: ["status"] as const,
    registers,
  });
  const streamLag = new Gauge({
    name: "headway_stream_lag_seconds",
    help: `Time for which open transactions have been delaying the streams of projects. ${whole}`,
    registers,
  });
  const violations = new Gauge({
    name: "headway_violations",
    help: `Broken invariants found by the last check, at most ${MAX_VIOLATIONS}. ${whole}`,
    labelNames: ["invariant"] as const,
    registers,
  });
  return { transitions, openTasks, queueAge, measuredAgo, workers, streamLag, violations };
}

/**
 * Answers Prometheus: what this process and its workers counted, and what the database knows of the whole installation. The latter is
 * the same whichever process is asked: take the maximum over processes, not the sum.
 */
export function serveMetrics({ db, apiDb, ofWorkers, logger }: MetricsDeps): RequestHandler {
  const ofProcess = measureProcess(apiDb === db ? { work: db } : { work: db, api: apiDb });
  const registry = new Registry();
  const { transitions, openTasks, queueAge, measuredAgo, workers, streamLag, violations } = installationMetrics([
    registry,
  ]);
  const counter = new TransitionCounter(db);
  let checkedAt = 0;
  const check = async (): Promise<void> => {
    if (Date.now() - checkedAt < VIOLATIONS_EVERY_MS) return;
    checkedAt = Date.now();
    const since = new Date(checkedAt - 2 * VIOLATIONS_EVERY_MS);
    const scope = { projectId: null, seen: null, collectionId: null, jobId: null, since, limit: MAX_VIOLATIONS };
    const found = await findViolations(db, scope, new AbortController().signal);
    violations.reset();
    for (const { invariant } of found) violations.inc({ invariant });
  };
  const refresh = async (): Promise<void> => {
    for (const { count, ...labels } of await counter.next()) transitions.inc(labels, count);
    const now = await readMetricsSnapshot(db);
    for (const gauge of [openTasks, queueAge, workers]) gauge.reset();
    for (const { count, ...labels } of now.openTasks) openTasks.set(labels, count);
    for (const { seconds, ...labels } of now.queueAgeSeconds) queueAge.set(labels, seconds);
    for (const { count, ...labels } of now.workers) workers.set(labels, count);
    streamLag.set(now.streamLagSeconds);
    if (now.measuredSecondsAgo === null) measuredAgo.remove();
    else measuredAgo.set(now.measuredSecondsAgo);
  };
  const own = async (): Promise<string> => {
    if (ofWorkers === null) return ofProcess.metrics();
    const [here, there] = await Promise.all([ofProcess.getMetricsAsJSON(), ofWorkers()]);
    return AggregatorRegistry.aggregate([here, ...there]).metrics();
  };
  // One at a time: two scrapes at once must not count a change twice.
  let last: Promise<unknown> = Promise.resolve();
  return async (_req, res) => {
    const mine = last.then(refresh);
    last = mine.catch(() => undefined);
    try {
      await mine;
      check().catch((error: unknown) => logger.warn({ error: messageOf(error) }, "while checking the invariants"));
      res
        .type(registry.contentType)
        .set("cache-control", "no-store")
        .send(`${await own()}\n${await registry.metrics()}`);
    } catch (error) {
      // Without its database the process still says how it does itself.
      logger.warn({ error: messageOf(error) }, "while measuring for /metrics");
      res
        .type(registry.contentType)
        .set("cache-control", "no-store")
        .send(await own());
    }
  };
}
