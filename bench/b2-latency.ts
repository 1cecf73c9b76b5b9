import { ApiClient } from "../src/cli/client.js";
import { median, percentile, shareOf, type Bench, type Row } from "./bench.js";
import { BUILDS, Headway } from "./headway.js";
import { commitMs, startServers } from "./servers.js";

const WARM_UP = 50;
const TIMES = 100;
const ROUNDS = 3;
const SETTINGS = "one document at a time, one API, one worker, a subscriber of the project; as the client sees it";

export interface Latencies {
  readonly submitMs: number[];
  readonly runningMs: number[];
  readonly completedMs: number[];
}

/** What of the times of the build before ours may be, at most. */
const BARS = [
  { measure: "submit answered", of: "submitMs", p50: 1, p99: 1 },
  { measure: "first RUNNING at a subscriber", of: "runningMs", p50: 0.9, p99: 1 },
  { measure: "COMPLETED at a subscriber", of: "completedMs", p50: 0.6, p99: 1 },
] as const;

export const b2: Bench = {
  name: "B2",
  about: "one document: submit answered, first RUNNING and COMPLETED at a subscriber",
  onDemand: false,
  async run(say) {
    const servers = await startServers();
    const builds: { readonly name: string; readonly headway: Headway; readonly all: Latencies }[] = [];
    const commits: number[] = [];
    try {
      for (const { name, root } of BUILDS) {
        const headway = new Headway(servers, await servers.database(), {}, root);
        builds.push({ name, headway, all: { submitMs: [], runningMs: [], completedMs: [] } });
        await headway.startApi();
        await headway.startWorker({ HEADWAY_CONCURRENCY: "8" });
        await latencies(headway, WARM_UP);
      }
      const url = await servers.database();
      for (let round = 1; round <= ROUNDS; round += 1) {
        commits.push(await commitMs(url));
        for (const { name, headway, all } of builds) {
          const { submitMs, runningMs, completedMs } = await latencies(headway, TIMES);
          say(`round ${round}: ${name} COMPLETED after ${median(completedMs).toFixed(1)} ms`);
          all.submitMs.push(...submitMs);
          all.runningMs.push(...runningMs);
          all.completedMs.push(...completedMs);
        }
      }
      return rowsOf(builds[0]!.all, builds[1]?.all ?? null, median(commits));
    } finally {
      for (const { headway } of builds) await headway.stop();
      await servers.stop();
    }
  },
};

function rowsOf(ours: Latencies, before: Latencies | null, commit: number): Row[] {
  const rows = BARS.flatMap(({ measure, of, ...bars }) =>
    ([50, 99] as const).map((p) =>
      shareOf("B2", `${measure}, p${p}, ms`, percentile(ours[of], p), {
        name: "the build before",
        figure: before && percentile(before[of], p),
        most: bars[`p${p}`],
        note: SETTINGS,
      }),
    ),
  );
  const multiple = shareOf("B2", "COMPLETED, p50, ms", median(ours.completedMs), {
    name: "the machine's commit of one row, p50, one connection",
    figure: commit,
    most: null,
    note: "",
  });
  return [...rows, multiple];
}

interface Seen {
  readonly jobId: string;
  readonly status: string;
  readonly isTask: boolean;
  readonly at: number;
}

/** Submits one document after another, and waits for each; milliseconds from the sending of its submission. */
export async function latencies(headway: Headway, times: number): Promise<Latencies> {
  const { url, key } = headway.apis[0]!;
  const subscriber = new ApiClient(url, key);
  const collections: string[] = [];
  // The first is not measured: the stream may still be on its way to being open.
  for (let n = 0; n <= times; n += 1) collections.push(await headway.collectionOf(1));
  const seen: Seen[] = [];
  let onSeen = (): void => {};
  const { streamCursor: after } = await subscriber.query<{ streamCursor: string }>("{ streamCursor }");
  const stream = subscriber.subscribe<{ statusChanges: Change }>(
    "subscription ($after: String) { statusChanges(after: $after) { ... on StatusChange { jobId taskId toStatus } } }",
    { after },
  );
  const following = (async () => {
    for await (const { statusChanges: change } of stream) {
      if (change.jobId === undefined) continue;
      seen.push({
        jobId: change.jobId!,
        status: change.toStatus!,
        isTask: change.taskId !== null,
        at: performance.now(),
      });
      onSeen();
    }
  })();
  const first = async (jobId: string, status: string, isTask: boolean): Promise<number> => {
    for (;;) {
      const found = seen.find((one) => one.jobId === jobId && one.status === status && one.isTask === isTask);
      if (found) return found.at;
      await new Promise<void>((resolve) => (onSeen = resolve));
    }
  };
  const result: Latencies = { submitMs: [], runningMs: [], completedMs: [] };
  try {
    for (const [n, collectionId] of collections.entries()) {
      seen.length = 0;
      const startedAt = performance.now();
      const jobId = await headway.submit(collectionId, "noop5");
      const answeredAt = performance.now();
      const runningAt = await first(jobId, "RUNNING", true);
      const completedAt = await first(jobId, "COMPLETED", false);
      if (n === 0) continue;
      result.submitMs.push(answeredAt - startedAt);
      result.runningMs.push(runningAt - startedAt);
      result.completedMs.push(completedAt - startedAt);
    }
    return result;
  } finally {
    await stream.return?.();
    await following;
    await subscriber.close();
  }
}

interface Change {
  readonly jobId?: string | null;
  readonly taskId?: string | null;
  readonly toStatus?: string;
}
