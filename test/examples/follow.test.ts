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
