import { definePipeline, PermanentError } from "../../../src/index.js";
import { addUpJobCounts } from "../../../src/reconciler/job-counts.js";
import { createTestApi, type TestApi } from "../../support/api.js";
import { PROJECT } from "../../support/engine.js";
import { keyBy } from "../../support/keys.js";
import { nodesOf, type Plan } from "../../support/plans.js";
import { sentIn } from "../../support/statements.js";
import { until } from "../../support/until.js";

const gate = { release: [] as (() => void)[], open: false };
const mixed = definePipeline({
  name: "mixed",
  version: 1,
  documentStages: [
    { name: "look", maxAttempts: 1, run: async () => null },
    {
      name: "read",
      maxAttempts: 1,
      run: async (ctx) => {
        const { name } = ctx.document;
        if (name.startsWith("bad")) throw new PermanentError("BAD", "It is bad.");
        if (name.startsWith("worse")) throw new Error("It may be better later.");
        if (name === "held" && !gate.open) await new Promise<void>((resolve) => gate.release.push(resolve));
        return null;
      },
    },
  ],
});
const other = definePipeline({ name: "other", version: 1, documentStages: [{ name: "read", run: async () => null }] });

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi([mixed, other], { trustedMs: 3_600_000, recheckKeysMs: 3_600_000 });
});
afterAll(async () => {
  for (const release of gate.release) release();
  await api.close();
});

async function ask(query: string, variables: Record<string, unknown> = {}, as?: string): Promise<Record<string, any>> {
  const { data, errors } = await api.send(query, variables, as);
  expect(errors).toEqual([]);
  return data!;
}

const GROUPS = "{ code stage count retryable sampleTaskIds }";
const GROUPS_OF_JOB = `query ($id: ID!) { job(id: $id) { status errorGroups ${GROUPS} summary { errors ${GROUPS} } } }`;

describe("what has failed of a job", () => {
  test("is told while it runs, is what the summary says in the end, and goes with a retry", async () => {
    const names = ["bad0", "bad1", "bad2", "worse0", "held", "good"];
    const collectionId = await api.rig.collection(names.map((name) => ({ name, text: "x" })));
    const worker = await api.rig.startWorker();
    const id = await api.rig.submit("mixed", 0, { collectionId });
    await until("all but one have ended", async () => {
      const [row] = await api.rig.db.query("select failed, completed from headway.job where id = $1", [id]);
      return row.failed === 4 && row.completed === 1;
    });
    const { job: running } = await ask(GROUPS_OF_JOB, { id });
    expect(running).toMatchObject({ status: "PROCESSING", summary: null });
    expect(running.errorGroups).toEqual([
      { code: "BAD", stage: "read", count: 3, retryable: false, sampleTaskIds: await failed(id, "bad%") },
      expect.objectContaining({ stage: "read", count: 1, retryable: true, sampleTaskIds: await failed(id, "worse%") }),
    ]);

    gate.open = true;
    for (const release of gate.release) release();
    expect(await api.rig.settled(id)).toBe("COMPLETED_WITH_ERRORS");
    const { job: settled } = await ask(GROUPS_OF_JOB, { id });
    expect(settled.errorGroups).toEqual(running.errorGroups);
    expect(settled.summary.errors).toEqual(running.errorGroups);

    await worker.stop(0);
    await ask("mutation ($id: ID!) { retryJob(input: { jobId: $id }) { userErrors { message } } }", { id });
    expect((await ask(GROUPS_OF_JOB, { id })).job).toMatchObject({ status: "QUEUED", errorGroups: [] });
    const again = await api.rig.startWorker();
    await api.rig.settled(id);
    await again.stop(0);
    expect((await ask(GROUPS_OF_JOB, { id })).job.errorGroups).toEqual(running.errorGroups);
  });

  test("costs the same at any number of failed tasks: its counters, and five of each error by an index", async () => {
    const sent = await sentIn(() => ask("{ jobs(first: 1) { nodes { errorGroups { code } } } }"));
    const { sql, values } = sent.find((one) => one.sql.includes("headway.error_count"))!;
    const [
      {
        "QUERY PLAN": [{ Plan: plan }],
      },
    ] = await api.rig.db.query(`explain (format json) ${sql}`, [...values]);
    const scans = nodesOf(plan as Plan).filter((node) => node["Relation Name"] === "task");
    expect(scans.map((node) => node["Node Type"])).not.toContain("Seq Scan");
  });
});

