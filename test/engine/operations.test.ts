import { cancelJob, requestCancel } from "../../src/engine/cancel/cancel.js";
import { converge } from "../../src/engine/flush/converge.js";
import { finishOperation } from "../../src/engine/operations/steps.js";
import { retryJob, retryTask } from "../../src/engine/retry/retry.js";
import { PermanentError } from "../../src/errors.js";
import { armFailpoint } from "../../src/failpoint.js";
import { definePipeline, type DocumentContext } from "../../src/pipelines/pipeline.js";
import { ACTOR, createRig, type Rig } from "../support/engine.js";
import { until } from "../support/until.js";

const TWO_STEPS = 520;
/** What handlers have been called for, as "stage document". */
let calls: string[] = [];
/** Documents that fail as they are named, until they are mended. */
let mended = false;
let begun = 0;

const ends = definePipeline({
  name: "ends",
  version: 1,
  documentStages: [
    { name: "first", run: async (ctx: DocumentContext) => void calls.push(`first ${ctx.document.name}`) },
    {
      name: "second",
      maxAttempts: 2,
      run: async (ctx: DocumentContext) => {
        const { name } = ctx.document;
        calls.push(`second ${name}`);
        if (mended || name.startsWith("well")) return;
        throw name === "hiccup" ? new Error("a hiccup") : new PermanentError(name, "It ends so.");
      },
    },
  ],
  collectionStages: [{ name: "sum", run: async () => null }],
});
const holds = definePipeline({
  name: "holds",
  version: 1,
  documentStages: [
    {
      name: "hold",
      run: async (ctx: DocumentContext) => {
        begun += 1;
        await new Promise((_, reject) =>
          ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason as Error)),
        );
      },
    },
  ],
  collectionStages: [{ name: "sum", run: async () => null }],
});
const quick = definePipeline({ name: "quick", version: 1, documentStages: [{ name: "only", run: async () => null }] });

let rig: Rig;
beforeEach(async () => {
  rig = await createRig([ends, holds, quick]);
  calls = [];
  mended = false;
  begun = 0;
});
afterEach(async () => {
  expect(await rig.violations()).toEqual([]);
  await rig.close();
});

/** Polls once an hour: it goes by hints alone. */
const startWorker = () => rig.startWorker({ pollMs: 3_600_000, heartbeatMs: 600_000 });

async function byName(jobId: string): Promise<Record<string, string>> {
  const rows = await rig.db.query(
    "select coalesce(document_name, 'sum') as name, concat_ws(' ', status, run, attempt) as stands from headway.task where job_id = $1",
    [jobId],
  );
  return Object.fromEntries(rows.map(({ name, stands }: { name: string; stands: string }) => [name, stands]));
}

async function statuses(jobId: string): Promise<Record<string, number>> {
  const rows = await rig.db.query("select status, count(*)::int as n from headway.task where job_id = $1 group by 1", [
    jobId,
  ]);
  return Object.fromEntries(rows.map(({ status, n }: { status: string; n: number }) => [status, n]));
}

const times = async (jobId: string, reason: string): Promise<{ changes: number; commits: number }> =>
  (
    await rig.db.query(
      `select count(*)::int as changes, count(distinct tx)::int as commits from headway.status_change
       where job_id = $1 and entity_type = 'TASK' and reason = $2`,
      [jobId, reason],
    )
  )[0];

const documents = (...names: string[]) => rig.collection(names.map((name) => ({ name, text: name })));

