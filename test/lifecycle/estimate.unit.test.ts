import { describe, expect, test } from "@jest/globals";
import { forecastOf, rangeOf } from "../../src/lifecycle/estimate.js";
import { countOf, placeInHistogram, quantileOf, withValue, type Histogram } from "../../src/lifecycle/histogram.js";
import { KINDS, meansOf, simulate, type Kind, type Run } from "./simulated-work.js";

const EARLIER = 60;
const RUNS = 60;
const SEEN_AT = [0.2, 0.35, 0.5, 0.65, 0.8];

/** What the reconciler keeps of how wrong forecasts were, over earlier runs. */
function errorsOf(runs: readonly Run[]): Map<number, Histogram> {
  const errors = new Map<number, Histogram>();
  for (const { looks, endedAt } of runs) {
    const seen = new Set<number>();
    for (const look of looks) {
      const forecast = forecastOf(look);
      if (forecast === null || seen.has(forecast.tenth)) continue;
      seen.add(forecast.tenth);
      const ratio = (endedAt - look.now) / forecast.remainingMs;
      errors.set(forecast.tenth, withValue(errors.get(forecast.tenth) ?? {}, ratio));
    }
  }
  return errors;
}

function judge(kind: Kind): { within: number; width: number; looks: number } {
  const means = meansOf(kind);
  const errors = errorsOf(Array.from({ length: EARLIER }, (_, n) => simulate(kind, 1_000 + n, means)));
  let [hits, looks] = [0, 0];
  const widths: number[] = [];
  for (let n = 0; n < RUNS; n += 1) {
    const run = simulate(kind, 5_000 + n, means);
    for (const part of SEEN_AT) {
      const look = run.looks.find((one) => (forecastOf(one)?.fraction ?? 0) >= part);
      if (look === undefined || look.now >= run.endedAt) continue;
      const forecast = forecastOf(look)!;
      const range = rangeOf(forecast, errors.get(forecast.tenth))!;
      const left = run.endedAt - look.now;
      looks += 1;
      if (left >= range.earliestMs && left <= range.latestMs) hits += 1;
      widths.push((range.latestMs - range.earliestMs) / left);
    }
  }
  widths.sort((one, other) => one - other);
  return { within: hits / looks, width: widths[Math.floor(widths.length / 2)]!, looks };
}

describe("an estimate", () => {
  test("is tried on ten kinds of work", () => {
    expect(KINDS).toHaveLength(10);
  });

  test.each(KINDS)("of $name holds for most jobs, and is narrow enough to be of use", (kind) => {
    const { within, width, looks } = judge(kind);
    expect(looks).toBeGreaterThan(RUNS * 3);
    expect(within).toBeGreaterThanOrEqual(0.75);
    expect(within).toBeLessThanOrEqual(0.95);
    expect(width).toBeLessThanOrEqual(0.6);
  });

  test("without a pace is none, unless earlier runs tell how long such work takes", () => {
    const kind = KINDS[0]!;
    const means = meansOf(kind);
    const [first] = simulate(kind, 1, means).looks;
    const unseen = {
      ...first!,
      stages: first!.stages.map((stage) => ({ ...stage, passed: 0, running: 0, failed: 0 })),
    };
    expect(forecastOf({ ...unseen, stages: unseen.stages.map((stage) => ({ ...stage, meanMs: null })) })).toBeNull();
    const forecast = forecastOf(unseen)!;
    expect(forecast.tenth).toBe(0);
    expect(rangeOf(forecast, undefined)).toBeNull();
    const errors = Array.from({ length: 40 }, (_, n) => 0.1 + n / 1_000).reduce<Histogram>(withValue, {});
    const range = rangeOf(forecast, errors)!;
    expect(range.earlierRuns).toBe(40);
    expect(range.earliestMs).toBeLessThan(range.atMs);
    expect(range.atMs).toBeLessThan(range.latestMs);
  });
});

describe("a histogram", () => {
  test("gives every quantile within two percent, whatever the size of the values", () => {
    let seed = 7;
    const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
    const values = Array.from({ length: 5_000 }, () => Math.exp(random() * 25 - 4)).sort((one, other) => one - other);
    const histogram = values.reduce<Histogram>(withValue, {});
    expect(countOf(histogram)).toBe(5_000);
    for (const part of [0, 0.01, 0.5, 0.95, 0.99, 1]) {
      const exact = values[Math.floor(part * (values.length - 1))]!;
      expect(Math.abs(quantileOf(histogram, part)! / exact - 1)).toBeLessThanOrEqual(0.02);
    }
    expect(quantileOf({}, 0.5)).toBeNull();
    expect(placeInHistogram(0)).toBe(placeInHistogram(0.001));
  });
});
