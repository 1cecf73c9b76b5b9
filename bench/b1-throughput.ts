import { against, interleave, median, type Bench, type Outcome } from "./bench.js";
import { BEFORE, Headway } from "./headway.js";
import { startPeer } from "./peers/process.js";
import { startServers } from "./servers.js";

const DOCUMENTS = 5_000;
const ROUNDS = 3;
const MEASURE = "documents/s, five stages";

/** A slow peer gets fewer documents: its rate is the same, and the run ends. */
const PEERS = [
  {
    name: "Bull, a queue a stage",
    file: "bull-chain",
    documents: 5_000,
    times: 1.2,
    settings: "keeps nothing; concurrency 50",
  },
  {
    name: "graphile-worker tuned, a job a stage",
    file: "graphile-tuned",
    documents: 1_000,
    times: 10,
    settings: "no history; 24 jobs, local queue 500, completion in batches",
  },
  {
    name: "Bull + repository.save + history insert",
    file: "bull-repository",
    documents: 500,
    times: 16,
    settings: "concurrency 50, 20 connections",
  },
  {
    name: "SQL limit",
    file: "sql-limit",
    documents: 5_000,
    times: 0.4,
    settings: "statements of 200, one connection, no worker",
  },
  {
    name: "graphile-worker as it comes",
    file: "graphile-default",
    documents: 500,
    times: null,
    settings: "no history",
  },
  {
    name: "BullMQ flows",
    file: "bullmq-flow",
    documents: 2_000,
    times: null,
    settings: "keeps nothing; concurrency 50",
  },
  {
    name: "pg-boss",
    file: "pg-boss",
    documents: 5_000,
    times: 0.8,
    settings: "no history; fetch and complete in batches of 500",
  },
] as const;

const BUILD_BEFORE = { name: "the build before", times: 2, settings: "HEADWAY_BENCH_BEFORE" } as const;

export const b1: Bench = {
  name: "B1",
  about: "documents a second through five no-op stages, beside the peers",
  onDemand: false,
  async run(say) {
    const servers = await startServers();
    const headway = new Headway(servers, await servers.database());
    const before = BEFORE === undefined ? null : new Headway(servers, await servers.database(), {}, BEFORE);
    const peers: Awaited<ReturnType<typeof startPeer>>[] = [];
    try {
      await headway.startApi();
      await headway.startWorker();
      await headway.rate(1_000);
      await before?.startApi();
      await before?.startWorker();
      await before?.rate(1_000);
      for (const { name, file, documents } of PEERS) {
        const databaseUrl = await servers.database();
        peers.push(await startPeer(name, file, { databaseUrl, redisUrl: servers.redisUrl }, documents));
      }
      const ours = { name: "Headway", round: () => headway.rate(DOCUMENTS) };
      const others = before ? [{ ...BUILD_BEFORE, round: () => before.rate(DOCUMENTS) }] : [];
      const outcomes = await interleave([ours, ...others, ...peers], ROUNDS, say);
      const mine = outcomes.get(ours.name)!;
      return [...(before ? [BUILD_BEFORE] : []), ...PEERS].map((peer) =>
        against("B1", MEASURE, mine, {
          ...peer,
          outcome: outcomes.get(peer.name)!,
          settings: `${peer.settings}${spread(mine)}`,
        }),
      );
    } finally {
      for (const peer of peers) await peer.stop();
      await before?.stop();
      await headway.stop();
      await servers.stop();
    }
  },
};

/** How far the rounds lay apart. */
function spread(outcome: Outcome): string {
  if (!("rates" in outcome)) return "";
  const percent = (Math.max(...outcome.rates) / median(outcome.rates) - 1) * 100;
  return percent < 10 ? "" : `; ours varied by ${percent.toFixed(0)} %`;
}
