import { writeFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { PermanentError } from "../../../src/errors.js";
import { definePipeline } from "../../../src/pipelines/pipeline.js";
import { createTestApi, type TestApi } from "../../support/api.js";

/** Documents in the order in which they were counted, over all tests. */
const counted: string[] = [];
let totalFails = false;

const words = definePipeline({
  name: "words",
  version: 1,
  options: z.object({ factor: z.number().default(1) }),
  documentStages: [
    { name: "download", run: async (ctx) => void (await ctx.document.fetch()) },
    {
      name: "count",
      run: async (ctx) => {
        const text = await ctx.document.text();
        counted.push(ctx.document.name);
        if (text.includes("broken")) throw new PermanentError("BROKEN", "It is broken; send another.");
        await ctx.setText(text);
        await ctx.chunks.replace([{ ordinal: 0, text, startOffset: 0, endOffset: text.length }]);
        return { words: text.split(/\s+/).length * ctx.options.factor };
      },
    },
  ],
  collectionStages: [
    {
      name: "total",
      maxAttempts: 1,
      run: async (ctx) => {
        if (totalFails) throw new Error("not this time");
        const sums: Record<string, number> = {};
        for await (const { document, output } of ctx.documentOutputs("count")) sums[document.name] = output.words;
        return sums;
      },
    },
  ],
});
/** Leaves nothing but its outputs. */
const bare = definePipeline({
  name: "bare",
  version: 1,
  documentStages: [
    {
      name: "count",
      run: async (ctx) => {
        counted.push(ctx.document.name);
        return { length: (await ctx.document.text()).length };
      },
    },
  ],
});

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi([words, bare]);
  await api.rig.startWorker({ pollMs: 50 });
});
afterAll(async () => {
  expect(await api.rig.violations()).toEqual([]);
  expect(api.rig.errors).toEqual([]);
  await api.close();
});
beforeEach(() => counted.splice(0));

interface Settled {
  readonly id: string;
  readonly status: string;
  /** Document tasks by name: status and the reasons of their changes. */
  readonly tasks: Record<string, { status: string; reasons: string[] }>;
  readonly collectionTask: { status: string; lastChange: { reason: string } } | null;
  readonly output: unknown;
  readonly counts: { total: number; skipped: number; completed: number; failed: number };
}

async function submit(collectionId: string, more: Record<string, unknown> = {}, pipeline = "words"): Promise<Settled> {
  const { data, errors } = await api.send(
    "mutation ($input: SubmitJobInput!) { submitJob(input: $input) { job { id } userErrors { code message } } }",
    { input: { collectionId, pipeline, mode: "INCREMENTAL", ...more } },
  );
  expect([errors, data!.submitJob.userErrors]).toEqual([[], []]);
  const { id } = data!.submitJob.job;
  await api.rig.settled(id);
  const read = await api.send(
    `query ($id: ID!) { job(id: $id) { status mode counts { total skipped completed failed } summary { output }
       collectionTask { status lastChange { reason } }
       tasks(first: 100) { nodes { kind documentName status history(first: 100) { nodes { reason } } } } } }`,
    { id },
  );
  expect(read.errors).toEqual([]);
  const { job } = read.data!;
  const tasks = job.tasks.nodes.filter(({ kind }: { kind: string }) => kind === "DOCUMENT");
  return {
    id,
    status: job.status,
    counts: job.counts,
    collectionTask: job.collectionTask,
    output: job.summary.output,
    tasks: Object.fromEntries(
      tasks.map(({ documentName, status, history }: any) => [
        documentName,
        { status, reasons: history.nodes.map(({ reason }: { reason: string }) => reason) },
      ]),
    ),
  };
}

async function add(collectionId: string, documents: readonly object[]): Promise<void> {
  const { data } = await api.send(
    "mutation ($input: AddDocumentsInput!) { addDocuments(input: $input) { userErrors { code message } } }",
    { input: { collectionId, documents } },
  );
  expect(data!.addDocuments.userErrors).toEqual([]);
}

