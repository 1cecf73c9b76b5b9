import { median, notRun, shareOf, type Bench, type Row } from "./bench.js";
import { BEFORE, BUILDS, Headway } from "./headway.js";
import { processorSeconds, processorSecondsBy } from "./proc.js";
import { startServers } from "./servers.js";

const WARM_UP = 2_000;
const DOCUMENTS = 5_000;
const ROUNDS = 8;

/** One build's rounds: documents a second, and microseconds of processor that a document took, by who took them. */
interface Build {
  readonly name: string;
  readonly headway: Headway;
  readonly rates: number[];
  readonly costs: { readonly Postgres: number[]; readonly worker: number[]; readonly API: number[] };
}

export const builds: Bench = {
  name: "builds",
  about: "five no-op stages with this build and the one in HEADWAY_BENCH_BEFORE, in turns, and what a document costs",
  onDemand: true,
  async run(say) {
    if (BEFORE === undefined) return [notRun("builds", "documents/s, five stages", "HEADWAY_BENCH_BEFORE is not set")];
    const servers = await startServers();
    const both: Build[] = [];
    try {
      for (const { name, root } of BUILDS) {
        const headway = new Headway(servers, await servers.database(), {}, root);
        both.push({ name, headway, rates: [], costs: { Postgres: [], worker: [], API: [] } });
        await headway.startApi();
        await headway.startWorker();
        await headway.rate(WARM_UP);
      }
      for (let round = 1; round <= ROUNDS; round += 1) {
        // Each goes first every other time: whoever follows finds a server that still writes what the other has left.
        for (const build of round % 2 === 1 ? both : both.toReversed()) {
          await takeRound(build);
          say(`round ${round}: ${build.name} ${build.rates.at(-1)!.toFixed(0)} a second`);
        }
      }
      return rowsOf(both[0]!, both[1]!);
    } finally {
      for (const { headway } of both) await headway.stop();
      await servers.stop();
    }
  },
};

async function takeRound({ headway, rates, costs }: Build): Promise<void> {
  const before = processorSeconds();
  rates.push(await headway.rate(DOCUMENTS));
  const used = processorSecondsBy(headway.roles, before);
  for (const role of ["Postgres", "worker", "API"] as const)
    costs[role].push(((used.get(role) ?? 0) * 1e6) / DOCUMENTS);
}

function rowsOf(ours: Build, before: Build): Row[] {
  const row = (measure: string, mine: readonly number[], theirs: readonly number[]): Row =>
    shareOf("builds", measure, median(mine), {
      name: before.name,
      figure: median(theirs),
      most: null,
      note: `${ROUNDS} rounds each in turns; ours ${spreadOf(mine)}, theirs ${spreadOf(theirs)}`,
    });
  return [
    row("documents/s, five stages", ours.rates, before.rates),
    ...(["Postgres", "worker", "API"] as const).map((role) =>
      row(`${role}, µs of processor a document`, ours.costs[role], before.costs[role]),
    ),
  ];
}

const spreadOf = (values: readonly number[]): string =>
  `${Math.min(...values).toFixed(0)} to ${Math.max(...values).toFixed(0)}`;
