import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { submitJob, type SubmitInput } from "../../src/engine/submit/submit.js";
import { definePipeline, type DocumentStage } from "../../src/pipelines/pipeline.js";
import { Registry } from "../../src/pipelines/registry.js";
import type { WorkerLoop } from "../../src/worker/worker.js";
import { createTestApi, type TestApi } from "../support/api.js";
import { ACTOR } from "../support/engine.js";
import { until } from "../support/until.js";

/** Every stage says which version ran it. */
const stage = (version: number, name: string, more: Partial<DocumentStage> = {}): DocumentStage => ({
  name,
  run: async () => ({ by: version }),
  ...more,
});
const options = z.object({ size: z.number().default(1) });
const sum = (version: number) => [{ name: "sum", run: async () => ({ sumBy: version }) }];

const one = new Registry([
  definePipeline({
    name: "scan",
    version: 1,
    options,
    documentStages: [stage(1, "read"), stage(1, "ocr")],
    collectionStages: sum(1),
  }),
]);
const two = new Registry([
  definePipeline({
    name: "scan",
    version: 2,
    options,
    documentStages: [stage(2, "read"), stage(2, "ocr", { maxAttempts: 7 }), stage(2, "index")],
    collectionStages: sum(2),
  }),
]);
/** Has no stage `ocr`, and takes other options. */
const three = new Registry([
  definePipeline({
    name: "scan",
    version: 3,
    options: z.object({ size: z.number().max(10).default(1) }),
    documentStages: [stage(3, "read"), stage(3, "index")],
    collectionStages: sum(3),
  }),
]);

let api: TestApi;
let workers: WorkerLoop[] = [];
beforeAll(async () => {
  api = await createTestApi(one.all());
});
afterAll(() => api.close());
afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.stop(0)));
  workers = [];
  expect(await api.rig.violations()).toEqual([]);
  expect(api.rig.errors).toEqual([]);
  await api.rig.db.query("delete from headway.worker");
});

async function run(registry: Registry): Promise<WorkerLoop> {
  const worker = await api.rig.startWorker({ pollMs: 20 }, registry);
  workers.push(worker);
  return worker;
}

/** Submits as a server with these pipelines does. */
async function submit(by: Registry, documents: number | string, more: Partial<SubmitInput> = {}): Promise<string> {
  const collectionId = typeof documents === "string" ? documents : await api.rig.collection(documents);
  return (await submitJob({ ...api.rig.deps, registry: by }, ACTOR, { collectionId, pipeline: "scan", ...more })).jobId;
}

interface ReadTask {
  readonly status: string;
  readonly stage: string | null;
  readonly pipelineVersion: number;
  readonly maxAttempts: number;
  readonly waitingOn: { readonly code: string; readonly message: string } | null;
  readonly stages: readonly { stage: string; pipelineVersion: number | null; worker: string | null; outcome: string }[];
}

async function tasksOf(jobId: string): Promise<ReadTask[]> {
  const { data, errors } = await api.send(
    `query ($id: ID!) { job(id: $id) { tasks { nodes { kind status stage pipelineVersion maxAttempts
       waitingOn { code message } stages { stage pipelineVersion worker outcome } } } } }`,
    { id: jobId },
  );
  expect(errors).toEqual([]);
  return data!.job.tasks.nodes.filter(({ kind }: { kind: string }) => kind === "DOCUMENT");
}
const taskOf = async (jobId: string): Promise<ReadTask> => (await tasksOf(jobId))[0]!;
const collectionOf = async (jobId: string): Promise<string> =>
  (await api.rig.db.query("select collection_id as id from headway.job where id = $1", [jobId]))[0].id;

/** Waits for so many more turns of the worker's loop, in each of which it claims. */
async function turns(worker: WorkerLoop, more = 3): Promise<void> {
  const before = worker.iterations;
  await until("the worker has made more iterations", () => worker.iterations >= before + more);
}

