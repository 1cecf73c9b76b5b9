import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { migrate } from "../../../src/database/migrate.js";
import { PermanentError } from "../../../src/index.js";
import { definePipeline } from "../../../src/pipelines/pipeline.js";
import { createStatistics } from "../../../src/reconciler/statistics.js";
import { createTestApi, type TestApi } from "../../support/api.js";
import { PROJECT } from "../../support/engine.js";
import { fill } from "../../support/fill.js";
import { until } from "../../support/until.js";
import { waitingForLocks } from "../../support/waiting.js";

const gate: { release: (() => void)[] } = { release: [] };
const counted = definePipeline({
  name: "counted",
  version: 1,
  documentStages: [
    {
      name: "read",
      maxAttempts: 2,
      run: async (ctx) => {
        if (ctx.document.name === "bad") throw new PermanentError("BAD", "It is bad.");
        if (ctx.document.name === "flaky" && ctx.attempt === 1) throw new Error("once more");
        if (ctx.document.name === "held") await new Promise<void>((resolve) => gate.release.push(resolve));
        await new Promise((resolve) => setTimeout(resolve, 5));
        return null;
      },
    },
    { name: "write", run: async () => null },
  ],
  collectionStages: [{ name: "sum", run: async () => null }],
});
const other = definePipeline({ name: "other", version: 1, documentStages: [{ name: "read", run: async () => null }] });

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi([counted, other]);
  await api.rig.startWorker();
});
afterAll(async () => {
  for (const release of gate.release) release();
  await api.close();
});

async function ask(query: string, variables: Record<string, unknown> = {}): Promise<Record<string, any>> {
  const { data, errors } = await api.send(query, variables);
  expect(errors).toEqual([]);
  return data!;
}

const COUNTS = "submitted completed failed cancelled skipped retried";
const STATISTICS = `query ($input: StatisticsInput!) { statistics(input: $input) { asOf buckets { at ${COUNTS}
  waitMs { p50 p95 p99 } runMs { p50 p95 p99 } stages { stage completed failed runMs { p50 } } } } }`;
const hourAgo = (): string => new Date(Date.now() - 3_600_000).toISOString();
const settings = {
  sweepMs: 0,
  heartbeatMs: 0,
  leaseMs: 30_000,
  crashLimit: 3,
  cancelDeadlineMs: 200,
  statisticsDays: 30,
};

async function job(names: readonly string[], pipeline = "counted"): Promise<string> {
  const collectionId = await api.rig.collection(names.map((name) => ({ name, text: name })));
  const id = await api.rig.submit(pipeline, 0, { collectionId });
  await api.rig.settled(id);
  return id;
}

/** Counts until nothing is left, as the reconciler does with each sweep. */
async function countAll(): Promise<void> {
  const count = createStatistics();
  await until("all that is there is counted", async () => {
    await count({ db: api.rig.db, settings });
    const [{ left }] = await api.rig.db.query(
      `select exists (select from headway.status_change s, headway.statistic_cursor c, headway.database_identity i
         where s.project_id = c.project_id and (i.id is distinct from c.database_id
           or (s.position > i.first_position and s.tx >= c.tx))) as left`,
    );
    return !left;
  });
}

/** What has been counted, summed over time, and the same by the history itself. */
async function sums(): Promise<{ told: unknown; truth: unknown }> {
  const rows = async (sql: string): Promise<unknown> => (await api.rig.db.query(sql))[0];
  const told = await rows(
    `select ${COUNTS.split(" ")
      .map((name) => `sum(${name})::int as ${name}`)
      .join(", ")},
       (select sum(completed)::int from headway.statistic where minutes = 15 and stage <> '') as passed
     from headway.statistic where minutes = 1 and stage = ''`,
  );
  const truth = await rows(
    `select count(*) filter (where s.from_status is null)::int as submitted,
       count(*) filter (where s.to_status = 'COMPLETED')::int as completed,
       count(*) filter (where s.to_status = 'FAILED')::int as failed,
       count(*) filter (where s.to_status = 'CANCELLED')::int as cancelled,
       count(*) filter (where s.to_status = 'SKIPPED')::int as skipped,
       count(*) filter (where s.reason in ('RETRY_SCHEDULED', 'RETRIED_BY_REQUEST'))::int as retried,
       (select count(*)::int from headway.status_change
        where entity_type = 'TASK' and reason in ('STAGE_STARTED', 'COMPLETED')) as passed
     from headway.status_change s join headway.task t on t.id = s.task_id where t.kind = 'DOCUMENT'`,
  );
  return { told, truth };
}

