import pg from "pg";
import type { Claim } from "../../../src/engine/flush/claim.js";
import { definePipeline } from "../../../src/pipelines/pipeline.js";
import type { DutyDeps } from "../../../src/reconciler/duty.js";
import { rescueExpiredLeases } from "../../../src/reconciler/expired-leases.js";
import { createRig, type Rig } from "../../support/engine.js";
import { until } from "../../support/until.js";
import { waitingForLocks } from "../../support/waiting.js";
import { LEASE_MS, recorderOf, workerByHand, type ByHand } from "./by-hand.js";

const one = definePipeline({ name: "one", version: 1, documentStages: [{ name: "only", run: async () => null }] });
const SUSPECTS = { suspects: "only" } as const;

let rig: Rig;
/** One holds a transaction open, the other looks on. */
let other: pg.Client;
let sweep: DutyDeps;
beforeAll(async () => {
  rig = await createRig([one]);
  other = new pg.Client({ connectionString: rig.url });
  await other.connect();
  sweep = { db: rig.db, recorder: recorderOf(rig, null), onError: rig.deps.onError } as DutyDeps;
});
afterAll(async () => {
  await other.end();
  await rig.close();
});
afterEach(async () => {
  expect(await rig.violations()).toEqual([]);
});

interface Held {
  readonly task: string;
  readonly fence: string;
  readonly stage: string;
  readonly hasCrashed: boolean;
  readonly held: number;
}

async function died(worker: ByHand): Promise<Held[]> {
  const [{ held }] = await rig.db.query("select headway.worker_died($1) as held", [worker.id]);
  return held;
}

async function giveBack(held: readonly Held[]): Promise<void> {
  for (const { task: taskId, fence } of held) {
    await sweep.recorder.record({ kind: "end", taskId, fence, cause: "INTERRUPTED" });
  }
}

async function takenBy(worker: ByHand, more = {}): Promise<Claim> {
  const [claim] = await worker.take(more);
  return claim!;
}

/** Its lease passes, and a sweep finds it. */
async function pass({ taskId }: Claim): Promise<void> {
  await rig.db.query("update headway.task set lease_expires_at = clock_timestamp() - interval '1 s' where id = $1", [
    taskId,
  ]);
  expect(await rescueExpiredLeases(sweep)).toBe(1);
}

async function completeAll(more = {}): Promise<void> {
  const living = await workerByHand(rig);
  for (let [claim] = await living.take(more); claim; [claim] = await living.take(more)) await living.complete(claim);
}

describe("a worker that is said to be dead", () => {
  test("gives back what it runs, not what it has ended nor what others run, and takes nothing more", async () => {
    const [dead, living] = [await workerByHand(rig), await workerByHand(rig)];
    await rig.submit("one", 3);
    await dead.complete(await takenBy(dead));
    const mine = await takenBy(dead);
    const theirs = await takenBy(living);
    expect(await died(dead)).toEqual([
      { task: mine.taskId, fence: mine.fence, stage: "only", hasCrashed: false, held: 1 },
    ]);
    await rig.submit("one", 1);
    expect(await dead.take({ limit: 8 })).toEqual([]);
    await dead.complete(mine);
    await living.complete(theirs);
    await completeAll();
  });

  test("gives back what a claim takes that was still under way", async () => {
    const dead = await workerByHand(rig);
    await rig.submit("one", 1);
    await other.query("begin");
    await other.query("select headway.claim_tasks($1, $2, $3)", [dead.id, `worker:${dead.id}`, dead.request()]);
    const held = died(dead);
    await until("it is waited for", async () => (await waitingForLocks(rig.db)).length > 0);
    await other.query("commit");
    expect(await held).toMatchObject([{ fence: "1", stage: "only" }]);
    await giveBack(await held);
    await completeAll();
  });
});

describe("leases of one dead worker that pass one after the other", () => {
  test("charge a crash to none of its tasks, the last included: that ran beside the others, too", async () => {
    const dead = await workerByHand(rig);
    await rig.submit("one", 2);
    const claims = [await takenBy(dead), await takenBy(dead)];
    const stand = async (): Promise<unknown> =>
      rig.db.query("select status, crashes, is_suspect from headway.task where id = any ($1)", [
        claims.map(({ taskId }) => taskId),
      ]);
    for (const claim of claims) await pass(claim);
    const suspect = { status: "QUEUED", crashes: 0, is_suspect: true };
    expect(await stand()).toEqual([suspect, suspect]);
    // Alone, and dead again: now it is known whose crash it is.
    await pass(await takenBy(await workerByHand(rig), SUSPECTS));
    expect(await stand()).toContainEqual({ status: "QUEUED", crashes: 1, is_suspect: true });
    await completeAll(SUSPECTS);
  });

  test("nor does what its supervisor gives back after a sweep has given back the rest", async () => {
    const dead = await workerByHand(rig);
    await rig.submit("one", 2);
    const [first] = [await takenBy(dead), await takenBy(dead)];
    await pass(first);
    const held = await died(dead);
    expect(held).toMatchObject([{ held: 2 }]);
    await giveBack(held);
    await completeAll();
    await completeAll(SUSPECTS);
  });
});

describe("leases that are renewed for a worker which says nothing", () => {
  test("are its own alone; a row that is being written is passed over", async () => {
    const [silent, living] = [await workerByHand(rig), await workerByHand(rig)];
    await rig.submit("one", 3);
    const [mine, written, theirs] = [await takenBy(silent), await takenBy(silent), await takenBy(living)];
    await rig.db.query("update headway.task set lease_expires_at = clock_timestamp() where status = 'RUNNING'");
    await other.query("begin");
    await other.query("select from headway.task where id = $1 for no key update", [written.taskId]);
    await rig.db.query("select headway.renew_leases($1, $2)", [silent.id, LEASE_MS]);
    await other.query("rollback");
    const renewed = await rig.db.query(
      "select id from headway.task where status = 'RUNNING' and lease_expires_at > clock_timestamp()",
    );
    expect(renewed).toEqual([{ id: mine.taskId }]);
    for (const claim of [mine, written]) await silent.complete(claim);
    await living.complete(theirs);
  });
});
