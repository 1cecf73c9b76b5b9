import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { ApiClient } from "../../../src/cli/client.js";
import { ROOT, type HeadwayProcess } from "../../support/processes.js";
import { until } from "../../support/until.js";
import { createFaultRig, ROLES, type FaultRig } from "../rig.js";

const DOCUMENTS = 200;
const OPTIONS = { pipeline: "rolling", options: { holdMs: 200 } };

let rig: FaultRig;
/** Workers of version 2, which the second test takes away. */
const twos: HeadwayProcess[] = [];
beforeAll(async () => {
  rig = await createFaultRig();
  await rig.start(ROLES.reconciler);
});
afterAll(() => rig.close());

type Build = "one" | "two" | "three";
const start = (build: Build, role: Record<string, string>, concurrency = 8): Promise<HeadwayProcess> =>
  rig.start(role, {
    HEADWAY_PIPELINES: path.join(ROOT, "dist", "test", "faults", "builds", build),
    HEADWAY_CONCURRENCY: String(concurrency),
  });

async function count(jobId: string, where: string): Promise<number> {
  const { rows } = await rig.db.query(
    `select count(*)::int as n from headway.task where job_id = $1 and kind = 'DOCUMENT' and ${where}`,
    [jobId],
  );
  return rows[0].n;
}
const settledOf = (jobId: string): Promise<number> => count(jobId, "finished_at is not null");
const atLeast = (what: string, jobId: string, documents: number): Promise<void> =>
  until(what, async () => (await settledOf(jobId)) >= documents);

interface Ran {
  readonly status: string;
  readonly pipelineVersion: number;
  readonly stages: readonly { stage: string; pipelineVersion: number; worker: string; outcome: string }[];
  readonly outputs: Readonly<Record<string, number>>;
}

/** The job's document tasks as the API tells of them, beside the outputs, which say themselves what made them. */
async function ranOf(api: ApiClient, jobId: string): Promise<Ran[]> {
  const tasks: (Omit<Ran, "outputs"> & { id: string })[] = [];
  for (let after: string | null = null, more = true; more;) {
    const { job }: any = await api.query(
      `query ($id: ID!, $after: String) { job(id: $id) { tasks(first: 100, after: $after) { pageInfo { hasNextPage endCursor }
         nodes { id kind status pipelineVersion stages { stage pipelineVersion worker outcome } } } } }`,
      { id: jobId, after },
    );
    tasks.push(...job.tasks.nodes.filter(({ kind }: { kind: string }) => kind === "DOCUMENT"));
    after = job.tasks.pageInfo.endCursor;
    more = job.tasks.pageInfo.hasNextPage;
  }
  const { rows } = await rig.db.query(
    `select o.task_id as id, jsonb_object_agg(o.stage, o.output->'by') as outputs from headway.stage_output o
     join headway.task t on t.id = o.task_id where t.job_id = $1 group by o.task_id`,
    [jobId],
  );
  const outputs = new Map(rows.map((row) => [row.id, row.outputs]));
  return tasks.map((task) => ({ ...task, outputs: outputs.get(task.id) }));
}

/** That all came through, that what ran is what is recorded, and that nothing went round in a loop. */
async function expectTold(api: ApiClient, jobId: string, stages: readonly string[], lowest: number): Promise<Ran[]> {
  const ran = await ranOf(api, jobId);
  expect(ran).toHaveLength(DOCUMENTS);
  for (const task of ran) {
    const passed = task.stages.filter(({ outcome }) => outcome === "COMPLETED");
    expect(task.status).toBe("COMPLETED");
    expect(passed.map(({ stage }) => stage)).toEqual(stages);
    expect(Object.fromEntries(passed.map((run) => [run.stage, run.pipelineVersion]))).toEqual(task.outputs);
    expect(task.pipelineVersion).toBe(Math.min(...Object.values(task.outputs)));
    expect(task.pipelineVersion).toBeGreaterThanOrEqual(lowest);
  }
  const { rows } = await rig.db.query(
    `select reason, count(*)::int as n from headway.status_change where job_id = $1 and entity_type = 'TASK'
       and reason in ('HANDED_ON', 'RETRY_SCHEDULED', 'LEASE_EXPIRED', 'PERMANENT_ERROR', 'RETRIES_EXHAUSTED') group by entity_id, reason`,
    [jobId],
  );
  expect(rows.filter(({ reason, n }) => reason !== "HANDED_ON" || n > 1)).toEqual([]);
  return ran;
}

const versionsIn = (ran: readonly Ran[]): number[] =>
  [...new Set(ran.flatMap(({ outputs }) => Object.values(outputs)))].sort((a, b) => a - b);

describe("F34: versions of a pipeline side by side", () => {
  test("a rolling update over 200 documents, and 200 of the new version meanwhile", async () => {
    const before = rig.client(await start("one", ROLES.api));
    const old = [await start("one", ROLES.worker, 2), await start("one", ROLES.worker, 2)];
    const first = await rig.submit(before, DOCUMENTS, OPTIONS);
    await atLeast("a tenth is done by version 1", first, DOCUMENTS / 10);
    // Else those of version 1 may be through with the first job by the time the others have started.
    const told = "{ userErrors { message } } }";
    await before.mutate(`mutation { pausePipeline(input: { pipeline: "rolling", reason: "an update" }) ${told}`, {});
    const after = rig.client(await start("two", ROLES.api));
    const second = await rig.submit(after, DOCUMENTS, OPTIONS);
    twos.push(await start("two", ROLES.worker));
    await after.mutate(`mutation { resumePipeline(input: { pipeline: "rolling" }) ${told}`, {});
    await old[0]!.stop();
    twos.push(await start("two", ROLES.worker));
    await old[1]!.stop();
    await rig.settled([first, second]);
    expect(versionsIn(await expectTold(after, first, ["read", "ocr", "index"], 1))).toEqual([1, 2]);
    expect(versionsIn(await expectTold(after, second, ["read", "ocr", "index"], 2))).toEqual([2]);
    await rig.account({ fault: "F34", what: "rolling update, 400 documents", times: 2 });
  });

  test("an update that drops a stage, and its rollback, over 200 documents", async () => {
    const api = rig.client(await start("two", ROLES.api));
    const newer = [await start("three", ROLES.worker), await start("three", ROLES.worker)];
    const job = await rig.submit(api, DOCUMENTS, OPTIONS);
    await atLeast("a tenth is done by version 2", job, DOCUMENTS / 10);
    await Promise.all(twos.map((worker) => worker.stop()));
    await until(
      "nothing is left but what version 3 has no stage for",
      async () => (await count(job, "status = 'QUEUED' and stage = 'ocr'")) + (await settledOf(job)) === DOCUMENTS,
    );
    const waiting: any = await api.query("query ($id: ID!) { job(id: $id) { waitingOn { code message } } }", {
      id: job,
    });
    expect(waiting.job.waitingOn).toEqual({
      code: "NO_WORKER",
      message:
        'It needs version 2 of pipeline "rolling"; the workers have 3, which no longer has stage `ocr`: submit again, or run a worker of version 2.',
    });
    await start("two", ROLES.worker);
    await newer[0]!.stop();
    await newer[1]!.stop();
    await rig.settled([job]);
    expect(versionsIn(await expectTold(api, job, ["read", "ocr", "index"], 2))).toEqual([2, 3]);
    await rig.account({ fault: "F34", what: "a dropped stage, rolled back, 200 documents", times: 2 });
  });
});
