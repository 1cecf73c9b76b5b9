import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import pg from "pg";
import { definePipeline } from "../../../src/pipelines/pipeline.js";
import { createTestApi, type TestApi } from "../../support/api.js";
import { PROJECT } from "../../support/engine.js";
import { keyBy } from "../../support/keys.js";
import { sentIn, statementsOf } from "../../support/statements.js";
import { until } from "../../support/until.js";

const plain = definePipeline({
  name: "plain",
  version: 1,
  documentStages: [
    { name: "read", run: async () => null },
    { name: "count", run: async () => null },
  ],
  collectionStages: [{ name: "sum", run: async () => ({ done: true }) }],
});
const single = definePipeline({
  name: "single",
  version: 1,
  documentStages: [{ name: "only", run: async () => null }],
});

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi([plain, single]);
});
afterAll(() => api.close());

async function ask(query: string, variables: Record<string, unknown> = {}): Promise<Record<string, any>> {
  const { data, errors } = await api.send(query, variables);
  expect(errors).toEqual([]);
  return data!;
}

describe("workers", () => {
  /** A worker's row as its loop would have written it so many seconds ago. */
  async function row(
    ages: { started: number; beat: number; loop: number },
    more = "",
    iterations = 5,
  ): Promise<string> {
    const id = randomUUID();
    await api.rig.db.query(
      `insert into headway.worker (id, project_id, hostname, pid, build, pipelines, concurrency, lease_ms, loop_iterations,
         started_at, heartbeat_at, last_loop_at)
       select $1, $2, 'somewhere', 1, 'test', '{plain}', 8, 30000, $3, ages[1], ages[2], ages[3] from (
         select array_agg(clock_timestamp() - make_interval(secs => s) order by n) as ages
         from unnest($4::float8[]) with ordinality as u(s, n)) a`,
      [id, PROJECT, iterations, [ages.started, ages.beat, ages.loop]],
    );
    if (more) await api.rig.db.query(`update headway.worker set ${more} = clock_timestamp() where id = $1`, [id]);
    return id;
  }
  afterEach(() => api.rig.db.query("delete from headway.worker where hostname = 'somewhere'"));

  const STATUSES = "query ($all: Boolean) { workers(includeStopped: $all) { id status } }";

  test.each([
    ["STARTING", { started: 1, beat: 1, loop: 1 }, "", 0],
    ["RUNNING", { started: 60, beat: 9, loop: 9 }, "", 5],
    ["DRAINING", { started: 60, beat: 5, loop: 5 }, "draining_at", 5],
    ["STALLED", { started: 60, beat: 1, loop: 20 }, "", 5],
    ["LOST", { started: 60, beat: 40, loop: 40 }, "", 5],
  ] as const)("one is %s by what its own loop and heart last wrote: %j", async (status, ages, more, iterations) => {
    const id = await row(ages, more, iterations);
    expect((await ask(STATUSES)).workers).toContainEqual({ id, status });
  });

  test("one that has stopped in order is shown when asked for", async () => {
    const id = await row({ started: 60, beat: 40, loop: 40 }, "stopped_at");
    expect((await ask(STATUSES, { all: true })).workers).toContainEqual({ id, status: "STOPPED" });
    expect((await ask(STATUSES)).workers).not.toContainEqual({ id, status: "STOPPED" });
  });

  test("one that runs tells what it takes: of each pipeline the version and the stages", async () => {
    const worker = await api.rig.startWorker();
    const { workers } = await ask("{ workers { id serves { pipeline version stages } } }");
    await worker.stop(0);
    expect(workers.find(({ id }: { id: string }) => id === worker.id).serves).toEqual([
      { pipeline: "plain", version: 1, stages: ["count", "read", "sum"] },
      { pipeline: "single", version: 1, stages: ["only"] },
    ]);
  });

  test("a heart that beats does not move the time of the loop", async () => {
    const worker = await api.rig.startWorker({ heartbeatMs: 50, pollMs: 60_000 });
    await until("the heart has beaten after the loop", async () => {
      const { workers } = await ask("{ workers { id heartbeatAt lastLoopAt } }");
      const own = workers.find(({ id }: { id: string }) => id === worker.id);
      return Date.parse(own.heartbeatAt) > Date.parse(own.lastLoopAt);
    });
    await worker.stop(0);
    const { workers } = await ask("{ workers(includeStopped: true) { id status loopIterations } }");
    expect(workers).toContainEqual({ id: worker.id, status: "STOPPED", loopIterations: 1 });
  });
});

