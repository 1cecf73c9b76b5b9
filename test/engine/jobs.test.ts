import { randomUUID } from "node:crypto";
import { addDocuments } from "../../src/engine/collection/add-documents.js";
import { createCollection } from "../../src/engine/collection/collections.js";
import { cancelJob, cancelTask } from "../../src/engine/cancel/cancel.js";
import { retryJob, retryTask } from "../../src/engine/retry/retry.js";
import { submitJob } from "../../src/engine/submit/submit.js";
import { PermanentError } from "../../src/errors.js";
import { definePipeline } from "../../src/pipelines/pipeline.js";
import { z } from "zod";
import { ACTOR, createRig, type Rig } from "../support/engine.js";
import { until } from "../support/until.js";

/** What the handlers below do to a document of this name; a name that is not here works. */
const broken = new Map<string, () => void>();
const seen: string[] = [];
const words = definePipeline({
  name: "words",
  version: 1,
  options: z.strictObject({ factor: z.number().int().default(1) }),
  documentStages: [
    { name: "read", maxAttempts: 2, run: async (ctx) => ({ text: await ctx.document.text() }) },
    {
      name: "count",
      maxAttempts: 1,
      run: async (ctx) => {
        seen.push(`${ctx.document.name} ${ctx.task.stage} ${ctx.job.run}`);
        broken.get(ctx.document.name)?.();
        return { words: ctx.options.factor * (ctx.input as { text: string }).text.length };
      },
    },
  ],
  collectionStages: [
    {
      name: "total",
      run: async (ctx) => {
        let total = 0;
        for await (const { output } of ctx.documentOutputs("count")) total += (output as { words: number }).words;
        return { total };
      },
    },
  ],
});
let held = 0;
const hold = definePipeline({
  name: "hold",
  version: 1,
  documentStages: [
    {
      name: "wait",
      run: (ctx) => {
        held += 1;
        return new Promise((_, reject) =>
          ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason as Error)),
        );
      },
    },
  ],
});

let rig: Rig;
beforeAll(async () => {
  rig = await createRig([words, hold]);
  await rig.startWorker();
});
afterAll(() => rig.close());
afterEach(async () => {
  broken.clear();
  expect(await rig.violations()).toEqual([]);
});

/** Everything a refused request must leave as it was. */
/** But for leases: a worker renews what it holds whenever it is time. */
async function everything(): Promise<unknown> {
  return rig.db
    .query(`select (select jsonb_agg(c order by id) from headway.collection c) as c, (select jsonb_agg(d order by id) from headway.document d) as d,
    (select jsonb_agg(j order by id) from headway.job j) as j, (select jsonb_agg(to_jsonb(t) - 'lease_expires_at' order by id) from headway.task t) as t,
    (select count(*) from headway.status_change) as h`);
}