describe("a retry of a job", () => {
  test("takes what failed with the codes that it names, at the stage where it failed, as the next run", async () => {
    await startWorker();
    const jobId = await rig.submit("ends", 0, { collectionId: await documents("well", "BROKEN", "OTHER") });
    expect(await rig.settled(jobId)).toBe("COMPLETED_WITH_ERRORS");
    expect(await byName(jobId)).toEqual({
      well: "COMPLETED 1 1",
      BROKEN: "FAILED 1 1",
      OTHER: "FAILED 1 1",
      sum: "COMPLETED 1 1",
    });
    calls = [];
    mended = true;
    const named = { jobId, from: "FAILED_STAGE", errorCodes: ["BROKEN"] } as const;
    expect(await retryJob(rig.deps, ACTOR, named)).toMatchObject({ retriedTasks: 1 });
    expect(await rig.settled(jobId)).toBe("COMPLETED_WITH_ERRORS");
    expect(calls).toEqual(["second BROKEN"]);
    expect(await byName(jobId)).toEqual({
      well: "COMPLETED 1 1",
      BROKEN: "COMPLETED 2 1",
      OTHER: "FAILED 1 1",
      sum: "COMPLETED 2 1",
    });
    const [job] = await rig.db.query("select settled_peak, total from headway.job where id = $1", [jobId]);
    expect(job).toEqual({ settled_peak: 3, total: 3 });

    calls = [];
    await retryJob(rig.deps, ACTOR, { jobId, from: "FIRST_STAGE" });
    expect(await rig.settled(jobId)).toBe("COMPLETED");
    expect(calls).toEqual(["first OTHER", "second OTHER"]);
  });

  test("begins with the first attempt", async () => {
    await rig.startWorker();
    const jobId = await rig.submit("ends", 0, { collectionId: await documents("hiccup") });
    expect(await rig.settled(jobId)).toBe("FAILED");
    expect(await byName(jobId)).toMatchObject({ hiccup: "FAILED 1 2" });
    mended = true;
    await retryJob(rig.deps, ACTOR, { jobId, from: "FAILED_STAGE" });
    expect(await rig.settled(jobId)).toBe("COMPLETED");
    expect(await byName(jobId)).toMatchObject({ hiccup: "COMPLETED 2 1" });
  });

  test("counts as its progress only what it leaves alone, and does not wait for what its tasks were to wait for", async () => {
    const jobId = await rig.submit("ends", 3, { runAt: new Date(Date.now() + 3_600_000) });
    await cancelJob(rig.deps, ACTOR, { jobId });
    expect(await rig.settled(jobId)).toBe("CANCELLED");
    await retryJob(rig.deps, ACTOR, { jobId, from: "FAILED_STAGE" });
    const [job] = await rig.db.query("select settled_peak as peak, run, queued from headway.job where id = $1", [
      jobId,
    ]);
    expect(job).toEqual({ peak: 0, run: 2, queued: 3 });
    mended = true;
    await rig.startWorker();
    expect(await rig.settled(jobId)).toBe("COMPLETED");
    expect(calls.filter((call) => call.startsWith("first"))).toHaveLength(3);
  });

  test("is refused while the job is open, where it has nothing of the kind, and of a task that has not failed", async () => {
    const open = await rig.submit("quick", 1);
    await expect(retryJob(rig.deps, ACTOR, { jobId: open, from: "FIRST_STAGE" })).rejects.toThrow(/QUEUED/);
    await startWorker();
    expect(await rig.settled(await rig.submit("quick", 1))).toBe("COMPLETED");
    const failed = await rig.submit("ends", 0, { collectionId: await documents("BROKEN") });
    expect(await rig.settled(failed)).toBe("FAILED");
    await expect(
      retryJob(rig.deps, ACTOR, { jobId: failed, from: "FIRST_STAGE", errorCodes: ["OTHER"] }),
    ).rejects.toThrow(/no failed or cancelled task with the error codes OTHER/);
  });

  test("of one task opens its settled job again", async () => {
    await startWorker();
    const jobId = await rig.submit("ends", 0, { collectionId: await documents("well", "BROKEN") });
    expect(await rig.settled(jobId)).toBe("COMPLETED_WITH_ERRORS");
    mended = true;
    const [{ id }] = await rig.db.query("select id from headway.task where job_id = $1 and status = 'FAILED'", [jobId]);
    await retryTask(rig.deps, ACTOR, { taskId: id, from: "FAILED_STAGE" });
    expect(await rig.settled(jobId)).toBe("COMPLETED");
    expect(await byName(jobId)).toEqual({ well: "COMPLETED 1 1", BROKEN: "COMPLETED 2 1", sum: "COMPLETED 2 1" });
  });

  test("that has not come to all tasks keeps the job open, and takes none that was retried by itself and failed again", async () => {
    const names = [...Array.from({ length: TWO_STEPS - 1 }, (_, n) => `well ${n}`), "BROKEN"];
    const jobId = await rig.submit("ends", 0, { collectionId: await documents(...names) });
    await cancelJob(rig.deps, ACTOR, { jobId });
    armFailpoint("retry.after_commit:throw@1-1");
    await expect(retryJob(rig.deps, ACTOR, { jobId, from: "FIRST_STAGE" })).rejects.toThrow("retry.after_commit");
    const reopened = (await statuses(jobId)).QUEUED!;
    expect(reopened).toBeLessThan(TWO_STEPS);
    const [{ id }] = await rig.db.query(
      "select id from headway.task where job_id = $1 and document_name = 'BROKEN' and status = 'CANCELLED'",
      [jobId],
    );
    await retryTask(rig.deps, ACTOR, { taskId: id, from: "FIRST_STAGE" });
    await rig.startWorker();
    await until("what was reopened is done", async () => {
      const { COMPLETED, FAILED } = await statuses(jobId);
      return COMPLETED === reopened && FAILED === 1;
    });
    expect(await converge(rig.deps, jobId)).toBe(0);
    await finishOperation(rig.deps, jobId);
    expect(await rig.settled(jobId)).toBe("COMPLETED_WITH_ERRORS");
    // Each once, and the collection task.
    expect((await times(jobId, "RETRIED_BY_REQUEST")).changes).toBe(TWO_STEPS + 1);
  });
});

