import { randomUUID } from "node:crypto";
import pg from "pg";
import type { Claim } from "../../../src/engine/flush/claim.js";
import { Recorder } from "../../../src/engine/flush/recorder.js";
import type { DutyDeps } from "../../../src/reconciler/duty.js";
import { rescueExpiredLeases } from "../../../src/reconciler/expired-leases.js";
import { definePipeline } from "../../../src/pipelines/pipeline.js";
import { servesOf } from "../../../src/pipelines/registry.js";
import { createRig, PROJECT, type Rig } from "../../support/engine.js";
import { until } from "../../support/until.js";

const LEASE_MS = 3_600_000;
const one = definePipeline({ name: "one", version: 1, documentStages: [{ name: "only", run: async () => null }] });

let rig: Rig;
/** One holds a transaction open, the other looks on. */
let other: pg.Client;
let watching: pg.Client;
beforeAll(async () => {
  rig = await createRig([one]);
  [other, watching] = [new pg.Client({ connectionString: rig.url }), new pg.Client({ connectionString: rig.url })];
  await Promise.all([other.connect(), watching.connect()]);
});
afterAll(async () => {
  await Promise.all([other.end(), watching.end()]);
  await rig.close();
});
afterEach(async () => {
  expect(await rig.violations()).toEqual([]);
});

function recorder(workerId: string | null): Recorder {
  return new Recorder({
    db: rig.db,
    actor: workerId === null ? { type: "SYSTEM", name: "system:test" } : { type: "WORKER", name: `worker:${workerId}` },
    workerId,
    leaseMs: LEASE_MS,
    crashLimit: 3,
    onDue: () => undefined,
    onError: rig.deps.onError,
  });
}

async function registered(): Promise<string> {
  const id = randomUUID();
  await rig.db.query(
    `insert into headway.worker (id, project_id, hostname, pid, build, pipelines, concurrency, lease_ms)
     values ($1, $2, 'test', 1, 'test', '{one}', 8, 30000)`,
    [id, PROJECT],
  );
  return id;
}

async function claimedBy(workerId: string): Promise<Claim> {
  const [claim] = await recorder(workerId).claim({ registry: rig.deps.registry, limit: 1 });
  return claim!;
}

interface Held {
  readonly task: string;
  readonly fence: string;
  readonly stage: string;
  readonly hasCrashed: boolean;
  readonly held: number;
}

async function died(workerId: string): Promise<Held[]> {
  const [{ held }] = await rig.db.query("select headway.worker_died($1) as held", [workerId]);
  return held;
}

const complete = (workerId: string, { taskId, fence }: Claim): Promise<unknown> =>
  recorder(workerId).record({ kind: "complete", taskId, fence, outputJson: "null" });

describe("a worker that is said to be dead", () => {
  test("gives back what it runs, not what it has ended nor what others run, and takes nothing more", async () => {
    const [dead, living] = [await registered(), await registered()];
    await rig.submit("one", 3);
    await complete(dead, await claimedBy(dead));
    const mine = await claimedBy(dead);
    const theirs = await claimedBy(living);
    expect(await died(dead)).toEqual([
      { task: mine.taskId, fence: mine.fence, stage: "only", hasCrashed: false, held: 1 },
    ]);
    await rig.submit("one", 1);
    expect(await recorder(dead).claim({ registry: rig.deps.registry, limit: 8 })).toEqual([]);
    await complete(dead, mine);
    await complete(living, theirs);
    await complete(living, await claimedBy(living));
  });

  test("gives back what a claim takes that was still under way", async () => {
    const dead = await registered();
    await rig.submit("one", 1);
    await other.query("begin");
    const request = {
      limit: 1,
      worker: dead,
      serves: servesOf(rig.deps.registry),
      turns: {},
      change: randomUUID(),
      leaseMs: LEASE_MS,
    };
    await other.query("select headway.claim_tasks($1, $2, $3)", [dead, `worker:${dead}`, JSON.stringify(request)]);
    const held = died(dead);
    await until("it is waited for", async () => {
      const { rows } = await watching.query(
        "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
      );
      return rows.length > 0;
    });
    await other.query("commit");
    expect(await held).toMatchObject([{ fence: "1", stage: "only" }]);
    for (const { task: taskId, fence } of await held) {
      await recorder(null).record({ kind: "end", taskId, fence, cause: "INTERRUPTED" });
    }
    const living = await registered();
    await complete(living, await claimedBy(living));
  });
});

