import { expect, test } from "@jest/globals";
import { timelineOf, type TimelinePlace } from "../../src/lifecycle/timeline.js";

const WIDTH_MS = 250;

/** A passage of a task through a stage: from when until when, in milliseconds; without an end it goes on. */
type Passage = readonly [stage: string, fromMs: number, toMs?: number];

/** The places that the reconciler keeps of these passages: only those in which one begins or ends. */
function placesOf(passages: readonly Passage[]): TimelinePlace[] {
  const places = new Map<number, Record<string, [number, number]>>();
  const note = (stage: string, atMs: number, who: number): void => {
    const at = Math.floor(atMs / WIDTH_MS) * WIDTH_MS;
    const stages = places.get(at) ?? {};
    const [before, heldS] = stages[stage] ?? [0, 0];
    stages[stage] = [before + who, heldS + (who * (at + WIDTH_MS - atMs)) / 1_000];
    places.set(at, stages);
  };
  for (const [stage, fromMs, toMs] of passages) {
    note(stage, fromMs, 1);
    if (toMs !== undefined) note(stage, toMs, -1);
  }
  return [...places]
    .sort(([one], [other]) => one - other)
    .map(([at, stages]) => ({ at: new Date(at), widthMs: WIDTH_MS, stages, completed: 1, failed: 0 }));
}

/** How long passages lie in a time, by the passages themselves. */
function amountIn(passages: readonly Passage[], stage: string, fromMs: number, toMs: number): number {
  const parts = passages.map(([name, begin, end = Infinity]) =>
    name === stage ? Math.max(0, Math.min(end, toMs) - Math.max(begin, fromMs)) : 0,
  );
  return parts.reduce((sum, part) => sum + part, 0) / (toMs - fromMs);
}

test.each([1, 2, 7, 40, 1_000])("in %i buckets at most, amounts are those of the passages, also over gaps", (most) => {
  const passages: Passage[] = [
    ["read", 1_010, 1_020],
    ["read", 1_130, 2_555],
    ["write", 2_555, 2_600],
    // Nothing begins or ends for long.
    ["write", 2_700, 31_417],
    ["read", 30_000, 30_001],
    ["read", 31_000],
  ];
  const endMs = 31_500;
  const buckets = timelineOf(placesOf(passages), { endMs, most, stages: ["read", "write"] });
  expect(buckets.length).toBeLessThanOrEqual(most);
  expect(buckets[0]!.from.getTime()).toBe(1_000);
  expect(buckets.at(-1)!.to.getTime()).toBe(endMs);
  for (const [place, { from, to, running }] of buckets.entries()) {
    if (place > 0) expect(from).toEqual(buckets[place - 1]!.to);
    for (const stage of ["read", "write"]) {
      const told = running.find((one) => one.stage === stage)?.amount ?? 0;
      expect(Math.abs(told - amountIn(passages, stage, from.getTime(), to.getTime()))).toBeLessThan(0.001);
    }
  }
  expect(buckets.reduce((sum, { completed }) => sum + completed, 0)).toBe(placesOf(passages).length);
});

test("stages stand in the job's order, one that it does not name last; without a place there is no bucket", () => {
  const passages: Passage[] = [
    ["other", 0],
    ["write", 0],
    ["read", 0],
  ];
  const [bucket] = timelineOf(placesOf(passages), { endMs: 250, most: 1, stages: ["read", "write"] });
  expect(bucket!.running.map(({ stage }) => stage)).toEqual(["read", "write", "other"]);
  expect(timelineOf([], { endMs: 250, most: 1, stages: [] })).toEqual([]);
});
