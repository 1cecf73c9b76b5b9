import { afterAll, beforeAll, expect, test } from "@jest/globals";
import WebSocket from "ws";
import { definePipeline } from "../../../src/index.js";
import { createTestApi, type TestApi } from "../../support/api.js";
import { PROJECT } from "../../support/engine.js";
import { until } from "../../support/until.js";
import { note } from "../rig.js";
import { changeIds } from "../../support/changes.js";

const quick = definePipeline({
  name: "quick",
  version: 1,
  documentStages: ["a", "b", "c"].map((name) => ({ name, run: async () => null })),
});

const FOLLOWERS = 10;
const DROPS_EACH = 100;

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi([quick]);
  await api.rig.startWorker();
});
afterAll(() => api.close());

interface Follower {
  readonly got: string[];
  cursor: string;
}

/** What a follower was told instead of changes, with what the server knows of it. */
function refused(raw: Buffer): Error {
  const causes = api.rig.errors.map(({ error, doing }) => `${doing}: ${String(error)}`);
  return new Error(`${raw.toString()}; the server says: ${causes.join("; ")}`);
}

/**
 * One visit: follows from the follower's cursor and drops the connection without a word, after so many events or, with
 * `when`, somewhere on the way to being subscribed.
 */
function visit(
  follower: Follower,
  collectionId: string,
  events: number,
  when: "open" | "init" | "subscribed" | "following",
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${api.url.replace(/^http/, "ws")}/graphql`, "graphql-transport-ws");
    socket.once("error", reject);
    socket.once("close", () => resolve());
    let left = events;
    const drop = (): void => {
      socket.removeAllListeners("message");
      socket.terminate();
    };
    socket.once("open", () => {
      if (when === "open") return drop();
      socket.send(JSON.stringify({ type: "connection_init", payload: { authorization: `Bearer ${api.key}` } }));
      if (when === "init") setImmediate(drop);
    });
    socket.on("message", (raw: Buffer) => {
      const message = JSON.parse(raw.toString());
      if (message.type === "connection_ack") {
        const query = `subscription ($c: ID, $after: String) { statusChanges(collectionId: $c, after: $after) {
          __typename ... on StatusChange { id cursor } } }`;
        socket.send(
          JSON.stringify({
            id: "1",
            type: "subscribe",
            payload: { query, variables: { c: collectionId, after: follower.cursor } },
          }),
        );
        // While the server subscribes: before, in the middle of or after its first read.
        if (when === "subscribed") setTimeout(drop, Math.random() * 8);
      } else if (message.type === "next") {
        if (!message.payload.data) return reject(refused(raw));
        const { id, cursor } = message.payload.data.statusChanges;
        follower.got.push(id);
        follower.cursor = cursor;
        left -= 1;
        if (left === 0) drop();
      } else if (message.type !== "ping") reject(refused(raw));
    });
  });
}

test("F22: subscribers drop and return 1,000 times, also while subscribing: no gap, no repeat, and nothing is left behind", async () => {
  const { rig, stream } = api;
  const collectionId = await rig.collection(200);
  const scope = { kind: "collection", projectId: PROJECT, collectionId } as const;
  const cursor = await stream.cursor(scope);
  const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
  const timersBefore = timers();
  const followers: Follower[] = Array.from({ length: FOLLOWERS }, () => ({ got: [], cursor }));
  let visits = 0;
  const load = (async () => {
    for (let run = 0; visits < FOLLOWERS * DROPS_EACH; run += 1) {
      const job = await rig.submit("quick", 0, { collectionId });
      await rig.settled(job);
    }
  })();
  await Promise.all(
    followers.map(async (follower, i) => {
      for (let n = 0; n < DROPS_EACH; n += 1) {
        const when = (["following", "subscribed", "following", "open", "following", "init"] as const)[(n + i) % 6]!;
        await visit(follower, collectionId, 1 + ((n * 7 + i) % 40), when);
        visits += 1;
      }
    }),
  );
  await load;
  const expected = await changeIds(rig.db, "where s.collection_id = $1 order by s.position offset 1", [collectionId]);
  const returnedAt = Date.now();
  await Promise.all(
    followers.map(async (follower) => {
      const left = expected.length - follower.got.length;
      if (left > 0) await visit(follower, collectionId, left, "following");
    }),
  );
  const recoveryMs = Date.now() - returnedAt;
  for (const { got } of followers) expect(got).toEqual(expected);
  await until("no subscription is left", () => stream.size === 0);
  await until("no timer is left", () => timers() <= timersBefore);
  expect(rig.errors).toEqual([]);
  note({
    fault: "F22",
    what: `${expected.length} changes to ${FOLLOWERS} followers`,
    times: visits,
    recoveryMs,
    looks: 1,
    jobs: 1,
  });
});
