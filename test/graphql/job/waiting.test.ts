import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { projectNamed } from "../../../src/access/projects.js";
import { cancelJob } from "../../../src/engine/cancel/cancel.js";
import { addDocuments } from "../../../src/engine/collection/add-documents.js";
import { createCollection } from "../../../src/engine/collection/collections.js";
import { submitJob } from "../../../src/engine/submit/submit.js";
import { definePipeline } from "../../../src/pipelines/pipeline.js";
import { servesOf } from "../../../src/pipelines/registry.js";
import { createTestApi, type TestApi } from "../../support/api.js";
import { ACTOR, PROJECT } from "../../support/engine.js";
import { until } from "../../support/until.js";

const pair = definePipeline({
  name: "pair",
  version: 1,
  documentStages: [{ name: "read", timeoutMs: 60_000, run: async () => null }],
  collectionStages: [{ name: "sum", run: async () => null }],
});
const brisk = definePipeline({
  name: "brisk",
  version: 1,
  documentStages: [{ name: "dash", timeoutMs: 20, run: async () => null }],
});

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi([pair, brisk]);
});
afterAll(() => api.close());
// Whatever a test leaves open would stand in the queue before the next one's.
afterEach(async () => {
  const { jobs } = await ask("{ jobs(filter: { status: [QUEUED, PROCESSING] }) { nodes { id } } }");
  for (const { id } of jobs.nodes)
    await ask("mutation ($id: ID!) { cancelJob(input: { jobId: $id }) { job { id } } }", { id });
  await api.rig.db.query("update headway.task set lease_expires_at = now() + interval '1 h' where status = 'RUNNING'");
  await api.rig.db.query("delete from headway.worker");
  await api.rig.db.query("delete from headway.pipeline_pause");
});

async function ask(query: string, variables: Record<string, unknown> = {}): Promise<Record<string, any>> {
  const { data, errors } = await api.send(query, variables);
  expect(errors).toEqual([]);
  return data!;
}

const WAITING = "waitingOn { code message until position }";
const JOB = `query ($id: ID!) { job(id: $id) { ${WAITING} tasks { nodes { id status ${WAITING} } } } }`;
const waiting = async (id: string): Promise<any> => (await ask(JOB, { id })).job;

/** A worker that goes round, or that last did so many seconds ago. */
async function worker(
  concurrency: number,
  more: { loop?: number; running?: number; takes?: string } = {},
): Promise<string> {
  const id = randomUUID();
  await api.rig.db.query(
    `insert into headway.worker (id, project_id, hostname, pid, build, pipelines, concurrency, lease_ms, loop_iterations, running,
       last_loop_at, serves, takes)
     values ($1, $2, 'somewhere', 1, 'test', '{pair,brisk}', $3, 30000, 5, $4, clock_timestamp() - make_interval(secs => $5), $6, $7)`,
    [
      id,
      PROJECT,
      concurrency,
      more.running ?? 0,
      more.loop ?? 0,
      JSON.stringify(servesOf(api.rig.deps.registry)),
      more.takes ?? "ALL",
    ],
  );
  return id;
}

/** As a claim would, by hand through the door. */
async function claim(jobId: string, workerId: string): Promise<void> {
  await api.rig.db.query(
    `update headway.task set status = 'RUNNING', version = version + 1, fence = fence + 1, worker_id = $2::uuid,
       lease_expires_at = clock_timestamp() + interval '30 s', change_id = gen_random_uuid(), changed_by_type = 'WORKER',
       changed_by = 'worker:' || $2::text, change_reason = 'CLAIMED'
     where id = (select id from headway.task where job_id = $1 and status = 'QUEUED' and kind = 'DOCUMENT' order by ordinal limit 1)`,
    [jobId, workerId],
  );
}