async function failed(jobId: string, like: string): Promise<string[]> {
  const rows: { id: string }[] = await api.rig.db.query(
    "select id from headway.task where job_id = $1 and document_name like $2 order by ordinal",
    [jobId, like],
  );
  return rows.map(({ id }) => id);
}

describe("how many jobs there are of each status", () => {
  const COUNTS =
    "query ($pipeline: String, $collectionId: ID) { jobCounts(pipeline: $pipeline, collectionId: $collectionId) { status count } }";
  async function counts(variables: object = {}, as?: string): Promise<Record<string, number>> {
    const { jobCounts } = await ask(COUNTS, { ...variables }, as);
    const named = jobCounts.map(({ status, count }: { status: string; count: number }) => [status, count]);
    return Object.fromEntries(named.filter(([, count]: [string, number]) => count > 0)) as Record<string, number>;
  }
  async function counted(pipeline: string | null): Promise<Record<string, number>> {
    const rows: { status: string; count: number }[] = await api.rig.db.query(
      "select status, count(*)::int as count from headway.job where $1::text is null or pipeline = $1 group by status",
      [pipeline],
    );
    return Object.fromEntries(rows.map(({ status, count }) => [status, count]));
  }

  test("is exact at every moment, whatever has been added up of it", async () => {
    const before = (await counts()).QUEUED ?? 0;
    const open: string[] = [];
    for (let i = 0; i < 3; i += 1) open.push(await api.rig.submit("other", 1));
    expect((await counts()).QUEUED).toBe(before + 3);
    expect(await addUpJobCounts({ db: api.rig.db })).toBeGreaterThan(0);
    expect(await addUpJobCounts({ db: api.rig.db })).toBe(0);
    expect(await counts()).toEqual(await counted(null));
    await ask("mutation ($id: ID!) { cancelJob(input: { jobId: $id }) { userErrors { message } } }", { id: open[0] });
    const worker = await api.rig.startWorker();
    for (const id of open) await api.rig.settled(id);
    await worker.stop(0);
    for (const pipeline of [null, "mixed", "other"])
      expect(await counts({ pipeline })).toEqual(await counted(pipeline));
    await addUpJobCounts({ db: api.rig.db });
    for (const pipeline of [null, "mixed", "other"])
      expect(await counts({ pipeline })).toEqual(await counted(pipeline));
    expect(await counts({ pipeline: "unknown" })).toEqual({});
    expect((await ask("{ jobCounts { status } }")).jobCounts.map(({ status }: { status: string }) => status)).toContain(
      "FAILED",
    );
  });

  test("is told of one collection, and to a key of one collection or job of what it sees", async () => {
    const collectionId = await api.rig.collection(1);
    const jobId = await api.rig.submit("other", 0, { collectionId });
    await ask("mutation ($id: ID!) { cancelJob(input: { jobId: $id }) { userErrors { message } } }", { id: jobId });
    const second = await api.rig.submit("other", 0, { collectionId });
    expect(await counts({ collectionId })).toEqual({ CANCELLED: 1, QUEUED: 1 });
    expect(await counts({ collectionId, pipeline: "mixed" })).toEqual({});
    const ofCollection = await keyBy(api.rig.db, { role: "VIEWER", scope: { collectionId, jobId: null } });
    expect(await counts({}, ofCollection)).toEqual({ CANCELLED: 1, QUEUED: 1 });
    const ofJob = await keyBy(api.rig.db, { role: "VIEWER", scope: { collectionId, jobId: second } });
    expect(await counts({}, ofJob)).toEqual({ QUEUED: 1 });
    expect(await counts({ collectionId: PROJECT }, ofJob)).toEqual({});
  });

  test("reads no job for a whole project", async () => {
    const sent = await sentIn(() => counts({ pipeline: "other" }));
    const [count, ...more] = sent.filter((one) => one.sql.includes("headway.job"));
    expect(more).toEqual([]);
    const { sql, values } = count!;
    const [
      {
        "QUERY PLAN": [{ Plan: plan }],
      },
    ] = await api.rig.db.query(`explain (format json) ${sql}`, [...values]);
    const tables = nodesOf(plan as Plan).flatMap((node) => node["Relation Name"] ?? []);
    expect(new Set(tables)).toEqual(new Set(["job_count", "job_count_change"]));
  });
});
