import { describe, expect, test } from "@jest/globals";
import { runsToJoin } from "../../../src/engine/uploads/parts.js";

const FULL = 1_000;

/** The runs that are chosen of pieces of these sizes, by their sizes. */
function chosen(...sizes: number[]): readonly (readonly number[])[] {
  const parts = sizes.map((sizeBytes) => ({ sizeBytes }));
  return runsToJoin(parts, FULL).map((run) => run.map(({ sizeBytes }) => sizeBytes));
}

describe("of an upload's small pieces", () => {
  test("those between full ones are put together, each run of them to one", () => {
    expect(chosen(1, 2, 3, FULL, 4, 4)).toEqual([
      [1, 2, 3],
      [4, 4],
    ]);
    expect(chosen(FULL, 1, FULL)).toEqual([]);
  });

  test("one larger than all behind it waits until they are as large", () => {
    expect(chosen(200, 100, 99)).toEqual([]);
    expect(chosen(200, 50, 50)).toEqual([[50, 50]]);
    expect(chosen(200, 150, 50)).toEqual([[200, 150, 50]]);
  });

  test("those that make a full one are put together whatever their sizes", () => {
    expect(chosen(900, 100)).toEqual([[900, 100]]);
    expect(chosen(900, 99)).toEqual([]);
  });

  test("four runs at most are put together at a time, the first ones", () => {
    const pairs = Array.from({ length: 6 }, (_, i) => [500, 500 + i]);
    expect(chosen(...pairs.flat())).toEqual(pairs.slice(0, 4));
  });

  test("each byte is written a few times, however many come in pieces of one", () => {
    const parts: number[] = [];
    let [written, most] = [0, 0];
    for (let sent = 0; sent < 20_000; sent += 1) {
      parts.push(1);
      if (parts.filter((size) => size < FULL).length < 20) continue;
      const items = parts.map((sizeBytes, at) => ({ sizeBytes, at }));
      for (const run of [...runsToJoin(items, FULL)].reverse()) {
        const size = run.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
        parts.splice(run[0]!.at, run.length, size);
        written += size;
      }
      most = Math.max(most, parts.filter((size) => size < FULL).length);
    }
    expect(parts.reduce((sum, size) => sum + size, 0)).toBe(20_000);
    // One is doubled ten times at most before it is full.
    expect(written / 20_000).toBeLessThan(11);
    expect(most).toBeLessThan(20);
  });
});
