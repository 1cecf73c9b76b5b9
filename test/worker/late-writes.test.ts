import { definePipeline, type CollectionContext, type DocumentContext } from "../../src/pipelines/pipeline.js";
import { removeStale } from "../../src/worker/staging.js";
import { createRig, type Rig } from "../support/engine.js";
import { until } from "../support/until.js";

/** How often each stage has begun; the first time it writes nothing before it is let go. */
const begun = { read: 0, sum: 0, leave: 0, stage: 0 };
const letGo = new Map<string, () => void>();
/** What a zombie has come to the end of. */
const ended: string[] = [];

const held = (name: string): Promise<void> => new Promise((resolve) => letGo.set(name, resolve));

const late = definePipeline({
  name: "late",
  version: 1,
  documentStages: [
    {
      name: "read",
      run: async (ctx: DocumentContext) => {
        begun.read += 1;
        if (begun.read > 1) return;
        await held("read");
        await ctx.setText("too late");
        await ctx.chunks.replace([{ ordinal: 0, text: "too late", startOffset: 0, endOffset: 8 }]);
        await ctx.artifacts.write("late.txt", "too late", "text/plain");
        ended.push("read");
      },
    },
  ],
  collectionStages: [
    {
      name: "sum",
      run: async (ctx: CollectionContext) => {
        begun.sum += 1;
        if (begun.sum > 1) return;
        await held("sum");
        const documents: { documentId: string; mentions: number }[] = [];
        for await (const { id } of ctx.documents()) documents.push({ documentId: id, mentions: 1 });
        await ctx.entities.replace(
          ["Ada", "Bob"].map((name, n) => ({
            name,
            type: "PERSON" as const,
            mentions: 1,
            documentCount: 1,
            documents,
            related: [{ name: ["Bob", "Ada"][n]!, together: 1 }],
          })),
        );
        await ctx.artifacts.write("late.txt", "too late", "text/plain");
        ended.push("sum");
      },
    },
  ],
});
/** Leaves a file in its first claim, which is given back, and none in its second. */
const leaves = definePipeline({
  name: "leaves",
  version: 1,
  documentStages: [
    {
      name: "leave",
      run: async (ctx: DocumentContext) => {
        begun.leave += 1;
        if (begun.leave > 1) return ctx.artifacts.write("second.txt", "of the second claim", "text/plain");
        await ctx.artifacts.write("first.txt", "of the first claim", "text/plain");
        letGo.set("leave", () => undefined);
        await new Promise((_, reject) =>
          ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason as Error)),
        );
      },
    },
  ],
});
/** Stages content, then waits. */
const stages = definePipeline({
  name: "stages",
  version: 1,
  documentStages: [
    {
      name: "stage",
      run: async (ctx: DocumentContext) => {
        begun.stage += 1;
        await ctx.setText(`text ${begun.stage}`);
        await ctx.chunks.replace([{ ordinal: 0, text: "chunk", startOffset: 0, endOffset: 5 }]);
        if (begun.stage > 1) await held("stage");
      },
    },
  ],
});

let rig: Rig;
beforeAll(async () => {
  rig = await createRig([late, leaves, stages]);
});
afterAll(() => rig.close());

const count = async (table: string, where = "true"): Promise<number> =>
  (await rig.db.query(`select count(*)::int as n from headway.${table} where ${where}`))[0].n;

/** A worker that holds its one claim and does not hear that it has lost it; then another, to which the work goes. */
async function loses(stage: "read" | "sum"): Promise<void> {
  await until(`"${stage}" runs`, () => letGo.has(stage));
  await rig.db.query(
    "update headway.task set lease_expires_at = clock_timestamp() - interval '1 s' where status = 'RUNNING'",
  );
  const sweep = rig.startReconciler();
  await until("it is given back", async () => (await count("task", "status = 'RUNNING'")) === 0);
  await sweep.stop();
}

describe("what a stage writes after its claim has gone", () => {
  test.each([
    ["a document's text, chunks and files", "read", ["document_text", "chunk", "artifact"]],
    [
      "a collection's entities and files",
      "sum",
      ["named_entity_set", "named_entity", "named_entity_document", "named_entity_pair", "artifact"],
    ],
  ] as const)("leaves nothing: %s", async (_what, stage, tables) => {
    begun.read = stage === "read" ? 0 : 1;
    begun.sum = stage === "sum" ? 0 : 1;
    const jobId = await rig.submit("late", 1);
    const zombie = await rig.startWorker({ concurrency: 1, heartbeatMs: 600_000 });
    await loses(stage);
    const other = await rig.startWorker({ concurrency: 1 });
    expect(await rig.settled(jobId)).toBe("COMPLETED");
    letGo.get(stage)!();
    await until("the late one has written", () => ended.includes(stage));
    for (const table of tables) expect([table, await count(table)]).toEqual([table, 0]);
    expect(await rig.violations()).toEqual([]);
    await Promise.all([zombie.stop(0), other.stop(0)]);
  });

  test("is not among its files, where it came from a claim that was given back", async () => {
    const jobId = await rig.submit("leaves", 1);
    const first = await rig.startWorker();
    await until("the first claim has written", () => letGo.has("leave"));
    await first.stop(0);
    const second = await rig.startWorker();
    expect(await rig.settled(jobId)).toBe("COMPLETED");
    await second.stop(0);
    const files = await rig.db.query("select name, accepted from headway.artifact where job_id = $1 order by name", [
      jobId,
    ]);
    expect(files).toEqual([
      { name: "first.txt", accepted: false },
      { name: "second.txt", accepted: true },
    ]);
  });
});

test("what a stage has staged stays while its task is open, whoever tidies up behind another", async () => {
  const collectionId = await rig.collection(1);
  const worker = await rig.startWorker();
  expect(await rig.settled(await rig.submit("stages", 0, { collectionId }))).toBe("COMPLETED");
  const jobId = await rig.submit("stages", 0, { collectionId });
  await until("the second has staged", () => letGo.has("stage"));
  const [{ id }] = await rig.db.query("select id from headway.document where collection_id = $1", [collectionId]);
  const staged = async (): Promise<[number, number]> => [
    await count("document_text", `document_id = '${id}'`),
    await count("chunk", `document_id = '${id}'`),
  ];
  expect(await staged()).toEqual([2, 2]);
  await removeStale(rig.db, id);
  expect(await staged()).toEqual([2, 2]);
  letGo.get("stage")!();
  expect(await rig.settled(jobId)).toBe("COMPLETED");
  await until("the first one's is gone", async () => (await staged()).join() === "1,1");
  const [{ text }] = await rig.db.query("select text from headway.document_text where document_id = $1", [id]);
  expect(text).toBe("text 2");
  await worker.stop(0);
});
