import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import type { ApiClient } from "../../src/cli/client.js";
import { Recorder } from "../../src/engine/flush/recorder.js";
import { createDataSource } from "../../src/database/data-source.js";
import { convergeOpenJobs } from "../../src/reconciler/open-jobs.js";
import { finishOperations } from "../../src/reconciler/operations.js";
import { createInProcessDispatcher } from "../../src/dispatch/in-process.js";
import { enforceCancelDeadlines } from "../../src/reconciler/cancel-deadlines.js";
import { rescueExpiredLeases } from "../../src/reconciler/expired-leases.js";
import { expireCollections } from "../../src/reconciler/expiry.js";
import type { DutyDeps } from "../../src/reconciler/duty.js";
import { createFilesystemBlobStore } from "../../src/storage/filesystem.js";
import { until } from "../support/until.js";
import { createFaultRig, diesAt, ROLES, type FaultRig } from "./rig.js";

const NOT_ELIGIBLE = 10_000;
let rig: FaultRig;
let api: ApiClient;
beforeAll(async () => {
  rig = await createFaultRig();
  api = rig.client(await rig.start(ROLES.api));
});
afterAll(() => rig.close());

test("F18: five sweepers at once, and 10,000 rows that are not eligible ahead of the one that is", async () => {
  const job = await rig.submit(api, 1);
  const crowd = await rig.submit(api, NOT_ELIGIBLE, {}, "scenery");
  // As dead and as living workers leave them: all are RUNNING, one lease is past, and it is the last in the order.
  await rig.db.query(
    `update headway.task set status = 'RUNNING', version = version + 1, fence = fence + 1, worker_id = gen_random_uuid(),
       lease_expires_at = clock_timestamp() + interval '1 h', change_id = $2, changed_by_type = 'WORKER',
       changed_by = 'worker:dead', change_reason = 'CLAIMED' where job_id = $1 and status = 'QUEUED'`,
    [crowd, randomUUID()],
  );
  await rig.db.query(
    `update headway.task set lease_expires_at = clock_timestamp() - interval '1 s'
     where id = (select id from headway.task where job_id = $1 and kind = 'DOCUMENT' order by id desc limit 1)`,
    [crowd],
  );
  const looksBefore = rig.looks;
  const sweepers = await Promise.all(Array.from({ length: 5 }, () => rig.start(ROLES.reconciler)));
  let rescued: { n: number }[] = [];
  await until("it is rescued", async () => {
    const { rows } = await rig.db.query(
      "select count(*)::int as n from headway.status_change where reason = 'LEASE_EXPIRED' group by entity_id",
    );
    rescued = rows;
    return rows.length > 0;
  });
  expect(rescued).toEqual([{ n: 1 }]);
  for (const sweeper of sweepers) await sweeper.kill();

  const db = await createDataSource(rig.url).initialize();
  const onError = (error: unknown): void => {
    throw error;
  };
  const recorder = new Recorder({
    db,
    actor: { type: "SYSTEM", name: "system:sweep" },
    workerId: null,
    leaseMs: 1_500,
    crashLimit: 5,
    onDue: () => undefined,
    onError,
  });
  const settings = {
    sweepMs: 300,
    heartbeatMs: 400,
    leaseMs: 1_500,
    crashLimit: 5,
    cancelDeadlineMs: 1_000,
    statisticsDays: 30,
  };
  const blobs = createFilesystemBlobStore("/nonexistent");
  const deps: DutyDeps = { db, recorder, blobs, dispatcher: createInProcessDispatcher(), settings, onError };
  for (const duty of [
    finishOperations,
    convergeOpenJobs,
    enforceCancelDeadlines,
    rescueExpiredLeases,
    expireCollections,
  ]) {
    expect(await duty(deps)).toBe(0);
  }
  await db.destroy();
  expect(rig.looks).toBeGreaterThan(looksBefore);

  const worker = await rig.start(ROLES.worker);
  await rig.settled([job]);
  await worker.kill();
  await rig.account({ fault: "F18", what: "5 sweepers, 10,000 not eligible", times: 5 });
});

test("F18: a sweeper is killed between finding a dead worker's tasks and giving them back: another gives each back once", async () => {
  const job = await rig.submit(api, 3, { options: { holdMs: 60_000 } });
  const worker = await rig.start(ROLES.worker);
  await until("all three run", async () => {
    const { rowCount } = await rig.db.query("select from headway.task where job_id = $1 and status = 'RUNNING'", [job]);
    return rowCount === 3;
  });
  await worker.kill();
  await diesAt(rig, "sweep.before_rescue", ROLES.reconciler);
  const standing = await rig.db.query(
    "select status, count(*)::int as n from headway.task where job_id = $1 and kind = 'DOCUMENT' group by 1",
    [job],
  );
  expect(standing.rows).toEqual([{ status: "RUNNING", n: 3 }]);
  const diedAt = Date.now();
  const sweeper = await rig.start(ROLES.reconciler);
  await until("they are offered again", async () => {
    const { rowCount } = await rig.db.query("select from headway.task where job_id = $1 and status = 'RUNNING'", [job]);
    return rowCount === 0;
  });
  const recoveryMs = Date.now() - diedAt;
  const { rows } = await rig.db.query(
    `select count(*)::int as times, max(t.crashes) as crashes from headway.status_change s join headway.task t on t.id = s.entity_id
     where s.job_id = $1 and s.reason = 'LEASE_EXPIRED' group by s.entity_id`,
    [job],
  );
  expect(rows).toEqual(Array(3).fill({ times: 1, crashes: 0 }));
  await api.mutate("mutation ($id: ID!) { cancelJob(input: { jobId: $id }) { job { id } userErrors { message } } }", {
    id: job,
  });
  await rig.settled([job]);
  await rig.account(
    { fault: "F18", what: "kill -9 at sweep.before_rescue", times: 1, recoveryMs },
    { statuses: ["CANCELLED"] },
  );
  await sweeper.kill();
});

test("F18: a sweeper is killed after the first of two jobs that it settles: another settles the second", async () => {
  const jobs = [await rig.submit(api, 1), await rig.submit(api, 1)];
  // As a flush leaves them whose convergence failed: all documents are settled, and the jobs stand open.
  await rig.db.query(
    `update headway.task set status = 'CANCELLED', version = version + 1, change_id = gen_random_uuid(),
       changed_by_type = 'SYSTEM', changed_by = 'system:test', change_reason = 'CANCELLED_BY_REQUEST',
       finished_at = clock_timestamp() where job_id = any ($1) and kind = 'DOCUMENT'`,
    [jobs],
  );
  const open = async (): Promise<number> =>
    (await rig.db.query("select from headway.job where id = any ($1) and finished_at is null", [jobs])).rowCount!;
  expect(await open()).toBe(2);
  await diesAt(rig, "sweep.after_converge", ROLES.reconciler);
  expect(await open()).toBe(1);
  const diedAt = Date.now();
  const sweeper = await rig.start(ROLES.reconciler);
  await rig.settled(jobs);
  const { rows } = await rig.db.query(
    "select entity_id from headway.status_change where job_id = any ($1) and entity_type = 'JOB' and reason = 'ALL_TASKS_SETTLED' and actor = 'system:sweep'",
    [jobs],
  );
  expect(new Set(rows.map((row) => row.entity_id))).toEqual(new Set(jobs));
  expect(rows).toHaveLength(2);
  await rig.account(
    { fault: "F18", what: "kill -9 at sweep.after_converge", times: 1, recoveryMs: Date.now() - diedAt },
    { statuses: ["CANCELLED"] },
  );
  await sweeper.kill();
});