describe("waitingOn says", () => {
  test("NO_WORKER where none of the pipeline runs; the collection task waits for documents", async () => {
    const job = await waiting(await api.rig.submit("pair", 2));
    expect(job.waitingOn).toMatchObject({ code: "NO_WORKER", message: expect.stringContaining('"pair"') });
    expect(job.tasks.nodes.map((task: any) => task.waitingOn.code)).toEqual([
      "NO_WORKER",
      "NO_WORKER",
      "DOCUMENTS_OPEN",
    ]);
    expect(job.tasks.nodes[2].waitingOn.message).toBe("2 of 2 documents are not settled yet.");
  });

  test("that a worker which takes only suspects is none of those that others wait for, and has no room for them", async () => {
    await worker(1, { takes: "SUSPECTS" });
    const job = await api.rig.submit("pair", 2);
    expect((await waiting(job)).waitingOn).toMatchObject({ code: "NO_WORKER" });
    await worker(1, { takes: "OTHERS", running: 1 });
    expect((await waiting(job)).waitingOn).toMatchObject({ code: "BEHIND_OTHERS", position: 1 });
  });

  test("nothing of options that the worker's version takes, nor of what another version says of them", async () => {
    await worker(2);
    const job = await api.rig.submit("pair", 1);
    await api.rig.db.query(
      `insert into headway.options_check (job_id, project_id, pipeline_version, refusal)
       values ($1, $2, 1, null), ($1, $2, 7, 'it has no options')`,
      [job, PROJECT],
    );
    expect((await waiting(job)).waitingOn).toBeNull();
  });

  test("nothing where a worker is about to take it, and the place in its job", async () => {
    await worker(2);
    const job = await waiting(await api.rig.submit("pair", 4));
    expect(job.waitingOn).toBeNull();
    expect(job.tasks.nodes.map((task: any) => task.waitingOn?.position ?? null).sort()).toEqual([
      3,
      4,
      null,
      null,
      null,
    ]);
    const first = await waiting(await api.rig.submit("pair", 1, { priority: 9 }));
    expect(first.waitingOn).toBeNull();
  });

  test("places by turns: of each other job one task at a time, of a higher priority all, and projects in turn", async () => {
    await worker(1);
    const huge = await api.rig.submit("pair", 30);
    const next = await api.rig.submit("pair", 3);
    const places = async (id: string): Promise<(number | null)[]> =>
      (await waiting(id)).tasks.nodes.slice(0, -1).map((task: any) => task.waitingOn?.position ?? null);
    // One of the other job comes before each of its own.
    expect(await places(next)).toEqual([2, 4, 6]);
    expect((await places(huge)).slice(0, 5)).toEqual([2, 4, 6, 7, 8]);
    await api.rig.submit("pair", 10, { priority: 9 });
    expect(await places(next)).toEqual([12, 14, 16]);
    const { id: projectId } = await projectNamed(api.rig.db, "elsewhere");
    const elsewhere = { ...ACTOR, projectId };
    const collectionId = await createCollection(api.rig.deps, elsewhere, { name: "elsewhere" });
    await addDocuments(api.rig.deps, elsewhere, {
      collectionId,
      documents: Array.from({ length: 13 }, (_, n) => ({ name: `d${n}`, text: "t" })),
    });
    const { jobId } = await submitJob(api.rig.deps, elsewhere, { collectionId, pipeline: "pair" });
    expect(await places(next)).toEqual([24, 27, 29]);
    expect((await waiting(next)).waitingOn).toEqual({
      code: "BEHIND_OTHERS",
      message: "At most 23 due tasks are claimed before it.",
      until: null,
      position: 24,
    });
    await cancelJob(api.rig.deps, elsewhere, { jobId });
  });

  test("PIPELINE_PAUSED with the reason given", async () => {
    await worker(2);
    const id = await api.rig.submit("pair", 1);
    const { pausePipeline } = await ask(
      `mutation { pausePipeline(input: { pipeline: "pair", reason: "the model is down" }) {
         pipeline { paused pausedReason queued } userErrors { code } } }`,
    );
    expect(pausePipeline).toEqual({
      pipeline: { paused: true, pausedReason: "the model is down", queued: 1 },
      userErrors: [],
    });
    expect((await waiting(id)).waitingOn).toMatchObject({
      code: "PIPELINE_PAUSED",
      message: 'Pipeline "pair" is paused: the model is down',
    });
  });

  test("SCHEDULED until the time it was submitted for, RETRY_BACKOFF until its next try", async () => {
    await worker(2);
    const runAt = new Date(Date.now() + 3_600_000);
    const id = await api.rig.submit("pair", 1, { runAt });
    expect((await waiting(id)).waitingOn).toMatchObject({ code: "SCHEDULED", until: runAt.toISOString() });
    await api.rig.db.query(
      `update headway.task set attempt = 2, version = version + 1, change_id = gen_random_uuid(), status = 'RUNNING', fence = 1,
         worker_id = gen_random_uuid(), lease_expires_at = now(), change_reason = 'CLAIMED' where job_id = $1 and kind = 'DOCUMENT'`,
      [id],
    );
    await api.rig.db.query(
      `update headway.task set status = 'QUEUED', version = version + 1, change_id = gen_random_uuid(), worker_id = null,
         lease_expires_at = null, change_reason = 'RETRY_SCHEDULED' where job_id = $1 and kind = 'DOCUMENT'`,
      [id],
    );
    expect((await waiting(id)).waitingOn).toMatchObject({ code: "RETRY_BACKOFF", until: runAt.toISOString() });
  });

  test("BEHIND_OTHERS where it is a suspect", async () => {
    await worker(2);
    const ids = [await api.rig.submit("pair", 1), await api.rig.submit("pair", 1)];
    for (const id of ids) {
      await api.rig.db.query(
        `update headway.task set version = version + 1, change_id = gen_random_uuid(), status = 'RUNNING', fence = 1,
           worker_id = gen_random_uuid(), lease_expires_at = now(), change_reason = 'CLAIMED' where job_id = $1 and kind = 'DOCUMENT'`,
        [id],
      );
      await api.rig.db.query(
        `update headway.task set status = 'QUEUED', version = version + 1, change_id = gen_random_uuid(), worker_id = null,
           lease_expires_at = null, is_suspect = true, change_reason = 'LEASE_EXPIRED', run_at = clock_timestamp()
         where job_id = $1 and kind = 'DOCUMENT'`,
        [id],
      );
    }
    for (const id of ids) {
      expect((await waiting(id)).waitingOn).toMatchObject({
        code: "BEHIND_OTHERS",
        message: "Its worker died while running it. Such tasks now run alone, one at a time.",
        position: null,
      });
    }
  });

  test("WORKER_STALLED where those that should take it stand still", async () => {
    await worker(2, { loop: 60 });
    expect((await waiting(await api.rig.submit("pair", 1))).waitingOn).toMatchObject({
      code: "WORKER_STALLED",
      message: 'All 1 workers of pipeline "pair" send heartbeats but claim no tasks.',
    });
  });

  test("of running work: nothing while it moves, then SLOW_STAGE, WORKER_STALLED, CANCEL_PENDING, LEASE_LOST", async () => {
    const holder = await worker(1, { running: 1 });
    const id = await api.rig.submit("pair", 1);
    await claim(id, holder);
    expect((await waiting(id)).waitingOn).toBeNull();

    const slow = await api.rig.submit("brisk", 1);
    await claim(slow, holder);
    await until("half of its time is over", async () => (await waiting(slow)).waitingOn?.code === "SLOW_STAGE");

    const stalled = await worker(1, { loop: 60 });
    const other = await api.rig.submit("pair", 1);
    await claim(other, stalled);
    expect((await waiting(other)).waitingOn).toMatchObject({
      code: "WORKER_STALLED",
      message: `Its worker ${stalled} is STALLED.`,
    });

    await ask("mutation ($id: ID!) { cancelJob(input: { jobId: $id }) { userErrors { code } } }", { id });
    const asked = (await waiting(id)).waitingOn;
    expect(asked).toMatchObject({ code: "CANCEL_PENDING", message: "Stage read was asked to stop." });
    expect(Date.parse(asked.until) - Date.now()).toBeGreaterThan(10_000);

    await api.rig.db.query(
      "update headway.task set lease_expires_at = now() - interval '1 s' where job_id = $1 and kind = 'DOCUMENT'",
      [id],
    );
    expect((await waiting(id)).waitingOn.code).toBe("LEASE_LOST");
  });

  test("nothing once it is settled", async () => {
    const id = await api.rig.submit("pair", 1);
    await ask("mutation ($id: ID!) { cancelJob(input: { jobId: $id }) { userErrors { code } } }", { id });
    expect((await waiting(id)).waitingOn).toBeNull();
  });
});

