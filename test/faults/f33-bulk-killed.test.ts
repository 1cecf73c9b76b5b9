import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { until } from "../support/until.js";
import { BulkRig, CANCEL, DEADLINE_MS, DOCUMENTS, RETRY } from "./bulk-rig.js";
import { ROLES } from "./rig.js";

let world: BulkRig;
beforeAll(async () => {
  world = await BulkRig.begins();
});
afterEach(() => world.killStarted());
afterAll(() => world.rig.close());

describe("F33: a bulk cancel or retry is killed between its steps", () => {
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
});
