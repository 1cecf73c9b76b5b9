import { afterAll, beforeAll, test } from "@jest/globals";
import type { ApiClient } from "../../../src/cli/client.js";
import { createFaultRig, ROLES, type FaultRig } from "../rig.js";

let rig: FaultRig;
let api: ApiClient;
beforeAll(async () => {
  rig = await createFaultRig();
  api = rig.client(await rig.start({ HEADWAY_ROLES: "api,reconciler" }));
});
afterAll(() => rig.close());

test("F1: a worker is killed at random, over and over, over 200 jobs", async () => {
  const jobs: string[] = [];
  const submit = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i += 1) jobs.push(await rig.submit(api, 2, { options: { holdMs: 100 } }));
  };
  await submit(200);
  const workers = [await rig.start(ROLES.worker), await rig.start(ROLES.worker)];
  const openCount = async (): Promise<number> =>
    (await rig.db.query("select count(*)::int as n from headway.job where finished_at is null")).rows[0].n;
  let kills = 0;
  while (kills < 3 || (await openCount()) > 40) {
    // Where a worker takes long to start, the others may be through before three have died.
    if ((await openCount()) <= 40) await submit(50);
    const replacement = rig.start(ROLES.worker);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 300));
    await workers.shift()!.kill();
    kills += 1;
    workers.push(await replacement);
  }
  const lastKillAt = Date.now();
  await rig.settled(jobs);
  await rig.account({
    fault: "F1",
    what: `kill -9 at random, ${jobs.length} jobs`,
    times: kills,
    recoveryMs: Date.now() - lastKillAt,
  });
});
