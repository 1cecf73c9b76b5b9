import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

/** What a registry holds, as it crosses between processes. */
export type PlainMetrics = Awaited<ReturnType<Registry["getMetricsAsJSON"]>>;

/** What this process counts as it works; what the database knows is asked when somebody looks (server/metrics.ts). */
export const processMetrics = new Registry();

export const flushChanges = new Histogram({
  name: "headway_flush_changes",
  help: "Changes recorded by one flush, without claims.",
  buckets: [0, 1, 2, 5, 10, 20, 50, 100, 200],
  registers: [processMetrics],
});
export const flushSeconds = new Histogram({
  name: "headway_flush_seconds",
  help: "Duration of a flush, including retries.",
  buckets: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30],
  registers: [processMetrics],
});
export const databaseRetries = new Counter({
  name: "headway_database_retries_total",
  help: "Retried transactions and flushes, by database error code, or 'connection' if there was none.",
  labelNames: ["sqlstate"] as const,
  registers: [processMetrics],
});
export const refusedWrites = new Counter({
  name: "headway_refused_writes_total",
  help: "Late writes of this process that were rejected because the lease was lost.",
  registers: [processMetrics],
});
export const convergeFailures = new Counter({
  name: "headway_converge_failures_total",
  help: "Jobs whose status could not be updated in the flush that settled a task. The sweep retries.",
  registers: [processMetrics],
});

export const redisUp = new Gauge({
  name: "headway_redis_up",
  help: "1 while Redis is reachable; 0 while workers poll instead. Absent without REDIS_URL.",
  aggregator: "min",
  registers: [],
});

export const openSockets = new Gauge({
  name: "headway_sockets",
  help: "Open WebSockets of this process.",
  registers: [processMetrics],
});

let collecting = false;

/** Also counts what Node knows of the process: memory, CPU, garbage collection, event-loop lag. Idempotent. */
export function collectProcessMetrics(): void {
  if (collecting) return;
  collecting = true;
  collectDefaultMetrics({ register: processMetrics });
}
