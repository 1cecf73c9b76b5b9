import { randomUUID } from "node:crypto";
import pg from "pg";
import type { Claim } from "../../../src/engine/flush/claim.js";
import { Recorder } from "../../../src/engine/flush/recorder.js";
import { definePipeline } from "../../../src/pipelines/pipeline.js";
import { servesOf } from "../../../src/pipelines/registry.js";
import { createRig, PROJECT, type Rig } from "../../support/engine.js";
import { until } from "../../support/until.js";
import { waitingForLocks } from "../../support/waiting.js";

const PIPELINE = definePipeline({
  name: "two",
  version: 1,
  documentStages: [
    { name: "a", run: async () => null },
    { name: "b", run: async () => null },
  ],
});

let rig: Rig;
let other: pg.Client;
beforeAll(async () => {
  rig = await createRig([PIPELINE]);
  other = new pg.Client({ connectionString: rig.url });
  await other.connect();
});
afterAll(async () => {
  await other.end();
  await rig.close();
});
afterEach(async () => {
  expect(await rig.violations()).toEqual([]);
});

function recorder(): Recorder {
  const workerId = randomUUID();
  return new Recorder({
    db: rig.db,
    actor: { type: "WORKER", name: `worker:${workerId}` },
    workerId,
    leaseMs: 30_000,
    crashLimit: 3,
    onDue: () => undefined,
    onError: (error) => {
      throw error;
    },
  });
}

const claim = (by: Recorder, limit: number): Promise<Claim[]> => by.claim({ registry: rig.deps.registry, limit });
const end = (by: Recorder, { taskId, fence }: Claim): Promise<unknown> =>
  by.record({ kind: "end", taskId, fence, cause: "PERMANENT_ERROR", code: "DONE" });

const base = ({ taskId, fence }: Claim) => ({ task: taskId, fence, change: randomUUID() });

describe("flushes of one collection", () => {
  test("that claim at once take different tasks, and each as many as it asked for", async () => {
    const jobId = await rig.submit("two", 120);
    const workers = Array.from({ length: 6 }, recorder);
    const taken = await Promise.all(workers.map((by) => claim(by, 20)));
    expect(taken.map(({ length }) => length)).toEqual([20, 20, 20, 20, 20, 20]);
    expect(new Set(taken.flat().map(({ taskId }) => taskId)).size).toBe(120);
    await Promise.all(taken.flatMap((claims, place) => claims.map((one) => end(workers[place]!, one))));
    expect(await rig.settled(jobId)).toBe("FAILED");
  });

  test("claim its documents in their order", async () => {
    const jobId = await rig.submit("two", 20);
    const by = recorder();
    const taken: Claim[] = [];
    for (let n = 0; n < 20; n += 1) taken.push(...(await claim(by, 1)));
    const documents = taken.map(({ document }) => document!.id);
    expect(documents).toEqual([...documents].sort());
    await Promise.all(taken.map((one) => end(by, one)));
    expect(await rig.settled(jobId)).toBe("FAILED");
  });

  test("take turns at its history, so that its positions are in the order of its commits", async () => {
    const jobId = await rig.submit("two", 2);
    const [first, second] = await claim(recorder(), 2);
    const change = (one: Claim): string =>
      JSON.stringify([
        {
          task: one.taskId,
          fence: one.fence,
          change: randomUUID(),
          kind: "stage",
          stage: "b",
          maxAttempts: 3,
          outputs: [1],
        },
      ]);
    await other.query("begin");
    await other.query("select headway.record_changes('WORKER', 'worker:x', null, 3, $1)", [change(first!)]);
    const late = rig.db.query("select headway.record_changes('WORKER', 'worker:y', null, 3, $1)", [change(second!)]);
    await until("the second waits for its turn", async () => (await waitingForLocks(rig.db)).length === 1);
    // It has come as far as its history: its task's row is its own already.
    const { rows: free } = await other.query(
      "select id from headway.task where id = $1 for no key update skip locked",
      [second!.taskId],
    );
    expect(free).toEqual([]);
    await other.query("commit");
    await late;
    const order: { id: string }[] = await rig.db.query(
      "select entity_id as id from headway.status_change where job_id = $1 and reason = 'STAGE_STARTED' order by position",
      [jobId],
    );
    expect(order.map(({ id }) => id)).toEqual([first!.taskId, second!.taskId]);
    const by = recorder();
    await Promise.all([end(by, first!), end(by, second!)]);
  });

  test("look at their own tasks and at no others, however many run", async () => {
    const jobId = await rig.submit("two", 1_001);
    const by = recorder();
    const [own] = await claim(by, 1);
    const looked = async (): Promise<number> => {
      const changes = [{ ...base(own!), kind: "stage", stage: "b", maxAttempts: 3, outputs: [1] }];
      await other.query("begin");
      const { rows } = await other.query(
        "explain (analyze, buffers, format json) select headway.record_changes('WORKER', 'worker:x', null, 3, $1)",
        [JSON.stringify(changes)],
      );
      await other.query("rollback");
      return rows[0]["QUERY PLAN"][0].Plan["Shared Hit Blocks"];
    };
    await looked(); // The first in a session reads catalogues too.
    const alone = await looked();
    const others = await claim(by, 1_000);
    expect((await looked()) - alone).toBeLessThan(50);
    await Promise.all([own!, ...others].map((one) => end(by, one)));
    expect(await rig.settled(jobId)).toBe("FAILED");
  });

  test("that end a job do not wait for another that waits for them", async () => {
    const jobId = await rig.submit("two", 1);
    const [{ id }] = await rig.db.query("select collection_id as id from headway.job where id = $1", [jobId]);
    const [one] = await claim(recorder(), 1);
    const ending = (): string =>
      JSON.stringify([
        {
          task: one!.taskId,
          fence: one!.fence,
          change: randomUUID(),
          kind: "end",
          countsAs: "none",
          final: "PERMANENT_ERROR",
          code: "DONE",
        },
      ]);
    // As far as a flush comes before it writes.
    await other.query("begin");
    await other.query("select headway.share_collections(array[$1::uuid])", [id]);
    await other.query("select from headway.task where id = $1 for no key update", [one!.taskId]);
    const late = rig.db.query("select headway.record_changes('SYSTEM', 'system:sweep', null, 3, $1) as answer", [
      ending(),
    ]);
    await until("the second waits for the task", async () => (await waitingForLocks(rig.db)).length === 1);
    const { rows } = await other.query("select headway.record_changes('WORKER', 'worker:x', null, 3, $1) as answer", [
      ending(),
    ]);
    expect(rows[0].answer.convergeErrors).toEqual([]);
    await other.query("commit");
    const [{ answer }] = await late;
    expect(answer.refused).toEqual([one!.taskId]);
    expect(await rig.settled(jobId)).toBe("FAILED");
  });

  test("wait for whoever decides about it as a whole, and see what was decided", async () => {
    const jobId = await rig.submit("two", 3);
    const [{ id }] = await rig.db.query("select collection_id as id from headway.job where id = $1", [jobId]);
    await other.query("begin");
    await other.query("select headway.lock_collections(array[$1::uuid])", [id]);
    const claiming = claim(recorder(), 3);
    await until("the claim waits", async () => (await waitingForLocks(rig.db)).length === 1);
    await other.query(
      `update headway.task set status = 'CANCELLED', version = version + 1, change_id = gen_random_uuid(), finished_at = clock_timestamp(),
         change_reason = 'CANCELLED_BY_REQUEST', cancel_requested_at = clock_timestamp() where job_id = $1`,
      [jobId],
    );
    await other.query("select headway.converge($1)", [jobId]);
    await other.query("commit");
    expect(await claiming).toEqual([]);
  });
});

