import { createClient, type FollowedEvent } from "../../src/client-node.js";
import { KeyRing } from "../../src/access/keys.js";
import { createLogger } from "../../src/logger.js";
import { createEmbedder } from "../../src/pipelines/embedding/create-embedder.js";
import { definePipeline } from "../../src/pipelines/pipeline.js";
import { startServer } from "../../src/server/server.js";
import { createTestApi, type TestApi } from "../support/api.js";
import { changeIds } from "../support/changes.js";
import { keyBy } from "../support/keys.js";
import { until } from "../support/until.js";

const gates: (() => void)[] = [];
const gated = definePipeline({
  name: "gated",
  version: 1,
  documentStages: [
    { name: "wait", run: () => new Promise<null>((resolve) => gates.push(() => resolve(null))) },
    { name: "go", run: async () => null },
  ],
});

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi([gated]);
  await api.rig.startWorker({ concurrency: 8 });
});
afterAll(() => api.close());

/** A server over the same database, at one port however often it is started. */
function start(port: number) {
  const { deps, db, blobs } = api.rig;
  const keys = new KeyRing(db, deps.onError);
  const parts = { deps, stream: api.stream, keys, embedder: createEmbedder("hash"), blobs };
  return startServer({
    host: "127.0.0.1",
    port,
    logger: createLogger("silent"),
    checks: [],
    measured: null,
    api: parts,
  });
}

/** What a following ends with; null where it ends well. */
async function endOf(events: AsyncIterable<FollowedEvent>): Promise<unknown> {
  try {
    for await (const _ of events);
    return null;
  } catch (error) {
    return error;
  }
}

test("follow has every change of a job once and in order across restarts of the server, and ends with the job", async () => {
  let server = await start(0);
  const jobId = await api.rig.submit("gated", 6);
  const losses: string[] = [];
  const client = createClient({ url: server.url, key: api.key });
  const got: FollowedEvent[] = [];
  const following = (async () => {
    for await (const event of client.follow(jobId, { onLost: (why) => losses.push(why) })) got.push(event);
  })();
  await until("all of it waits", () => gates.length === 6);
  for (let restart = 0; restart < 3; restart += 1) {
    const before = got.length;
    await until("it follows", () => api.stream.size > 0);
    await server.close(0);
    // What follows happens while nobody is connected.
    gates.shift()!();
    const ended = "select from headway.task where job_id = $1 and status = 'COMPLETED'";
    await until("a task has ended", async () => (await api.rig.db.query(ended, [jobId])).length === restart + 1);
    server = await start(server.port);
    await until("it goes on", () => got.length > before);
  }
  for (const open of gates) open();
  await following;
  expect(losses.length).toBeGreaterThanOrEqual(3);
  expect(got.map((event) => event.__typename === "StatusChange" && event.id)).toEqual(
    await changeIds(api.rig.db, "where s.job_id = $1 order by s.position", [jobId]),
  );
  await client.close();
  await server.close(0);
});

test("follow gives up after as many attempts as it is told to, and at once where the key is no longer good", async () => {
  const server = await start(0);
  const jobId = await api.rig.submit("gated", 1, { runAt: new Date(Date.now() + 3_600_000) });
  const client = createClient({ url: server.url, key: api.key });
  const losses: string[] = [];
  const ended = endOf(client.follow(jobId, { attempts: 2, onLost: (why) => losses.push(why) }));
  await until("it follows", () => api.stream.size > 0);
  await server.close(0);
  expect(await ended).toMatchObject({ code: "UNREACHABLE" });
  expect(losses).toHaveLength(2);
  await client.close();

  const again = await start(server.port);
  const short = createClient({ url: again.url, key: await keyBy(api.rig.db, { name: "short" }) });
  const refused = endOf(short.follow(jobId));
  await until("it follows", () => api.stream.size > 0);
  await api.rig.db.query("update headway.api_key set revoked_at = clock_timestamp() where name = 'short'");
  await again.close(0);
  const third = await start(server.port);
  expect(await refused).toMatchObject({ code: "UNAUTHENTICATED" });
  await short.close();
  await third.close(0);
});
