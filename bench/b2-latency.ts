import { ApiClient } from "../src/cli/client.js";
import { atMost, percentile, type Bench, type Row } from "./bench.js";
import { Headway } from "./headway.js";
import { startServers } from "./servers.js";

const WARM_UP = 50;
const TIMES = 300;
const SETTINGS = "one document at a time, one API, one worker, a subscriber of the project; as the client sees it";

export interface Latencies {
  readonly submitMs: number[];
  readonly runningMs: number[];
  readonly completedMs: number[];
}

export const b2: Bench = {
  name: "B2",
  about: "one document: submit answered, first RUNNING and COMPLETED at a subscriber",
  onDemand: false,
  async run() {
    const servers = await startServers();
    const headway = new Headway(servers, await servers.database());
    try {
      await headway.startApi();
      await headway.startWorker({ HEADWAY_CONCURRENCY: "8" });
      await latencies(headway, WARM_UP);
      return latencyRows("B2", await latencies(headway, TIMES));
    } finally {
      await headway.stop();
      await servers.stop();
    }
  },
};

export function latencyRows(bench: string, { submitMs, runningMs, completedMs }: Latencies, note = SETTINGS): Row[] {
  const rows = (measure: string, values: readonly number[], p50: number, p99: number): Row[] => [
    atMost(bench, `${measure}, p50`, percentile(values, 50), p50, "ms", note),
    atMost(bench, `${measure}, p99`, percentile(values, 99), p99, "ms", note),
  ];
  return [
    ...rows("submit answered", submitMs, 10, 60),
    ...rows("first RUNNING at a subscriber", runningMs, 15, 80),
    ...rows("COMPLETED at a subscriber", completedMs, 40, 150),
  ];
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
  for (let n = 0; n < times; n += 1) collections.push(await headway.collectionOf(1));
  const seen: Seen[] = [];
  let onSeen = (): void => {};
  const stream = subscriber.subscribe<{ statusChanges: Change }>(
    "subscription { statusChanges { ... on StatusChange { jobId taskId toStatus } } }",
    {},
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
    for (const collectionId of collections) {
      seen.length = 0;
      const startedAt = performance.now();
      const jobId = await headway.submit(collectionId, "noop5");
      result.submitMs.push(performance.now() - startedAt);
      result.runningMs.push((await first(jobId, "RUNNING", true)) - startedAt);
      result.completedMs.push((await first(jobId, "COMPLETED", false)) - startedAt);
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