describe("JobFilter.stuck", () => {
  const STUCK = "query ($stuck: Boolean) { jobs(filter: { stuck: $stuck }) { nodes { id } } }";
  const stuck = async (value: boolean): Promise<string[]> =>
    (await ask(STUCK, { stuck: value })).jobs.nodes.map(({ id }: { id: string }) => id);

  test("finds jobs whose lease is past by a sweep", async () => {
    const id = await api.rig.submit("pair", 1);
    await claim(id, await worker(1));
    expect(await stuck(true)).toEqual([]);
    await api.rig.db.query(
      "update headway.task set lease_expires_at = now() - interval '4 s' where job_id = $1 and kind = 'DOCUMENT'",
      [id],
    );
    expect(await stuck(true)).toEqual([]);
    await api.rig.db.query(
      "update headway.task set lease_expires_at = now() - interval '6 s' where job_id = $1 and kind = 'DOCUMENT'",
      [id],
    );
    expect(await stuck(true)).toEqual([id]);
    expect(await stuck(false)).not.toContain(id);
  });

  test("finds what is due and untaken for a minute while a worker is free, and not what is paused", async () => {
    const id = await api.rig.submit("pair", 1, { runAt: new Date(Date.now() - 90_000) });
    expect(await stuck(true)).toEqual([]);
    const busy = await worker(1, { running: 1 });
    await worker(1, { takes: "SUSPECTS" });
    expect(await stuck(true)).toEqual([]);
    await api.rig.db.query("update headway.worker set running = 0 where id = $1", [busy]);
    expect(await stuck(true)).toEqual([id]);
    expect((await waiting(id)).waitingOn.code).toBe("WORKER_STALLED");
    await ask('mutation { pausePipeline(input: { pipeline: "pair", reason: "later" }) { userErrors { code } } }');
    expect(await stuck(true)).toEqual([]);
  });
});

