import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { ApiClient } from "../../src/cli/client.js";
import type { HeadwayProcess } from "../support/processes.js";
import { until } from "../support/until.js";
import { createFaultRig, ROLES, type FaultRig } from "./rig.js";

let rig: FaultRig;
let api: ApiClient;
beforeAll(async () => {
  rig = await createFaultRig();
  api = rig.client(await rig.start({ HEADWAY_ROLES: "api,reconciler" }));
});
afterAll(() => rig.close());

const workerOf = async ({ child }: HeadwayProcess): Promise<string> =>
  (await rig.db.query("select id from headway.worker where pid = $1", [child.pid])).rows[0].id;
const heldBy = async (worker: string): Promise<string[]> =>
  (await rig.db.query("select id from headway.task where worker_id = $1 and status = 'RUNNING'", [worker])).rows.map(
    ({ id }) => id,
  );
const refused = async (ids: readonly string[]): Promise<{ task_id: string; worker: string; wanted: string }[]> =>
  (await rig.db.query("select task_id, worker, wanted from headway.refused_write where task_id = any ($1)", [ids]))
    .rows;

describe("F3: a worker freezes, its leases pass, another completes its work, and it thaws", () => {
  test.each(["while its stages run", "while its flushes are in flight"])("%s", async (when) => {
    const isFlush = when.includes("flushes");
    const zombie = await rig.start(ROLES.worker, { HEADWAY_CONCURRENCY: "4" });
    const id = await workerOf(zombie);
    const job = await rig.submit(api, 4, { options: { holdMs: isFlush ? 0 : 400 } });
    // Everything the zombie sends is held up in the proxy, and so what it holds stays in flight.
    if (isFlush)
      await until("it has claimed", async () => (await heldBy(id)).length > 0).then(() => rig.postgres.delay(400));
    else await until("it runs all four", async () => (await heldBy(id)).length === 4);
    zombie.child.kill("SIGSTOP");
    const frozenAt = Date.now();
    const held = await heldBy(id);
    expect(held.length).toBeGreaterThan(0);
    rig.postgres.pass();

    const other = await rig.start(ROLES.worker);
    const sibling = await rig.submit(api, 2);
    await rig.settled([sibling, job]);
    const recoveryMs = Date.now() - frozenAt;

    zombie.child.kill("SIGCONT");
    await until("its late writes were refused", async () => (await refused(held)).length > 0);
    expect(new Set((await refused(held)).map(({ worker }) => worker))).toEqual(new Set([`worker:${id}`]));
    const { task } = await api.query<{ task: { refusedWrites: { wanted: string; worker: string }[] } }>(
      "query ($id: ID!) { task(id: $id) { refusedWrites { worker wanted fence at } } }",
      { id: (await refused(held))[0]!.task_id },
    );
    expect(task.refusedWrites.length).toBeGreaterThan(0);

    await other.kill();
    const after = await rig.submit(api, 2);
    await rig.settled([after]);
    await rig.account({ fault: "F3", what: `SIGSTOP ${when}`, times: 1, recoveryMs });
    await zombie.kill();
  });
});
