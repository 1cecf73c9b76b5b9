import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { PermanentError } from "../../../src/index.js";
import { definePipeline } from "../../../src/pipelines/pipeline.js";
import { createTestApi, type TestApi } from "../../support/api.js";
import { PROJECT } from "../../support/engine.js";
import { fill } from "../../support/fill.js";
import { statementsOf } from "../../support/statements.js";
import { until } from "../../support/until.js";

let release: (() => void)[] = [];
let isHeld = false;
const drawn = definePipeline({
  name: "drawn",
  version: 1,
  documentStages: [
    { name: "read", run: () => new Promise<null>((resolve) => setTimeout(resolve, 20, null)) },
    {
      name: "write",
      run: async (ctx) => {
        if (ctx.document.name === "bad") throw new PermanentError("BAD", "It is bad.");
        if (isHeld) await new Promise<void>((resolve) => release.push(resolve));
        return null;
      },
    },
  ],
  collectionStages: [{ name: "sum", run: async () => null }],
});

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi([drawn]);
  await api.rig.startWorker({ pollMs: 20 });
});
afterAll(async () => {
  for (const one of release) one();
  await api.close();
});

interface Bucket {
  readonly from: string;
  readonly to: string;
  readonly running: readonly { stage: string; amount: number }[];
  readonly completed: number;
  readonly failed: number;
}

async function timeline(id: string, buckets?: number): Promise<Bucket[]> {
  const { data, errors } = await api.send(
    `query ($id: ID!, $buckets: Int) { job(id: $id) {
       timeline(buckets: $buckets) { from to running { stage amount } completed failed } } }`,
    { id, buckets },
  );
  expect(errors).toEqual([]);
  return data!.job.timeline;
}

/** Counts a few changes at a time until none of the job is left, as killed and restarted reconcilers would. */
async function count(jobId: string, atOnce: number): Promise<void> {
  const { db } = api.rig;
  await db.query("insert into headway.statistic_cursor (project_id) values ($1) on conflict do nothing", [PROJECT]);
  await until("the job's history is counted", async () => {
    await db.query("select headway.count_history($1, $2)", [PROJECT, atOnce]);
    // What another transaction holds back is counted with the next.
    await db
      .transaction(async (tx) => {
        await tx.query("select headway.count_history($1, $2)", [PROJECT, atOnce]);
        throw new Error("it dies before its commit");
      })
      .catch(() => undefined);
    const [{ left }] = await db.query(
      `select exists (select from headway.status_change s, headway.statistic_cursor c, headway.database_identity i
         where s.job_id = $1 and s.project_id = c.project_id
           and (c.database_id is distinct from i.id or (s.tx, s.position) > (c.tx, c.position))) as left`,
      [jobId],
    );
    return !left;
  });
}

/** The same by the history itself: seconds at each stage, and how many ended how. */
async function truth(jobId: string): Promise<{ seconds: Record<string, number>; completed: number; failed: number }> {
  const rows: { stage: string; s: number }[] = await api.rig.db.query(
    `select s.to_stage as stage, sum(extract(epoch from n.at - s.at))::float8 as s from headway.status_change s
     join headway.status_change n on n.entity_id = s.entity_id and n.version = s.version + 1
     where s.job_id = $1 and s.entity_type = 'TASK' and s.to_status = 'RUNNING' group by 1`,
    [jobId],
  );
  const [ends] = await api.rig.db.query(
    `select count(*) filter (where s.to_status = 'COMPLETED')::int as completed,
       count(*) filter (where s.to_status = 'FAILED')::int as failed
     from headway.status_change s join headway.task t on t.id = s.task_id and t.kind = 'DOCUMENT' where s.job_id = $1`,
    [jobId],
  );
  return { seconds: Object.fromEntries(rows.map(({ stage, s }) => [stage, s])), ...ends };
}

function sums(buckets: readonly Bucket[]): Awaited<ReturnType<typeof truth>> {
  const seconds: Record<string, number> = {};
  for (const { from, to, running } of buckets) {
    const length = (Date.parse(to) - Date.parse(from)) / 1_000;
    for (const { stage, amount } of running) seconds[stage] = (seconds[stage] ?? 0) + amount * length;
  }
  const all = (key: "completed" | "failed"): number => buckets.reduce((sum, bucket) => sum + bucket[key], 0);
  return { seconds, completed: all("completed"), failed: all("failed") };
}

test("a job's timeline tells who was at which stage and when, over all its runs, counted once whoever dies", async () => {
  const names = ["a", "b", "c", "bad", "e", "f"];
  const id = await api.rig.submit("drawn", 0, {
    collectionId: await api.rig.collection(names.map((name) => ({ name, text: name }))),
  });
  expect(await api.rig.settled(id)).toBe("COMPLETED_WITH_ERRORS");
  const { data } = await api.send("mutation ($id: ID!) { retryJob(input: { jobId: $id }) { userErrors { code } } }", {
    id,
  });
  expect(data!.retryJob.userErrors).toEqual([]);
  expect(await api.rig.settled(id)).toBe("COMPLETED_WITH_ERRORS");
  await count(id, 3);
  const buckets = await timeline(id);
  const exact = await truth(id);
  const told = sums(buckets);
  expect({ completed: told.completed, failed: told.failed }).toEqual({ completed: 5, failed: 2 });
  expect(Object.keys(told.seconds)).toEqual(["read", "write", "sum"]);
  const roundingS = (buckets.length * (Date.parse(buckets[0]!.to) - Date.parse(buckets[0]!.from))) / 2_000_000 + 0.001;
  for (const stage of ["read", "write", "sum"]) {
    expect(Math.abs(told.seconds[stage]! - exact.seconds[stage]!)).toBeLessThan(roundingS);
  }
  for (const [place, { from }] of buckets.entries()) if (place > 0) expect(from).toBe(buckets[place - 1]!.to);
  const [whole] = await timeline(id, 1);
  expect(sums([whole!])).toMatchObject({ completed: 5, failed: 2 });
});

