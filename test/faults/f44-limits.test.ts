import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { HeadwayProcess } from "../support/processes.js";
import { until } from "../support/until.js";
import { startCountingApi, type CountingApi } from "./counting-api.js";
import { createFaultRig, ROLES, type FaultRig } from "./rig.js";

let rig: FaultRig;
let outside: CountingApi;
let workers: HeadwayProcess[];
let first: HeadwayProcess;
beforeAll(async () => {
  outside = await startCountingApi(150);
  rig = await createFaultRig();
  const worker = { ...ROLES.worker, HEADWAY_CONCURRENCY: "8" };
  first = await rig.start({ HEADWAY_WORKER_PROCESSES: "0", HEADWAY_CONCURRENCY: "8" });
  workers = await Promise.all([worker, worker, worker].map((settings) => rig.start(settings)));
});
afterAll(async () => {
  await rig.close();
  await outside.close();
});

test("F44: four processes share three at once and ten a second; one is killed with shares in its hands, and they are free again", async () => {
  const api = rig.client(first);
  const beside = rig.submit(api, 3);
  const job = await rig.submit(api, 28, { pipeline: "limited", tags: [outside.url] });
  await until("some have been asked for", () => outside.came.length >= 8);
  await until("one of them holds a share", async () => {
    const { rows } = await rig.db.query(
      `select w.pid from headway.task t join headway.worker w on w.id = t.worker_id
       where t.status = 'RUNNING' and t.stage = 'ask' and w.pid <> $1 limit 1`,
      [first.child.pid],
    );
    const holder = workers.find(({ child }) => child.pid === rows[0]?.pid);
    await holder?.kill();
    return holder !== undefined;
  });
  await rig.settled([job, await beside]);
  expect(outside.mostAtOnce).toBeLessThanOrEqual(3);
  expect(outside.came.length).toBeGreaterThanOrEqual(28);
  // By the database, which counts; the API sees each a moment after.
  const { rows } = await rig.db.query(
    `select extract(epoch from at)::float8 * 1000 as at from headway.status_change
     where job_id = $1 and reason = 'CLAIMED' and to_stage = 'ask' order by at`,
    [job],
  );
  const begun: number[] = rows.map(({ at }) => at);
  for (let index = 10; index < begun.length; index += 1) {
    expect(begun[index]! - begun[index - 10]!).toBeGreaterThanOrEqual(1_000);
  }
  const { rows: held } = await rig.db.query("select from headway.task where job_id = $1 and attempt > 1", [job]);
  expect(held).toEqual([]);
  await rig.account({ fault: "F44", what: "a worker dies with shares of a limit over four processes", times: 1 });
});
