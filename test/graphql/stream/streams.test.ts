import { createClient, type Client } from "graphql-ws";
import WebSocket from "ws";
import { pausePipeline, resumePipeline } from "../../../src/engine/operations/pause.js";
import { definePipeline } from "../../../src/pipelines/pipeline.js";
import { createTestApi, type TestApi } from "../../support/api.js";
import { ACTOR } from "../../support/engine.js";
import { statementsMeanwhile, statementsOf } from "../../support/statements.js";
import { until } from "../../support/until.js";
import { changeIds } from "../../support/changes.js";

const three = definePipeline({
  name: "three",
  version: 1,
  documentStages: ["a", "b", "c"].map((name) => ({ name, run: async () => null })),
});

let api: TestApi;
let socket: Client;
beforeAll(async () => {
  api = await createTestApi([three]);
  await api.rig.startWorker({ pollMs: 50 });
  socket = createClient({
    url: `${api.url.replace("http", "ws")}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    connectionParams: { authorization: `Bearer ${api.key}` },
  });
});
afterAll(async () => {
  await socket.dispose();
  await api.close();
});

interface Follower {
  readonly got: any[];
  ended: boolean;
  stop(): Promise<void>;
}
function follow(query: string, variables: Record<string, unknown>): Follower {
  const results = socket.iterate({ query, variables });
  const follower: Follower = { got: [], ended: false, stop: async () => void (await results.return?.()) };
  void (async () => {
    for await (const { data, errors } of results) follower.got.push(errors ?? data);
    follower.ended = true;
  })().catch((error: unknown) => follower.got.push(error));
  return follower;
}

const CHANGES = `subscription ($c: ID, $j: ID, $t: ID, $after: String) {
  statusChanges(collectionId: $c, jobId: $j, taskId: $t, after: $after) {
    __typename ... on StatusChange { id cursor entityId version } ... on StreamGap { cause resumeAt } } }`;
const get = async (query: string, variables: object = {}): Promise<any> => {
  const { data, errors } = await api.send(query, variables as Record<string, unknown>);
  expect(errors).toEqual([]);
  return data;
};

describe("the stream of a process", () => {
  test("reads once a wake-up, however many follow whatever scopes", async () => {
    const collections = [await api.rig.collection(1), await api.rig.collection(1)];
    const subscribers = [
      ...Array.from({ length: 15 }, () => follow(CHANGES, {})),
      ...collections.flatMap((c) => Array.from({ length: 10 }, () => follow(CHANGES, { c }))),
    ];
    await until("all follow", () => api.stream.size === subscribers.length);
    // What each has read by itself to begin with is behind them once a first change has come to all.
    const { createCollection } = await get(
      'mutation { createCollection(input: { name: "first" }) { collection { id } userErrors { code } } }',
    );
    const { id } = createCollection.collection;
    await until("all are live", () =>
      subscribers.slice(0, 15).every(({ got }) => got.some(({ statusChanges }) => statusChanges.entityId === id)),
    );
    // Where an older transaction was open as they began, the births of the two collections have come to them too.
    const before = subscribers.map(({ got }) => got.length);
    const startedAt = performance.now();
    const sent = await statementsMeanwhile(async () => {
      for (const c of collections) await api.rig.submit("three", 0, { collectionId: c, runAt: new Date("2030-01-01") });
      await until("all have it", () => subscribers.every(({ got }, i) => got.length === before[i]! + (i < 15 ? 6 : 3)));
    });
    const reads = sent.filter((sql) => sql.startsWith("select 'collection' as feed"));
    const alone = sent.filter((sql) => /from headway\.status_change s where s\.\w+ = \$1/.test(sql));
    expect(alone).toEqual([]);
    // Two commits, one more where a page was read while another commit came, and a poll a second on however busy a machine.
    const polls = (performance.now() - startedAt) / 1_000;
    expect(reads.length).toBeGreaterThan(0);
    expect(reads.length - polls).toBeLessThan(subscribers.length / 2);
    await Promise.all(subscribers.map((one) => one.stop()));
    await until("nobody follows", () => api.stream.size === 0);
  });
});

test("statusChanges tells of the entities that are asked for alone, so that a page of jobs need not receive every task", async () => {
  const collectionId = await api.rig.collection(2);
  const jobs = follow(
    `subscription ($c: ID!) { statusChanges(collectionId: $c, entityTypes: [JOB, COLLECTION]) {
       ... on StatusChange { entityType toStatus } } }`,
    { c: collectionId },
  );
  await until("it follows", () => api.stream.size === 1);
  const jobId = await api.rig.submit("three", 0, { collectionId });
  await api.rig.settled(jobId);
  await until("the job's end has come", () =>
    jobs.got.some(({ statusChanges: { toStatus } }) => toStatus === "COMPLETED"),
  );
  await until("both have ended", () => jobs.got.length === 5);
  const seen = jobs.got.map(({ statusChanges: { entityType, toStatus } }) => `${entityType} ${toStatus}`);
  expect(seen.toSorted()).toEqual([
    "COLLECTION COMPLETED",
    "COLLECTION PROCESSING",
    "JOB COMPLETED",
    "JOB PROCESSING",
    "JOB QUEUED",
  ]);
  await jobs.stop();
  await until("nobody follows", () => api.stream.size === 0);
});

describe("a cursor", () => {
  test("from a change, an edge, lastChange or streamCursor of a collection, its job or its task goes on in any of the three", async () => {
    const collectionId = await api.rig.collection(1);
    const jobId = await api.rig.submit("three", 0, { collectionId });
    await api.rig.settled(jobId);
    const data = await get(
      `query ($c: ID!, $j: ID!) { ofCollection: streamCursor(collectionId: $c) ofJob: streamCursor(jobId: $j)
         collection(id: $c) { lastChange { cursor } }
         job(id: $j) { lastChange { cursor } history(first: 1) { edges { cursor node { cursor } } }
           tasks(first: 1) { nodes { id lastChange { cursor } history(first: 1) { edges { cursor node { cursor } } } } } }
         list: statusChanges(first: 1, filter: { jobId: $j }) { edges { cursor node { cursor } } } }`,
      { c: collectionId, j: jobId },
    );
    const [task] = data.job.tasks.nodes;
    const edges = [data.job.history, task.history, data.list].flatMap(({ edges: [edge] }) => edge);
    for (const { cursor, node } of edges) expect(node.cursor).toBe(cursor);
    expect(data.ofJob).toBe(data.ofCollection);
    const cursors = [data.ofJob, data.collection.lastChange.cursor, data.job.lastChange.cursor, task.lastChange.cursor];
    for (const cursor of [...cursors, ...edges.map((edge) => edge.cursor)]) {
      const position = BigInt(Buffer.from(cursor, "base64url").toString().split(":")[2]!);
      const behind = await changeIds(api.rig.db, "where s.collection_id = $1 and s.position > $2 order by s.position", [
        collectionId,
        position,
      ]);
      const follower = follow(CHANGES, { c: collectionId, after: cursor });
      await until("what is behind it has come", () => follower.got.length >= behind.length);
      expect(follower.got.map(({ statusChanges }) => statusChanges.id)).toEqual(behind);
      await follower.stop();
      const listed = await get(
        "query ($c: ID!, $after: String) { statusChanges(first: 100, after: $after, filter: { collectionId: $c }) { nodes { id } } }",
        { c: collectionId, after: cursor },
      );
      expect(listed.statusChanges.nodes.map(({ id }: { id: string }) => id)).toEqual(behind);
    }
  });

  test("of the project is its own kind; the wrong kind is BAD_USER_INPUT, over both transports", async () => {
    const collectionId = await api.rig.collection(0);
    const { ofProject, ofCollection, statusChanges } = await get(
      "query ($c: ID!) { ofProject: streamCursor ofCollection: streamCursor(collectionId: $c) statusChanges(last: 1) { edges { cursor node { cursor } } } }",
      { c: collectionId },
    );
    const [{ cursor, node }] = statusChanges.edges;
    expect(node.cursor).toBe(cursor);
    for (const variables of [
      { c: collectionId, after: ofProject },
      { c: collectionId, after: cursor },
      { after: ofCollection },
    ]) {
      const follower = follow(CHANGES, variables);
      await until("it is refused", () => follower.got.length === 1);
      expect(follower.got[0][0].extensions.code).toBe("BAD_USER_INPUT");
      const { errors } = await api.send(
        "query ($filter: HistoryFilter, $after: String) { statusChanges(after: $after, filter: $filter) { nodes { id } } }",
        { after: variables.after, filter: "c" in variables ? { collectionId: variables.c } : null },
      );
      expect(errors[0]!.extensions.code).toBe("BAD_USER_INPUT");
    }
    const follower = follow(CHANGES, { after: ofProject });
    await get('mutation { createCollection(input: { name: "behind the cursor" }) { userErrors { code } } }');
    await until("it goes on from there", () => follower.got.length >= 1);
    expect(follower.got[0].statusChanges.__typename).toBe("StatusChange");
    await follower.stop();
  });

  test("of another collection is answered with a gap, and the stream goes on from its resumeAt", async () => {
    const [mine, other] = [await api.rig.collection(1), await api.rig.collection(1)];
    const { streamCursor } = await get("query ($c: ID!) { streamCursor(collectionId: $c) }", { c: other });
    const follower = follow(CHANGES, { c: mine, after: streamCursor });
    await until("the gap has come", () => follower.got.length === 1);
    const { __typename, resumeAt } = follower.got[0].statusChanges;
    expect(__typename).toBe("StreamGap");
    await api.rig.settled(await api.rig.submit("three", 0, { collectionId: mine }));
    const again = follow(CHANGES, { c: mine, after: resumeAt });
    await until("both have the rest", () => follower.got.length >= 11 && again.got.length >= follower.got.length - 1);
    expect(again.got).toEqual(follower.got.slice(1));
    await Promise.all([follower.stop(), again.stop()]);
  });

  test("is taken before anything else of its request is read, wherever it stands", async () => {
    const jobId = await api.rig.submit("three", 1, { runAt: new Date("2030-01-01") });
    for (const fields of [
      "job(id: $j) { status } node(id: $j) { id } cursor: streamCursor(jobId: $j)",
      "cursor: streamCursor(jobId: $j) job(id: $j) { status } tasks(filter: { jobId: $j }) { nodes { id } }",
    ]) {
      const all = await statementsOf(() => get(`query ($j: ID!) { ${fields} }`, { j: jobId }));
      // A key that was good is asked after again every five seconds, whatever the request reads.
      const sent = all.filter((sql) => !/from headway\.api_key\b/.test(sql));
      const cursorAt = sent.findIndex((sql) => /from headway\.status_change\b/.test(sql));
      // Only what the cursor itself needs comes before it, and the job is read anew behind it.
      expect(sent.slice(0, cursorAt)).toHaveLength(1);
      expect(sent.slice(cursorAt + 1).some((sql) => /FROM (?:"\w+"\.)?"job"/.test(sql))).toBe(true);
    }
    const { errors } = await api.send('{ streamCursor(jobId: "nonsense") pipelines { name } }');
    expect(errors).toMatchObject([{ path: ["streamCursor"], extensions: { code: "BAD_USER_INPUT" } }]);
  });
});

describe("jobProgress", () => {
  const PROGRESS = "subscription ($j: ID!) { jobProgress(jobId: $j) { status progress counts { total completed } } }";

  test("gives the state at once, then at most ten a second, and ends when the job is settled", async () => {
    // So that the first state is given before anything runs, however slow the machine is.
    await pausePipeline(api.rig.deps, ACTOR, { pipeline: "three", reason: "until its first state is seen" });
    const jobId = await api.rig.submit("three", 150);
    const times: number[] = [];
    const seen: any[] = [];
    for await (const { data } of socket.iterate<any>({ query: PROGRESS, variables: { j: jobId } })) {
      times.push(performance.now());
      seen.push(data!.jobProgress);
      if (seen.length === 1) await resumePipeline(api.rig.deps, ACTOR, { pipeline: "three" });
    }
    expect(seen[0]).toEqual({ status: "QUEUED", progress: 0, counts: { total: 150, completed: 0 } });
    expect(seen.at(-1)).toEqual({ status: "COMPLETED", progress: 1, counts: { total: 150, completed: 150 } });
    const progress = seen.map((one) => one.progress);
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
    // All in all, because one that is late makes the next seem early.
    expect(times.length - 1).toBeLessThanOrEqual((times.at(-1)! - times[0]!) / 90 + 1);
    const settled = follow(PROGRESS, { j: jobId });
    await until("it has ended", () => settled.ended);
    expect(settled.got).toEqual([{ jobProgress: seen.at(-1) }]);
    await until("nobody watches", () => api.stream.size === 0);
  });

  test("reads the job once for all that watch it", async () => {
    const collectionId = await api.rig.collection(1);
    const jobId = await api.rig.submit("three", 0, { collectionId, runAt: new Date("2030-01-01") });
    const watchers = Array.from({ length: 20 }, () => follow(PROGRESS, { j: jobId }));
    await until("all have the first states", () => watchers.every(({ got }) => got.length >= 2));
    const sent = await statementsMeanwhile(async () => {
      await get("mutation ($j: ID!) { cancelJob(input: { jobId: $j }) { userErrors { code } } }", { j: jobId });
      await until("all have ended", () => watchers.every(({ ended }) => ended));
    });
    const reads = sent.filter((sql) => /FROM (?:"\w+"\.)?"job"/.test(sql));
    expect(reads.length).toBeLessThan(watchers.length);
    for (const { got } of watchers) expect(got.at(-1).jobProgress.status).toBe("CANCELLED");
  });
});
