import { Reconciler } from "../../src/reconciler/reconciler.js";
import { createRig, PROJECT, type Rig } from "../support/engine.js";
import { until } from "../support/until.js";

let rig: Rig;
beforeAll(async () => {
  rig = await createRig([]);
});
afterAll(() => rig.close());

test("a store that hangs does not keep the sweep from its end", async () => {
  await rig.db.query("insert into headway.blob_deletion (prefix, project_id) values ('here/', $1)", [PROJECT]);
  let asked = 0;
  const removeBelow = (): Promise<never> => {
    asked += 1;
    return new Promise(() => undefined);
  };
  const sweep = new Reconciler({
    db: rig.db,
    dispatcher: rig.deps.dispatcher,
    blobs: { ...rig.blobs, removeBelow },
    onError: rig.deps.onError,
    settings: {
      sweepMs: 50,
      heartbeatMs: 0,
      leaseMs: 30_000,
      crashLimit: 3,
      cancelDeadlineMs: 200,
      statisticsDays: 30,
    },
  });
  sweep.start();
  await until("the store is asked", () => asked > 0);
  await sweep.stop();
  expect(rig.errors.map(({ doing }) => doing)).toContain("ending the sweep");
});
