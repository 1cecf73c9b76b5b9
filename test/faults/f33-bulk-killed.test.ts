import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import type { ApiClient } from "../../src/cli/client.js";
import type { HeadwayProcess } from "../support/processes.js";
import { until } from "../support/until.js";
import { createFaultRig, diesAt, hasExited, hasFired, ROLES, type FaultRig } from "./rig.js";

/** More than two steps of 500, so that one that follows the decision leaves some; added in two requests, which take 1,000 documents each. */
const DOCUMENTS = 1_050;
const ADDED_FIRST = 700;
/** For all of them through three stages, on a machine that does much else. */
const DEADLINE_MS = 150_000;

let rig: FaultRig;
let api: ApiClient;
beforeAll(async () => {
  rig = await createFaultRig();
  api = rig.client(await rig.start(ROLES.api));
});
afterAll(() => rig.close());

/** What a test has started: left alive by one that failed it would do the next one's work. */
let started: HeadwayProcess[] = [];
afterEach(async () => {
  await Promise.all(started.map((process) => process.kill()));
  started = [];
});

async function start(...settings: readonly Record<string, string>[]): Promise<HeadwayProcess> {
  const process = await rig.start(...settings);
  started.push(process);
  return process;
}

const CANCEL = "mutation ($id: ID!) { cancelJob(input: { jobId: $id }) { job { id } userErrors { code message } } }";
const RETRY =
  "mutation ($id: ID!) { retryJob(input: { jobId: $id, from: FIRST_STAGE }) { retriedTasks userErrors { code message } } }";
const DELETE = "mutation ($id: ID!) { deleteCollection(input: { collectionId: $id }) { userErrors { code message } } }";

async function collection(): Promise<string> {
  const id = await rig.collection(api, ADDED_FIRST);
  const documents = Array.from({ length: DOCUMENTS - ADDED_FIRST }, (_, n) => ({ name: `more${n}`, text: "t" }));
  await api.mutate(
    "mutation ($input: AddDocumentsInput!) { addDocuments(input: $input) { documents { id } userErrors { code message } } }",
    { input: { collectionId: id, documents } },
  );
  return id;
}

