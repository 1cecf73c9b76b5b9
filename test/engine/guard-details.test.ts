import { randomUUID } from "node:crypto";
import { definePipeline } from "../../src/pipelines/pipeline.js";
import { createRig, PROJECT, type Rig } from "../support/engine.js";

const both = definePipeline({
  name: "both",
  version: 1,
  documentStages: [
    { name: "read", run: async () => null },
    { name: "keep", run: async () => null },
  ],
});
/** What every change of a row has; the reason and the status are the test's. */
const NEXT = "version = version + 1, change_id = gen_random_uuid()";

let rig: Rig;
let jobId: string;
let taskId: string;
let collectionId: string;
beforeAll(async () => {
  rig = await createRig([both]);
});
afterAll(() => rig.close());
beforeEach(async () => {
  jobId = await rig.submit("both", 1);
  [{ id: taskId, collection: collectionId }] = await rig.db.query(
    "select id, collection_id as collection from headway.task where job_id = $1",
    [jobId],
  );
});

const task = (set: string): Promise<unknown> => rig.db.query(`update headway.task set ${set} where id = '${taskId}'`);
const job = (set: string): Promise<unknown> => rig.db.query(`update headway.job set ${set} where id = '${jobId}'`);
const claim = (): Promise<unknown> =>
  task(
    `${NEXT}, status = 'RUNNING', change_reason = 'CLAIMED', fence = fence + 1, worker_id = '${randomUUID()}', lease_expires_at = now() + interval '1 h'`,
  );

/** As expiry does it: within the transaction the duty is named. */
async function asExpiry(sql: string): Promise<unknown> {
  const runner = rig.db.createQueryRunner();
  await runner.startTransaction();
  try {
    await runner.query("select set_config('headway_duty.name', 'expiry', true)");
    return await runner.query(sql);
  } finally {
    await runner.rollbackTransaction();
    await runner.release();
  }
}

describe("the guard of a task", () => {
  test("keeps it where it was born", async () => {
    const other = await rig.submit("both", 1);
    await expect(task(`job_id = '${other}'`)).rejects.toThrow("never change");
    await expect(task(`id = '${randomUUID()}'`)).rejects.toThrow("never change");
  });

  test("lets no stage start that runs already", async () => {
    await claim();
    await expect(task(`${NEXT}, change_reason = 'STAGE_STARTED'`)).rejects.toThrow("must name another stage than read");
    await task(`${NEXT}, change_reason = 'STAGE_STARTED', stage = 'keep'`);
  });

  test("records the request of a cancel once", async () => {
    await claim();
    const ask = (): Promise<unknown> =>
      task(`${NEXT}, change_reason = 'CANCEL_REQUESTED', cancel_requested_at = clock_timestamp()`);
    await ask();
    await expect(ask()).rejects.toThrow("a cancel has been requested already");
  });

  test("lets the message of an error go without a new version at its expiry, and at no other time", async () => {
    await claim();
    await task(
      `${NEXT}, status = 'FAILED', change_reason = 'PERMANENT_ERROR', error_code = 'BROKEN', error_message = 'private', error_stage = stage,
       worker_id = null, lease_expires_at = null, finished_at = clock_timestamp()`,
    );
    await expect(task("error_message = null")).rejects.toThrow("version must become");
    await expect(asExpiry(`update headway.task set error_message = 'other' where id = '${taskId}'`)).rejects.toThrow(
      "version must become",
    );
    await asExpiry(`update headway.task set error_message = null where id = '${taskId}'`);
  });
});

describe("times within one entity's history", () => {
  test.each([
    ["task", () => taskId, "status = 'CANCELLED', change_reason = 'CANCELLED_BY_REQUEST', finished_at = now()"],
    ["job", () => jobId, "status = 'CANCELLING', change_reason = 'CANCEL_REQUESTED', cancel_requested_at = now()"],
    ["collection", () => collectionId, "status = 'COMPLETED', change_reason = 'ALL_TASKS_SETTLED'"],
  ])("do not fall when the clock does: %s", async (table, id, change) => {
    const runner = rig.db.createQueryRunner();
    await runner.startTransaction();
    try {
      // As rows stand that were written before the clock was put back.
      await runner.query(`alter table headway.${table} disable trigger user`);
      await runner.query(`update headway.${table} set status_changed_at = now() + interval '1 hour' where id = $1`, [
        id(),
      ]);
      await runner.query(`alter table headway.${table} enable trigger user`);
      await runner.query(`update headway.${table} set ${NEXT}, ${change} where id = $1`, [id()]);
      const [row] = await runner.query(
        `select status_changed_at > now() + interval '59 minutes' as kept from headway.${table} where id = $1`,
        [id()],
      );
      expect(row).toEqual({ kept: true });
    } finally {
      await runner.rollbackTransaction();
      await runner.release();
    }
  });
});

describe("the guard of a job and of a collection", () => {
  test("keeps a job in its collection", async () => {
    await expect(job(`collection_id = '${await rig.collection(1)}'`)).rejects.toThrow("never change");
  });

  test("refuses a stale save of either", async () => {
    await expect(job("status = 'PROCESSING', change_id = gen_random_uuid()")).rejects.toThrow(
      "version must become 2, not 1",
    );
    await expect(
      rig.db.query("update headway.collection set status = 'COMPLETED', change_id = gen_random_uuid() where id = $1", [
        collectionId,
      ]),
    ).rejects.toThrow("version must become 3, not 2");
  });

  test("lets no row be born with a version of its own", async () => {
    await expect(
      rig.db.query(
        `insert into headway.collection (id, project_id, name, status, version, change_id, changed_by_type, changed_by, change_reason)
         values (gen_random_uuid(), $1, 'born late', 'CREATED', 2, gen_random_uuid(), 'USER', 'x', 'CREATED')`,
        [PROJECT],
      ),
    ).rejects.toThrow("a new row has version 1, not 2");
  });
});

describe("the history at expiry", () => {
  const change = (set: string): Promise<unknown> =>
    asExpiry(`update headway.status_change set ${set} where job_id = '${jobId}'`);

  test("loses its messages and nothing else", async () => {
    await change("message = null");
    await expect(change("message = 'other'")).rejects.toThrow("may empty a message, nothing else");
    await expect(change("message = null, reason = 'CREATED'")).rejects.toThrow("may empty a message, nothing else");
  });

  test("is not deleted", async () => {
    await expect(asExpiry(`delete from headway.status_change where job_id = '${jobId}'`)).rejects.toThrow(
      "append-only",
    );
  });
});
