import { randomUUID } from "node:crypto";
import pg from "pg";
import { Recorder } from "../../../src/engine/flush/recorder.js";
import { definePipeline } from "../../../src/pipelines/pipeline.js";
import { createRig, PROJECT, type Rig } from "../../support/engine.js";
import { until } from "../../support/until.js";
import { waitingForLocks } from "../../support/waiting.js";

const two = definePipeline({
  name: "two",
  version: 1,
  documentStages: [
    { name: "a", run: async () => null },
    { name: "b", run: async () => null },
  ],
});
let open: (() => void) | null = null;
const held = definePipeline({
  name: "held",
  version: 1,
  documentStages: [{ name: "gate", run: () => new Promise<void>((resolve) => (open = resolve)) }],
});
const LEASE_MS = 30_000;

let rig: Rig;
let other: pg.Client;
beforeAll(async () => {
  rig = await createRig([two, held]);
  other = new pg.Client({ connectionString: rig.url });
  await other.connect();
});
afterAll(async () => {
  await other.end();
  await rig.close();
});

async function registered(): Promise<{ workerId: string; recorder: Recorder }> {
  const workerId = randomUUID();
  await rig.db.query(
    `insert into headway.worker (id, project_id, hostname, pid, build, pipelines, concurrency, lease_ms)
     values ($1, $2, 'test', 1, 'test', '{two}', 8, $3)`,
    [workerId, PROJECT, LEASE_MS],
  );
  const recorder = new Recorder({
    db: rig.db,
    actor: { type: "WORKER", name: `worker:${workerId}` },
    workerId,
    leaseMs: LEASE_MS,
    crashLimit: 3,
    onDue: () => undefined,
    onError: () => undefined,
  });
  return { workerId, recorder };
}

/** What is left of the task's lease, by the database's clock. */
async function leftMs(taskId: string): Promise<number> {
  const rows: { ms: number }[] = await rig.db.query(
    "select extract(epoch from lease_expires_at - clock_timestamp())::float8 * 1000 as ms from headway.task where id = $1",
    [taskId],
  );
  return rows[0]!.ms;
}

describe("a lease", () => {
  test("begins when the claim has its locks, not when it began to wait for them", async () => {
    const jobId = await rig.submit("two", 1);
    const { recorder } = await registered();
    const [{ id: collectionId }] = await rig.db.query("select collection_id as id from headway.job where id = $1", [
      jobId,
    ]);
    await other.query("begin");
    await other.query("select headway.lock_collections(array[$1::uuid])", [collectionId]);
    const claiming = recorder.claim({ registry: rig.deps.registry, limit: 1 });
    await until("the claim waits", async () => (await waitingForLocks(rig.db)).length > 0);
    const waitedFrom = performance.now();
    await until("it has waited for a second", () => performance.now() - waitedFrom > 1_000);
    await other.query("commit");
    const [claim] = await claiming;
    expect(await leftMs(claim!.taskId)).toBeGreaterThan(LEASE_MS - 500);
  });

  test("goes on whole with each stage, since heartbeats pass over a row that is being written", async () => {
    await rig.submit("two", 1);
    const { recorder } = await registered();
    const [claim] = await recorder.claim({ registry: rig.deps.registry, limit: 1 });
    const { taskId, fence } = claim!;
    await rig.db.query(
      "update headway.task set lease_expires_at = clock_timestamp() + interval '1 second' where id = $1",
      [taskId],
    );
    await recorder.record({ kind: "stage", taskId, fence, stage: "b", maxAttempts: 3, outputJson: "1" });
    expect(await leftMs(taskId)).toBeGreaterThan(LEASE_MS - 500);
  });

  test("is renewed while the worker's own row is held", async () => {
    await rig.startWorker({ heartbeatMs: 50, leaseMs: LEASE_MS });
    await rig.submit("held", 1);
    await until("its stage runs", () => open !== null);
    const [{ id }] = await rig.db.query("select id from headway.task where pipeline = 'held' and status = 'RUNNING'");
    await other.query("begin");
    await other.query("select from headway.worker for update");
    await rig.db.query(
      "update headway.task set lease_expires_at = clock_timestamp() + interval '5 seconds' where id = $1",
      [id],
    );
    await until("it is whole again", async () => (await leftMs(id)) > LEASE_MS - 1_000);
    await other.query("rollback");
    open!();
  });
});
