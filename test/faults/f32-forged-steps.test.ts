import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import pg from "pg";
import { until } from "../support/until.js";
import { waitingForLocks } from "../support/waiting.js";
import { ahead, createStepRig, rawSteps, type StepRig } from "./step-rig.js";

let rig: StepRig;
let other: pg.Client;
beforeAll(async () => {
  rig = await createStepRig();
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

describe("F32: steps", () => {
  test.each([
    ["without a new version", "step_times = array[clock_timestamp()], steps_version = version + 1"],
    [
      "for a version to come",
      "version = version + 1, steps_version = version + 9, step_times = array[clock_timestamp()]",
    ],
    ["twice", "version = version + 1, steps_version = version + 1, step_times = array[clock_timestamp()]"],
    [
      "in the future",
      "version = version + 1, recorded_step = recorded_step + 1, steps_version = version + 1, step_times = array[clock_timestamp() + interval '1 hour']",
    ],
    [
      "before the last change",
      "version = version + 1, recorded_step = recorded_step + 1, steps_version = version + 1, step_times = array[now() - interval '1 hour']",
    ],
    [
      "more than there are stages",
      "version = version + 7, recorded_step = recorded_step + 7, steps_version = version + 7, stage = 'f', step_times = array_fill(clock_timestamp(), array[7])",
    ],
    [
      "to a stage where they do not lead",
      "version = version + 2, recorded_step = recorded_step + 2, steps_version = version + 2, stage = 'e', step_times = array_fill(clock_timestamp(), array[2])",
    ],
    ["by their number alone", "version = version + 1, recorded_step = recorded_step + 1, stage = 'b'"],
  ])("are refused when somebody forges them %s", async (_what, set) => {
    const claim = await rig.claimOne(rig.recorder());
    const before = await rig.taskOf(claim);
    await expect(
      rig.db.query(
        `update headway.task set ${set}, change_id = gen_random_uuid(), changed_by_type = 'WORKER', changed_by = 'forger',
           change_reason = 'STAGE_STARTED' where id = $1`,
        [claim.taskId],
      ),
    ).rejects.toThrow(/step|version|stage/);
    expect(await rig.taskOf(claim)).toEqual(before);
    await rig.dismiss(claim);
  });

  test("happened when they happened: not before the last change, not in the future, whatever a clock says", async () => {
    const claim = await rig.claimOne(rig.recorder());
    const hour = 3_600_000;
    await rig.send(rawSteps(claim, { first: 1, ages: [hour, -hour, 5] }));
    const rows = await rig.db.query(
      `select at >= lag(at, 1, at) over (order by version) and at <= clock_timestamp() as fits
       from headway.status_change where entity_id = $1 order by version`,
      [claim.taskId],
    );
    expect(rows).toEqual(Array(5).fill({ fits: true }));
    await rig.dismiss(claim);
  });

  test("happened before they waited for a lock", async () => {
    const by = rig.recorder();
    const claim = await rig.claimOne(by);
    await other.query("begin");
    await other.query("select headway.lock_history(array(select collection_id from headway.task where id = $1))", [
      claim.taskId,
    ]);
    const step = ahead(by, claim, 1);
    await until("the flush waits", async () => (await waitingForLocks(rig.db)).length === 1);
    const waitedFrom = performance.now();
    await until("it has waited for half a second", () => performance.now() - waitedFrom > 500);
    const { rows } = await other.query("select clock_timestamp() as now");
    await other.query("commit");
    expect((await step)?.status).toBe("RUNNING");
    const [{ at }] = await rig.db.query(
      "select at from headway.status_change where entity_id = $1 order by version desc limit 1",
      [claim.taskId],
    );
    expect(rows[0].now.getTime() - at.getTime()).toBeGreaterThan(450);
    await rig.dismiss(claim);
  });
});
