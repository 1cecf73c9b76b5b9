import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { atMost, percentile, shareOf, type Bench, type Row } from "./bench.js";
import type { HeadwayProcess } from "../test/support/processes.js";
import { BEFORE, Headway } from "./headway.js";
import { heldBytes, INSPECTED } from "./heap.js";
import { settledBytes } from "./proc.js";
import { startServers } from "./servers.js";
import type { Follow, Told } from "./subscribers.js";

const COLLECTIONS = 100;
const EACH = 50;
const PROCESSES = 2;
const SUBSCRIBERS = COLLECTIONS * EACH;
const MEGABYTE = 1e6;
/** Births come in a burst of six hundred changes a second; what is asked for is a hundred. */
const AFTER_BIRTHS_MS = 4_000;
const MEASURED_MS = 9_000;

interface Figures {
  readonly alone: Measured;
  readonly beside: Measured;
  /** Resident memory of the API process, by subscriber. */
  readonly bytesEach: number;
}

export const b5: Bench = {
  name: "B5",
  about: "5,000 subscribers of one API process, 100 changes a second, each to 50 of them",
  onDemand: false,
  async run(say) {
    const { alone, beside, bytesEach } = await ofBuild(undefined, say);
    const before = BEFORE === undefined ? null : await ofBuild(BEFORE, say);
    const note = `${alone.deliveries.toLocaleString("en")} deliveries in 9 s, between the bursts of births and ends; p50 ${alone.p50Ms.toFixed(0)} ms`;
    const rows = [
      atMost("B5", "commit to client, p99", alone.p99Ms, 250, "ms", note),
      atMost("B5", "memory a subscriber", bytesEach / 1_000, 40, "KB", "resident memory of the API process"),
      atMost(
        "B5",
        "commit to client beside a stalled client, p99",
        beside.p99Ms,
        250,
        "ms",
        `p50 ${beside.p50Ms.toFixed(0)} ms`,
      ),
      atMost(
        "B5",
        "memory that a stalled client costs",
        (beside.bytes - alone.bytes) / MEGABYTE,
        5,
        "MB",
        "what the API process holds after a collection of garbage, from one round to the next",
      ),
    ];
    if (before === null) return rows;
    const than = (measure: string, ours: number, figure: number): Row =>
      shareOf("B5", measure, ours, { name: "the build before", figure, most: null, note: "one after the other" });
    return [
      ...rows,
      than("commit to client, p50, ms", alone.p50Ms, before.alone.p50Ms),
      than("commit to client, p99, ms", alone.p99Ms, before.alone.p99Ms),
      than("memory a subscriber, KB", bytesEach / 1_000, before.bytesEach / 1_000),
    ];
  },
};

/** @param root of another build; absent for this one */
async function ofBuild(root: string | undefined, say: (line: string) => void): Promise<Figures> {
  const servers = await startServers();
  const headway = new Headway(servers, await servers.database(), { HEADWAY_CONCURRENCY: "100" }, root);
  const children: ChildProcess[] = [];
  try {
    const api = await headway.startApi(INSPECTED);
    const pid = api.child.pid!;
    await headway.startWorker();
    const collections: string[] = [];
    const followed: Follow["followed"][number][] = [];
    for (let n = 0; n < COLLECTIONS; n += 1) {
      const collectionId = await headway.collectionOf(1);
      collections.push(collectionId);
      followed.push({ collectionId, authorization: `Bearer ${await browserKey(headway, collectionId)}` });
    }
    const url = `${api.url.replace("http", "ws")}/graphql`;
    // One round without anybody who listens: what the process needs for itself is in the memory before.
    await settled(headway, await begin(headway, collections));
    const beforeBytes = await settledBytes(pid);
    const startedAt = performance.now();
    for (let n = 0; n < PROCESSES; n += 1) {
      const part = followed.filter((_, place) => place % PROCESSES === n);
      children.push(await subscribers({ url, followed: part, each: EACH }));
    }
    say(`${SUBSCRIBERS} subscribers after ${((performance.now() - startedAt) / 1_000).toFixed(1)} s`);
    const idleBytes = await settledBytes(pid);
    // The first round warms the API up; the collector has sized its heap for the load after it.
    await measure(headway, collections, children, api);
    const alone = await measure(headway, collections, children, api);
    say(`p99 ${alone.p99Ms.toFixed(0)} ms of ${alone.deliveries} deliveries`);
    const stalled = await subscribers({
      url,
      followed: [{ collectionId: null, authorization: `Bearer ${api.key}` }],
      each: 1,
    });
    stalled.kill("SIGSTOP");
    children.push(stalled);
    const beside = await measure(headway, collections, children.slice(0, PROCESSES), api);
    say(`p99 ${beside.p99Ms.toFixed(0)} ms beside a stalled client`);
    return { alone, beside, bytesEach: (idleBytes - beforeBytes) / SUBSCRIBERS };
  } finally {
    for (const child of children) child.kill("SIGKILL");
    await headway.stop();
    await servers.stop();
  }
}

interface Measured {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly deliveries: number;
  readonly bytes: number;
}

async function measure(
  headway: Headway,
  collections: readonly string[],
  children: readonly ChildProcess[],
  api: HeadwayProcess,
): Promise<Measured> {
  const jobs = await begin(headway, collections);
  await sleep(AFTER_BIRTHS_MS);
  await Promise.all(children.map((child) => told(child, "report")));
  await sleep(MEASURED_MS);
  const parts = await Promise.all(children.map((child) => told(child, "report")));
  await settled(headway, jobs);
  const latencies = parts.flatMap((part) => ("latenciesMs" in part ? part.latenciesMs : []));
  return {
    p50Ms: percentile(latencies, 50),
    p99Ms: percentile(latencies, 99),
    deliveries: latencies.length,
    bytes: await heldBytes(api),
  };
}

/** A job on each collection: a hundred changes of stage a second together, for fourteen seconds. Begun over a second. */
async function begin(headway: Headway, collections: readonly string[]): Promise<string[]> {
  const jobs: string[] = [];
  for (const collectionId of collections) {
    jobs.push(await headway.submit(collectionId, "paced"));
    await sleep(1_000 / COLLECTIONS);
  }
  return jobs;
}

async function settled(headway: Headway, jobs: readonly string[]): Promise<void> {
  for (const job of jobs) await headway.settled(job, 500);
}

async function browserKey(headway: Headway, collectionId: string): Promise<string> {
  const { key } = await headway.client.mutate<{ key: string; userErrors: { code: string; message: string }[] }>(
    "mutation($id: ID!) { createBrowserKey(input: { collectionId: $id }) { key userErrors { code message } } }",
    { id: collectionId },
  );
  return key;
}

async function subscribers(order: Follow): Promise<ChildProcess> {
  const child = fork(fileURLToPath(new URL("subscribers.js", import.meta.url)), {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const exit = once(child, "exit").then(() => {
    throw new Error("a process of subscribers ended before it was ready");
  });
  await Promise.race([told(child, order), exit]);
  exit.catch(() => undefined); // It is killed in the end.
  return child;
}

async function told(child: ChildProcess, order: Follow | "report"): Promise<Told> {
  const answer = once(child, "message");
  child.send(order);
  return (await answer)[0] as Told;
}
