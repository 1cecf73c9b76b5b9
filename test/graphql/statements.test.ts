import { definePipeline } from "../../src/pipelines/pipeline.js";
import { createTestApi, type TestApi } from "../support/api.js";
import { statementsOf } from "../support/statements.js";
import { until } from "../support/until.js";

const work = definePipeline({
  name: "work",
  version: 1,
  documentStages: [
    {
      name: "read",
      maxAttempts: 1,
      run: async (ctx) => {
        if (ctx.document.name === "d1") throw new Error("it is the one that fails");
        await ctx.setText("one two");
        await ctx.chunks.replace(
          ["one", "two"].map((text, ordinal) => ({
            ordinal,
            text,
            startOffset: ordinal * 4,
            endOffset: ordinal * 4 + 3,
          })),
        );
        await ctx.artifacts.write(`${ctx.document.name}.txt`, "kept", "text/plain");
      },
    },
  ],
  collectionStages: [{ name: "sum", run: async () => ({ done: true }) }],
});

let api: TestApi;
beforeAll(async () => {
  // Keys are looked at every few seconds, whatever is asked: once here, so that what is counted is the request's own.
  api = await createTestApi([work], { trustedMs: 3_600_000, recheckKeysMs: 3_600_000 });
  const worker = await api.rig.startWorker();
  for (let c = 0; c < 6; c += 1) {
    const collectionId = await api.rig.collection(5);
    for (let j = 0; j < 4; j += 1) await api.rig.settled(await api.rig.submit("work", 0, { collectionId }));
  }
  await worker.stop(0);
  // And one that waits, so that there is something to say about waiting.
  await api.rig.submit("work", 5);
  await until("the use of the key is noted", async () => {
    await api.send("{ viewer { name } }");
    return (await api.rig.db.query("select 1 from headway.api_key where last_used_at is null")).length === 0;
  });
});
afterAll(() => api.close());

/** Runs the query and returns the statements it took; it must succeed. */
async function cost(query: string): Promise<{ statements: string[]; data: any }> {
  let data: unknown = null;
  const statements = await statementsOf(async () => {
    const answer = await api.send(query);
    expect(answer.errors).toEqual([]);
    data = answer.data;
  });
  return { statements, data };
}

const nested = (collections: number, jobs: number, tasks: number, changes: number): string => `{
  collections(first: ${collections}) { nodes { id status jobs(first: ${jobs}) { nodes { id status
    tasks(first: ${tasks}) { nodes { id status history(first: ${changes}) { nodes { id reason at cursor } } } } } } } } }`;

test("collections, their jobs, their tasks and their history take one statement a level, whatever the page sizes", async () => {
  const small = await cost(nested(1, 1, 1, 1));
  const large = await cost(nested(7, 4, 6, 3));
  expect(small.statements).toHaveLength(4);
  expect(large.statements).toHaveLength(4);
  const jobs = large.data.collections.nodes.flatMap((collection: any) => collection.jobs.nodes);
  const tasks = jobs.flatMap((job: any) => job.tasks.nodes);
  const changes = tasks.flatMap((task: any) => task.history.nodes);
  expect([jobs.length, tasks.length, changes.length]).toEqual([25, 150, 24 * 6 * 3 + 6]);
});

/** What a statement is, without what depends on the page. */
const shapeOf = (sql: string): string => sql.replaceAll(/limit \d+/gi, "limit n");

/** Every field that needs more than its own row, under each noun. */
const EVERYTHING: readonly (readonly [string, string])[] = [
  [
    "collections",
    `collections(first: N) { totalCount nodes { canSubmit { allowed disabledReason } warnings { code } currentJob { id } lastJob { id }
      lastChange { cursor } documents(first: N) { totalCount nodes { id } } jobs(first: N) { totalCount nodes { id } } history(last: N) { totalCount nodes { id } } } }`,
  ],
  [
    "jobs",
    `jobs(first: N) { totalCount nodes { collection { id } stage stageCounts { stage } collectionTask { id }
      summary { counts { total } stages { stage count p50Ms } } waitingOn { code } canRetry { allowed } canCancel { allowed }
      lastChange { cursor } artifacts(first: N) { totalCount nodes { url } } tasks(first: N, filter: { stage: ["read"] }) { totalCount nodes { id } } } }`,
  ],
  [
    "tasks",
    `jobs(first: N) { nodes { tasks(first: N) { nodes { job { id } document { id } worker { id } error { code } stages { stage outcome }
      refusedWrites { at } waitingOn { code message } canRetry { allowed } canCancel { allowed } lastChange { cursor }
      history(first: N) { totalCount } } } } }`,
  ],
  [
    "documents",
    `collections(first: N) { nodes { documents(first: N) { nodes { text collection { id } lastTask { id }
      chunks(first: N) { totalCount nodes { text document { id } } } } } } }`,
  ],
  ["workers", `workers(includeStopped: true) { tasks(first: N) { totalCount nodes { id } } }`],
];

describe("the statements of a request", () => {
  test.each(EVERYTHING)("do not grow with its pages, whatever is selected of %s", async (_noun, fields) => {
    const ask = (size: string): Promise<{ statements: string[] }> => cost(`{ ${fields.replaceAll("N", size)} }`);
    await ask("30"); // The first read of a summary reckons and keeps what later ones find.
    const [few, many] = [await ask("3"), await ask("30")];
    expect(many.statements.map(shapeOf).sort()).toEqual(few.statements.map(shapeOf).sort());
  });

  test("do not count what is not asked for", async () => {
    const { statements } = await cost("{ collections(first: 2) { nodes { jobs(first: 2) { nodes { id } } } } }");
    expect(statements.filter((sql) => sql.includes("count("))).toEqual([]);
    const counted = await cost(
      "{ collections(first: 2) { totalCount nodes { jobs(first: 2) { totalCount nodes { id } } } } }",
    );
    expect(counted.statements.filter((sql) => sql.includes("count("))).toHaveLength(2);
    expect(counted.data.collections.totalCount).toBe(7);
  });

  test("give the same rows nested as asked one by one", async () => {
    const { data } = await cost(
      "{ collections(first: 7) { nodes { id jobs(first: 3) { totalCount pageInfo { hasNextPage endCursor } nodes { id } } } } }",
    );
    for (const { id, jobs } of data.collections.nodes) {
      const alone = await cost(
        `{ jobs(first: 3, filter: { collectionId: "${id}" }) { totalCount pageInfo { hasNextPage endCursor } nodes { id } } }`,
      );
      expect(jobs).toEqual(alone.data.jobs);
    }
  });

  test("find the task of a document for every job at once", async () => {
    const first = await cost("{ collections(first: 2) { nodes { documents(first: 1) { nodes { id name } } } } }");
    const documentId = first.data.collections.nodes[1].documents.nodes[0].id;
    const { data, statements } = await cost(
      `{ jobs(first: 50) { nodes { id task(documentId: "${documentId}") { documentName job { id } } } } }`,
    );
    // The jobs, their tasks of this document, and once more the jobs that the tasks are of.
    expect(statements).toHaveLength(3);
    const found = data.jobs.nodes.filter(({ task }: any) => task !== null);
    expect(found).toHaveLength(4);
    for (const { id, task } of found) expect(task).toEqual({ documentName: "d0", job: { id } });
  });
});
