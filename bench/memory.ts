import { ApiClient } from "../src/cli/client.js";
import { median, type Bench, type Row } from "./bench.js";
import { Headway } from "./headway.js";
import { residentBytes } from "./proc.js";
import { startServers } from "./servers.js";

const MINUTES = Number(process.env.HEADWAY_BENCH_MINUTES ?? "10");
const WARM_UP_MINUTES = 2;
const DOCUMENTS = 500;
const LOOK_EVERY_MS = 5_000;
const MOST = 1.1;
const LIST =
  "{ jobs(last: 50) { nodes { id status counts { total completed } } } collections(first: 50) { nodes { id name } } }";

export const memory: Bench = {
  name: "memory",
  about: `a worker and an API process under ${MINUTES} minutes of load (HEADWAY_BENCH_MINUTES sets another)`,
  onDemand: true,
  async run(say) {
    if (!(MINUTES > 0))
      throw new Error(`HEADWAY_BENCH_MINUTES is "${process.env.HEADWAY_BENCH_MINUTES}"; it must be a number above 0`);
    const servers = await startServers();
    const headway = new Headway(servers, await servers.database());
    try {
      const api = await headway.startApi();
      const worker = await headway.startWorker();
      const stopFollowing = followAll(api.url, api.key);
      const startedAt = performance.now();
      const minutes = (): number => (performance.now() - startedAt) / 60_000;
      const looks: { minute: number; api: number; worker: number }[] = [];
      const timer = setInterval(
        () =>
          looks.push({
            minute: minutes(),
            api: residentBytes(api.child.pid!),
            worker: residentBytes(worker.child.pid!),
          }),
        LOOK_EVERY_MS,
      );
      let jobs = 0;
      try {
        while (minutes() < MINUTES + WARM_UP_MINUTES) {
          await headway.rate(DOCUMENTS);
          await headway.client.query(LIST);
          jobs += 1;
          if (jobs % 50 === 0) say(`${minutes().toFixed(1)} minutes, ${jobs} jobs`);
        }
      } finally {
        clearInterval(timer);
      }
      const followed = await stopFollowing();
      const note = `${jobs} jobs of ${DOCUMENTS}, ${followed.toLocaleString("en")} changes followed; medians of a minute`;
      return (["worker", "api"] as const).map((role): Row => {
        const inMinute = (from: number): number =>
          median(looks.filter(({ minute }) => minute >= from && minute < from + 1).map((look) => look[role])) / 1e6;
        const [warm, end] = [inMinute(WARM_UP_MINUTES), inMinute(MINUTES + WARM_UP_MINUTES - 1)];
        return {
          bench: "memory",
          measure: `resident memory of the ${role === "api" ? "API" : "worker"} at the end, MB`,
          ours: end,
          peer: "after warm-up",
          theirs: warm,
          bar: `≤ ${MOST} ×`,
          met: end <= warm * MOST,
          note,
        };
      });
    } finally {
      await headway.stop();
      await servers.stop();
    }
  },
};

/** Follows the whole project; the function ends it and tells how many changes have come. */
function followAll(url: string, key: string): () => Promise<number> {
  const client = new ApiClient(url, key);
  const stream = client.subscribe("subscription { statusChanges { ... on StatusChange { id toStatus } } }", {});
  let changes = 0;
  const following = (async () => {
    for await (const _ of stream) changes += 1;
  })();
  return async () => {
    await stream.return?.();
    await following;
    await client.close();
    return changes;
  };
}
