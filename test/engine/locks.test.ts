import pg from "pg";
import { projectNamed } from "../../src/access/projects.js";
import { cancelJob, cancelTask } from "../../src/engine/cancel/cancel.js";
import { retryJob, retryTask } from "../../src/engine/retry/retry.js";
import { definePipeline } from "../../src/pipelines/pipeline.js";
import { ACTOR, createRig, type Rig } from "../support/engine.js";
import { until } from "../support/until.js";

const plain = definePipeline({ name: "plain", version: 1, documentStages: [{ name: "only", run: async () => null }] });

let rig: Rig;
let one: pg.Client;
let other: pg.Client;
let collection: string;
let job: string;
beforeAll(async () => {
  rig = await createRig([plain]);
  [one, other] = [0, 1].map(() => new pg.Client({ connectionString: rig.url })) as [pg.Client, pg.Client];
  await Promise.all([one.connect(), other.connect()]);
  collection = await rig.collection(1);
  job = await rig.submit("plain", 0, { collectionId: collection });
});
afterAll(async () => {
  await Promise.all([one.end(), other.end()]);
  await rig.close();
});
beforeEach(() => one.query("begin"));
afterEach(() => one.query("rollback"));

/** Whether a session waits for an advisory lock. */
async function isWaiting(): Promise<boolean> {
  const rows = await rig.db.query(
    "select from pg_stat_activity where datname = current_database() and wait_event = 'advisory'",
  );
  return rows.length > 0;
}

/** Runs the statement in a transaction that is rolled back: whether it had to wait until `one` let go. */
async function waits(sql: string, values: readonly unknown[] = [[collection]]): Promise<boolean> {
  let isDone = false;
  let waited = false;
  await other.query("begin");
  const running = other.query(sql, [...values]).finally(() => (isDone = true));
  await until("it waits or is done", async () => {
    waited = await isWaiting();
    return waited || isDone;
  });
  await one.query("rollback");
  await running;
  await other.query("rollback");
  return waited;
}

const EXCLUSIVE = "select headway.lock_collections($1)";
const SHARED = "select headway.share_collections($1)";
const HISTORY = "select headway.lock_history($1)";

describe("the lock of a collection", () => {
  test.each([
    ["alone, and alone", EXCLUSIVE, EXCLUSIVE, true],
    ["alone, and shared", EXCLUSIVE, SHARED, true],
    ["shared, and alone", SHARED, EXCLUSIVE, true],
    ["shared, and shared", SHARED, SHARED, false],
    ["its history's, and its history's", HISTORY, HISTORY, true],
    ["alone, and its history's", EXCLUSIVE, HISTORY, false],
  ])("%s: waits as it must", async (_what, held, wanted, must) => {
    await one.query(held, [[collection]]);
    expect(await waits(wanted)).toBe(must);
  });

  test("is tried by a flush beside other flushes, and not had beside who decides", async () => {
    const got = async (): Promise<unknown> =>
      (await other.query("select headway.try_share_collections($1) as got", [[collection]])).rows[0].got;
    await one.query(SHARED, [[collection]]);
    expect(await got()).toEqual([collection]);
    await one.query("rollback");
    await one.query("begin");
    await one.query(EXCLUSIVE, [[collection]]);
    expect(await got()).toEqual([]);
  });

  test("is taken in the order of the keys, however the collections are named", async () => {
    const ids: string[] = [];
    for (let n = 0; n < 8; n += 1) ids.push(await rig.collection(0));
    const { rows } = await one.query(
      "select id from unnest($1::uuid[]) id order by hashtextextended(id::text, 'headway.collection'::regclass::oid::bigint) desc",
      [ids],
    );
    const backwards = rows.map(({ id }) => id as string);
    await one.query(EXCLUSIVE, [[backwards[0]]]);
    await other.query("begin");
    const running = other.query(EXCLUSIVE, [backwards]);
    await until("it waits for the last", isWaiting);
    const [{ held }] = await rig.db.query(
      `select count(*)::int as held from pg_locks where locktype = 'advisory' and granted and pid in (
         select pid from pg_locks where locktype = 'advisory' and not granted
           and database = (select oid from pg_database where datname = current_database()))`,
    );
    expect(held).toBe(7);
    await one.query("rollback");
    await running;
    await other.query("rollback");
  });

  test.each([
    ["alone", EXCLUSIVE],
    ["shared", SHARED],
    ["its history's", HISTORY],
  ])("is refused where one would read what stood before it was granted: %s", async (_what, sql) => {
    await other.query("begin isolation level repeatable read");
    await expect(other.query(sql, [[collection]])).rejects.toThrow(/read committed; this one is repeatable read/);
    await other.query("rollback");
  });
});

describe("who decides about a collection as a whole holds up", () => {
  test.each([
    ["a convergence", "select headway.converge($1)"],
    ["a step of a cancel or a retry", "select headway.advance_operation($1)"],
  ])("%s", async (_what, sql) => {
    await one.query(EXCLUSIVE, [[collection]]);
    expect(await waits(sql, [job])).toBe(true);
  });

  test("its expiry", async () => {
    await one.query(EXCLUSIVE, [[collection]]);
    expect(await waits("select headway.expire_collection($1, 'system:expiry')", [collection])).toBe(true);
  });
});

describe("who writes a collection's history holds up", () => {
  test.each([
    ["a convergence", "select headway.converge($1)"],
    [
      "a change of its tasks",
      "update headway.task set status = 'CANCELLED', version = version + 1, change_id = gen_random_uuid(), change_reason = 'CANCELLED_BY_REQUEST', finished_at = now() where job_id = $1",
    ],
    [
      "a change of its job",
      "update headway.job set status = 'CANCELLING', version = version + 1, change_id = gen_random_uuid(), change_reason = 'CANCEL_REQUESTED', cancel_requested_at = now() where id = $1",
    ],
    [
      "a change of itself",
      "update headway.collection set status = 'COMPLETED', version = version + 1, change_id = gen_random_uuid(), change_reason = 'ALL_TASKS_SETTLED' where id = (select collection_id from headway.job where id = $1)",
    ],
  ])("%s", async (_what, sql) => {
    await one.query(HISTORY, [[collection]]);
    expect(await waits(sql, [job])).toBe(true);
  });
});

test("of a collection of another project is neither taken nor waited for by whoever knows its ids", async () => {
  const stranger = { ...ACTOR, projectId: (await projectNamed(rig.db, "strangers")).id };
  const [{ id: taskId }] = await rig.db.query("select id from headway.task where job_id = $1", [job]);
  await one.query(EXCLUSIVE, [[collection]]);
  const foreign = [
    () => cancelJob(rig.deps, stranger, { jobId: job }),
    () => cancelTask(rig.deps, stranger, { taskId }),
    () => retryJob(rig.deps, stranger, { jobId: job, from: "FAILED_STAGE" }),
    () => retryTask(rig.deps, stranger, { taskId, from: "FAILED_STAGE" }),
    () => rig.db.query("select * from headway.lock_collection($1, $2)", [collection, stranger.projectId]),
  ];
  for (const ask of foreign.slice(0, 4)) await expect(ask()).rejects.toMatchObject({ code: "NOT_FOUND" });
  expect(await foreign[4]!()).toEqual([]);
});