describe("statistics", () => {
  test("tell what was done in each interval, and how long it took, of all or of one pipeline by stage", async () => {
    await job(["a", "b", "bad", "flaky"]);
    await job(["a"], "other");
    await countAll();
    const input = { from: hourAgo(), interval: "MINUTE" };
    const { statistics: all } = await ask(STATISTICS, { input });
    expect(all.buckets.length).toBeGreaterThanOrEqual(60);
    const sum = (buckets: any[], name: string): number => buckets.reduce((total, bucket) => total + bucket[name], 0);
    expect(COUNTS.split(" ").map((name) => sum(all.buckets, name))).toEqual([5, 4, 1, 0, 0, 1]);
    expect(Date.now() - Date.parse(all.asOf)).toBeLessThan(600_000);
    expect(all.buckets[0]).toMatchObject({ submitted: 0, runMs: { p50: null, p95: null, p99: null }, stages: null });

    const { statistics: one } = await ask(STATISTICS, { input: { ...input, interval: "HOUR", pipeline: "counted" } });
    const stages = one.buckets.flatMap((bucket: any) => bucket.stages);
    const ofStage = (stage: string, name: string): number =>
      sum(
        stages.filter((one: any) => one.stage === stage),
        name,
      );
    expect([ofStage("read", "completed"), ofStage("read", "failed")]).toEqual([3, 1]);
    expect([ofStage("write", "completed"), ofStage("sum", "completed")]).toEqual([3, 1]);
    const exact: { ms: number }[] = await api.rig.db.query(
      `select extract(epoch from e.at - c.at)::float8 * 1000 as ms from headway.status_change e
       join headway.job j on j.id = e.job_id and j.pipeline = 'counted'
       join headway.task t on t.id = e.task_id and t.kind = 'DOCUMENT'
       cross join lateral (select at from headway.status_change c
         where c.entity_id = e.entity_id and c.version < e.version and c.reason = 'CLAIMED' order by c.version desc limit 1) c
       where e.to_status = 'COMPLETED' order by 1`,
    );
    const busy = one.buckets.filter((bucket: any) => bucket.completed === 3);
    if (busy.length === 1) {
      expect(Math.abs(busy[0].runMs.p50 / exact[1]!.ms - 1)).toBeLessThanOrEqual(0.02);
      expect(busy[0].waitMs.p50).toBeGreaterThan(0);
    }
  });

  test("count each change once, whoever counts at the same time and dies meanwhile", async () => {
    await job(Array.from({ length: 30 }, (_, n) => `d${n}`));
    const db = api.rig.db;
    // What a process had counted that died before its commit.
    await db
      .transaction(async (tx) => {
        await tx.query("select headway.count_history($1, 1000)", [PROJECT]);
        throw new Error("it dies");
      })
      .catch(() => undefined);
    const rivals = Array.from({ length: 6 }, () => db.query("select headway.count_history($1, 7)", [PROJECT]));
    await Promise.all(rivals);
    await countAll();
    const { told, truth } = await sums();
    expect(told).toEqual(truth);
  });

  test("hold back no stream of the project while they are computed: until they are written they have no number of a transaction", async () => {
    await job(["counted"]);
    const { db } = api.rig;
    let counting!: Promise<unknown>;
    await db.transaction(async (tx) => {
      // Where it begins to write it has to wait.
      await tx.query("lock table headway.statistic in share mode");
      counting = db.query("select headway.count_history($1, 1000)", [PROJECT]);
      const waiting = () => waitingForLocks(db, "select headway.count_history%");
      await until("it waits to write", async () => (await waiting()).length === 1);
      expect(await waiting()).toMatchObject([{ xid: null }]);
    });
    await counting;
    await countAll();
    const { told, truth } = await sums();
    expect(told).toEqual(truth);
  });

  test("go on in a database that was restored elsewhere, where transactions have other numbers, with what was left to count", async () => {
    const { db, url } = api.rig;
    await job(["before"]);
    await api.rig.db.query("select headway.count_history($1, 3)", [PROJECT]);
    // In the database that it comes from, transactions had got a billion further.
    await fill(url, [
      "update headway.status_change set tx = (tx::text::bigint + 1000000000)::text::xid8",
      "update headway.statistic_cursor set tx = (tx::text::bigint + 1000000000)::text::xid8",
      "update headway.database_identity set system_identifier = 'elsewhere'",
    ]);
    await migrate(url);
    await countAll();
    await job(["after"]);
    await countAll();
    const { told, truth } = await sums();
    expect(told).toEqual(truth);
    const { statistics } = await ask(STATISTICS, { input: { from: hourAgo(), interval: "HOUR" } });
    expect(Date.now() - Date.parse(statistics.asOf)).toBeLessThan(600_000);
    expect(
      (
        await db.query("select database_id = i.id as here from headway.statistic_cursor, headway.database_identity i")
      )[0].here,
    ).toBe(true);
  });

  test("go on where the history they had not counted is gone", async () => {
    await job(["gone"]);
    await fill(api.rig.url, [
      `delete from headway.status_change s using headway.statistic_cursor c where s.project_id = c.project_id and s.tx >= c.tx
       and s.position > (select first_position from headway.database_identity)`,
    ]);
    await job(["stays"]);
    await countAll();
    const { statistics } = await ask(STATISTICS, { input: { from: hourAgo(), interval: "HOUR" } });
    expect(Date.now() - Date.parse(statistics.asOf)).toBeLessThan(600_000);
    expect(api.rig.errors).toEqual([]);
  });

  test("begin days where the zone's calendar does, also where the clock is changed", async () => {
    const input = {
      from: "2026-03-27T23:30:00Z",
      to: "2026-03-30T22:00:00Z",
      interval: "DAY",
      timeZone: "Europe/Berlin",
    };
    const { statistics } = await ask(STATISTICS, { input });
    expect(statistics.buckets.map(({ at }: any) => at)).toEqual([
      "2026-03-27T23:00:00.000Z",
      "2026-03-28T23:00:00.000Z",
      "2026-03-29T22:00:00.000Z",
    ]);
  });

  test("are kept as long as it is set, and no longer", async () => {
    await fill(api.rig.url, [
      `insert into headway.statistic (project_id, minutes, pipeline, at, stage, submitted)
       select '${PROJECT}', 15, 'counted', now() - make_interval(days => n), '', 1 from generate_series(25, 40, 3) n`,
    ]);
    await createStatistics()({ db: api.rig.db, settings });
    const rows = await api.rig.db.query("select 1 from headway.statistic where at < now() - interval '20 days'");
    expect(rows).toHaveLength(2);
  });

  test.each([
    [{ from: "2026-01-02T00:00:00Z", to: "2026-01-01T00:00:00Z", interval: "DAY" }, "from must be before to"],
    [
      { from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z", interval: "MINUTE" },
      "1440 buckets of MINUTE; at most 1000",
    ],
    [{ from: "2026-01-01T00:00:00Z", interval: "DAY", timeZone: "Mars/Olympus" }, '"Mars/Olympus" is not a time zone'],
  ])("of what can't be are refused: %j", async (input, message) => {
    const { errors } = await api.send(STATISTICS, { input });
    expect(errors).toMatchObject([
      { message: expect.stringContaining(message), extensions: { code: "BAD_USER_INPUT" } },
    ]);
  });
});

describe("a job", () => {
  const ETA = `query ($id: ID!) { job(id: $id) { status stageProgress progress
    eta { at earliest latest sampleSize basis message } } }`;

  test("tells when it may end, by its own pace; none while it is paused, and null once settled", async () => {
    const names = ["a", "b", "c", "d", "held"];
    const collectionId = await api.rig.collection(names.map((name) => ({ name, text: name })));
    const later = await api.rig.submit("counted", 0, {
      collectionId: await api.rig.collection(1),
      runAt: new Date(Date.now() + 3_600_000),
    });
    expect((await ask(ETA, { id: later })).job).toMatchObject({
      stageProgress: 0,
      eta: { at: null, basis: "NONE", message: expect.stringContaining("The job is due at ") },
    });
    const id = await api.rig.submit("counted", 0, { collectionId });
    await until("one is left", async () => (await ask(ETA, { id })).job.progress === 0.8);
    const { job: running } = await ask(ETA, { id });
    expect(running.stageProgress).toBeCloseTo(8 / 11, 5);
    const { at, earliest, latest, basis, sampleSize, message } = running.eta;
    expect({ basis, sampleSize, message }).toEqual({
      basis: "OWN_PACE",
      sampleSize: 8,
      message: expect.stringContaining("over 8 stage runs"),
    });
    expect(Date.parse(earliest)).toBeLessThanOrEqual(Date.parse(at));
    expect(Date.parse(at)).toBeLessThanOrEqual(Date.parse(latest));

    await ask('mutation { pausePipeline(input: { pipeline: "counted", reason: "moving" }) { userErrors { code } } }');
    expect((await ask(ETA, { id })).job.eta).toEqual({
      at: null,
      earliest: null,
      latest: null,
      sampleSize: 0,
      basis: "NONE",
      message: 'Pipeline "counted" is paused: moving',
    });
    await ask('mutation { resumePipeline(input: { pipeline: "counted" }) { userErrors { code } } }');
    for (const release of gate.release.splice(0)) release();
    await api.rig.settled(id);
    expect((await ask(ETA, { id })).job).toMatchObject({ stageProgress: 1, eta: null });
  });

  test("is compared with how earlier runs came out, which are learned once they have ended", async () => {
    const db = api.rig.db;
    const forecasts = createStatistics();
    const collectionId = await api.rig.collection(["a", "b", "held"].map((name) => ({ name, text: name })));
    const id = await api.rig.submit("counted", 0, { collectionId });
    await until("one is left", async () => (await ask(ETA, { id })).job.progress > 0.6);
    await forecasts({ db, settings });
    const marks = await db.query("select tenth from headway.job_forecast where job_id = $1", [id]);
    expect(marks).toHaveLength(1);
    for (const release of gate.release.splice(0)) release();
    await api.rig.settled(id);
    await createStatistics()({ db, settings });
    expect(await db.query("select 1 from headway.job_forecast where job_id = $1", [id])).toEqual([]);
    const learned = await db.query(
      "select ratios from headway.forecast_error where pipeline = 'counted' and tenth = $1",
      [marks[0].tenth],
    );
    expect(Object.values(learned[0].ratios)).toEqual([1]);
  });
});