async function chunks(collectionId: string): Promise<Record<string, string[]>> {
  const { data } = await api.send(
    "query ($id: ID!) { collection(id: $id) { documents { nodes { name text chunks { nodes { id text } } } } } }",
    { id: collectionId },
  );
  return Object.fromEntries(
    data!.collection.documents.nodes.map(({ name, chunks: { nodes } }: any) => [name, nodes.map(({ id }: any) => id)]),
  );
}

const SKIPPED_AT_BIRTH = { status: "SKIPPED", reasons: ["UNCHANGED"] };
const THREE = [
  { name: "a", text: "one" },
  { name: "b", text: "one two" },
  { name: "c", text: "one two three" },
];

describe("an incremental submit", () => {
  test("of documents that are all as they were skips everything, at birth, and keeps the chunks", async () => {
    const collectionId = await api.rig.collection(THREE);
    const first = await submit(collectionId);
    expect(first).toMatchObject({ status: "COMPLETED", output: { a: 1, b: 2, c: 3 } });
    const before = await chunks(collectionId);
    expect(counted.splice(0).sort()).toEqual(["a", "b", "c"]);

    const second = await submit(collectionId);
    expect(second.tasks).toEqual({ a: SKIPPED_AT_BIRTH, b: SKIPPED_AT_BIRTH, c: SKIPPED_AT_BIRTH });
    expect(second).toMatchObject({
      status: "COMPLETED",
      counts: { total: 3, skipped: 3, completed: 0 },
      collectionTask: { status: "SKIPPED", lastChange: { reason: "UNCHANGED" } },
    });
    expect(counted).toEqual([]);
    expect(await chunks(collectionId)).toEqual(before);
  });

  test("does what has changed and what is new, and its collection stages see the kept outputs of the rest", async () => {
    const collectionId = await api.rig.collection(THREE);
    await submit(collectionId);
    const before = await chunks(collectionId);
    counted.splice(0);
    await add(collectionId, [
      { name: "b", text: "now it has five words" },
      { name: "a", text: "one" },
      { name: "d", text: "new here" },
    ]);
    const next = await submit(collectionId);
    expect(counted.sort()).toEqual(["b", "d"]);
    expect(next.tasks).toMatchObject({ a: SKIPPED_AT_BIRTH, c: SKIPPED_AT_BIRTH });
    expect(next.tasks.b!.status).toBe("COMPLETED");
    expect(next).toMatchObject({
      status: "COMPLETED",
      output: { a: 1, b: 5, c: 3, d: 2 },
      collectionTask: { status: "COMPLETED" },
    });
    const after = await chunks(collectionId);
    expect([after.a, after.c]).toEqual([before.a, before.c]);
    expect(after.b).not.toEqual(before.b);
  });

  test("skips what comes from a file once the download shows that it is unchanged", async () => {
    const file = path.join(api.rig.deps.fileRoots[0]!, "source.txt");
    await writeFile(file, "from a file");
    const collectionId = await api.rig.collection(0);
    await add(collectionId, [{ name: "f", uri: pathToFileURL(file).href }]);
    expect((await submit(collectionId)).output).toEqual({ f: 3 });
    const before = await chunks(collectionId);

    const same = await submit(collectionId);
    expect(same.tasks.f).toEqual({ status: "SKIPPED", reasons: ["SUBMITTED", "CLAIMED", "UNCHANGED"] });
    expect(same.collectionTask).toEqual({ status: "SKIPPED", lastChange: { reason: "UNCHANGED" } });
    expect(await chunks(collectionId)).toEqual(before);

    await writeFile(file, "from a file that has grown");
    expect(await submit(collectionId)).toMatchObject({ output: { f: 6 }, tasks: { f: { status: "COMPLETED" } } });
    expect(counted).toEqual(["f", "f"]);
  });

  test("does again what failed, what another run has replaced, and what these options have not done", async () => {
    const collectionId = await api.rig.collection([...THREE, { name: "x", text: "broken" }]);
    expect((await submit(collectionId)).status).toBe("COMPLETED_WITH_ERRORS");
    counted.splice(0);
    expect(await submit(collectionId)).toMatchObject({ counts: { skipped: 3, failed: 1 } });
    expect(counted.splice(0)).toEqual(["x"]);
    // Other options make other results, which replace the chunks of the first ones.
    expect(await submit(collectionId, { options: { factor: 2 } })).toMatchObject({
      counts: { skipped: 0, completed: 3 },
    });
    counted.splice(0);
    expect(await submit(collectionId)).toMatchObject({ counts: { skipped: 0, completed: 3, failed: 1 } });
    expect(counted.sort()).toEqual(["a", "b", "c", "x"]);
  });

  test("that says FULL, or nothing, does everything again", async () => {
    const collectionId = await api.rig.collection(THREE);
    await submit(collectionId);
    expect(await submit(collectionId, { mode: "FULL" })).toMatchObject({ counts: { skipped: 0, completed: 3 } });
    expect(await submit(collectionId, { mode: undefined })).toMatchObject({ counts: { skipped: 0, completed: 3 } });
  });

  test("runs the collection stages again where they failed, though every document is unchanged", async () => {
    const collectionId = await api.rig.collection(THREE);
    totalFails = true;
    expect((await submit(collectionId)).status).toBe("FAILED");
    totalFails = false;
    expect(await submit(collectionId)).toMatchObject({
      counts: { skipped: 3 },
      output: { a: 1, b: 2, c: 3 },
      collectionTask: { status: "COMPLETED" },
    });
  });

  test("runs the collection stages again where the last ones saw other contents of the same documents", async () => {
    const collectionId = await api.rig.collection(THREE);
    await submit(collectionId);
    await add(collectionId, [{ name: "a", text: "one and more" }]);
    totalFails = true;
    await submit(collectionId);
    totalFails = false;
    const next = await submit(collectionId);
    expect(next.counts.skipped).toBe(3);
    expect(next.output).toEqual({ a: 3, b: 2, c: 3 });
  });

  test("skips in a pipeline that leaves nothing but outputs, too", async () => {
    const collectionId = await api.rig.collection(THREE);
    await api.rig.settled(await api.rig.submit("bare", 0, { collectionId }));
    counted.splice(0);
    const { data } = await api.send(
      'mutation ($c: ID!) { submitJob(input: { collectionId: $c, pipeline: "bare", mode: INCREMENTAL }) { job { status counts { skipped } } } }',
      { c: collectionId },
    );
    expect(data!.submitJob.job).toEqual({ status: "COMPLETED", counts: { skipped: 3 } });
    expect(counted).toEqual([]);
  });
});

