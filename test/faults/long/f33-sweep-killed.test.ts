import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { until } from "../../support/until.js";
import { BulkRig, CANCEL, DEADLINE_MS, DELETE, DOCUMENTS, RETRY } from "../bulk-rig.js";
import { hasExited, ROLES } from "../rig.js";

let world: BulkRig;
beforeAll(async () => {
  world = await BulkRig.begins();
});
afterEach(() => world.killStarted());
afterAll(() => world.rig.close());

describe("F33: a bulk retry or expiry is killed between its steps, and so is the sweep that goes on with it", () => {
  test.each([
    ["after its decision", "retry.after_commit:kill9"],
    ["after the first step that follows", "operation.after_step:kill9"],
  ])(
    "a retry, %s: what was reopened runs, the job waits for the rest, each is retried once",
    async (_when, failpoint) => {
      const job = await world.rig.submit(world.api, await world.collection());
      await world.api.query(CANCEL, { id: job });
      await world.rig.settled([job], DEADLINE_MS);
      await world.dieIn(RETRY, job, failpoint);
      const left = (await world.tasks(job)).CANCELLED!;
      expect(left).toBeGreaterThan(0);

      // All that has been reopened comes to its end while the retry is pending, and the job stays open all the same.
      const worker = await world.start(ROLES.worker);
      await until(
        "what was reopened is done",
        async () => (await world.tasks(job)).COMPLETED === DOCUMENTS - left,
        DEADLINE_MS,
      );
      expect(await world.operation(job)).toMatchObject({ kind: "RETRY", run: 2 });

      const sweeper = await world.start(ROLES.reconciler);
      await world.rig.settled([job], DEADLINE_MS);
      expect(await world.tasks(job)).toEqual({ COMPLETED: DOCUMENTS });
      expect(await world.operation(job)).toMatchObject({ kind: null, status: "COMPLETED", run: 2 });
      const { rows } = await world.rig.db.query(
        `select entity_id from headway.status_change
       where job_id = $1 and entity_type = 'TASK' and reason = 'RETRIED_BY_REQUEST' group by entity_id having count(*) > 1`,
        [job],
      );
      expect(rows).toEqual([]);
      await world.rig.account({ fault: "F33", what: `kill -9 of a retry at ${failpoint}`, times: 1 });
      await sweeper.kill();
      await worker.kill();
    },
  );

  test("a cancel, then the sweep that goes on with it: another sweep finishes", async () => {
    const job = await world.rig.submit(world.api, await world.collection());
    await world.dieIn(CANCEL, job, "cancel.after_commit:kill9");
    const doomed = await world.rig.start(ROLES.reconciler, { HEADWAY_FAILPOINT: "operation.after_step:kill9" });
    await until("the sweep is dead", () => hasExited(doomed));
    // How many a step takes, up to 500, is a matter of time.
    const { CANCELLED: cancelled = 0, ...others } = await world.tasks(job);
    expect(cancelled).toBeGreaterThanOrEqual(2);
    expect(others).toEqual({ QUEUED: DOCUMENTS - cancelled });
    const sweeper = await world.start(ROLES.reconciler);
    await world.rig.settled([job], DEADLINE_MS);
    expect(await world.operation(job)).toEqual({ kind: null, status: "CANCELLED", run: 1 });
    await world.rig.account(
      { fault: "F33", what: "kill -9 of a sweep in a cancel", times: 1 },
      { statuses: ["CANCELLED"] },
    );
    await sweeper.kill();
  });

  test("an expiry, killed while it cancels the open job: the sweep cancels the rest, then expires it", async () => {
    const collectionId = await world.collection();
    const job = await world.rig.submit(world.api, collectionId, {}, "scenery");
    await world.dieIn(DELETE, collectionId, "operation.after_step:kill9");
    expect(await world.operation(job)).toMatchObject({ kind: "CANCEL", status: "CANCELLING" });
    const sweeper = await world.start(ROLES.reconciler);
    await until(
      "it is EXPIRED",
      async () => {
        const { rows } = await world.rig.db.query("select status from headway.collection where id = $1", [
          collectionId,
        ]);
        return rows[0].status === "EXPIRED";
      },
      DEADLINE_MS,
    );
    expect(await world.tasks(job)).toEqual({ CANCELLED: DOCUMENTS });
    await world.rig.account({ fault: "F33", what: "kill -9 of an expiry in its cancel", times: 1 });
    await sweeper.kill();
  });
});
