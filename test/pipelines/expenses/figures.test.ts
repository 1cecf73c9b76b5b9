import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { ROOT } from "../../support/processes.js";

const MEASURE = path.join(ROOT, "examples", "expenses", "measure.mjs");

interface Share {
  /** 0 to 1. */
  readonly recall: number;
  readonly precision: number;
  readonly of: number;
}

/**
 * What `measure.mjs` prints of generated sets, all sets together: one wrong pair of seventy is more than a hundredth, and
 * says little of a set.
 */
async function figuresOf(noise: string, seeds: readonly number[], lines: number) {
  const args = [MEASURE, "--noise", noise, "--seeds", seeds.join(","), "--lines", String(lines), "--pictures", "0"];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT });
  const row = /^\w+ +\d+ +\d+ +(\d+) +([\d.]+) % +([\d.]+) % +([\d.]+) % +([\d.]+) % +(\d+) /;
  const sets = stdout.split("\n").flatMap((line) => {
    const found = row.exec(line);
    return found ? [found.slice(1).map(Number) as [number, number, number, number, number, number]] : [];
  });
  const pooled = (shares: readonly Share[]): Share => {
    const of = shares.reduce((sum, share) => sum + share.of, 0);
    const right = shares.reduce((sum, { recall, of: size }) => sum + recall * size, 0);
    const found = shares.reduce((sum, { recall, precision, of: size }) => sum + (recall * size) / precision, 0);
    return { of, recall: right / of, precision: right / found };
  };
  return {
    sets: sets.length,
    extraction: pooled(
      sets.map(([of, recall, precision]) => ({ of, recall: recall / 100, precision: precision / 100 })),
    ),
    matching: pooled(
      sets.map(([, , , recall, precision, of]) => ({ of, recall: recall / 100, precision: precision / 100 })),
    ),
  };
}

describe("generated statements and receipts, of which all is known", () => {
  test.each([
    ["clean", [1, 2, 3], 150, 0.98],
    ["noisy", [21, 22, 23, 24, 25], 150, 0.93],
  ] as const)(
    "%s ones, of seeds %j with %i lines each, are read and matched as well as promised",
    async (noise, seeds, lines, extracted) => {
      const { sets, extraction, matching } = await figuresOf(noise, seeds, lines);
      expect(sets).toBe(seeds.length);
      expect(extraction.of).toBeGreaterThan(lines * seeds.length);
      expect(extraction.recall).toBeGreaterThanOrEqual(extracted);
      expect(extraction.precision).toBeGreaterThanOrEqual(extracted);
      expect(matching.recall).toBeGreaterThanOrEqual(0.95);
      expect(matching.precision).toBeGreaterThanOrEqual(0.99);
    },
  );
});
