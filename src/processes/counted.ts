import { AggregatorRegistry } from "prom-client";
import type { PlainMetrics } from "../metrics.js";

/** What only ever grows: the rest says how a process does that is no more. */
const GROWING = new Set(["counter", "histogram"]);

/** The sum of what the dead have counted: what is shown of counters must not go back when one more dies. */
export function addCounted(sum: PlainMetrics, more: PlainMetrics): Promise<PlainMetrics> {
  return AggregatorRegistry.aggregate([
    sum,
    more.filter(({ type }) => GROWING.has(String(type))),
  ] as never).getMetricsAsJSON();
}