describe("a job", () => {
  test("completes, with its collection, its summary and seven changes for a task of two stages and a birth", async () => {
    const jobId = await rig.submit("words", 3, { options: { factor: 2 } });
    expect(await rig.settled(jobId)).toBe("COMPLETED");
    const [row] = await rig.db.query(
      `select c.status, s.output, s.counts->>'completed' as completed from headway.job j join headway.collection c on c.id = j.collection_id
       join headway.job_summary s on s.job_id = j.id where j.id = $1`,
      [jobId],
    );
    expect(row).toEqual({ status: "COMPLETED", output: { total: 12 }, completed: "3" });
    const history = await rig.db.query(
      `select s.reason, s.to_stage from headway.status_change s join headway.task t on t.id = s.entity_id
       where t.job_id = $1 and t.ordinal = 1 order by s.version`,
      [jobId],
    );
    expect(history).toEqual([
      { reason: "SUBMITTED", to_stage: "read" },
      { reason: "CLAIMED", to_stage: "read" },
      { reason: "STAGE_STARTED", to_stage: "count" },
      { reason: "COMPLETED", to_stage: null },
    ]);
    const own = await rig.db.query("select reason from headway.status_change where entity_id = $1 order by version", [
      jobId,
    ]);
    expect(own.map(({ reason }: { reason: string }) => reason)).toEqual(["SUBMITTED", "STARTED", "ALL_TASKS_SETTLED"]);
  });

  test("goes on with the others when one document fails, and is COMPLETED_WITH_ERRORS", async () => {
    broken.set("d1", () => {
      throw new PermanentError("BROKEN", "d1 is broken");
    });
    const jobId = await rig.submit("words", 3);
    expect(await rig.settled(jobId)).toBe("COMPLETED_WITH_ERRORS");
    const [summary] = await rig.db.query("select errors, output from headway.job_summary where job_id = $1", [jobId]);
    expect(summary.errors).toMatchObject([{ code: "BROKEN", stage: "count", count: 1, retryable: false }]);
    expect(summary.output).toEqual({ total: 4 });
  });

  test("retried, goes on at the failed stage with the kept output, under the same ids, as run 2", async () => {
    broken.set("d0", () => {
      throw new Error("not today");
    });
    const jobId = await rig.submit("words", 2);
    await rig.settled(jobId);
    broken.clear();
    seen.length = 0;
    expect(await retryJob(rig.deps, ACTOR, { jobId, from: "FAILED_STAGE", reason: "mended" })).toEqual({
      jobId,
      retriedTasks: 1,
    });
    expect(await rig.settled(jobId)).toBe("COMPLETED");
    expect(seen).toEqual(["d0 count 2"]);
    const [row] = await rig.db.query(
      "select j.run, s.output, s.run as summarised from headway.job j join headway.job_summary s on s.job_id = j.id where j.id = $1",
      [jobId],
    );
    expect(row).toEqual({ run: 2, output: { total: 4 }, summarised: 2 });
  });

  test("retried by error code, takes only the tasks that failed with it", async () => {
    broken.set("d0", () => {
      throw new PermanentError("RED", "red");
    });
    broken.set("d1", () => {
      throw new PermanentError("BLUE", "blue");
    });
    const jobId = await rig.submit("words", 3);
    await rig.settled(jobId);
    broken.clear();
    await expect(
      retryJob(rig.deps, ACTOR, { jobId, from: "FAILED_STAGE", errorCodes: ["GREEN"] }),
    ).rejects.toMatchObject({ code: "NOT_RETRYABLE" });
    expect((await retryJob(rig.deps, ACTOR, { jobId, from: "FIRST_STAGE", errorCodes: ["RED"] })).retriedTasks).toBe(1);
    expect(await rig.settled(jobId)).toBe("COMPLETED_WITH_ERRORS");
    const [task] = await rig.db.query("select id from headway.task where job_id = $1 and status = 'FAILED'", [jobId]);
    expect(await retryTask(rig.deps, ACTOR, { taskId: task.id, from: "FAILED_STAGE" })).toBe(task.id);
    expect(await rig.settled(jobId)).toBe("COMPLETED");
  });

  test("tries again by itself, after a backoff, and says so in the history", async () => {
    let tries = 0;
    const flaky = definePipeline({
      name: "flaky",
      version: 1,
      documentStages: [
        {
          name: "once",
          maxAttempts: 3,
          run: async () => {
            tries += 1;
            if (tries === 1) throw new Error("a hiccup");
            return null;
          },
        },
      ],
    });
    const own = await createRig([flaky]);
    try {
      await own.startWorker();
      const jobId = await own.submit("flaky", 1);
      expect(await own.settled(jobId)).toBe("COMPLETED");
      const rows = await own.db.query(
        "select reason, attempt, message from headway.status_change where job_id = $1 and entity_type = 'TASK' order by version",
        [jobId],
      );
      expect(rows).toEqual([
        { reason: "SUBMITTED", attempt: 1, message: null },
        { reason: "CLAIMED", attempt: 1, message: null },
        { reason: "RETRY_SCHEDULED", attempt: 2, message: "a hiccup" },
        { reason: "CLAIMED", attempt: 2, message: null },
        { reason: "COMPLETED", attempt: 2, message: null },
      ]);
    } finally {
      await own.close();
    }
  });

  test("cancelled, stops its running work and its waiting work", async () => {
    held = 0;
    const jobId = await rig.submit("hold", 20);
    await until("eight stages run", () => held === 8);
    await cancelJob(rig.deps, ACTOR, { jobId, reason: "enough" });
    expect(await rig.settled(jobId)).toBe("CANCELLED");
    const [row] = await rig.db.query("select cancelled, completed from headway.job where id = $1", [jobId]);
    expect(row).toEqual({ cancelled: 20, completed: 0 });
  });

  test("goes on when one of its tasks is cancelled", async () => {
    held = 0;
    const jobId = await rig.submit("hold", 2);
    await until("both run", () => held === 2);
    const tasks: { id: string }[] = await rig.db.query(
      "select id from headway.task where job_id = $1 order by ordinal",
      [jobId],
    );
    await cancelTask(rig.deps, ACTOR, { taskId: tasks[0]!.id });
    await until(
      "one is cancelled",
      async () => (await rig.db.query("select cancelled from headway.job where id = $1", [jobId]))[0].cancelled === 1,
    );
    await cancelTask(rig.deps, ACTOR, { taskId: tasks[1]!.id });
    expect(await rig.settled(jobId)).toBe("CANCELLED");
  });
});

