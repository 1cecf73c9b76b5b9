import pg from "pg";
import { cancelJob } from "../../../src/engine/cancel/cancel.js";
import { definePipeline, type Pipeline } from "../../../src/pipelines/pipeline.js";
import { Registry, servesOf } from "../../../src/pipelines/registry.js";
import { ACTOR, createRig, PROJECT, type Rig } from "../../support/engine.js";
import { recorderOf, workerByHand, type ByHand } from "./by-hand.js";

const staged = (version: number, ...names: string[]): Pipeline =>
  definePipeline({ name: "two", version, documentStages: names.map((name) => ({ name, run: async () => null })) });
const ONLY = { suspects: "only" } as const;

let rig: Rig;
let other: pg.Client;
let worker: ByHand;
beforeAll(async () => {
  rig = await createRig([staged(2, "a", "b")]);
  other = new pg.Client({ connectionString: rig.url });
  await other.connect();
  worker = await workerByHand(rig);
});
afterAll(async () => {
  await other.end();
  await rig.close();
});
afterEach(async () => {
  expect(await rig.violations()).toEqual([]);
});

/** A task whose worker died beside others. */
async function suspected(): Promise<{ taskId: string; jobId: string; collectionId: string }> {
  const collectionId = await rig.collection(1);
  const jobId = await rig.submit("two", 0, { collectionId });
  const [claim] = await worker.take();
  const { taskId, fence } = claim!;
  await recorderOf(rig, null).record({ kind: "end", taskId, fence, cause: "LOST_BESIDE_OTHERS", message: "beside" });
  return { taskId, jobId, collectionId };
}

async function facts(taskId: string): Promise<unknown> {
  const [row] = await rig.db.query("select status, crashes, is_suspect, has_crashed from headway.task where id = $1", [
    taskId,
  ]);
  return row;
}

/** Takes it as what it is, and brings it to its end. */
async function settle(taskId: string): Promise<void> {
  const claims = await worker.take({ ...ONLY, limit: 8 });
  expect(claims).toMatchObject([{ taskId, hasCrashed: true }]);
  const { fence } = claims[0]!;
  await worker.recorder.record({ kind: "stage", taskId, fence, stage: "b", maxAttempts: 3, outputJson: "1" });
  // A stage that it has completed is what it did not die of.
  expect(await facts(taskId)).toMatchObject({ status: "RUNNING", is_suspect: false, has_crashed: true });
  await worker.complete(claims[0]!);
}

/** Whether others are told that suspects are due which they can run. */
async function isTold(registry = rig.deps.registry): Promise<boolean> {
  await worker.take({ suspects: "tell", registry });
  return worker.recorder.suspectsWait;
}

test("suspects are taken one at a time by whoever asks for them, by nobody else, and count no crash; done they are none any more", async () => {
  const taskIds = [(await suspected()).taskId, (await suspected()).taskId];
  expect(await facts(taskIds[0]!)).toEqual({ status: "QUEUED", crashes: 0, is_suspect: true, has_crashed: true });
  expect(await worker.take({ suspects: "tell", limit: 8 })).toEqual([]);
  expect(worker.recorder.suspectsWait).toBe(true);
  for (const taskId of taskIds) {
    await settle(taskId);
    expect(await facts(taskId)).toMatchObject({ status: "COMPLETED", crashes: 0, is_suspect: false });
  }
  expect(await worker.take(ONLY)).toEqual([]);
  expect(await isTold()).toBe(false);
});

describe("a suspect is not taken, and nobody is told of it,", () => {
  test("where the worker does not have its pipeline, its version or its stage", async () => {
    const { taskId } = await suspected();
    const others = [[], [staged(1, "a", "b")], [staged(2, "b")]].map((pipelines) => new Registry(pipelines));
    for (const registry of others) {
      expect(await worker.take({ ...ONLY, registry })).toEqual([]);
      expect(await isTold(registry)).toBe(false);
    }
    await settle(taskId);
  });

  test("where the worker's version refuses its options", async () => {
    const { taskId, jobId } = await suspected();
    const registry = new Registry([staged(3, "a", "b")]);
    await rig.db.query(
      "insert into headway.options_check (job_id, project_id, pipeline_version, refusal) values ($1, $2, 3, 'no')",
      [jobId, PROJECT],
    );
    expect(await worker.take({ ...ONLY, registry })).toEqual([]);
    expect(await isTold(registry)).toBe(false);
    await settle(taskId);
  });

  test("while its pipeline is paused", async () => {
    const { taskId } = await suspected();
    await rig.db.query(
      "insert into headway.pipeline_pause (project_id, pipeline, reason, paused_by) values ($1, 'two', '', 'me')",
      [PROJECT],
    );
    expect(await worker.take(ONLY)).toEqual([]);
    expect(await isTold()).toBe(false);
    await rig.db.query("delete from headway.pipeline_pause");
    await settle(taskId);
  });

  test("before it is due", async () => {
    const { taskId } = await suspected();
    const due = "update headway.task set run_at = clock_timestamp() + $2::interval where id = $1";
    await rig.db.query(due, [taskId, "1 hour"]);
    expect(await worker.take(ONLY)).toEqual([]);
    expect(await isTold()).toBe(false);
    await rig.db.query(due, [taskId, "0"]);
    await settle(taskId);
  });

  test("once its job is cancelled", async () => {
    const { taskId, jobId } = await suspected();
    await cancelJob(rig.deps, ACTOR, { jobId });
    expect(await worker.take(ONLY)).toEqual([]);
    expect(await facts(taskId)).toMatchObject({ status: "CANCELLED", crashes: 0 });
  });
});

describe("a suspect is not waited for", () => {
  test("while its row is being written", async () => {
    const { taskId } = await suspected();
    await other.query("begin");
    await other.query("select from headway.task where id = $1 for no key update", [taskId]);
    expect(await worker.take(ONLY)).toEqual([]);
    await other.query("rollback");
    await settle(taskId);
  });

  test("for longer than it is said to be, while somebody holds its collection alone", async () => {
    const { taskId, collectionId } = await suspected();
    await other.query("begin");
    await other.query("select headway.lock_collections(array[$1::uuid])", [collectionId]);
    const request = worker.request({ ...ONLY, serves: servesOf(rig.deps.registry), waitMs: 50 });
    const [{ answer }] = await rig.db.query("select headway.claim_tasks($1, 'worker:x', $2) as answer", [
      worker.id,
      request,
    ]);
    expect(answer).toMatchObject({ held: true, claimed: null });
    await other.query("rollback");
    await settle(taskId);
  });
});