test("of an open job it goes as far as the history has been counted, with what runs just then", async () => {
  isHeld = true;
  const id = await api.rig.submit("drawn", 3);
  expect(await timeline(id)).toEqual([]);
  // The worker writes behind: a handler may run before the end of the stage before it is recorded.
  await until("all are held, and recorded as such", async () => {
    const [{ writing }] = await api.rig.db.query(
      "select count(*)::int as writing from headway.task where job_id = $1 and stage = 'write'",
      [id],
    );
    return release.length === 3 && writing === 3;
  });
  await count(id, 1_000);
  const buckets = await timeline(id);
  const last = buckets[buckets.length - 1]!;
  const [{ as_of: asOf }] = await api.rig.db.query("select as_of from headway.statistic_cursor");
  expect(new Date(last.to).getTime()).toBe((asOf as Date).getTime());
  expect(last.running.map(({ stage }) => stage)).toContain("write");
  isHeld = false;
  for (const one of release) one();
  release = [];
  expect(await api.rig.settled(id)).toBe("COMPLETED");
});

test("of 100,000 documents over hours it has as many places, and is read by one statement, as that of three", async () => {
  const { db, url } = api.rig;
  const small = await api.rig.submit("drawn", 3);
  await api.rig.settled(small);
  await count(small, 1_000);
  const large = await api.rig.submit("drawn", 1);
  await api.rig.settled(large);
  await count(large, 1_000);
  // Each of 100,000 tasks reads for two seconds, and a new one begins each 100 ms.
  const change = (version: number, from: string, to: string, at: string): string => `
    insert into headway.status_change (project_id, entity_type, entity_id, collection_id, job_id, task_id, version,
      from_status, to_status, from_stage, to_stage, run, attempt, fence, actor_type, actor, reason, change_id, at)
    select j.project_id, 'TASK', t.id, j.collection_id, j.id, t.id, ${version}, '${from}', '${to}', 'read', 'read', 1, 1, 1,
      'WORKER', 'worker', '${to === "RUNNING" ? "CLAIMED" : "COMPLETED"}', gen_random_uuid(), ${at}
    from headway.job j cross join lateral (
      select n, md5(n::text)::uuid as id from generate_series(1, 100000) n where j.id = '${large}') t`;
  const begun = "j.finished_at + n * interval '100 milliseconds'";
  await fill(url, [
    change(1, "QUEUED", "RUNNING", begun),
    change(2, "RUNNING", "COMPLETED", `${begun} + interval '2 seconds'`),
    `update headway.job set finished_at = finished_at + interval '3 hours' where id = '${large}'`,
    "update headway.statistic_cursor set as_of = now() + interval '4 hours'",
  ]);
  await until("all is counted", async () => {
    const [{ counted }] = await db.query("select headway.count_history($1, 5000) as counted", [PROJECT]);
    return counted === 0;
  });
  const [{ places, width }] = await db.query(
    "select count(*)::int as places, max(width_ms)::int as width from headway.job_timeline where job_id = $1",
    [large],
  );
  expect({ places, width }).toEqual({ places: expect.any(Number), width: 32_000 });
  expect(places).toBeLessThanOrEqual(400);
  await db.query("update headway.statistic_cursor set as_of = now() + interval '4 hours'");
  const statements = async (id: string): Promise<string[]> =>
    (await statementsOf(() => timeline(id))).filter((sql) => sql.includes("headway.job_timeline"));
  expect(await statements(large)).toHaveLength(1);
  expect(await statements(small)).toHaveLength(1);
  const buckets = await timeline(large, 50);
  expect(buckets.length).toBeLessThanOrEqual(50);
  expect(sums(buckets).completed).toBe(100_001);
  expect(sums(buckets).seconds.read).toBeGreaterThan(199_900);
  expect(sums(buckets).seconds.read).toBeLessThan(200_100);
  expect(buckets[20]!.running).toEqual([{ stage: "read", amount: 20 }]);
});

test("more buckets than 1,000, or none, are refused", async () => {
  const id = await api.rig.submit("drawn", 1);
  for (const buckets of [0, 1_001]) {
    const { errors } = await api.send("query ($id: ID!, $n: Int) { job(id: $id) { timeline(buckets: $n) { to } } }", {
      id,
      n: buckets,
    });
    expect(errors).toMatchObject([
      { message: `buckets is ${buckets}; it must be from 1 to 1000.`, extensions: { code: "BAD_USER_INPUT" } },
    ]);
  }
});