describe("a submit", () => {
  test("of 10,000 documents is one transaction", async () => {
    const quiet = await createRig([words]);
    try {
      const collectionId = await quiet.collection(10_000);
      const { jobId } = await submitJob(quiet.deps, ACTOR, { collectionId, pipeline: "words" });
      const [row] = await quiet.db.query(
        "select total, queued, (select count(distinct tx)::int from headway.status_change where job_id = $1) as transactions from headway.job where id = $1",
        [jobId],
      );
      expect(row).toEqual({ total: 10_000, queued: 10_000, transactions: 1 });
      expect(await quiet.violations()).toEqual([]);
    } finally {
      await quiet.close();
    }
  });

  test("under one key, twenty times at once, makes one job", async () => {
    const collectionId = await rig.collection(1);
    const all = await Promise.all(
      Array.from({ length: 20 }, () =>
        submitJob(rig.deps, ACTOR, { collectionId, pipeline: "words", idempotencyKey: "k1" }),
      ),
    );
    expect(new Set(all.map(({ jobId }) => jobId)).size).toBe(1);
    expect(all.filter(({ deduplicated }) => !deduplicated)).toHaveLength(1);
    await rig.settled(all[0]!.jobId);
    await expect(
      submitJob(rig.deps, ACTOR, { collectionId, pipeline: "words", options: { factor: 3 }, idempotencyKey: "k1" }),
    ).rejects.toMatchObject({ code: "IDEMPOTENCY_CONFLICT" });
  });

  test.each([
    ["an unknown pipeline", { pipeline: "nope" }, "UNKNOWN_PIPELINE"],
    ["options the schema refuses", { options: { factor: "many" } }, "INVALID_OPTIONS"],
    ["an option nobody knows", { options: { colour: 1 } }, "INVALID_OPTIONS"],
    ["a priority out of bounds", { priority: 101 }, "INVALID_INPUT"],
    ["a document of another collection", { documentIds: [randomUUID()] }, "NOT_FOUND"],
    ["a collection that does not exist", { collectionId: randomUUID() }, "NOT_FOUND"],
  ] as const)("with %s is refused and changes nothing", async (_, wrong, code) => {
    const collectionId = await rig.collection(1);
    const before = await everything();
    await expect(submitJob(rig.deps, ACTOR, { collectionId, pipeline: "words", ...wrong })).rejects.toMatchObject({
      code,
    });
    expect(await everything()).toEqual(before);
  });

  test("of an empty collection, and a second one while a job is open, are refused and change nothing", async () => {
    const empty = await rig.collection(0);
    await expect(submitJob(rig.deps, ACTOR, { collectionId: empty, pipeline: "words" })).rejects.toMatchObject({
      code: "NO_DOCUMENTS",
    });
    held = 0;
    const collectionId = await rig.collection(1);
    const { jobId } = await submitJob(rig.deps, ACTOR, { collectionId, pipeline: "hold" });
    await until("it runs", () => held === 1);
    const before = await everything();
    await expect(submitJob(rig.deps, ACTOR, { collectionId, pipeline: "words" })).rejects.toMatchObject({
      code: "ACTIVE_JOB_EXISTS",
      details: { jobId },
    });
    await expect(
      addDocuments(rig.deps, ACTOR, { collectionId, documents: [{ name: "x", text: "x" }] }),
    ).rejects.toMatchObject({ code: "ACTIVE_JOB_EXISTS" });
    expect(await everything()).toEqual(before);
    await cancelJob(rig.deps, ACTOR, { jobId });
    await rig.settled(jobId);
  });

  test("of settled or unknown work to cancel or retry is refused with its present status", async () => {
    const jobId = await rig.submit("words", 1);
    await rig.settled(jobId);
    const before = await everything();
    await expect(cancelJob(rig.deps, ACTOR, { jobId })).rejects.toMatchObject({
      code: "NOT_CANCELLABLE",
      message: expect.stringContaining("COMPLETED"),
    });
    await expect(retryJob(rig.deps, ACTOR, { jobId, from: "FAILED_STAGE" })).rejects.toMatchObject({
      code: "NOT_RETRYABLE",
      message: expect.stringContaining("COMPLETED"),
    });
    await expect(cancelTask(rig.deps, ACTOR, { taskId: randomUUID() })).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(await everything()).toEqual(before);
  });
});