describe("pausePipeline and resumePipeline", () => {
  test("leave waiting work where it is, let running work go on, and take up again", async () => {
    await ask('mutation { pausePipeline(input: { pipeline: "pair", reason: "later" }) { userErrors { code } } }');
    const runner = await api.rig.startWorker({ pollMs: 20 });
    const id = await api.rig.submit("pair", 3);
    const before = runner.iterations;
    while (runner.iterations < before + 3) await new Promise((resolve) => setTimeout(resolve, 10));
    expect((await ask("query ($id: ID!) { job(id: $id) { status counts { queued } } }", { id })).job).toEqual({
      status: "QUEUED",
      counts: { queued: 3 },
    });
    const { resumePipeline } = await ask(
      'mutation { resumePipeline(input: { pipeline: "pair" }) { pipeline { paused pausedReason } userErrors { code } } }',
    );
    expect(resumePipeline).toEqual({ pipeline: { paused: false, pausedReason: null }, userErrors: [] });
    expect(await api.rig.settled(id)).toBe("COMPLETED");
    await runner.stop(0);
  });

  test.each(['pausePipeline(input: { pipeline: "pear", reason: "x" })', 'resumePipeline(input: { pipeline: "pear" })'])(
    "refuse an unknown pipeline: %s",
    async (mutation) => {
      const answer = await ask(
        `mutation { answer: ${mutation} { pipeline { name } userErrors { code message path } } }`,
      );
      expect(answer.answer).toEqual({
        pipeline: null,
        userErrors: [
          {
            code: "UNKNOWN_PIPELINE",
            message: 'There is no pipeline "pear"; available are brisk, pair.',
            path: ["input", "pipeline"],
          },
        ],
      });
    },
  );

  test("refuse a blank reason", async () => {
    const { pausePipeline } = await ask(
      'mutation { pausePipeline(input: { pipeline: "pair", reason: "  " }) { pipeline { name } userErrors { code path } } }',
    );
    expect(pausePipeline).toEqual({
      pipeline: null,
      userErrors: [{ code: "INVALID_INPUT", path: ["input", "reason"] }],
    });
  });
});
