import { against, atMost, interleave, median, notRun, percentile } from "../../bench/bench.js";
import { startPeer } from "../../bench/peers/process.js";
import { runBenches, tableOf } from "../../bench/run.js";

const silent = (): void => undefined;

describe("the benchmarks", () => {
  test("refuse a name that is none, and say which there are", async () => {
    const bench = { name: "B1", about: "documents a second", onDemand: false, run: () => Promise.resolve([]) };
    const said: string[] = [];
    const spoken = console.error;
    console.error = (line: string) => said.push(line);
    try {
      expect(await runBenches([bench], ["b1", "B77"])).toBe(2);
    } finally {
      console.error = spoken;
    }
    expect(said.join("\n")).toMatch(/no bench "B77".*\n.*B1 +documents a second/);
  });

  test("show a peer that can't start as not run, with the reason and no figure, and go on with the others", async () => {
    const servers = { databaseUrl: "postgres://nobody@127.0.0.1:1/none", redisUrl: "redis://127.0.0.1:1" };
    const peer = await startPeer("SQL limit", "sql-limit", servers, 10);
    const outcomes = await interleave([{ name: "ours", round: () => Promise.resolve(100) }, peer], 3, silent);
    await peer.stop();
    expect(outcomes.get("ours")).toEqual({ rates: [100, 100, 100] });
    const outcome = outcomes.get("SQL limit")!;
    const row = against("B1", "documents/s", outcomes.get("ours")!, {
      name: "SQL limit",
      outcome,
      times: 0.4,
      settings: "",
    });
    expect(row).toMatchObject({ ours: 100, theirs: null, met: null });
    expect(row.note).toMatch(/^not run: .*ECONNREFUSED/);
    const table = tableOf([row, notRun("B4", "lists", "there is no room on the disk")]);
    expect(table).toMatch(/SQL limit +│ not run/);
    expect(table).toMatch(/B4 .*│ not run .*no room/);
  });

  test("let who fails in the middle drop out, and keep no figure of it", async () => {
    let rounds = 0;
    const fails = {
      name: "fails",
      round: () => ((rounds += 1) === 2 ? Promise.reject(new Error("fell over")) : Promise.resolve(5)),
    };
    expect((await interleave([fails], 3, silent)).get("fails")).toEqual({ notRun: "fell over" });
    expect(rounds).toBe(2);
  });

  test("compare medians, and call a bar met only when it is", () => {
    expect([median([3, 1, 2]), median([1, 2, 3, 10]), percentile([1, 2, 3, 4, 5], 99)]).toEqual([2, 2.5, 4.96]);
    expect(() => median([])).toThrow("no values");
    const ours = { rates: [200, 90, 210] };
    const beside = (rate: number) =>
      against("B1", "rate", ours, { name: "peer", outcome: { rates: [rate] }, times: 2, settings: "" }).met;
    expect([beside(100), beside(101)]).toEqual([true, false]);
    expect([atMost("B6", "start", 5, 5, "s").met, atMost("B6", "start", 5.01, 5, "s").met]).toEqual([true, false]);
  });
});
