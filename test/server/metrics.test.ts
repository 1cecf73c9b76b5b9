import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { measureOpenWork } from "../../src/engine/operations/measure.js";
import { definePipeline } from "../../src/pipelines/pipeline.js";
import { createTestApi, type TestApi } from "../support/api.js";
import { nodesOf, type Plan } from "../support/plans.js";
import { sentIn } from "../support/statements.js";
import { until } from "../support/until.js";

const plain = definePipeline({
  name: "plain",
  version: 1,
  documentStages: [
    { name: "read", run: async () => null },
    { name: "store", run: async () => null },
  ],
});

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi([plain]);
});
afterAll(() => api.close());

/** The samples of one metric, by their labels in the order of the alphabet. */
async function sample(name: string): Promise<Record<string, number>> {
  const response = await fetch(`${api.url}/metrics`);
  expect(response.status).toBe(200);
  const samples = [...(await response.text()).matchAll(/^(\w+)(?:\{(.*)\})? (\S+)$/gm)];
  return Object.fromEntries(
    samples
      .filter(([, found]) => found === name)
      .map(([, , labels = "", value]) => [labels.split(",").sort().join(","), Number(value)]),
  );
}

/** Transactions are numbered for all databases of a server: another test's may hold back this one's stream for a while. */
const nothingHoldsItBack = (): Promise<void> =>
  until("nothing holds the stream back", async () => (await sample("headway_stream_lag_seconds"))[""] === 0);

describe("/metrics", () => {
  test("counts each transition once, by pair and reason, whoever asks how often", async () => {
    await sample("headway_transitions_total");
    const runner = await api.rig.startWorker();
    const jobId = await api.rig.submit("plain", 5);
    await api.rig.settled(jobId);
    await runner.stop(0);
    const COMPLETED = 'entity="TASK",from="RUNNING",reason="COMPLETED",to="COMPLETED"';
    await until("all five are counted", async () => {
      await Promise.all([sample("headway_transitions_total"), sample("headway_transitions_total")]);
      return (await sample("headway_transitions_total"))[COMPLETED] === 5;
    });
    const counted = await sample("headway_transitions_total");
    expect(counted[COMPLETED]).toBe(5);
    expect(counted['entity="TASK",from="RUNNING",reason="STAGE_STARTED",to="RUNNING"']).toBe(5);
    expect(counted['entity="JOB",from="PROCESSING",reason="ALL_TASKS_SETTLED",to="COMPLETED"']).toBe(1);
  });

  test("tells how many database connections of this process are in use, idle and waited for", async () => {
    const {
      'pool="work",state="idle"': idle,
      'pool="work",state="used"': used,
      ...rest
    } = await sample("headway_pool_connections");
    expect(idle! + used!).toBeGreaterThan(0);
    expect(rest).toEqual({ 'pool="work",state="waiting"': 0 });
  });

  test("tells open work by stage, the age of what waits, and the workers", async () => {
    const jobId = await api.rig.submit("plain", 3, { runAt: new Date(Date.now() - 30_000) });
    expect(await sample("headway_open_work_age_seconds")).toEqual({});
    await measureOpenWork(api.rig.db, 0);
    expect((await sample("headway_open_work_age_seconds"))[""]).toBeGreaterThanOrEqual(0);
    expect(await sample("headway_open_tasks")).toEqual({ 'pipeline="plain",stage="read",status="QUEUED"': 3 });
    expect((await sample("headway_queue_age_seconds"))['pipeline="plain"']).toBeGreaterThanOrEqual(30);
    expect(await sample("headway_workers")).toEqual({});
    // A clock that has gone back since says nothing of how old the count is.
    await api.rig.db.query("update headway.measurement set measured_at = clock_timestamp() + interval '1 hour'");
    expect(await measureOpenWork(api.rig.db, 3_600_000)).toBe(true);
    expect(await measureOpenWork(api.rig.db, 3_600_000)).toBe(false);
    const runner = await api.rig.startWorker();
    await api.rig.settled(jobId);
    await measureOpenWork(api.rig.db, 0);
    expect(await sample("headway_open_tasks")).toEqual({});
    expect(await sample("headway_queue_age_seconds")).toEqual({});
    await until("its loop has iterated", async () => (await sample("headway_workers"))['status="RUNNING"'] === 1);
    await runner.stop(0);
  });

  test("tells of flushes, of the event loop, of invariants, and of a stream that is held back", async () => {
    const size = await sample("headway_flush_changes_count");
    expect(size[""]).toBeGreaterThan(0);
    expect((await sample("headway_flush_seconds_sum"))[""]).toBeGreaterThan(0);
    expect((await sample("nodejs_eventloop_lag_p99_seconds"))[""]).toBeGreaterThanOrEqual(0);
    expect(await sample("headway_violations")).toEqual({});
    await nothingHoldsItBack();
    const open = api.rig.db.createQueryRunner();
    await open.startTransaction();
    await open.query("select pg_current_xact_id()");
    await api.rig.collection(1);
    expect((await sample("headway_stream_lag_seconds"))[""]).toBeGreaterThan(0);
    await open.rollbackTransaction();
    await open.release();
    await nothingHoldsItBack();
  });

  test("counts open work once in a while, whoever asks", async () => {
    await measureOpenWork(api.rig.db, 0);
    expect(await Promise.all([measureOpenWork(api.rig.db, 600_000), measureOpenWork(api.rig.db, 600_000)])).toEqual([
      false,
      false,
    ]);
    expect((await Promise.all([1, 2, 3].map(() => measureOpenWork(api.rig.db, 0)))).some(Boolean)).toBe(true);
  });

  test("is served by reading no task and no job, however many are open", async () => {
    const visited = async (): Promise<Record<string, number>> => {
      await sample("headway_open_tasks"); // What changed before is counted.
      const statements = await sentIn(() => sample("headway_open_tasks"));
      const rows: Record<string, number> = {};
      for (const { sql, values } of statements.filter((one) => /^\s*(?:select|with)/i.test(one.sql))) {
        const [{ "QUERY PLAN": explained }] = await api.rig.db.query(`explain (analyze, buffers, format json) ${sql}`, [
          ...values,
        ]);
        for (const node of nodesOf(explained[0].Plan) as ScannedNode[]) {
          const table = node["Relation Name"];
          if (table) rows[table] = (rows[table] ?? 0) + node["Actual Rows"] * node["Actual Loops"];
        }
      }
      return rows;
    };
    await nothingHoldsItBack();
    const before = await visited();
    for (let i = 0; i < 5; i += 1) await api.rig.submit("plain", 400);
    await measureOpenWork(api.rig.db, 0);
    expect(await sample("headway_open_tasks")).toEqual({ 'pipeline="plain",stage="read",status="QUEUED"': 2_000 });
    await nothingHoldsItBack();
    const after = await visited();
    // The server looks its projects up now and then, whoever asks for metrics.
    expect({ ...after, project: 0 }).toEqual({ ...before, project: 0 });
    expect(after).toMatchObject({ measurement: 1 });
    expect(Object.keys(after)).not.toEqual(expect.arrayContaining(["task"]));
    expect(Object.keys(after)).not.toEqual(expect.arrayContaining(["job"]));
  });
});

interface ScannedNode extends Plan {
  readonly "Actual Rows": number;
  readonly "Actual Loops": number;
}
