import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import pg from "pg";
import { definePipeline } from "../../src/pipelines/pipeline.js";
import { createTestApi, type TestApi } from "../support/api.js";
import { createRig, type Rig } from "../support/engine.js";
import type { HeadwayProcess } from "../support/processes.js";
import { until } from "../support/until.js";
import { startUploadProcess, submitted, type Batch } from "./batches.js";
import { Gate } from "./gate.js";
import upload from "./pipelines/upload.js";

const START_DEADLINE_MS = 10_000;
/** For two slow cores. */
const MARGIN_MS = 2_000;

/** The same stages as `upload`, each held until the test lets it through. */
const validate = new Gate();
const parse = new Gate();
const gated = definePipeline({
  name: "gated-upload",
  version: 1,
  documentStages: [
    { name: "validate", run: validate.run },
    { name: "parse", run: parse.run },
  ],
});

/** A transaction that holds what `statement` locks until it is ended. */
async function holding(url: string, statement: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query("begin");
  await client.query(statement);
  return client;
}

/** A start that hangs takes most of its deadline: it is begun before everything else, and looked at last. */
let hanging: { rig: Rig; lock: pg.Client; outcome: Promise<{ message: string; tookMs: number }> };
beforeAll(async () => {
  const rig = await createRig([upload]);
  const lock = await holding(rig.url, "lock table headway.worker in access exclusive mode");
  const startedAt = Date.now();
  const after = (message: string) => ({ message, tookMs: Date.now() - startedAt });
  const outcome = rig.startWorker().then(
    () => after("started"),
    (error: Error) => after(`${error.name}: ${error.message}`),
  );
  hanging = { rig, lock, outcome };
});
afterAll(async () => {
  await hanging.lock.end();
  await hanging.rig.close();
});

