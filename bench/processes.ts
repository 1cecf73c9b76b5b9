import { setTimeout as sleep } from "node:timers/promises";
import { median, type Bench, type Row } from "./bench.js";
import { ApiClient } from "../src/cli/client.js";
import { Headway } from "./headway.js";
import { processorSeconds, processorSecondsBy } from "./proc.js";
import { startServers, withClient } from "./servers.js";

const JOBS = 4;
const DOCUMENTS = 2_500;
const ROUNDS = 3;
const SHAPES = [
  { workers: 1, apis: 1 },
  { workers: 2, apis: 1 },
  { workers: 4, apis: 1 },
  { workers: 4, apis: 2 },
] as const;

export const processes: Bench = {
  name: "processes",
  about: "four jobs at once over 1, 2 and 4 workers and 2 API processes, and what each process does meanwhile",
  onDemand: true,
  async run(say) {
    const servers = await startServers();
    const databaseUrl = await servers.database();
    const headway = new Headway(servers, databaseUrl, { HEADWAY_CONCURRENCY: "200" });
    const rows: Row[] = [];
    let first: number | null = null;
    try {
      for (const { workers, apis } of SHAPES) {
        while (headway.apis.length < apis) await headway.startApi();
        while (headway.workers.length < workers) await headway.startWorker();
        await jobsAtOnce(headway, 250);
        const rates: number[] = [];
        const before = processorSeconds();
        const startedAt = performance.now();
        const stopLooking = lookAtFlushes(servers.asSuperuser(databaseUrl));
        for (let round = 0; round < ROUNDS; round += 1) rates.push(await jobsAtOnce(headway, DOCUMENTS));
        const seconds = (performance.now() - startedAt) / 1_000;
        const flushes = await stopLooking();
        const rate = median(rates);
        first ??= rate;
        const shares = sharesOf(headway, before, seconds);
        say(`${workers} workers, ${apis} API: ${rate.toFixed(0)} a second; ${shares}; flushes: ${flushes}`);
        rows.push({
          bench: "processes",
          measure: `documents/s, ${workers} worker${workers > 1 ? "s" : ""}, ${apis} API`,
          ours: rate,
          peer: "one worker, one API",
          theirs: first,
          bar: "",
          met: null,
          note: `of a core: ${shares}; flushes at a time: ${flushes}`,
        });
      }
      return rows;
    } finally {
      await headway.stop();
      await servers.stop();
    }
  },
};

/** Documents a second over four collections that are submitted at once, through all API processes in turn. */
async function jobsAtOnce(headway: Headway, documents: number): Promise<number> {
  const collections: string[] = [];
  for (let n = 0; n < JOBS; n += 1) collections.push(await headway.collectionOf(documents));
  const clients = headway.apis.map(({ url, key }) => new ApiClient(url, key));
  const startedAt = performance.now();
  const jobs = await Promise.all(
    collections.map((collectionId, n) =>
      headway.submit(collectionId, "noop5", { client: clients[n % clients.length] }),
    ),
  );
  await Promise.all(jobs.map((job) => headway.settled(job)));
  const rate = (JOBS * documents) / ((performance.now() - startedAt) / 1_000);
  await Promise.all(clients.map((client) => client.close()));
  return rate;
}

/** Looks ten times a second at what the flushes under way wait for. The function ends it and tells how many did what at a time. */
function lookAtFlushes(superuserUrl: string): () => Promise<string> {
  const seen = new Map<string, number>();
  let looks = 0;
  let stopped = false;
  const looking = withClient(superuserUrl, async (db) => {
    while (!stopped) {
      const { rows } = await db.query<{ what: string; n: number }>(
        `select coalesce(wait_event_type || ' ' || wait_event, 'at work') as what, count(*)::int as n from pg_stat_activity
         where datname = current_database() and state = 'active' and query like 'select headway.record_changes%' group by 1`,
      );
      looks += 1;
      for (const { what, n } of rows) seen.set(what, (seen.get(what) ?? 0) + n);
      await sleep(100);
    }
  });
  return async () => {
    stopped = true;
    await looking;
    const most = [...seen].toSorted(([, a], [, b]) => b - a).slice(0, 4);
    return most.map(([what, n]) => `${(n / looks).toFixed(2)} ${what}`).join(", ");
  };
}

/** Who had how much of a core, the making of the collections included. */
function sharesOf(headway: Headway, before: ReturnType<typeof processorSeconds>, seconds: number): string {
  const sums = processorSecondsBy(headway.roles, before);
  return [...sums].map(([role, used]) => `${role} ${(used / seconds).toFixed(2)}`).join(", ");
}