describe("removeDocuments", () => {
  const REMOVE = `mutation ($c: ID!, $ids: [ID!]!) { removeDocuments(input: { collectionId: $c, documentIds: $ids }) {
    removedIds userErrors { code message path } } }`;
  const documentsOf = async (collectionId: string): Promise<Record<string, string>> => {
    const rows: { id: string; name: string }[] = await api.rig.db.query(
      "select id, name from headway.document where collection_id = $1",
      [collectionId],
    );
    return Object.fromEntries(rows.map(({ id, name }) => [name, id]));
  };
  const leftOf = async (id: string): Promise<number> => {
    const rows: { n: number }[] = await api.rig.db.query(
      `select (select count(*) from headway.document where id = $1) + (select count(*) from headway.document_bytes where document_id = $1)
         + (select count(*) from headway.document_text where document_id = $1) + (select count(*) from headway.chunk where document_id = $1)
         as n`,
      [id],
    );
    return Number(rows[0]!.n);
  };

  test("takes away bytes, text, chunks, outputs and files; the tasks stay with the document's name", async () => {
    const file = path.join(api.rig.deps.fileRoots[0]!, "gone.txt");
    await writeFile(file, "soon gone");
    const collectionId = await api.rig.collection(THREE);
    await add(collectionId, [{ name: "f", uri: pathToFileURL(file).href }]);
    const first = await submit(collectionId);
    const { b, f } = await documentsOf(collectionId);
    const { data, errors } = await api.send(REMOVE, { c: collectionId, ids: [f, b, f] });
    expect(errors).toEqual([]);
    expect(data!.removeDocuments).toEqual({ removedIds: [f, b], userErrors: [] });
    expect([await leftOf(b!), await leftOf(f!)]).toEqual([0, 0]);
    const read = await api.send(
      `query ($c: ID!, $d: ID!, $j: ID!) { document(id: $d) { id }
         collection(id: $c) { documentCount chunkCount documents { totalCount } }
         job(id: $j) { counts { total completed } tasks { nodes { documentName status document { name } } } } }`,
      { c: collectionId, d: b, j: first.id },
    );
    expect(read.errors).toEqual([]);
    expect(read.data).toMatchObject({
      document: null,
      collection: { documentCount: 2, chunkCount: 2, documents: { totalCount: 2 } },
      job: { counts: { total: 4, completed: 4 } },
    });
    expect(read.data!.job.tasks.nodes[1]).toEqual({ documentName: "b", status: "COMPLETED", document: null });
    const outputs = await api.rig.db.query(
      "select document_name as name, count(o.*)::int as n from headway.task t left join headway.stage_output o on o.task_id = t.id where t.job_id = $1 and kind = 'DOCUMENT' group by 1 order by 1",
      [first.id],
    );
    expect(outputs).toEqual([
      { name: "a", n: 2 },
      { name: "b", n: 0 },
      { name: "c", n: 2 },
      { name: "f", n: 0 },
    ]);
    // The stored file goes with the next sweep.
    expect(await api.rig.db.query("select prefix from headway.blob_deletion")).toEqual(
      expect.arrayContaining([`sources/${b}`, `sources/${f}`].map((prefix) => ({ prefix }))),
    );
    const next = await submit(collectionId);
    expect(next).toMatchObject({ counts: { total: 2, skipped: 2 }, output: { a: 1, c: 3 } });
    expect(next.collectionTask!.status).toBe("COMPLETED");
  });

  test("is refused while a job is open, for documents that are not there, and for none; then nothing is removed", async () => {
    const collectionId = await api.rig.collection(THREE);
    const other = await documentsOf(await api.rig.collection([{ name: "elsewhere", text: "e" }]));
    const { a } = await documentsOf(collectionId);
    const refusal = async (ids: (string | undefined)[], c = collectionId): Promise<unknown> =>
      (await api.send(REMOVE, { c, ids })).data!.removeDocuments;
    expect(await refusal([a, other.elsewhere])).toMatchObject({
      removedIds: [],
      userErrors: [{ code: "NOT_FOUND", path: ["input", "documentIds", "1"] }],
    });
    expect(await refusal([])).toMatchObject({
      userErrors: [{ code: "INVALID_INPUT", path: ["input", "documentIds"] }],
    });
    expect(await refusal([a], "00000000-0000-7000-8000-0000000000ff")).toMatchObject({
      userErrors: [{ code: "NOT_FOUND", path: ["input", "collectionId"] }],
    });
    await api.rig.submit("words", 0, { collectionId, runAt: new Date(Date.now() + 3_600_000) });
    expect(await refusal([a])).toMatchObject({ removedIds: [], userErrors: [{ code: "ACTIVE_JOB_EXISTS" }] });
    expect(Object.keys(await documentsOf(collectionId)).sort()).toEqual(["a", "b", "c"]);
    expect(await refusal([a, "nonsense", "too"])).toMatchObject({
      userErrors: [
        { code: "INVALID_INPUT", path: ["input", "documentIds", "1"] },
        { code: "INVALID_INPUT", path: ["input", "documentIds", "2"] },
      ],
    });
  });
});
