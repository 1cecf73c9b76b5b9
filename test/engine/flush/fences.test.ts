import { randomUUID } from "node:crypto";
import { cancelTask } from "../../../src/engine/cancel/cancel.js";
import type { Claim } from "../../../src/engine/flush/claim.js";
import { Recorder } from "../../../src/engine/flush/recorder.js";
import { definePipeline } from "../../../src/pipelines/pipeline.js";
import { ACTOR, createRig, PROJECT, type Rig } from "../../support/engine.js";

const LEASE_MS = 3_600_000;
const one = definePipeline({
  name: "one",
  version: 1,
  documentStages: [{ name: "only", run: async () => null }],
});

let rig: Rig;
beforeAll(async () => {
  rig = await createRig([one]);
});
afterAll(() => rig.close());
afterEach(async () => {
  expect(await rig.violations()).toEqual([]);
});

function recorder(workerId: string | null): Recorder {
  const actor =
    workerId === null
      ? ({ type: "SYSTEM", name: "system:sweep" } as const)
      : ({ type: "WORKER", name: `worker:${workerId}` } as const);
  return new Recorder({
    db: rig.db,
    actor,
    workerId,
    leaseMs: LEASE_MS,
    crashLimit: 3,
    onDue: () => undefined,
    onError: rig.deps.onError,
  });
}

const WORKER = randomUUID();
const worker = (): Recorder => recorder(WORKER);

async function claimed(by = worker()): Promise<Claim> {
  const [claim] = await by.claim({ registry: rig.deps.registry, limit: 1 });
  return claim!;
}

async function stands(taskId: string): Promise<Record<string, unknown>> {
  const [row] = await rig.db.query(
    `select status, fence::int as fence, progress, progress_message as said, lease_expires_at > clock_timestamp() + interval '10 minutes' as "isRenewed"
     from headway.task where id = $1`,
    [taskId],
  );
  return row;
}

const shorten = (taskId: string, left: string): Promise<unknown> =>
  rig.db.query(
    "update headway.task set lease_expires_at = clock_timestamp() + $2::interval where id = $1 and status = 'RUNNING'",
    [taskId, left],
  );

async function beat({ taskId, fence }: Claim, more: object = {}): Promise<{ lost: string[]; cancelled: string[] }> {
  const [{ answer }] = await rig.db.query("select headway.heartbeat($1, $2, $3) as answer", [
    WORKER,
    LEASE_MS,
    JSON.stringify([{ task: taskId, fence, stage: "only", ...more }]),
  ]);
  return answer;
}

/** A claim that was given back, and the one that came after it. */
async function twice(): Promise<{ old: Claim; fresh: Claim }> {
  await rig.submit("one", 1);
  const old = await claimed();
  await worker().record({ kind: "end", taskId: old.taskId, fence: old.fence, cause: "INTERRUPTED" });
  return { old, fresh: await claimed() };
}

const expired = ({ taskId, fence }: Claim): Promise<unknown> =>
  recorder(null).record({ kind: "end", taskId, fence, cause: "LEASE_LOST", expired: true });
const complete = ({ taskId, fence }: Claim): Promise<unknown> =>
  worker().record({ kind: "complete", taskId, fence, outputJson: "null" });