describe("documents", () => {
  test("of the same name: the same bytes change nothing, other bytes are its new content", async () => {
    const collectionId = await createCollection(rig.deps, ACTOR, { name: "versions" });
    const add = (text: string) => addDocuments(rig.deps, ACTOR, { collectionId, documents: [{ name: "a.txt", text }] });
    const [id] = await add("one");
    expect(await add("one")).toEqual([id]);
    const version = async () =>
      (await rig.db.query("select content_version as v from headway.document where id = $1", [id]))[0].v as number;
    expect(await version()).toBe(1);
    expect(await add("two")).toEqual([id]);
    expect(await version()).toBe(2);
  });

  test.each([
    ["no content", [{ name: "a" }], "INVALID_INPUT"],
    ["two contents", [{ name: "a", text: "x", base64: "eA==" }], "INVALID_INPUT"],
    ["a blank name", [{ name: "  ", text: "x" }], "INVALID_INPUT"],
    ["a name that climbs", [{ name: "../a", text: "x" }], "INVALID_INPUT"],
    [
      "the same name twice",
      [
        { name: "a", text: "x" },
        { name: "a", text: "y" },
      ],
      "INVALID_INPUT",
    ],
    ["base64 that is none", [{ name: "a", base64: "%%%" }], "INVALID_INPUT"],
    ["a file outside the roots", [{ name: "a", uri: "file:///etc/passwd" }], "URI_REFUSED"],
    ["a scheme that is not supported", [{ name: "a", uri: "ftp://example.org/a" }], "URI_REFUSED"],
  ] as const)("with %s are refused, all of them, and nothing is changed", async (_, documents, code) => {
    const collectionId = await rig.collection(1);
    const before = await everything();
    await expect(
      addDocuments(rig.deps, ACTOR, { collectionId, documents: [{ name: "good", text: "good" }, ...documents] }),
    ).rejects.toMatchObject({ code });
    expect(await everything()).toEqual(before);
  });

  test("behind a file that does not exist are taken, and their task fails at its first reading stage with NOT_READABLE", async () => {
    const jobId = await rig.submit("words", 0, {
      collectionId: await rig.collection(1).then(async (collectionId) => {
        await addDocuments(rig.deps, ACTOR, {
          collectionId,
          documents: [{ name: "gone", uri: `file://${rig.deps.fileRoots[0]}/gone.txt` }],
        });
        return collectionId;
      }),
    });
    expect(await rig.settled(jobId)).toBe("COMPLETED_WITH_ERRORS");
    const rows = await rig.db.query(
      "select document_name, stage, error_code from headway.task where job_id = $1 and status = 'FAILED'",
      [jobId],
    );
    expect(rows).toEqual([{ document_name: "gone", stage: "read", error_code: "NOT_READABLE" }]);
  });

  test("in a collection whose name is taken: refused", async () => {
    await createCollection(rig.deps, ACTOR, { name: "taken" });
    await expect(createCollection(rig.deps, ACTOR, { name: "taken" })).rejects.toMatchObject({ code: "NAME_TAKEN" });
  });
});
