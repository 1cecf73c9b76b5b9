import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { createExampleFollowing, type ExampleFollowing } from "../../support/example-following.js";
import { until } from "../../support/until.js";

const CUTS = 1_000;
const FOLLOWERS = 20;

let example: ExampleFollowing;
beforeAll(async () => {
  example = await createExampleFollowing();
});
afterAll(() => example.close());

test("F46: the example client, its socket cut 1,000 times while changes flow, has every change once and in order", async () => {
  const { api, proxy, follow, historyOf } = example;
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
