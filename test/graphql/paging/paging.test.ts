import { definePipeline } from "../../../src/pipelines/pipeline.js";
import { createTestApi, type TestApi } from "../../support/api.js";

const plain = definePipeline({
  name: "plain",
  version: 1,
  documentStages: [{ name: "read", maxAttempts: 1, run: async (ctx) => void (await ctx.document.text()) }],
  collectionStages: [{ name: "sum", run: async () => ({ done: true }) }],
});

let api: TestApi;
let collectionId: string;
let jobId: string;
beforeAll(async () => {
  api = await createTestApi([plain]);
  await api.rig.startWorker();
  for (let i = 0; i < 10; i += 1) await api.rig.settled(await api.rig.submit("plain", 1, { priority: i % 3 }));
  collectionId = await api.rig.collection(10);
  jobId = await api.rig.submit("plain", 0, { collectionId });
  await api.rig.settled(jobId);
});
afterAll(() => api.close());

interface PageOf {
  readonly nodes: { id: string }[];
  readonly edges: { cursor: string; node: { id: string } }[];
  readonly pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string; endCursor: string };
  readonly totalCount: number;
}

const PAGE =
  "nodes { id } edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount";

/** A field that is a list, with its arguments put in; `under` is what it stands in. */
interface List {
  readonly field: string;
  readonly args?: string;
  readonly under?: () => string;
  readonly backwards: boolean;
}

async function page(list: List, args: string): Promise<PageOf> {
  const field = `list: ${list.field}(${[args, list.args].filter(Boolean).join(", ")}) { ${PAGE} }`;
  const { data, errors } = await api.send(list.under ? `{ under: ${list.under()} { ${field} } }` : `{ ${field} }`);
  expect(errors).toEqual([]);
  return (list.under ? data!.under.list : data!.list) as PageOf;
}

async function walk(list: List, size: number, between: () => Promise<void> = async () => undefined): Promise<string[]> {
  const ids: string[] = [];
  for (let after: string | null = null; ;) {
    const { nodes, edges, pageInfo } = await page(list, `first: ${size}${after ? `, after: "${after}"` : ""}`);
    expect(nodes).toEqual(edges.map(({ node }) => node));
    expect(nodes.length).toBeLessThanOrEqual(size);
    if (nodes.length > 0)
      expect([pageInfo.startCursor, pageInfo.endCursor]).toEqual([edges[0]!.cursor, edges.at(-1)!.cursor]);
    expect(pageInfo.hasPreviousPage).toBe(after !== null);
    ids.push(...nodes.map(({ id }) => id));
    if (!pageInfo.hasNextPage) return ids;
    after = pageInfo.endCursor;
    await between();
  }
}

async function walkBack(list: List, size: number): Promise<string[]> {
  const ids: string[] = [];
  for (let before: string | null = null; ;) {
    const { nodes, pageInfo } = await page(list, `last: ${size}${before ? `, before: "${before}"` : ""}`);
    ids.unshift(...nodes.map(({ id }) => id));
    if (!pageInfo.hasPreviousPage) return ids;
    before = pageInfo.startCursor;
  }
}

const inCollection = (): string => `collection(id: "${collectionId}")`;
const inJob = (): string => `job(id: "${jobId}")`;
const LISTS: readonly (readonly [string, number, List])[] = [
  ["collections", 11, { field: "collections", backwards: true }],
  ["jobs", 11, { field: "jobs", backwards: true }],
  ["jobs by priority", 11, { field: "jobs", args: "orderBy: { field: PRIORITY, direction: DESC }", backwards: true }],
  [
    "jobs by change",
    11,
    { field: "jobs", args: "orderBy: { field: STATUS_CHANGED_AT, direction: ASC }", backwards: true },
  ],
  ["a collection's documents", 10, { field: "documents", under: inCollection, backwards: false }],
  ["a collection's history", 3, { field: "history", under: inCollection, backwards: true }],
  ["a job's tasks", 11, { field: "tasks", under: inJob, backwards: false }],
];

describe("a list", () => {
  test.each(LISTS)(
    "of %s gives each of its rows once, whatever the page size, from both ends",
    async (_what, count, list) => {
      const all = await walk(list, 100);
      expect(all).toHaveLength(count);
      expect(new Set(all).size).toBe(count);
      for (const size of [1, 3, count]) expect(await walk(list, size)).toEqual(all);
      if (list.backwards) for (const size of [1, 4]) expect(await walkBack(list, size)).toEqual(all);
      expect((await page(list, "first: 0")).totalCount).toBe(count);
    },
  );

  test("of all changes of a collection runs oldest first, from both ends", async () => {
    const list: List = { field: "statusChanges", args: `filter: { collectionId: "${collectionId}" }`, backwards: true };
    const all = await walk(list, 100);
    // A birth, a passage and an end for collection and job; three changes a document task; four of the collection task.
    expect(all).toHaveLength(3 + 3 + 30 + 4);
    expect(await walk(list, 7)).toEqual(all);
    expect(await walkBack(list, 7)).toEqual(all);
  });

  test("of jobs, newest first, stays right while rows arrive and statuses change", async () => {
    const list: List = { field: "jobs", backwards: true };
    const before = await walk(list, 100);
    const seen = await walk(list, 2, async () => {
      await api.rig.settled(await api.rig.submit("plain", 1));
    });
    expect(seen).toEqual(before);
  });

  test("combines all its filters", async () => {
    const { data, errors } = await api.send(
      `query ($c: ID!) { jobs(filter: { collectionId: $c, status: [COMPLETED], pipeline: ["plain"], tags: [] }) { nodes { id } totalCount }
         none: jobs(filter: { collectionId: $c, status: [FAILED] }) { totalCount } }`,
      { c: collectionId },
    );
    expect(errors).toEqual([]);
    expect(data).toEqual({ jobs: { nodes: [{ id: jobId }], totalCount: 1 }, none: { totalCount: 0 } });
  });
});