describe("stageCounts", () => {
  test("counts the open work of all jobs, of a collection, of a pipeline, in the order of the stages", async () => {
    const collectionId = await api.rig.collection(3);
    await api.rig.submit("plain", 0, { collectionId });
    await api.rig.submit("single", 2);
    const none = { running: 0, completed: 0, failed: 0 };
    const FIELDS = "{ stage queued running completed failed }";
    expect(
      (await ask(`query ($id: ID!) { stageCounts(collectionId: $id) ${FIELDS} }`, { id: collectionId })).stageCounts,
    ).toEqual([
      { stage: "read", queued: 3, ...none },
      { stage: "count", queued: 0, ...none },
    ]);
    expect((await ask(`{ stageCounts(pipeline: "single") ${FIELDS} }`)).stageCounts).toEqual([
      { stage: "only", queued: 2, ...none },
    ]);
    const { stageCounts } = await ask(`{ stageCounts ${FIELDS} }`);
    expect(stageCounts.map(({ stage }: { stage: string }) => stage)).toEqual(["only", "read", "count"]);
    expect((await ask(`{ stageCounts(pipeline: "unknown") ${FIELDS} }`)).stageCounts).toEqual([]);
  });
});

describe("doctor", () => {
  /** Past the door, as only a superuser can: with the triggers switched off. */
  async function unguarded(statement: string, id: string): Promise<void> {
    const url = new URL(process.env.HEADWAY_TEST_SUPERUSER_URL!);
    url.pathname = new URL(api.rig.url).pathname;
    const superuser = new pg.Client({ connectionString: url.href });
    await superuser.connect();
    try {
      await superuser.query("set session_replication_role = replica");
      await superuser.query(statement, [id]);
    } finally {
      await superuser.end();
    }
  }

  const ALL = "{ doctor { invariant entityType entityId detail } }";
  const WITHIN = `query ($job: ID, $collection: ID) {
    doctor(jobId: $job, collectionId: $collection) { invariant entityType entityId detail } }`;

  test("finds nothing when all is well", async () => {
    await api.rig.submit("plain", 3);
    expect((await ask(ALL)).doctor).toEqual([]);
  });

  test("names a broken invariant with what it is in, within its own scope only", async () => {
    const collectionId = await api.rig.collection(2);
    const jobId = await api.rig.submit("plain", 0, { collectionId });
    const otherJobId = await api.rig.submit("plain", 2);
    await unguarded("update headway.job set completed = 7 where id = $1", jobId);
    const broken = [{ invariant: "S8", entityType: "JOB", entityId: jobId, detail: "counters differ from its tasks" }];
    expect((await ask(ALL)).doctor).toEqual(broken);
    expect((await ask(WITHIN, { job: jobId })).doctor).toEqual(broken);
    expect((await ask(WITHIN, { collection: collectionId })).doctor).toEqual(broken);
    expect((await ask(WITHIN, { job: otherJobId })).doctor).toEqual([]);
    const { doctor } = await ask("{ doctor { meaning } }");
    expect(doctor[0].meaning).toContain("A job's counters");
    await unguarded("update headway.job set completed = 0 where id = $1", jobId);
    expect((await ask(ALL)).doctor).toEqual([]);
  });

  test("H8: looks once in a request, whatever its aliases, and for one set of arguments", async () => {
    const aliases = (first: (i: number) => number): string =>
      Array.from(
        { length: 30 },
        (_, i) => `d${i}: doctor(since: "1970-01-01T00:00:00Z", first: ${first(i)}) { detail }`,
      ).join(" ");
    const looks = (sent: readonly string[]): number => sent.filter((sql) => sql.includes("violations_within")).length;
    const sent = await statementsOf(async () => {
      expect(Object.values(await ask(`{ ${aliases(() => 5)} }`))).toEqual(Array.from({ length: 30 }, () => []));
    });
    expect(looks(sent)).toBe(1);
    const { errors } = await api.send(`{ ${aliases((i) => i + 1)} }`);
    expect(errors[0]).toMatchObject({
      message: "doctor is asked for with several arguments; send a request for each of them.",
      extensions: { code: "BAD_USER_INPUT" },
    });
  });

  test("reads nothing but what the key may see", async () => {
    const [seen, other] = [await api.rig.collection(1), await api.rig.collection(1)];
    const jobId = await api.rig.submit("plain", 0, { collectionId: seen });
    const within = async (scope: { collectionId: string; jobId: string | null }, args = ""): Promise<unknown[]> => {
      const as = await keyBy(api.rig.db, { role: "VIEWER", scope });
      const sent = await sentIn(() => api.send(`{ doctor${args} { detail } }`, {}, as));
      return sent.filter(({ sql }) => sql.includes("violations_within")).map(({ values }) => values.slice(1, 4));
    };
    expect(await within({ collectionId: seen, jobId: null })).toEqual([[PROJECT, seen, null]]);
    expect(await within({ collectionId: seen, jobId })).toEqual([[PROJECT, seen, jobId]]);
    expect(await within({ collectionId: seen, jobId: null }, `(collectionId: "${other}")`)).toEqual([]);
  });

  test.each([0, -1, 1_001])("refuses first: %d, naming it", async (first) => {
    const { errors } = await api.send(`{ doctor(first: ${first}) { detail } }`);
    expect(errors).toMatchObject([
      { message: expect.stringContaining(`first: ${first}`), extensions: { code: "BAD_USER_INPUT" } },
    ]);
  });
});

