import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import pg from "pg";
import { cancelJob } from "../../src/engine/cancel/cancel.js";
import { whyTasksWait } from "../../src/engine/read/waiting.js";
import { definePipeline } from "../../src/pipelines/pipeline.js";
import { servesOf } from "../../src/pipelines/registry.js";
import { followClock } from "../../src/reconciler/clock.js";
import { ACTOR, createRig, type Rig } from "../support/engine.js";
import { until } from "../support/until.js";
import { waitingForLocks } from "../support/waiting.js";
import { note } from "./rig.js";

const one = definePipeline({ name: "one", version: 1, documentStages: [{ name: "only", run: async () => null }] });
const deaf = definePipeline({
  name: "deaf",
  version: 1,
  documentStages: [{ name: "only", run: () => new Promise<null>(() => undefined) }],
});

let rig: Rig;
beforeEach(async () => {
  rig = await createRig([one, deaf]);
});
afterEach(() => rig.close());

/** The clock goes back an hour: all that the database has noted down lies an hour later, seen from now on. */
async function theClockGoesBack(): Promise<void> {
  const times = {
    task: ["run_at", "status_changed_at", "lease_expires_at", "cancel_requested_at", "created_at", "started_at"],
    ready_stage: ["not_before"],
    job: ["status_changed_at", "created_at"],
    collection: ["status_changed_at", "created_at"],
    worker: ["heartbeat_at", "last_loop_at", "started_at"],
    status_change: ["at"],
    clock: ["latest"],
  };
  await rig.db.transaction(async (tx) => {
    for (const [table, columns] of Object.entries(times)) {
      await tx.query(`alter table headway.${table} disable trigger user`);
      await tx.query(
        `update headway.${table} set ${columns.map((name) => `${name} = ${name} + interval '1 hour'`).join(", ")}`,
      );
      await tx.query(`alter table headway.${table} enable trigger user`);
    }
  });
}

const tasksOf = (jobId: string): Promise<{ id: string }[]> =>
  rig.db.query("select id from headway.task where job_id = $1 and kind = 'DOCUMENT' order by ordinal", [jobId]);

test("F43: the database's clock goes back an hour: what was due stays due, and what was not waits for its time", async () => {
  const atOnce = await rig.submit("one", 3);
  const putOff = await rig.submit("one", 1);
  // As a try that failed a second ago leaves it, whose backoff is over.
  await rig.db.query(
    "update headway.task set run_at = clock_timestamp() - interval '1 ms' where job_id = $1 and kind = 'DOCUMENT'",
    [putOff],
  );
  const tomorrow = await rig.submit("one", 1, { runAt: new Date(Date.now() + 24 * 3_600_000) });
  await theClockGoesBack();
  const [first] = await tasksOf(atOnce);
  const why = (await whyTasksWait(rig.deps, [first!.id])).get(first!.id)!;
  expect(why.message).toMatch(/^The database clock was set back to .* The next sweep makes such tasks due again/);
  rig.startReconciler();
  await rig.startWorker();
  expect([await rig.settled(atOnce), await rig.settled(putOff)]).toEqual(["COMPLETED", "COMPLETED"]);
  const [later] = await rig.db.query(
    "select status, run_at > clock_timestamp() + interval '23 h' as waits from headway.task where job_id = $1",
    [tomorrow],
  );
  expect(later).toEqual({ status: "QUEUED", waits: true });
  expect(rig.errors.map(({ doing }) => doing)).toEqual(["letting 4 tasks that were due stay due"]);
  // From then on the clock is as good as any other.
  expect(await rig.settled(await rig.submit("one", 2))).toBe("COMPLETED");
  expect(await rig.violations()).toEqual([]);
  note({ fault: "F43", what: "due work", times: 1, looks: 0, jobs: 3 });
});

test("F43: a claim that looked before what was due was made due again, and commits after it, does not put it off for an hour", async () => {
  const waiting = await rig.submit("one", 1);
  await theClockGoesBack();
  const claiming = new pg.Client({ connectionString: rig.url });
  await claiming.connect();
  try {
    await claiming.query("begin");
    const claim = {
      worker: randomUUID(),
      serves: servesOf(rig.deps.registry),
      limit: 1,
      change: randomUUID(),
      leaseMs: 1,
    };
    const { rows } = await claiming.query("select taken, is_held from headway.claimable($1)", [JSON.stringify(claim)]);
    expect(rows).toEqual([{ taken: [], is_held: false }]);
    let isOver = false;
    const following = followClock({ db: rig.db, onError: () => undefined }).finally(() => (isOver = true));
    await until("it waits for the claim, or has not waited", async () =>
      isOver ? true : (await waitingForLocks(rig.db, "%follow_clock%")).length > 0,
    );
    await claiming.query("commit");
    await following;
  } finally {
    await claiming.end();
  }
  const due = await rig.db.query(
    "select job_id from headway.ready_stage where not_before is null or not_before <= clock_timestamp()",
  );
  expect(due).toEqual([{ job_id: waiting }]);
  note({ fault: "F43", what: "a claim under way", times: 1, looks: 0, jobs: 1 });
});

test("F43: the clock goes back under work that nobody renews, or that is to be cancelled: neither waits an hour", async () => {
  const worker = await rig.startWorker({ leaseMs: 2_000, heartbeatMs: 100_000 });
  const lost = await rig.submit("deaf", 1);
  const cancelled = await rig.submit("deaf", 1);
  await until("both run", async () => {
    const rows = await rig.db.query("select 1 from headway.task where status = 'RUNNING'");
    return rows.length === 2;
  });
  await cancelJob(rig.deps, ACTOR, { jobId: cancelled });
  await theClockGoesBack();
  rig.startReconciler();
  expect(await rig.settled(cancelled)).toBe("CANCELLED");
  await until("the other is given back", async () => {
    const rows = await rig.db.query(
      "select 1 from headway.status_change where job_id = $1 and reason = 'LEASE_EXPIRED'",
      [lost],
    );
    return rows.length > 0;
  });
  await worker.stop(0);
  note({ fault: "F43", what: "leases and cancels", times: 1, looks: 0, jobs: 2 });
});
