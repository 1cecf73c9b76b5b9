import { createDataSource } from "../../src/database/data-source.js";
import { Recorder } from "../../src/engine/flush/recorder.js";
import { createFilesystemBlobStore } from "../../src/storage/filesystem.js";
import { WorkerLoop } from "../../src/worker/worker.js";
import { definePipeline } from "../../src/pipelines/pipeline.js";
import { createInProcessDispatcher } from "../../src/dispatch/in-process.js";
import { createRig, PROJECT, type Rig } from "../support/engine.js";
import { until } from "../support/until.js";

/** How many handlers of `slow` run now, and how many at most ran at once. */
const load = { now: 0, most: 0 };
const gates = new Map<string, () => void>();
const attempts: string[] = [];

const slow = definePipeline({
  name: "slow",
  version: 1,
  documentStages: [
    {
      name: "work",
      run: async () => {
        load.now += 1;
        load.most = Math.max(load.most, load.now);
        await new Promise((resolve) => setTimeout(resolve, 5));
        load.now -= 1;
      },
    },
  ],
});
const gated = definePipeline({
  name: "gated",
  version: 1,
  documentStages: [
    { name: "first", run: async () => ({ kept: true }) },
    {
      name: "gate",
      run: async (ctx) => {
        attempts.push(`${ctx.document.name} attempt ${ctx.attempt} input ${JSON.stringify(ctx.input)}`);
        await new Promise<void>((resolve, reject) => {
          gates.set(ctx.document.name, resolve);
          ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason as Error), { once: true });
        });
      },
    },
  ],
});
const failing = definePipeline({
  name: "failing",
  version: 1,
  documentStages: [
    {
      name: "fail",
      maxAttempts: 2,
      timeoutMs: 50,
      check: (output) => output !== "refused",
      run: async (ctx) => {
        switch (ctx.document.name) {
          case "hangs":
            return new Promise(() => undefined);
          case "refused":
            return "refused";
          case "deep":
            return JSON.parse("[".repeat(200) + "]".repeat(200)) as unknown;
          case "coded":
            throw Object.assign(new Error("the other side is down"), { code: "UPSTREAM_DOWN" });
          default:
            throw new Error("no luck");
        }
      },
    },
  ],
});

let rig: Rig;
beforeEach(async () => {
  rig = await createRig([slow, gated, failing]);
});
afterEach(async () => {
  expect(await rig.violations()).toEqual([]);
  await rig.close();
});

const historyOf = (jobId: string): Promise<unknown[]> =>
  rig.db.query(
    "select to_status, reason, attempt from headway.status_change where job_id = $1 and entity_type = 'TASK' order by position",
    [jobId],
  );
const taskOf = async (jobId: string): Promise<Record<string, unknown>> =>
  (
    await rig.db.query(
      "select status, stage, attempt, crashes, fence::int as fence, error_code, error_message, worker_id from headway.task where job_id = $1",
      [jobId],
    )
  )[0];