describe("leases of one dead worker that pass one after the other", () => {
  test("charge a crash to none of its tasks, the last included: that ran beside the others, too", async () => {
    const dead = await registered();
    await rig.submit("one", 2);
    const claims = [await claimedBy(dead), await claimedBy(dead)];
    const pass = ({ taskId }: Claim): Promise<unknown> =>
      rig.db.query("update headway.task set lease_expires_at = clock_timestamp() - interval '1 s' where id = $1", [
        taskId,
      ]);
    const sweep = { db: rig.db, recorder: recorder(null), onError: rig.deps.onError } as DutyDeps;
    const crashes = async (): Promise<unknown> =>
      rig.db.query("select status, crashes, is_suspect from headway.task where id = any ($1)", [
        claims.map(({ taskId }) => taskId),
      ]);
    for (const claim of claims) {
      await pass(claim);
      expect(await rescueExpiredLeases(sweep)).toBe(1);
    }
    const suspect = { status: "QUEUED", crashes: 0, is_suspect: true };
    expect(await crashes()).toEqual([suspect, suspect]);
    // Alone, and dead again: now it is known whose crash it is.
    const next = await registered();
    const only = { registry: rig.deps.registry, limit: 1, suspects: "only" } as const;
    const [again] = await recorder(next).claim(only);
    await pass(again!);
    expect(await rescueExpiredLeases(sweep)).toBe(1);
    expect(await crashes()).toContainEqual({ status: "QUEUED", crashes: 1, is_suspect: true });
    const living = await registered();
    for (const _ of claims) {
      const [claim] = await recorder(living).claim(only);
      await complete(living, claim!);
    }
  });

  test("nor does what its supervisor gives back after a sweep has given back the rest", async () => {
    const dead = await registered();
    await rig.submit("one", 2);
    const [first] = [await claimedBy(dead), await claimedBy(dead)];
    await rig.db.query("update headway.task set lease_expires_at = clock_timestamp() - interval '1 s' where id = $1", [
      first.taskId,
    ]);
    await rescueExpiredLeases({ db: rig.db, recorder: recorder(null), onError: rig.deps.onError } as DutyDeps);
    const held = await died(dead);
    expect(held).toMatchObject([{ held: 2 }]);
    for (const { task: taskId, fence } of held) {
      await recorder(null).record({ kind: "end", taskId, fence, cause: "INTERRUPTED" });
    }
    const living = await registered();
    await complete(living, await claimedBy(living));
    const [suspect] = await recorder(living).claim({ registry: rig.deps.registry, limit: 1, suspects: "only" });
    await complete(living, suspect!);
  });
});

describe("leases that are renewed for a worker which says nothing", () => {
  test("are its own alone; a row that is being written is passed over", async () => {
    const [silent, living] = [await registered(), await registered()];
    await rig.submit("one", 3);
    const [mine, written, theirs] = [await claimedBy(silent), await claimedBy(silent), await claimedBy(living)];
    await rig.db.query("update headway.task set lease_expires_at = clock_timestamp() where status = 'RUNNING'");
    await other.query("begin");
    await other.query("select from headway.task where id = $1 for no key update", [written.taskId]);
    await rig.db.query("select headway.renew_leases($1, $2)", [silent, LEASE_MS]);
    await other.query("rollback");
    const renewed = await rig.db.query(
      "select id from headway.task where status = 'RUNNING' and lease_expires_at > clock_timestamp()",
    );
    expect(renewed).toEqual([{ id: mine.taskId }]);
    for (const claim of [mine, written]) await complete(silent, claim);
    await complete(living, theirs);
  });
});
