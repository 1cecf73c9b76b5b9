import path from "node:path";
import { pathToFileURL } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";
import WebSocket from "ws";
import { definePipeline } from "../../src/pipelines/pipeline.js";
import { startFaultProxy, type FaultProxy } from "../faults/fault-proxy.js";
import { createTestApi, type TestApi } from "../support/api.js";
import { ROOT } from "../support/processes.js";
import { until } from "../support/until.js";
import { changeIds } from "../support/changes.js";

interface Change {
  readonly id: string;
  readonly cursor: string;
  readonly entityId: string;
  readonly version: number;
}
interface FollowOptions {
  readonly url: string;
  readonly authorization: string;
  readonly scope?: Record<string, string>;
  readonly after?: string;
  readonly signal?: AbortSignal;
  readonly retryMs?: number;
  readonly webSocketImpl: unknown;
}
type Follow = (options: FollowOptions) => AsyncGenerator<Change>;

const CUTS = 1_000;
const FOLLOWERS = 20;

const quick = definePipeline({
  name: "quick",
  version: 1,
  documentStages: ["a", "b"].map((name) => ({ name, run: async () => null })),
});

let api: TestApi;
let proxy: FaultProxy;
let url: string;
let followChanges: Follow;
beforeAll(async () => {
  api = await createTestApi([quick]);
  await api.rig.startWorker();
  proxy = await startFaultProxy(Number(new URL(api.url).port));
  url = `ws://127.0.0.1:${proxy.port}/graphql`;
  const file = path.join(ROOT, "examples", "client", "follow.mjs");
  ({ followChanges } = (await import(pathToFileURL(file).href)) as { followChanges: Follow });
});
afterAll(async () => {
  await proxy.close();
  await api.close();
});

/** Collects what a follower is given until it is told to stop. */
function follow(options: Partial<FollowOptions>): { got: Change[]; stop(): Promise<void> } {
  const got: Change[] = [];
  const abort = new AbortController();
  const done = (async () => {
    const changes = followChanges({
      url,
      authorization: `Bearer ${api.key}`,
      webSocketImpl: WebSocket,
      retryMs: 10,
      signal: abort.signal,
      ...options,
    });
    for await (const change of changes) got.push(change);
  })();
  return {
    got,
    stop: async () => {
      abort.abort();
      await done;
    },
  };
}

function historyOf(collectionId: string): Promise<string[]> {
  return changeIds(api.rig.db, "where s.collection_id = $1 order by s.position offset 1", [collectionId]);
}

test("the example client, its socket cut 1,000 times while changes flow, has every change once and in order", async () => {
  const collectionId = await api.rig.collection(1);
  const { data } = await api.send("query ($id: ID!) { streamCursor(collectionId: $id) }", { id: collectionId });
  const followers = Array.from({ length: FOLLOWERS }, () =>
    follow({ scope: { collectionId }, after: data!.streamCursor }),
  );
  let load: Promise<unknown> = Promise.resolve();
  for (let round = 0; proxy.fired < CUTS; round += 1) {
    const before = followers.map(({ got }) => got.length);
    // Small jobs, one after another: every change is brought to every follower.
    load = load.then(() => api.rig.submit("quick", 0, { collectionId })).then((id) => api.rig.settled(id));
    // A follower that is cut off again and again waits longer each time, up to ten seconds.
    await until("all are connected", () => proxy.connections === FOLLOWERS);
    // Every other time on the way to being subscribed or replayed to; else when something has come.
    if (round % 2 === 0) await sleep(Math.random() * 10);
    else await until("all go on", () => followers.every(({ got }, i) => got.length > before[i]!));
    proxy.reset();
  }
  await load;
  const expected = await historyOf(collectionId);
  await until("the rest has come", () => followers.every(({ got }) => got.length >= expected.length));
  for (const { got } of followers) {
    expect(got.map(({ id }) => id)).toEqual(expected);
    const versions = new Map<string, number>();
    for (const { entityId, version } of got) {
      // The collection's birth, its version 1, came before the cursor.
      const before = versions.get(entityId) ?? (entityId === collectionId ? 1 : 0);
      expect(version).toBe(before + 1);
      versions.set(entityId, version);
    }
  }
  await Promise.all(followers.map((follower) => follower.stop()));
  await until("nobody is left following", () => api.stream.size === 0);
});

test("the example client begins from now where it is given no cursor, though its first socket breaks before anything has come", async () => {
  const collectionId = await api.rig.collection(2);
  const follower = follow({ scope: { collectionId } });
  await until("it follows", () => api.stream.size === 1);
  proxy.refuse();
  await until("it is gone", () => api.stream.size === 0);
  await api.rig.settled(await api.rig.submit("quick", 0, { collectionId }));
  proxy.pass();
  const expected = await historyOf(collectionId);
  await until("what it missed has come", () => follower.got.length >= expected.length);
  expect(follower.got.map(({ id }) => id)).toEqual(expected);
  await follower.stop();
});

test("the example client passes on what the server refuses, and does not ask again", async () => {
  const collectionId = await api.rig.collection(1);
  const refused: Partial<FollowOptions>[] = [
    { scope: { jobId: "nonsense" } },
    { scope: { collectionId }, after: "nonsense" },
    { scope: { collectionId: "00000000-0000-7000-8000-00000000ffff" } },
  ];
  for (const options of refused) {
    const changes = followChanges({ url, authorization: `Bearer ${api.key}`, webSocketImpl: WebSocket, ...options });
    await expect(changes.next()).rejects.toMatchObject([{ extensions: { code: "BAD_USER_INPUT" } }]);
  }
});
