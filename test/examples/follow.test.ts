import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";
import { createExampleFollowing, type ExampleFollowing } from "../support/example-following.js";
import { until } from "../support/until.js";

let example: ExampleFollowing;
beforeAll(async () => {
  example = await createExampleFollowing();
});
afterAll(() => example.close());

test("the example client begins from now where it is given no cursor, though its first socket breaks before anything has come", async () => {
  const { api, proxy, follow, historyOf } = example;
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
  const { api, followChanges } = example;
  const collectionId = await api.rig.collection(1);
  const refused: Parameters<ExampleFollowing["followChanges"]>[0][] = [
    { scope: { jobId: "nonsense" } },
    { scope: { collectionId }, after: "nonsense" },
    { scope: { collectionId: "00000000-0000-7000-8000-00000000ffff" } },
  ];
  for (const options of refused) {
    const changes = followChanges(options);
    await expect(changes.next()).rejects.toMatchObject([{ extensions: { code: "BAD_USER_INPUT" } }]);
  }
});

test.each(["INTERNAL", "RATE_LIMITED", "SERVICE_BUSY"])(
  "the example client asks again where the server says %s, for that passes",
  async (code) => {
    let refusals = 2;
    const busy = new WebSocketServer({ host: "127.0.0.1", port: 0, handleProtocols: () => "graphql-transport-ws" });
    busy.on("connection", (socket) => {
      const answer = (message: object): void => socket.send(JSON.stringify(message));
      socket.on("message", (data: Buffer) => {
        const { type, id } = JSON.parse(data.toString()) as { type: string; id?: string };
        if (type === "connection_init") answer({ type: "connection_ack" });
        if (type !== "subscribe") return;
        refusals -= 1;
        if (refusals >= 0) answer({ type: "error", id, payload: [{ message: "Not now.", extensions: { code } }] });
        else answer({ type: "next", id, payload: { data: { statusChanges: { cursor: "2" } } } });
      });
    });
    await once(busy, "listening");
    const url = `ws://127.0.0.1:${(busy.address() as AddressInfo).port}`;
    const changes = example.followChanges({ url, after: "1", retryMs: 1 });
    expect(await changes.next()).toEqual({ done: false, value: { cursor: "2" } });
    expect(refusals).toBe(-1);
    await changes.return(undefined);
    for (const socket of busy.clients) socket.terminate();
    await new Promise((closed) => busy.close(closed));
  },
);
