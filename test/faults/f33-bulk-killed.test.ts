import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { until } from "../support/until.js";
import { BulkRig, CANCEL, DEADLINE_MS, DELETE, DOCUMENTS, RETRY } from "./bulk-rig.js";
import { diesAt, ROLES } from "./rig.js";

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

describe("F33: a bulk cancel, retry or expiry is killed between its steps", () => {
  test("a cancel, before its commit: nothing was asked for, and asking again cancels it", async () => {
    const job = await world.rig.submit(world.api, 2);
    await world.dieIn(CANCEL, job, "cancel.before_commit:kill9");
    await until("its transaction is over", async () => (await world.operation(job)).status === "QUEUED");
    expect(await world.operation(job)).toMatchObject({ kind: null, status: "QUEUED" });
    expect(await world.tasks(job)).toEqual({ QUEUED: 2 });
    await world.api.mutate(CANCEL, { id: job });
    expect(await world.tasks(job)).toEqual({ CANCELLED: 2 });
    await world.rig.account(
      { fault: "F33", what: "kill -9 of a cancel at cancel.before_commit", times: 1 },
      { statuses: ["CANCELLED"] },
    );
  });

  test.each([
    ["after its decision", "cancel.after_commit:kill9"],
    ["after the first step that follows", "operation.after_step:kill9"],
  ])("a cancel, %s: the sweep cancels the rest, and nothing settles before", async (_when, failpoint) => {
    const job = await world.rig.submit(world.api, await world.collection());
    await world.dieIn(CANCEL, job, failpoint);
    const left = (await world.tasks(job)).QUEUED;
    expect(left).toBeGreaterThan(0);
    expect(await world.operation(job)).toMatchObject({ kind: "CANCEL", status: "CANCELLING" });

    const sweeper = await world.start(ROLES.reconciler);
    await world.rig.settled([job], DEADLINE_MS);
    expect(await world.tasks(job)).toEqual({ CANCELLED: DOCUMENTS });
    expect(await world.operation(job)).toMatchObject({ kind: null, status: "CANCELLED" });
    await world.rig.account(
      { fault: "F33", what: `kill -9 of a cancel at ${failpoint}`, times: 1 },
      { statuses: ["CANCELLED"] },
    );
    await sweeper.kill();
  });

  test("a cancel and a retry, after the last step: all is done, and the sweep finds nothing to do", async () => {
    const job = await world.rig.submit(world.api, await world.collection());
    await world.dieIn(CANCEL, job, "operation.after_last_step:kill9");
    expect(await world.tasks(job)).toEqual({ CANCELLED: DOCUMENTS });
    expect(await world.operation(job)).toEqual({ kind: null, status: "CANCELLED", run: 1 });
    await world.dieIn(RETRY, job, "operation.after_last_step:kill9");
    expect(await world.tasks(job)).toEqual({ QUEUED: DOCUMENTS });
    expect(await world.operation(job)).toEqual({ kind: null, status: "QUEUED", run: 2 });
    await world.api.query(CANCEL, { id: job });
    await world.rig.account(
      { fault: "F33", what: "kill -9 after the last step", times: 2 },
      { statuses: ["CANCELLED"] },
    );
  });

  test("bulkJobs, between its jobs: those it has decided are finished by the sweep, asking again takes the others", async () => {
    const ids = await Promise.all(Array.from({ length: 12 }, () => world.rig.collection(world.api, 3)));
    const jobs = await Promise.all(ids.map((id) => world.rig.submit(world.api, id)));
    const decided = async (): Promise<number> => {
      const { rows } = await world.rig.db.query(
        "select count(*)::int as n from headway.job where id = any ($1) and cancel_requested_at is not null",
        [jobs],
      );
      return rows[0].n;
    };
    const BULK = `mutation { bulkJobs(input: { action: CANCEL, dryRun: false, filter: { status: [QUEUED] } }) {
      applied userErrors { code } } }`;
    await world.dieIn(BULK, null, "cancel.after_commit:kill9@3");
    const before = await decided();
    expect(before).toBeGreaterThanOrEqual(3);
    expect(before).toBeLessThan(jobs.length);
    expect(await world.api.query(BULK, {})).toEqual({ bulkJobs: { applied: jobs.length - before, userErrors: [] } });
    await world.rig.settled(jobs, DEADLINE_MS);
    expect(await decided()).toBe(jobs.length);
    await world.rig.account({ fault: "F33", what: "kill -9 of bulkJobs", times: 1 }, { statuses: ["CANCELLED"] });
  });

  test("a cancel ends a retry that is pending", async () => {
    const job = await world.rig.submit(world.api, await world.collection());
    await world.api.query(CANCEL, { id: job });
    await world.dieIn(RETRY, job, "retry.after_commit:kill9");
    await world.api.query(CANCEL, { id: job });
    await world.rig.settled([job], DEADLINE_MS);
    expect(await world.operation(job)).toMatchObject({ kind: null, status: "CANCELLED", run: 2 });
    expect(await world.tasks(job)).toEqual({ CANCELLED: DOCUMENTS });
    await world.rig.account({ fault: "F33", what: "a cancel during a retry", times: 1 }, { statuses: ["CANCELLED"] });
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