describe("repair", () => {
  const REPAIR = `mutation ($job: ID) { repair(input: { jobId: $job }) {
    changed firstChanges { entityType toStatus reason actor { type name } cursor } } }`;
  let jobId: string;

  /** A job whose only task has settled while nobody converged it. */
  beforeEach(async () => {
    jobId = await api.rig.submit("single", 1);
    await api.rig.db.query(
      `update headway.task set status = 'CANCELLED', version = version + 1, change_id = $2, changed_by_type = 'SYSTEM',
         changed_by = 'system:test', change_reason = 'CANCELLED_BY_REQUEST', finished_at = clock_timestamp()
       where job_id = $1`,
      [jobId, randomUUID()],
    );
  });

  test.each(["one job", "all open jobs"])("settles what had been left open, once, for %s", async (what) => {
    const job = what === "one job" ? jobId : null;
    const { repair } = await ask(REPAIR, { job });
    const actor = { type: "SYSTEM", name: "system:repair" };
    const change = { toStatus: "CANCELLED", reason: "ALL_TASKS_SETTLED", actor, cursor: expect.any(String) };
    expect(repair).toEqual({
      changed: 2,
      firstChanges: expect.arrayContaining([
        { entityType: "COLLECTION", ...change },
        { entityType: "JOB", ...change },
      ]),
    });
    expect((await ask(REPAIR, { job })).repair).toEqual({ changed: 0, firstChanges: [] });
    expect(await api.rig.violations()).toEqual([]);
  });

  test("refuses an unknown job and what is no id, naming the field", async () => {
    for (const job of [randomUUID(), "x"]) {
      const { errors } = await api.send(REPAIR, { job });
      expect(errors).toMatchObject([
        { message: expect.stringContaining("jobId"), extensions: { code: "BAD_USER_INPUT" } },
      ]);
    }
    expect((await ask(REPAIR, { job: jobId })).repair.changed).toBe(2);
  });
});