describe("the arguments of a list", () => {
  const count = async (query: string, variables = {}): Promise<number> => {
    const { data, errors } = await api.send(query, variables);
    expect(errors).toEqual([]);
    return data!.jobs.nodes.length;
  };

  test("take last alone, though first has a default", async () => {
    expect(await count("{ jobs(last: 2) { nodes { id } } }")).toBe(2);
    expect(await count("query ($first: Int) { jobs(first: $first, last: 2) { nodes { id } } }")).toBe(2);
    expect(await count("{ jobs(first: null, last: 2) { nodes { id } } }")).toBe(2);
    expect(await count("{ jobs(first: 3) { nodes { id } } }")).toBe(3);
  });

  test.each([
    ["{ jobs(first: 50, last: 2) { nodes { id } } }", {}],
    ["query ($first: Int) { jobs(first: $first, last: 2) { nodes { id } } }", { first: 50 }],
    ["query ($first: Int = 50) { jobs(first: $first, last: 2) { nodes { id } } }", {}],
    ["{ collections { nodes { jobs(first: 101) { nodes { id } } } } }", {}],
    ['{ collections { nodes { history(first: 1, after: "bm9uZQ") { nodes { id } } } } }', {}],
  ])("are BAD_USER_INPUT in %s", async (query, variables) => {
    const { errors } = await api.send(query, variables);
    expect(errors[0]?.extensions.code).toBe("BAD_USER_INPUT");
  });

  test("refuse a cursor that has the shape of one and a value that none has, below other nouns too", async () => {
    const cursor = (...parts: string[]): string => Buffer.from(JSON.stringify(parts)).toString("base64url");
    const id = "00000000-0000-7000-8000-000000000001";
    const noDay = cursor("jobs CREATED_AT DESC", "2026-02-30 00:00:00+00", id);
    for (const query of [
      `{ jobs(after: "${noDay}") { nodes { id } } }`,
      `{ collections(first: 1) { nodes { jobs(after: "${noDay}") { nodes { id } } } } }`,
      `{ job(id: "${jobId}") { tasks(after: "${cursor("tasks of a job", "9999999999")}") { nodes { id } } } }`,
      `{ job(id: "${jobId}") { history(after: "${Buffer.from(`c:${id}:9999999999999999999`).toString("base64url")}") { nodes { id } } } }`,
    ]) {
      const { errors } = await api.send(query);
      expect(errors.map(({ extensions }) => extensions.code)).toEqual(["BAD_USER_INPUT"]);
      expect(errors[0]!.message).toMatch(/^after: /);
    }
  });
});

describe("the nouns", () => {
  test("can be followed both ways, and their last change is the last of their history", async () => {
    const { data, errors } = await api.send(
      `query ($c: ID!) { collection(id: $c) { status lastChange { id reason } history(last: 1) { nodes { id toStatus } }
         currentJob { id } lastJob { id collection { id } collectionTask { kind status documentName job { id } }
           task(documentId: "00000000-0000-7000-8000-00000000ffff") { id }
           tasks(first: 1) { nodes { id kind document { id name collection { id } lastTask { id } } lastChange { id reason toStatus actor { type name } }
             history(last: 1) { nodes { id } } stages { stage run attempt outcome durationMs } } } } } }`,
      { c: collectionId },
    );
    expect(errors).toEqual([]);
    const { collection } = data!;
    const [task] = collection.lastJob.tasks.nodes;
    expect(collection).toMatchObject({ status: "COMPLETED", currentJob: null, lastJob: { id: jobId, task: null } });
    expect(collection.lastChange.id).toBe(collection.history.nodes[0].id);
    expect(collection.lastJob.collection.id).toBe(collectionId);
    expect(collection.lastJob.collectionTask).toMatchObject({
      kind: "COLLECTION",
      status: "COMPLETED",
      documentName: null,
      job: { id: jobId },
    });
    expect(task.document.lastTask.id).toBe(task.id);
    expect(task.document.collection.id).toBe(collectionId);
    expect(task.lastChange).toMatchObject({
      id: task.history.nodes[0].id,
      reason: "COMPLETED",
      toStatus: "COMPLETED",
      actor: { type: "WORKER", name: expect.stringMatching(/^worker:/) },
    });
    expect(task.stages).toEqual([
      { stage: "read", run: 1, attempt: 1, outcome: "COMPLETED", durationMs: expect.any(Number) },
    ]);
  });

  test("are all found by node(id)", async () => {
    const { data } = await api.send(
      `query ($c: ID!) { collection(id: $c) { lastJob { tasks(first: 1) { nodes { id document { id } lastChange { id } worker { id } } } } } }`,
      { c: collectionId },
    );
    const [task] = data!.collection.lastJob.tasks.nodes;
    for (const [type, id] of [
      ["Collection", collectionId],
      ["Job", jobId],
      ["Task", task.id],
      ["Document", task.document.id],
      ["StatusChange", task.lastChange.id],
    ]) {
      expect((await api.send(`query ($id: ID!) { node(id: $id) { __typename id } }`, { id })).data).toEqual({
        node: { __typename: type, id },
      });
    }
  });
});
