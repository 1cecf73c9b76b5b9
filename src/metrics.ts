import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

/** What a registry holds, as it crosses between processes. */
export type PlainMetrics = Awaited<ReturnType<Registry["getMetricsAsJSON"]>>;

/** What this process counts as it works; what the database knows is asked when somebody looks (server/metrics.ts). */
export const processMetrics = new Registry();

export const flushChanges = new Histogram({
  name: "headway_flush_changes",
  help: "Changes recorded by one flush, claims apart.",
  buckets: [0, 1, 2, 5, 10, 20, 50, 100, 200],
  registers: [processMetrics],
});
export const flushSeconds = new Histogram({
  name: "headway_flush_seconds",
  help: "How long a flush took, retries included.",
  buckets: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30],
  registers: [processMetrics],
});
export const databaseRetries = new Counter({
  name: "headway_database_retries_total",
  help: "Transactions and flushes tried again, by what the database said; 'connection' where it said nothing.",
  labelNames: ["sqlstate"] as const,
  registers: [processMetrics],
});
export const refusedWrites = new Counter({
  name: "headway_refused_writes_total",
  help: "Late writes of this process that were refused because the lease had gone.",
  registers: [processMetrics],
});
export const convergeFailures = new Counter({
  name: "headway_converge_failures_total",
  help: "Jobs that could not be converged in the flush that settled a task; the sweep tries again.",
  registers: [processMetrics],
});

export const redisUp = new Gauge({
  name: "headway_redis_up",
  help: "Whether Redis carries hints: 1, or 0 while it is away and work goes on by polling. Absent without REDIS_URL.",
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