describe("a cancel of a job", () => {
  test("takes bounded steps, each committed, and settles with the last", async () => {
    const jobId = await rig.submit("ends", TWO_STEPS);
    await cancelJob(rig.deps, ACTOR, { jobId, reason: "sent twice" });
    expect(await rig.settled(jobId)).toBe("CANCELLED");
    const { changes, commits } = await times(jobId, "CANCELLED_BY_REQUEST");
    expect(changes).toBe(TWO_STEPS + 1);
    expect(commits).toBeGreaterThan(1);
    const [job] = await rig.db.query("select operation, settled_peak as peak from headway.job where id = $1", [jobId]);
    expect(job).toEqual({ operation: null, peak: TWO_STEPS });
    const [task] = await rig.db.query(
      "select message from headway.status_change where job_id = $1 and entity_type = 'TASK' and reason = 'CANCELLED_BY_REQUEST' order by position limit 1",
      [jobId],
    );
    expect(task).toEqual({ message: "sent twice" });
  });

  test("asks what runs, once, and leaves the collection task until its documents have stopped", async () => {
    const jobId = await rig.submit("holds", 2);
    // It does not hear of the request, and its one slot leaves the second document waiting.
    const deaf = await rig.startWorker({ concurrency: 1, heartbeatMs: 600_000 });
    await until("one runs", () => begun === 1);
    const hears = rig.db.createQueryRunner();
    await hears.startTransaction();
    const by = JSON.stringify({ change: "00000000-0000-4000-8000-000000000001", actorType: "USER", actor: "tester" });
    await hears.query(
      "select headway.cancel_tasks(array(select id from headway.task where job_id = $1 and kind = 'DOCUMENT'), $2)",
      [jobId, by],
    );
    const rows = await hears.query(
      "select status, change_reason as reason, finished_at is null as open from headway.task where job_id = $1 order by ordinal",
      [jobId],
    );
    expect(rows).toEqual([
      { status: "RUNNING", reason: "CANCEL_REQUESTED", open: true },
      { status: "CANCELLED", reason: "CANCELLED_BY_REQUEST", open: false },
      { status: "WAITING", reason: "SUBMITTED", open: true },
    ]);
    await hears.rollbackTransaction();
    await hears.release();

    expect(await requestCancel(rig.deps, ACTOR, { jobId })).toBe(true);
    expect(await requestCancel(rig.deps, ACTOR, { jobId })).toBe(false);
    expect(await rig.settled(jobId)).toBe("CANCELLED");
    expect((await times(jobId, "CANCEL_REQUESTED")).changes).toBe(1);
    const last = await rig.db.query(
      "select t.kind, s.actor from headway.status_change s join headway.task t on t.id = s.entity_id where s.job_id = $1 and s.entity_type = 'TASK' order by s.position desc limit 1",
      [jobId],
    );
    expect(last).toEqual([{ kind: "COLLECTION", actor: "system:converge" }]);
    await expect(cancelJob(rig.deps, ACTOR, { jobId })).rejects.toThrow(/CANCELLED/);
    await deaf.stop(0);
  });
});