/** What stands of a collection that has been EXPIRED: its documents, and what is due to be removed from the blob store. */
async function remains(collectionId: string): Promise<Record<string, unknown>> {
  const { rows } = await rig.db.query(
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

async function tasks(job: string): Promise<Record<string, number>> {
  const { rows } = await rig.db.query<{ status: string; n: number }>(
    "select status, count(*)::int as n from headway.task where job_id = $1 and kind = 'DOCUMENT' group by 1",
    [job],
  );
  return Object.fromEntries(rows.map(({ status, n }) => [status, n]));
}

async function operation(job: string): Promise<{ kind: string | null; status: string; run: number }> {
  const { rows } = await rig.db.query("select operation->>'kind' as kind, status, run from headway.job where id = $1", [
    job,
  ]);
  return rows[0];
}

/** Sends it to an API process that dies at that passage of the failpoint; it says nothing more. */
async function dieIn(mutation: string, id: string | null, failpoint: string): Promise<void> {
  const doomed = await start(ROLES.api, { HEADWAY_FAILPOINT: `${failpoint}` });
  await expect(rig.client(doomed).query(mutation, { id })).rejects.toThrow();
  await until("it is dead", () => hasExited(doomed));
  expect(hasFired(doomed)).toBe(true);
}

describe("F33: a bulk cancel, retry or expiry is killed between its steps", () => {
  test("a cancel, before its commit: nothing was asked for, and asking again cancels it", async () => {
    const job = await rig.submit(api, 2);
    await dieIn(CANCEL, job, "cancel.before_commit:kill9");
    await until("its transaction is over", async () => (await operation(job)).status === "QUEUED");
    expect(await operation(job)).toMatchObject({ kind: null, status: "QUEUED" });
    expect(await tasks(job)).toEqual({ QUEUED: 2 });
    await api.mutate(CANCEL, { id: job });
    expect(await tasks(job)).toEqual({ CANCELLED: 2 });
    await rig.account(
      { fault: "F33", what: "kill -9 of a cancel at cancel.before_commit", times: 1 },
      { statuses: ["CANCELLED"] },
    );
  });

  test.each([
    ["after its decision", "cancel.after_commit:kill9"],
    ["after the first step that follows", "operation.after_step:kill9"],
  ])("a cancel, %s: the sweep cancels the rest, and nothing settles before", async (_when, failpoint) => {
    const job = await rig.submit(api, await collection());
    await dieIn(CANCEL, job, failpoint);
    const left = (await tasks(job)).QUEUED;
    expect(left).toBeGreaterThan(0);
    expect(await operation(job)).toMatchObject({ kind: "CANCEL", status: "CANCELLING" });

    const sweeper = await start(ROLES.reconciler);
    await rig.settled([job], DEADLINE_MS);
    expect(await tasks(job)).toEqual({ CANCELLED: DOCUMENTS });
    expect(await operation(job)).toMatchObject({ kind: null, status: "CANCELLED" });
    await rig.account(
      { fault: "F33", what: `kill -9 of a cancel at ${failpoint}`, times: 1 },
      { statuses: ["CANCELLED"] },
    );
    await sweeper.kill();
  });

  test.each([
    ["after its decision", "retry.after_commit:kill9"],
    ["after the first step that follows", "operation.after_step:kill9"],
  ])(
    "a retry, %s: what was reopened runs, the job waits for the rest, each is retried once",
    async (_when, failpoint) => {
      const job = await rig.submit(api, await collection());
      await api.query(CANCEL, { id: job });
      await rig.settled([job], DEADLINE_MS);
      await dieIn(RETRY, job, failpoint);
      const left = (await tasks(job)).CANCELLED!;
      expect(left).toBeGreaterThan(0);

      // All that has been reopened comes to its end while the retry is pending, and the job stays open all the same.
      const worker = await start(ROLES.worker);
      await until(
        "what was reopened is done",
        async () => (await tasks(job)).COMPLETED === DOCUMENTS - left,
        DEADLINE_MS,
      );
      expect(await operation(job)).toMatchObject({ kind: "RETRY", run: 2 });

      const sweeper = await start(ROLES.reconciler);
      await rig.settled([job], DEADLINE_MS);
      expect(await tasks(job)).toEqual({ COMPLETED: DOCUMENTS });
      expect(await operation(job)).toMatchObject({ kind: null, status: "COMPLETED", run: 2 });
      const { rows } = await rig.db.query(
        `select entity_id from headway.status_change
       where job_id = $1 and entity_type = 'TASK' and reason = 'RETRIED_BY_REQUEST' group by entity_id having count(*) > 1`,
        [job],
      );
      expect(rows).toEqual([]);
      await rig.account({ fault: "F33", what: `kill -9 of a retry at ${failpoint}`, times: 1 });
      await sweeper.kill();
      await worker.kill();
    },
  );

  test("a cancel and a retry, after the last step: all is done, and the sweep finds nothing to do", async () => {
    const job = await rig.submit(api, await collection());
    await dieIn(CANCEL, job, "operation.after_last_step:kill9");
    expect(await tasks(job)).toEqual({ CANCELLED: DOCUMENTS });
    expect(await operation(job)).toEqual({ kind: null, status: "CANCELLED", run: 1 });
    await dieIn(RETRY, job, "operation.after_last_step:kill9");
    expect(await tasks(job)).toEqual({ QUEUED: DOCUMENTS });
    expect(await operation(job)).toEqual({ kind: null, status: "QUEUED", run: 2 });
    await api.query(CANCEL, { id: job });
    await rig.account({ fault: "F33", what: "kill -9 after the last step", times: 2 }, { statuses: ["CANCELLED"] });
  });

  test("a cancel, then the sweep that goes on with it: another sweep finishes", async () => {
    const job = await rig.submit(api, await collection());
    await dieIn(CANCEL, job, "cancel.after_commit:kill9");
    const doomed = await rig.start(ROLES.reconciler, { HEADWAY_FAILPOINT: "operation.after_step:kill9" });
    await until("the sweep is dead", () => hasExited(doomed));
    // How many a step takes, up to 500, is a matter of time.
    const { CANCELLED: cancelled = 0, ...others } = await tasks(job);
    expect(cancelled).toBeGreaterThanOrEqual(2);
    expect(others).toEqual({ QUEUED: DOCUMENTS - cancelled });
    const sweeper = await start(ROLES.reconciler);
    await rig.settled([job], DEADLINE_MS);
    expect(await operation(job)).toEqual({ kind: null, status: "CANCELLED", run: 1 });
    await rig.account({ fault: "F33", what: "kill -9 of a sweep in a cancel", times: 1 }, { statuses: ["CANCELLED"] });
    await sweeper.kill();
  });

  test("bulkJobs, between its jobs: those it has decided are finished by the sweep, asking again takes the others", async () => {
    const ids = await Promise.all(Array.from({ length: 12 }, () => rig.collection(api, 3)));
    const jobs = await Promise.all(ids.map((id) => rig.submit(api, id)));
    const decided = async (): Promise<number> => {
      const { rows } = await rig.db.query(
        "select count(*)::int as n from headway.job where id = any ($1) and cancel_requested_at is not null",
        [jobs],
      );
      return rows[0].n;
    };
    const BULK = `mutation { bulkJobs(input: { action: CANCEL, dryRun: false, filter: { status: [QUEUED] } }) {
      applied userErrors { code } } }`;
    await dieIn(BULK, null, "cancel.after_commit:kill9@3");
    const before = await decided();
    expect(before).toBeGreaterThanOrEqual(3);
    expect(before).toBeLessThan(jobs.length);
    expect(await api.query(BULK, {})).toEqual({ bulkJobs: { applied: jobs.length - before, userErrors: [] } });
    await rig.settled(jobs, DEADLINE_MS);
    expect(await decided()).toBe(jobs.length);
    await rig.account({ fault: "F33", what: "kill -9 of bulkJobs", times: 1 }, { statuses: ["CANCELLED"] });
  });

  test("a cancel ends a retry that is pending", async () => {
    const job = await rig.submit(api, await collection());
    await api.query(CANCEL, { id: job });
    await dieIn(RETRY, job, "retry.after_commit:kill9");
    await api.query(CANCEL, { id: job });
    await rig.settled([job], DEADLINE_MS);
    expect(await operation(job)).toMatchObject({ kind: null, status: "CANCELLED", run: 2 });
    expect(await tasks(job)).toEqual({ CANCELLED: DOCUMENTS });
    await rig.account({ fault: "F33", what: "a cancel during a retry", times: 1 }, { statuses: ["CANCELLED"] });
  });

  test("an expiry, killed while it cancels the open job: the sweep cancels the rest, then expires it", async () => {
    const collectionId = await collection();
    const job = await rig.submit(api, collectionId, {}, "scenery");
    await dieIn(DELETE, collectionId, "operation.after_step:kill9");
    expect(await operation(job)).toMatchObject({ kind: "CANCEL", status: "CANCELLING" });
    const sweeper = await start(ROLES.reconciler);
    await until(
      "it is EXPIRED",
      async () => {
        const { rows } = await rig.db.query("select status from headway.collection where id = $1", [collectionId]);
        return rows[0].status === "EXPIRED";
      },
      DEADLINE_MS,
    );
    expect(await tasks(job)).toEqual({ CANCELLED: DOCUMENTS });
    await rig.account({ fault: "F33", what: "kill -9 of an expiry in its cancel", times: 1 });
    await sweeper.kill();
  });

  test("an expiry, killed after its decision, and its sweep after the first files: the next sweep removes all", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "headway-expiry-"));
    const files = { HEADWAY_DATA_DIR: folder };
    try {
      const job = await rig.submit(api, 2, {}, "scenery");
      const { rows } = await rig.db.query("select collection_id as id from headway.job where id = $1", [job]);
      const collectionId: string = rows[0].id;
      const worker = await start(ROLES.worker, files);
      await rig.settled([job]);
      await worker.kill();
      expect(await filesIn(folder)).toHaveLength(1);

      await dieIn(DELETE, collectionId, "expiry.after_decision:kill9");
      expect(await remains(collectionId)).toMatchObject({ status: "EXPIRED", emptied: false, documents: 2 });

      await diesAt(rig, "expiry.after_files", ROLES.reconciler, files);
      // The files of one prefix are gone, and it is not known yet that they are.
      expect((await remains(collectionId)).due).toBeGreaterThan(0);

      const sweeper = await start(ROLES.reconciler, files);
      await until("nothing is left of it", async () => {
        const { emptied, due } = await remains(collectionId);
        return emptied === true && due === 0;
      });
      expect(await remains(collectionId)).toMatchObject({ documents: 0 });
      expect(await filesIn(folder)).toEqual([]);
      await rig.account({ fault: "F33", what: "kill -9 of an expiry and of its sweep", times: 2 });
      await sweeper.kill();
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