describe("a worker", () => {
  test("has iterated once start() returns", async () => {
    const worker = await rig.startWorker();
    expect(worker.iterations).toBeGreaterThanOrEqual(1);
    const rows = await rig.db.query("select loop_iterations::int as iterations from headway.worker where id = $1", [
      worker.id,
    ]);
    expect(rows[0].iterations).toBeGreaterThanOrEqual(1);
  });

  test("that hangs while it starts fails within ten seconds, saying where", async () => {
    const dispatcher = { ...createInProcessDispatcher(), consume: () => new Promise<never>(() => undefined) };
    const worker = new WorkerLoop(workerDeps({ dispatcher }), SETTINGS);
    await expect(worker.start()).rejects.toThrow(
      "The worker did not start within 10000 ms: it is stuck in consuming hints.",
    );
  });

  test("that can't reach its database fails at once, saying so", async () => {
    const nowhere = createDataSource(rig.url.replace(/\/\w+$/, "/nowhere"));
    const worker = new WorkerLoop(workerDeps({ db: nowhere }), SETTINGS);
    await expect(worker.start()).rejects.toThrow("The worker can't start, in registering in the database: ");
  });

  test("runs no more at once than its concurrency", async () => {
    load.most = 0;
    const jobId = await rig.submit("slow", 40);
    await rig.startWorker({ concurrency: 3 });
    expect(await rig.settled(jobId)).toBe("COMPLETED");
    expect(load.most).toBe(3);
  });

  test("takes nothing new while it stops, waits for its work as long as it may, and says STOPPED", async () => {
    const worker = await rig.startWorker({ concurrency: 1 });
    const jobId = await rig.submit("gated", 2);
    await until("one runs", () => gates.has("d0"));
    const stopping = worker.stop(20_000);
    gates.get("d0")!();
    await stopping;
    expect(await rig.db.query("select status from headway.task where job_id = $1 order by ordinal", [jobId])).toEqual([
      { status: "COMPLETED" },
      { status: "QUEUED" },
    ]);
    const [row] = await rig.db.query("select stopped_at from headway.worker where id = $1", [worker.id]);
    expect(row.stopped_at).not.toBeNull();
    gates.clear();
  });

  test("gives back what has not ended within the grace, no attempt counted, and another goes on at that stage", async () => {
    gates.clear();
    attempts.length = 0;
    const worker = await rig.startWorker();
    const jobId = await rig.submit("gated", 1);
    await until("it runs", () => gates.has("d0"));
    await worker.stop(0);
    expect(await taskOf(jobId)).toMatchObject({ status: "QUEUED", stage: "gate", attempt: 1, crashes: 0 });
    gates.clear();
    await rig.startWorker();
    await until("it runs elsewhere", () => gates.has("d0"));
    gates.get("d0")!();
    expect(await rig.settled(jobId)).toBe("COMPLETED");
    expect(attempts).toEqual(['d0 attempt 1 input {"kept":true}', 'd0 attempt 1 input {"kept":true}']);
    expect(await historyOf(jobId)).toContainEqual({ to_status: "QUEUED", reason: "INTERRUPTED", attempt: 1 });
  });

  test("ends each failure under its own code and reason", async () => {
    await rig.startWorker();
    const names = ["hangs", "refused", "deep", "coded", "throws"];
    const collectionId = await rig.collection(names.map((name) => ({ name, text: name })));
    const jobId = await rig.submit("failing", 0, { collectionId });
    expect(await rig.settled(jobId)).toBe("FAILED");
    expect(
      await rig.db.query(
        "select document_name as name, error_code as code, change_reason as reason, attempt from headway.task where job_id = $1 order by ordinal",
        [jobId],
      ),
    ).toEqual([
      { name: "hangs", code: "TIMED_OUT", reason: "RETRIES_EXHAUSTED", attempt: 2 },
      { name: "refused", code: "OUTPUT_REJECTED", reason: "RETRIES_EXHAUSTED", attempt: 2 },
      { name: "deep", code: "OUTPUT_UNSTORABLE", reason: "PERMANENT_ERROR", attempt: 1 },
      { name: "coded", code: "UPSTREAM_DOWN", reason: "RETRIES_EXHAUSTED", attempt: 2 },
      { name: "throws", code: "HANDLER_ERROR", reason: "RETRIES_EXHAUSTED", attempt: 2 },
    ]);
  });
});

describe("a task whose worker is dead", () => {
  test("is offered again once its lease has passed, at its stage, and counted as a crash", async () => {
    gates.clear();
    const jobId = await rig.submit("gated", 1);
    await dies(jobId);
    const sweep = rig.startReconciler();
    await until("it is given back", async () => (await taskOf(jobId)).status === "QUEUED");
    expect(await taskOf(jobId)).toMatchObject({ stage: "first", attempt: 1, crashes: 1, fence: 1, worker_id: null });
    expect((await historyOf(jobId)).at(-1)).toEqual({ to_status: "QUEUED", reason: "LEASE_EXPIRED", attempt: 1 });
    await sweep.stop();
  });

  test("is failed as poisoned after its third crash", async () => {
    const jobId = await rig.submit("gated", 1);
    const sweep = rig.startReconciler();
    for (const crash of [1, 2, 3]) {
      await dies(jobId);
      await until(`crash ${crash} is counted`, async () => (await taskOf(jobId)).status !== "RUNNING");
    }
    expect(await rig.settled(jobId)).toBe("FAILED");
    expect(await taskOf(jobId)).toMatchObject({ error_code: "CRASHED", crashes: 3, fence: 3 });
    expect((await historyOf(jobId)).at(-1)).toMatchObject({ to_status: "FAILED", reason: "POISONED" });
    await sweep.stop();
  });
});

const SETTINGS = {
  projectId: PROJECT,
  concurrency: 8,
  leaseMs: 30_000,
  heartbeatMs: 1_000,
  pollMs: 100,
  crashLimit: 3,
  cancelDeadlineMs: 200,
  build: "test",
};

function workerDeps(more: object): ConstructorParameters<typeof WorkerLoop>[0] {
  const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
  return {
    ...rig.deps,
    listenAt: { url: rig.url, route: "direct" },
    blobs: createFilesystemBlobStore("unused"),
    logger: silent,
    runIsolated: () => Promise.reject(new Error("no isolated stages here")),
    ...more,
  };
}

/** What a worker leaves that dies right behind its claim, a lease long past. */
async function dies(jobId: string): Promise<void> {
  const workerId = "00000000-0000-7000-8000-00000000dead";
  const recorder = new Recorder({
    db: rig.db,
    actor: { type: "WORKER", name: `worker:${workerId}` },
    workerId,
    ...SETTINGS,
    onDue: () => undefined,
    onError: rig.deps.onError,
  });
  const request = { registry: rig.deps.registry, limit: 1 };
  const claims = await recorder.claim(request);
  // Once it has been lost it is a suspect.
  expect(claims.length > 0 ? claims : await recorder.claim({ ...request, suspects: "only" })).toHaveLength(1);
  recorder.close();
  await rig.db.query("update headway.task set lease_expires_at = now() - interval '1 minute' where job_id = $1", [
    jobId,
  ]);
}
