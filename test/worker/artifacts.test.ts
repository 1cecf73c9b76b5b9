import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { readdir } from "node:fs/promises";
import { Readable } from "node:stream";
import { deleteCollection } from "../../src/engine/expiry/expire.js";
import { armFailpoint } from "../../src/failpoint.js";
import { definePipeline, type DocumentContext } from "../../src/pipelines/pipeline.js";
import { ACTOR, createRig, type Rig } from "../support/engine.js";
import { until } from "../support/until.js";

/** Lets the last piece of a late artifact come; null before its first has. */
let comesNow: (() => void) | null = null;
/** Whether whoever writes it is done, with it or without. */
let isLateOver = false;
const write = (ctx: DocumentContext, content: string | Readable): Promise<void> =>
  ctx.artifacts.write("a.txt", content, "text/plain");
const writer = definePipeline({
  name: "writer",
  version: 1,
  documentStages: [
    {
      name: "write",
      maxAttempts: 2,
      run: async (ctx: DocumentContext) => {
        const way = await ctx.document.text();
        await write(ctx, "first");
        if (way === "twice") await write(ctx, "second");
        if (way === "fails") throw new Error("as it should");
        return null;
      },
    },
  ],
});
const tooLate = definePipeline({
  name: "too-late",
  version: 1,
  documentStages: [
    {
      name: "write",
      maxAttempts: 1,
      timeoutMs: 3_000,
      run: async (ctx: DocumentContext) => {
        try {
          await write(ctx, Readable.from(late()));
        } finally {
          isLateOver = true;
        }
        return null;
      },
    },
  ],
});

async function* late(): AsyncGenerator<Buffer> {
  yield Buffer.from("begun ");
  await new Promise<void>((resolve) => (comesNow = resolve));
  yield Buffer.from("and ended");
}

let rig: Rig;
beforeAll(async () => {
  rig = await createRig([writer, tooLate]);
  await rig.startWorker();
  rig.startReconciler();
});
afterAll(() => rig.close());
beforeEach(() => armFailpoint("submit.before_commit:throw@1000000"));

/** The stored files, whole ones and those that are being written. */
async function files(): Promise<string[]> {
  const reading = readdir(rig.deps.fileRoots[0]!, { recursive: true, withFileTypes: true });
  // A folder may go while it is read.
  const entries = await reading.catch((error: NodeJS.ErrnoException) => (error.code === "ENOENT" ? null : error));
  if (entries === null) return files();
  if (entries instanceof Error) throw entries;
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

/** What is booked for later is due now. */
async function aDayPasses(): Promise<void> {
  await rig.db.query("update headway.blob_deletion set delete_after = now() where delete_after > now()");
}

async function run(way: string, pipeline = "writer"): Promise<string> {
  return rig.submit(pipeline, 0, { collectionId: await rig.collection([{ name: way, text: way }]) });
}

async function collectionOf(jobId: string): Promise<string> {
  return (await rig.db.query("select collection_id as id from headway.job where id = $1", [jobId]))[0].id;
}

const noneIsLeft = (): Promise<void> => until("no file is left", async () => (await files()).length === 0);

test("an artifact is there as long as its collection", async () => {
  const jobId = await run("once");
  expect(await rig.settled(jobId)).toBe("COMPLETED");
  await aDayPasses();
  await until(
    "nothing is booked",
    async () => (await rig.db.query("select 1 from headway.blob_deletion")).length === 0,
  );
  expect(await files()).toEqual(["bytes"]);
  await deleteCollection(rig.deps, ACTOR, { collectionId: await collectionOf(jobId) });
  await noneIsLeft();
});

test("of an artifact that is written twice the bytes of the first go at once", async () => {
  const jobId = await run("twice");
  expect(await rig.settled(jobId)).toBe("COMPLETED");
  await until("one file is left", async () => (await files()).length === 1);
  const [{ key, size }] = await rig.db.query(
    "select blob_key as key, size_bytes::int as size from headway.artifact where job_id = $1",
    [jobId],
  );
  expect(await rig.blobs.size(key)).toBe(size);
  expect(size).toBe("second".length);
  await deleteCollection(rig.deps, ACTOR, { collectionId: await collectionOf(jobId) });
  await noneIsLeft();
});

test("the artifacts of a stage that failed go, rows and bytes, while its collection stays", async () => {
  const jobId = await run("fails");
  expect(await rig.settled(jobId)).toBe("FAILED");
  await noneIsLeft();
  expect(await rig.db.query("select 1 from headway.artifact where job_id = $1", [jobId])).toEqual([]);
});

test("what is written after its stage has timed out, or its collection was deleted, goes within a day", async () => {
  const jobId = await run("late", "too-late");
  await until("it is being written", () => comesNow !== null);
  expect(await rig.settled(jobId)).toBe("FAILED");
  await deleteCollection(rig.deps, ACTOR, { collectionId: await collectionOf(jobId) });
  await until("the collection is empty", async () => {
    const [row] = await rig.db.query("select emptied_at from headway.collection where id = $1", [
      await collectionOf(jobId),
    ]);
    return row.emptied_at !== null;
  });
  comesNow!();
  // Unless the collection's folder has gone already, and what is being written with it.
  await until("it is written", () => isLateOver);
  await aDayPasses();
  await until("it is gone", async () => !(await files()).includes("bytes"));
});

test("what a worker wrote that died before it could make a row of it goes with the collection", async () => {
  armFailpoint("artifact.after_write:throw");
  const jobId = await run("once");
  expect(await rig.settled(jobId)).toBe("FAILED");
  expect((await files()).filter((name) => name === "bytes")).toHaveLength(2);
  await deleteCollection(rig.deps, ACTOR, { collectionId: await collectionOf(jobId) });
  await until("it is gone", async () => !(await files()).includes("bytes"));
});

test("what a worker wrote that died before it could make a row of it goes within a day", async () => {
  armFailpoint("artifact.after_write:throw");
  const jobId = await run("once");
  expect(await rig.settled(jobId)).toBe("FAILED");
  await aDayPasses();
  await until("it is gone", async () => !(await files()).includes("bytes"));
});