describe("an upload that used to stay validated and never be parsed", () => {
  let api: TestApi;
  beforeEach(async () => {
    validate.clear();
    parse.clear();
    api = await createTestApi([gated, upload]);
  });
  afterEach(async () => {
    const violations = await api.rig.violations();
    await api.close();
    expect(violations).toEqual([]);
  });

  const ask = (query: string, variables: Record<string, unknown> = {}): Promise<Record<string, any>> =>
    api.client.query(query, variables);
  const job = async (id: string, fields: string): Promise<any> =>
    (await ask(`query ($id: ID!) { job(id: $id) { ${fields} } }`, { id })).job;
  /** Open work as "stage: queued/running", over all open jobs. */
  const openWork = async (): Promise<string[]> =>
    (await ask("{ stageCounts { stage queued running } }")).stageCounts.map(
      (count: { stage: string; queued: number; running: number }) => `${count.stage}: ${count.queued}/${count.running}`,
    );

  it("says that no worker is there to take it, and goes through its stages with the first one that starts", async () => {
    const { jobId } = await submitted(api, "gated-upload", ["one"]);
    expect(await job(jobId, "status stage waitingOn { code message } tasks { nodes { waitingOn { code } } }")).toEqual({
      status: "QUEUED",
      stage: "validate",
      waitingOn: { code: "NO_WORKER", message: 'No worker of pipeline "gated-upload" is running; start one.' },
      tasks: { nodes: [{ waitingOn: { code: "NO_WORKER" } }] },
    });

    const worker = await api.rig.startWorker();
    const fields = "status stage waitingOn { code } tasks { nodes { status stage worker { id } } }";
    for (const [stage, gate] of [
      ["validate", validate],
      ["parse", parse],
    ] as const) {
      await until(`it is held in ${stage}`, () => gate.held.length === 1);
      // A stage may begin a moment before the end of the one before is recorded.
      await until("the record says so", async () => (await job(jobId, "stage"))["stage"] === stage);
      expect(await job(jobId, fields)).toEqual({
        status: "PROCESSING",
        stage,
        waitingOn: null,
        tasks: { nodes: [{ status: "RUNNING", stage, worker: { id: worker.id } }] },
      });
      gate.open("file 0");
    }
    expect(await api.rig.settled(jobId)).toBe("COMPLETED");
    const { tasks } = await job(jobId, "tasks { nodes { stages { stage outcome } } }");
    expect(tasks.nodes[0].stages).toEqual([
      { stage: "validate", outcome: "COMPLETED" },
      { stage: "parse", outcome: "COMPLETED" },
    ]);
  });

  it("is counted in the open work by stage, which answers at any time: no worker, at work, one dead, all done", async () => {
    const { jobId } = await submitted(api, "gated-upload", ["one", "two", "three"]);
    expect(await openWork()).toEqual(["validate: 3/0", "parse: 0/0"]);
    const worker = await api.rig.startWorker({ concurrency: 2 });
    await until("two are held", () => validate.held.length === 2);
    expect(await openWork()).toEqual(["validate: 1/2", "parse: 0/0"]);
    validate.open(validate.held[0]!);
    await until("one is parsed, and the record says so", async () => (await openWork())[1] === "parse: 0/1");
    expect(parse.held).toHaveLength(1);
    expect(await openWork()).toEqual(["validate: 1/1", "parse: 0/1"]);
    await worker.stop(0);
    expect(await openWork()).toEqual(["validate: 2/0", "parse: 1/0"]);
    validate.clear();
    parse.clear();
    await api.rig.startWorker();
    await until("all are held where they were", () => validate.held.length === 2 && parse.held.length === 1);
    expect(await openWork()).toEqual(["validate: 0/2", "parse: 0/1"]);
    for (const name of validate.held) validate.open(name);
    await until("all are parsed, and the record says so", async () => (await openWork())[1] === "parse: 0/3");
    expect(parse.held).toHaveLength(3);
    expect(await openWork()).toEqual(["validate: 0/0", "parse: 0/3"]);
    for (const name of parse.held) parse.open(name);
    await api.rig.settled(jobId);
    expect(await openWork()).toEqual([]);
  });

  describe("by a worker that beats, and whose loop does not move", () => {
    const LEASE_MS = 1_000;
    let process: HeadwayProcess;
    let batch: Batch;
    let lock: pg.Client;

    const worker = async (): Promise<any> =>
      (await ask("{ workers { status heartbeatAt lastLoopAt loopIterations } }")).workers[0];
    const shown = (status: string): Promise<void> =>
      until(`it is shown as ${status}`, async () => (await worker()).status === status);
    const ready = async (): Promise<{ status: number; message: string | null }> => {
      const answer = await fetch(`${process.url}/readyz`);
      const { checks } = (await answer.json()) as { checks: { name: string; message: string | null }[] };
      return { status: answer.status, message: checks.find(({ name }) => name === "worker")!.message };
    };

    /** The claim waits for a lock that somebody holds; the heart goes on. */
    beforeEach(async () => {
      process = await startUploadProcess(api, {
        HEADWAY_LEASE_MS: String(LEASE_MS),
        HEADWAY_HEARTBEAT_MS: "200",
        HEADWAY_POLL_MS: "100",
      });
      await ask('mutation { pausePipeline(input: { pipeline: "upload", reason: "not yet" }) { userErrors { code } } }');
      batch = await submitted(api, "upload", ["one"]);
      lock = await holding(api.rig.url, `select headway.lock_collections(array['${batch.id}'::uuid])`);
      expect(await ready()).toEqual({ status: 200, message: null });
      await ask('mutation { resumePipeline(input: { pipeline: "upload" }) { userErrors { code } } }');
    });
    afterEach(async () => {
      await lock.end();
      await process.kill();
    });

    it("is shown as STALLED and is not ready until it moves again; killed, it is LOST", async () => {
      await shown("STALLED");
      const still = await worker();
      await until("it has beaten again", async () => (await worker()).heartbeatAt > still.heartbeatAt);
      const { lastLoopAt, loopIterations } = still;
      expect(await worker()).toMatchObject({ status: "STALLED", lastLoopAt, loopIterations });
      expect(Date.parse(still.heartbeatAt) - Date.parse(lastLoopAt)).toBeGreaterThan(LEASE_MS);
      await until("it is not ready", async () => (await ready()).status === 503);
      expect((await ready()).message).toMatch(/^the claim loop has not iterated for \d+ ms$/);
      expect((await job(batch.jobId, "waitingOn { code message }")).waitingOn).toEqual({
        code: "WORKER_STALLED",
        message: 'All 1 workers of pipeline "upload" send heartbeats but claim no tasks.',
      });
      expect(await openWork()).toEqual(["validate: 1/0", "parse: 0/0"]);

      await lock.query("commit");
      expect(await api.rig.settled(batch.jobId)).toBe("COMPLETED");
      await shown("RUNNING");
      expect(await ready()).toEqual({ status: 200, message: null });
      await process.kill();
      await shown("LOST");
      await expect(fetch(`${process.url}/healthz`)).rejects.toThrow("fetch failed");
    });
  });
});

describe("a worker that can't get going, whose start() used never to return", () => {
  it("fails loudly within its deadline, and names the step", async () => {
    const { message, tookMs } = await hanging.outcome;
    expect(message).toContain("HeadwayError: The worker can't start, in registering in the database:");
    expect(tookMs).toBeLessThan(START_DEADLINE_MS + MARGIN_MS);
  });
});
