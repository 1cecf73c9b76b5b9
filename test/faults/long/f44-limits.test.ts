import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { HeadwayProcess } from "../../support/processes.js";
import { until } from "../../support/until.js";
import { startCountingApi, type CountingApi } from "../counting-api.js";
import { createFaultRig, ROLES, type FaultRig } from "../rig.js";

// At ten a second they must last longer than four processes take to start, one after the other, on a busy machine.
const DOCUMENTS = 400;
const WORKER = { ...ROLES.worker, HEADWAY_CONCURRENCY: "8" };

let rig: FaultRig;
let outside: CountingApi;
let first: HeadwayProcess;
beforeAll(async () => {
  outside = await startCountingApi(100);
  rig = await createFaultRig();
  first = await rig.start({ HEADWAY_WORKER_PROCESSES: "0", HEADWAY_CONCURRENCY: "8" });
});
afterAll(async () => {
  await rig.close();
  await outside.close();
});

test("F44: for half a minute four processes keep to the limits of an API that refuses some, while they are killed and started again", async () => {
  const workers = await Promise.all([WORKER, WORKER, WORKER].map((settings) => rig.start(settings)));
  const api = rig.client(first);
  const job = await rig.submit(api, DOCUMENTS, { pipeline: "limited", tags: [outside.url] });
  let kills = 0;
  for (let round = 1; round <= 4; round += 1) {
    await until(`${round * 40} have been asked for`, () => outside.came.length >= round * 40);
    outside.refuse(5, 2);
    await until("one of them holds a share, and is killed", async () => {
      const { rows } = await rig.db.query(
        `select w.pid from headway.task t join headway.worker w on w.id = t.worker_id
         where t.status = 'RUNNING' and t.stage = 'ask'`,
      );
      const index = workers.findIndex(({ child }) => rows.some(({ pid }) => pid === child.pid));
      if (index < 0) return false;
      await workers[index]!.kill();
      kills += 1;
      workers[index] = await rig.start(WORKER);
      return true;
    });
  }
  await rig.settled([job]);
  expect(outside.mostAtOnce).toBeLessThanOrEqual(3);
  // All came, and those again that were refused or whose process died.
  expect(outside.came.length).toBeGreaterThanOrEqual(DOCUMENTS + 4 * 5);
  const { rows } = await rig.db.query(
    `select extract(epoch from at)::float8 * 1000 as at from headway.status_change
     where job_id = $1 and reason = 'CLAIMED' and to_stage = 'ask' order by at`,
    [job],
  );
  const begun: number[] = rows.map(({ at }) => at);
  const closest = begun.slice(10).map((at, index) => at - begun[index]!);
  expect(Math.min(...closest)).toBeGreaterThanOrEqual(1_000);
  await rig.account({ fault: "F44", what: "limits over four processes, refusals and kills", times: kills });
});
