import { randomUUID } from "node:crypto";
import pg from "pg";
import { pausePipeline, resumePipeline } from "../../../src/engine/operations/pause.js";
import type { Claim } from "../../../src/engine/flush/claim.js";
import { definePipeline, type Pipeline } from "../../../src/pipelines/pipeline.js";
import { Registry } from "../../../src/pipelines/registry.js";
import { ACTOR, createRig, type Rig } from "../../support/engine.js";
import { until } from "../../support/until.js";
import { waitingForLocks } from "../../support/waiting.js";
import { recorderOf, workerByHand, type ByHand } from "./by-hand.js";

const staged = (...names: string[]): Pipeline =>
  definePipeline({ name: "two", version: 1, documentStages: names.map((name) => ({ name, run: async () => null })) });

let rig: Rig;
/** One holds a transaction open, the other looks on. */
let other: pg.Client;
let worker: ByHand;
beforeAll(async () => {
  rig = await createRig([staged("a", "b")]);
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

/** Whatever is due. */
async function completeAll(): Promise<void> {
  for (const claim of await worker.take({ limit: 100 })) {
    const { taskId, fence, stage } = claim;
    if (stage === "a") await goOn(taskId, fence);
    await worker.complete(claim);
  }
}

const goOn = (taskId: string, fence: string): Promise<unknown> =>
  worker.recorder.record({ kind: "stage", taskId, fence, stage: "b", maxAttempts: 3, outputJson: "1" });

/** A job of four tasks: two are due at stage a, two at stage b. */
async function atBothStages(): Promise<void> {
  await rig.submit("two", 4);
  const claims = await worker.take({ limit: 4 });
  for (const [index, claim] of claims.entries()) {
    if (index >= 2) await goOn(claim.taskId, claim.fence);
    await worker.end(claim);
  }
}

describe("a claim of a job", () => {
  test("whose tasks are at several stages takes no more than was asked for", async () => {
    await atBothStages();
    const claims = await worker.take({ limit: 1 });
    expect(claims).toHaveLength(1);
    await worker.end(claims[0]!);
    await completeAll();
  });

  test("takes nothing that is at a stage which the worker lacks, and is due just as long", async () => {
    await atBothStages();
    const claims = await worker.take({ limit: 4, registry: new Registry([staged("a")]) });
    expect(claims.map(({ stage }) => stage)).toEqual(["a", "a"]);
    for (const claim of claims) await worker.end(claim);
    await completeAll();
  });

  test("takes nothing of it that is due later", async () => {
    await rig.submit("two", 2);
    const [now, later] = (await worker.take({ limit: 2 })) as [Claim, Claim];
    await worker.end(now);
    await worker.end(later, { delayMs: 3_600_000 });
    const claims = await worker.take({ limit: 2 });
    expect(claims.map(({ taskId }) => taskId)).toEqual([now.taskId]);
    await worker.end(claims[0]!);
    await rig.db.query("update headway.task set run_at = clock_timestamp() where id = $1", [later.taskId]);
    await until("it is due", async () => {
      await completeAll();
      const rows = await rig.db.query("select from headway.task where id = $1 and finished_at is null", [later.taskId]);
      return rows.length === 0;
    });
  });

  test("takes nothing of what has been paused while it waited", async () => {
    const collectionId = await rig.collection(1);
    await rig.submit("two", 0, { collectionId });
    await other.query("begin");
    await other.query("select headway.lock_collections(array[$1::uuid])", [collectionId]);
    const claiming = rig.db.query("select headway.claim_tasks($1, $2, $3) as answer", [
      worker.id,
      `worker:${worker.id}`,
      worker.request(),
    ]);
    await until("the claim waits", async () => (await waitingForLocks(rig.db)).length > 0);
    await pausePipeline(rig.deps, ACTOR, { pipeline: "two", reason: "later" });
    await other.query("rollback");
    expect((await claiming)[0].answer).toMatchObject({ claimed: null });
    await resumePipeline(rig.deps, ACTOR, { pipeline: "two" });
    await completeAll();
  });
});

describe("a flush", () => {
  test("that does not wait leaves alone what somebody else holds, and tells so; one that waits, waits", async () => {
    const collectionId = await rig.collection(1);
    await rig.submit("two", 0, { collectionId });
    const [claim] = await worker.take();
    const { taskId, fence } = claim!;
    const changes = JSON.stringify([
      { task: taskId, fence, change: randomUUID(), first: 1, ages: [0], kind: "stage", maxAttempts: 3, outputs: [1] },
    ]);
    const flush = async (waits: boolean): Promise<{ held: unknown; refused: unknown }> =>
      (
        await rig.db.query("select headway.record_changes('WORKER', $1, $2, 3, $3, $4) as answer", [
          `worker:${worker.id}`,
          worker.id,
          changes,
          waits,
        ])
      )[0].answer;
    const stage = async (): Promise<unknown> =>
      (await rig.db.query("select stage from headway.task where id = $1", [taskId]))[0].stage;
    await other.query("begin");
    await other.query("select headway.lock_collections(array[$1::uuid])", [collectionId]);
    expect(await flush(false)).toMatchObject({ held: [{ task: taskId, collection: collectionId }] });
    expect(await stage()).toBe("a");
    const waiting = flush(true);
    await until("it waits", async () => (await waitingForLocks(rig.db)).length > 0);
    await other.query("rollback");
    expect(await waiting).toMatchObject({ held: [], refused: [] });
    expect(await stage()).toBe("b");
    await worker.complete(claim!);
  });

  test("of somebody who does not run a task changes none that has ended", async () => {
    await rig.submit("two", 1);
    const [claim] = await worker.take();
    await goOn(claim!.taskId, claim!.fence);
    await worker.complete(claim!);
    const { taskId, fence } = claim!;
    expect(await recorderOf(rig, null).record({ kind: "end", taskId, fence, cause: "INTERRUPTED" })).toBeNull();
    const [row] = await rig.db.query("select status from headway.task where id = $1", [taskId]);
    expect(row).toEqual({ status: "COMPLETED" });
  });
});