test("a lease that waited for its turn at the history begins with its turn", async () => {
  const jobId = await rig.submit("two", 1);
  const [{ id }] = await rig.db.query("select collection_id as id from headway.job where id = $1", [jobId]);
  const workerId = randomUUID();
  await rig.db.query(
    `insert into headway.worker (id, project_id, hostname, pid, build, pipelines, concurrency, lease_ms)
     values ($1, $2, 'host', 1, 'test', '{two}', 8, 5000)`,
    [workerId, PROJECT],
  );
  await other.query("begin");
  await other.query("select headway.lock_history(array[$1::uuid])", [id]);
  const claimed = rig.db.query("select headway.claim_tasks($1, 'worker:z', $2) as answer", [
    workerId,
    JSON.stringify({ serves: servesOf(rig.deps.registry), limit: 1, change: randomUUID(), leaseMs: 5_000 }),
  ]);
  await until("the claim waits for its turn", async () => (await waitingForLocks(rig.db)).length === 1);
  const waitedFrom = performance.now();
  await until("it has waited for a second", () => performance.now() - waitedFrom > 1_000);
  await other.query("commit");
  const [{ answer }] = await claimed;
  const [{ ms }] = await rig.db.query(
    "select extract(epoch from lease_expires_at - clock_timestamp()) * 1000 as ms from headway.task where id = $1",
    [answer.claimed.tasks[0].taskId],
  );
  expect(Number(ms)).toBeGreaterThan(4_500);
  await end(recorder(), answer.claimed.tasks[0]);
});

describe("what no foreign key looks up row by row", () => {
  test("is refused all the same: a task whose job is another collection's", async () => {
    await rig.submit("two", 1);
    await rig.submit("two", 1);
    const [one, two] = await rig.db.query(
      "select id, collection_id as collection from headway.job order by created_at desc limit 2",
    );
    const birth = (jobId: string, collectionId: string, projectId: string): Promise<unknown> =>
      rig.db.query(
        `insert into headway.task (id, project_id, collection_id, job_id, kind, ordinal, pipeline, status, stage, change_id,
           changed_by_type, changed_by, change_reason)
         values ($1, $2, $3, $4, 'DOCUMENT', 99, 'two', 'QUEUED', 'a', $5, 'USER', 'x', 'SUBMITTED')`,
        [randomUUID(), projectId, collectionId, jobId, randomUUID()],
      );
    const none = randomUUID();
    await expect(birth(one.id, two.collection, PROJECT)).rejects.toThrow(
      `no job ${one.id} in collection ${two.collection}`,
    );
    await expect(birth(none, one.collection, PROJECT)).rejects.toThrow(`no job ${none}`);
    await expect(birth(one.id, one.collection, none)).rejects.toThrow(`of project ${none}`);
    const by = recorder();
    for (const one of await claim(by, 2)) await end(by, one);
  });

  test("is refused all the same: an output of no task", async () => {
    const none = randomUUID();
    await expect(
      rig.db.query("insert into headway.stage_output (task_id, project_id, stage, fence) values ($1, $2, 'a', 1)", [
        none,
        PROJECT,
      ]),
    ).rejects.toThrow(`no task ${none} in project ${PROJECT}`);
  });
});