describe("a worker of another version", () => {
  test("that is older takes nothing of a newer job; waitingOn says which version is needed", async () => {
    const worker = await run(one);
    const job = await submit(two, 2);
    await turns(worker);
    const task = await taskOf(job);
    expect(task).toMatchObject({ status: "QUEUED", stages: [] });
    expect(task.waitingOn).toEqual({
      code: "NO_WORKER",
      message: `It needs version 2 of pipeline "scan"; the workers have 1: run a worker of version 2 or later.`,
    });
    await run(two);
    expect(await api.rig.settled(job)).toBe("COMPLETED");
  });

  test("that is newer runs an older job with the job's own stages, and what ran is what is recorded", async () => {
    const worker = await run(two);
    const job = await submit(one, 2);
    expect(await api.rig.settled(job)).toBe("COMPLETED");
    const by = { pipelineVersion: 2, worker: `worker:${worker.id}`, outcome: "COMPLETED" };
    for (const task of await tasksOf(job)) {
      expect(task).toMatchObject({
        status: "COMPLETED",
        pipelineVersion: 2,
        stages: [
          { stage: "read", ...by },
          { stage: "ocr", ...by },
        ],
      });
    }
    const { data } = await api.send("query ($id: ID!) { job(id: $id) { pipelineVersion } }", { id: job });
    expect(data).toEqual({ job: { pipelineVersion: 1 } });
  });

  test("that lacks the next stage hands the task on at its boundary, once and uncounted, and one that has it goes on", async () => {
    const newer = await run(three);
    const job = await submit(two, 3);
    await until("all have been handed on", async () =>
      (await tasksOf(job)).every(({ status, stage: at }) => status === "QUEUED" && at === "ocr"),
    );
    await turns(newer, 5);
    const handed = await taskOf(job);
    expect(handed.stages).toEqual([
      { stage: "read", pipelineVersion: 3, worker: `worker:${newer.id}`, outcome: "COMPLETED" },
    ]);
    expect(handed.waitingOn).toEqual({
      code: "NO_WORKER",
      message:
        'It needs version 2 of pipeline "scan"; the workers have 3, which no longer has stage `ocr`: submit again, or run a worker of version 2.',
    });
    const older = await run(two);
    expect(await api.rig.settled(job)).toBe("COMPLETED");
    for (const task of await tasksOf(job)) {
      expect(task.pipelineVersion).toBe(2);
      expect(task.stages.map((one) => [one.stage, one.outcome])).toEqual([
        ["read", "COMPLETED"],
        ["ocr", "COMPLETED"],
        ["index", "COMPLETED"],
      ]);
      expect(task.stages[1]).toMatchObject({ pipelineVersion: 2, worker: `worker:${older.id}` });
    }
    const reasons = await api.rig.db.query(
      `select reason, attempt, count(*)::int as n from headway.status_change
       where job_id = $1 and reason in ('HANDED_ON', 'INTERRUPTED', 'RETRY_SCHEDULED') group by 1, 2`,
      [job],
    );
    expect(reasons).toEqual([{ reason: "HANDED_ON", attempt: 1, n: 3 }]);
  });

  test("takes no task whose options its version refuses, and waitingOn says why", async () => {
    const worker = await run(three);
    const [refused, taken] = [await submit(one, 2, { options: { size: 11 } }), await submit(one, 1)];
    await until("the other is handed on", async () => (await taskOf(taken)).stage === "ocr");
    await turns(worker);
    const task = await taskOf(refused);
    expect(task).toMatchObject({ status: "QUEUED", stage: "read", stages: [] });
    expect(task.waitingOn!.message).toMatch(
      /^It needs version 1 .* the workers have 3, which does not take its options \(options\.size: .*\): submit again, or run a worker of version 1\.$/,
    );
    await run(two);
    expect([await api.rig.settled(refused), await api.rig.settled(taken)]).toEqual(["COMPLETED", "COMPLETED"]);
  });

  test("is not held up by however many jobs of a higher priority that wait for a stage which it lacks", async () => {
    const newer = await run(three);
    const waiting = await Promise.all(Array.from({ length: 70 }, () => submit(two, 1, { priority: 10 })));
    await until("all have been handed on", async () => {
      const [{ n }] = await api.rig.db.query(
        "select count(*)::int as n from headway.task where job_id = any ($1) and stage = 'ocr' and status = 'QUEUED'",
        [waiting],
      );
      return n === waiting.length;
    });
    expect(await api.rig.settled(await submit(three, 1))).toBe("COMPLETED");
    await newer.stop(0);
    await run(two);
    for (const job of waiting) expect(await api.rig.settled(job)).toBe("COMPLETED");
  });

  test("tries a stage as often as its own version says", async () => {
    await run(two);
    const job = await submit(one, 1);
    expect(await api.rig.settled(job)).toBe("COMPLETED");
    expect((await taskOf(job)).maxAttempts).toBe(7);
  });
});

describe("an INCREMENTAL submit", () => {
  const skipped = async (by: Registry, collectionId: string): Promise<boolean> => {
    const job = await submit(by, collectionId, { mode: "INCREMENTAL" });
    const task = await taskOf(job);
    expect(await api.rig.settled(job)).toBe("COMPLETED");
    return task.status === "SKIPPED";
  };

  test("does again what an older or a newer version has run, whatever the job had asked for", async () => {
    await run(two);
    const collectionId = await collectionOf(await submit(one, 1));
    await until("it is settled", async () => {
      const rows = await api.rig.db.query("select status from headway.collection where id = $1", [collectionId]);
      return rows[0].status === "COMPLETED";
    });
    // Version 2 has run it, so version 1 has not; and the stages of version 2 are others than those that have run.
    expect(await skipped(one, collectionId)).toBe(false);
    expect(await skipped(two, collectionId)).toBe(false);
    expect(await skipped(two, collectionId)).toBe(true);
  });

  test("does again what several versions have run together", async () => {
    const newer = await run(three);
    const job = await submit(two, 1);
    await until("it has been handed on", async () => (await taskOf(job)).stage === "ocr");
    await newer.stop(0);
    await run(two);
    expect(await api.rig.settled(job)).toBe("COMPLETED");
    const collectionId = await collectionOf(job);
    expect((await taskOf(job)).pipelineVersion).toBe(2);
    expect(await skipped(two, collectionId)).toBe(false);
    expect(await skipped(two, collectionId)).toBe(true);
  });
});

test("a job that nobody can run is not stuck, and one that somebody could is", async () => {
  const stuck = async (): Promise<string[]> => {
    const { data } = await api.send("{ jobs(filter: { stuck: true }) { nodes { id } } }");
    return data!.jobs.nodes.map(({ id }: { id: string }) => id);
  };
  const job = await submit(two, 1, { runAt: new Date(Date.now() - 90_000) });
  const row = (registry: Registry) => {
    const { version, documentStages } = registry.get("scan")!;
    const stages = Object.fromEntries(documentStages.map(({ name }) => [name, 3]));
    return api.rig.db.query(
      `insert into headway.worker (id, project_id, hostname, pid, build, pipelines, concurrency, lease_ms, loop_iterations, serves)
       select $1, project_id, 'somewhere', 1, 'test', '{scan}', 8, 30000, 5, $2 from headway.job limit 1`,
      [randomUUID(), JSON.stringify({ scan: { version, stages } })],
    );
  };
  await row(one);
  expect(await stuck()).toEqual([]);
  await row(two);
  expect(await stuck()).toEqual([job]);
  await run(two);
  expect(await api.rig.settled(job)).toBe("COMPLETED");
});