describe("a heartbeat", () => {
  test("renews the lease of its claim and carries its progress", async () => {
    await rig.submit("one", 1);
    const claim = await claimed();
    await shorten(claim.taskId, "1 minute");
    expect(await beat(claim, { progress: 0.5, message: "half" })).toMatchObject({ lost: [], cancelled: [] });
    expect(await stands(claim.taskId)).toMatchObject({ progress: 0.5, said: "half", isRenewed: true });
    // Progress of a stage never falls, and that of another stage is not of this one.
    await beat(claim, { progress: 0.25 });
    await beat(claim, { progress: 0.75, message: "more", stage: "another" });
    expect(await stands(claim.taskId)).toMatchObject({ progress: 0.5, said: "half" });
    await complete(claim);
  });

  test("of an older claim renews nothing, and hears that it is lost", async () => {
    const { old, fresh } = await twice();
    await shorten(fresh.taskId, "1 minute");
    expect(await beat(old, { progress: 0.5 })).toMatchObject({ lost: [old.taskId], cancelled: [] });
    expect(await stands(fresh.taskId)).toMatchObject({ status: "RUNNING", fence: 2, progress: 0, isRenewed: false });
    await complete(fresh);
  });

  test("hears of a cancel that is its own claim's, and an older claim does not", async () => {
    const { old, fresh } = await twice();
    await cancelTask(rig.deps, ACTOR, { taskId: fresh.taskId });
    expect(await beat(old)).toMatchObject({ lost: [old.taskId], cancelled: [] });
    expect(await beat(fresh)).toMatchObject({ lost: [], cancelled: [fresh.taskId] });
    await complete(fresh);
  });

  test("of a task that has ended hears that it is lost, and brings it no lease", async () => {
    await rig.submit("one", 1);
    const claim = await claimed();
    await complete(claim);
    expect(await beat(claim)).toMatchObject({ lost: [claim.taskId], cancelled: [] });
    expect(await stands(claim.taskId)).toMatchObject({ status: "COMPLETED", isRenewed: null });
  });

  test("passes over a row that is being written, and waits for nobody", async () => {
    await rig.submit("one", 1);
    const claim = await claimed();
    await shorten(claim.taskId, "1 minute");
    const other = rig.db.createQueryRunner();
    await other.startTransaction();
    await other.query("select from headway.task where id = $1 for no key update", [claim.taskId]);
    expect(await beat(claim)).toEqual({ lost: [], missed: [claim.taskId], cancelled: [] });
    await other.rollbackTransaction();
    await other.release();
    expect(await stands(claim.taskId)).toMatchObject({ isRenewed: false });
    await complete(claim);
  });
});

describe("a claim", () => {
  test("begins without the progress of the one before, and keeps when its task was first started", async () => {
    await rig.submit("one", 1);
    const old = await claimed();
    await beat(old, { progress: 0.5, message: "half" });
    const startedAt = async (): Promise<unknown> =>
      (await rig.db.query("select started_at as at from headway.task where id = $1", [old.taskId]))[0].at;
    const first = await startedAt();
    await worker().record({ kind: "end", taskId: old.taskId, fence: old.fence, cause: "INTERRUPTED" });
    const fresh = await claimed();
    expect(await stands(fresh.taskId)).toMatchObject({ status: "RUNNING", fence: 2, progress: 0, said: null });
    expect(await startedAt()).toEqual(first);
    await complete(fresh);
  });
});

describe("a sweep that has found a lease expired", () => {
  test("leaves the task alone when the lease has been renewed meanwhile", async () => {
    await rig.submit("one", 1);
    const claim = await claimed();
    expect(await expired(claim)).toBeNull();
    expect(await stands(claim.taskId)).toMatchObject({ status: "RUNNING" });
    await complete(claim);
  });

  test("leaves the task alone when another has claimed it meanwhile", async () => {
    const { old, fresh } = await twice();
    await shorten(fresh.taskId, "-1 second");
    expect(await expired(old)).toBeNull();
    expect(await stands(fresh.taskId)).toMatchObject({ status: "RUNNING", fence: 2 });
    expect(await complete(fresh)).toMatchObject({ status: "COMPLETED" });
  });
});

describe("a claim whose fence has been handed out again, as by a standby that took over without the last changes", () => {
  const other = randomUUID();
  test("is renewed and recorded by the worker that has it now, and by no other", async () => {
    await rig.submit("one", 1);
    // What this worker had under the same fence has been lost with the changes.
    const claim = await claimed(recorder(other));
    await shorten(claim.taskId, "1 minute");
    expect(await beat(claim, { progress: 0.5 })).toMatchObject({ lost: [claim.taskId], cancelled: [] });
    expect(await stands(claim.taskId)).toMatchObject({ progress: 0, isRenewed: false });
    expect(await complete(claim)).toBeNull();
    expect(await stands(claim.taskId)).toMatchObject({ status: "RUNNING", fence: 1 });
    const { taskId, fence } = claim;
    const byOther = recorder(other).record({ kind: "complete", taskId, fence, outputJson: "null" });
    expect(await byOther).toMatchObject({ status: "COMPLETED" });
  });
});

test.each(["died_at", "stopped_at"])("a worker with %s is given nothing", async (column) => {
  const id = randomUUID();
  await rig.db.query(
    `insert into headway.worker (id, project_id, hostname, pid, build, pipelines, concurrency, lease_ms, ${column})
     values ($1, $2, 'test', 1, 'test', '{one}', 8, 30000, clock_timestamp())`,
    [id, PROJECT],
  );
  await rig.submit("one", 1);
  expect(await recorder(id).claim({ registry: rig.deps.registry, limit: 8 })).toEqual([]);
  await complete(await claimed());
});
