import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
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
import { createFaultRig, ROLES, type FaultRig } from "./rig.js";

const NOT_ELIGIBLE = 10_000;
let rig: FaultRig;
beforeAll(async () => {
  rig = await createFaultRig();
});
afterAll(() => rig.close());

test("F18: five sweepers at once, and 10,000 rows that are not eligible ahead of the one that is", async () => {
  const server = await rig.start(ROLES.api);
  const api = rig.client(server);
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
  const deadlineAt = Date.now() + 20_000;
  let rescued: { n: number }[] = [];
  while (Date.now() < deadlineAt) {
    rescued = (
      await rig.db.query(
        "select count(*)::int as n from headway.status_change where reason = 'LEASE_EXPIRED' group by entity_id",
      )
    ).rows;
    if (rescued.length > 0) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
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

  await rig.start(ROLES.worker);
  await rig.settled([job]);
  await rig.account({ fault: "F18", what: "5 sweepers, 10,000 not eligible", times: 5 });
}, 150_000);
