import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { until } from "../../support/until.js";
import { BulkRig, CANCEL, DEADLINE_MS, DELETE, DOCUMENTS, RETRY } from "../bulk-rig.js";
import { diesAt, hasExited, ROLES } from "../rig.js";

let world: BulkRig;
beforeAll(async () => {
  world = await BulkRig.begins();
});
afterEach(() => world.killStarted());
afterAll(() => world.rig.close());

/** What stands of a collection that has been EXPIRED: its documents, and what is due to be removed from the blob store. */
async function remains(collectionId: string): Promise<Record<string, unknown>> {
  const { rows } = await world.rig.db.query(
    `select c.status, c.emptied_at is not null as emptied,
       (select count(*)::int from headway.document where collection_id = c.id) as documents,
       (select count(*)::int from headway.blob_deletion where delete_after <= clock_timestamp()) as due
     from headway.collection c where c.id = $1`,
    [collectionId],
  );
  return rows[0];
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

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

  test("an expiry, killed after its decision, and its sweep after the first files: the next sweep removes all", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "headway-expiry-"));
    const files = { HEADWAY_DATA_DIR: folder };
    try {
      const job = await world.rig.submit(world.api, 2, {}, "scenery");
      const { rows } = await world.rig.db.query("select collection_id as id from headway.job where id = $1", [job]);
      const collectionId: string = rows[0].id;
      const worker = await world.start(ROLES.worker, files);
      await world.rig.settled([job]);
      await worker.kill();
      expect(await filesIn(folder)).toHaveLength(1);

      await world.dieIn(DELETE, collectionId, "expiry.after_decision:kill9");
      expect(await remains(collectionId)).toMatchObject({ status: "EXPIRED", emptied: false, documents: 2 });

      await diesAt(world.rig, "expiry.after_files", ROLES.reconciler, files);
      // The files of one prefix are gone, and it is not known yet that they are.
      expect((await remains(collectionId)).due).toBeGreaterThan(0);

      const sweeper = await world.start(ROLES.reconciler, files);
      await until("nothing is left of it", async () => {
        const { emptied, due } = await remains(collectionId);
        return emptied === true && due === 0;
      });
      expect(await remains(collectionId)).toMatchObject({ documents: 0 });
      expect(await filesIn(folder)).toEqual([]);
      await world.rig.account({ fault: "F33", what: "kill -9 of an expiry and of its sweep", times: 2 });
      await sweeper.kill();
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
