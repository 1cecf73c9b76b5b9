import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { definePipeline } from "../../src/pipelines/pipeline.js";
import { createGoneWorkers } from "../../src/reconciler/gone-workers.js";
import { createTestApi, type TestApi } from "../support/api.js";
import { until } from "../support/until.js";

const gate: { release: (() => void)[]; isClosed: boolean } = { release: [], isClosed: false };
const held = definePipeline({
  name: "held",
  version: 7,
  documentStages: [
    {
      name: "read",
      run: async () => {
        if (gate.isClosed) await new Promise<void>((resolve) => gate.release.push(resolve));
        return null;
      },
    },
  ],
});

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi([held]);
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
async function lastHeard(id: string, daysAgo: number): Promise<void> {
  await api.rig.db.query(
    "update headway.worker set heartbeat_at = clock_timestamp() - make_interval(days => $2) where id = $1",
    [id, daysAgo],
  );
}
async function isThere(id: string): Promise<boolean> {
  return (await api.rig.db.query("select from headway.worker where id = $1", [id])).length > 0;
}
const remove = (): Promise<number> => createGoneWorkers()({ db: api.rig.db });

test("a worker that nothing was heard from for 30 days goes; the history keeps its id and the version that it ran", async () => {
  const workers = [await api.rig.startWorker(), await api.rig.startWorker()];
  const job = await api.rig.submit("held", 8);
  await api.rig.settled(job);
  for (const worker of workers) await worker.stop(0);
  const idle = await api.rig.startWorker();
  await idle.stop(0);
  for (const { id } of [...workers, idle]) await lastHeard(id, 31);
  const recent = await api.rig.startWorker();
  await recent.stop(0);
  await lastHeard(recent.id, 29);
  const STAGES = "query ($id: ID!) { job(id: $id) { tasks { nodes { stages { stage pipelineVersion worker } } } } }";
  const before = await ask(STAGES, { id: job });

  const reconciler = api.rig.startReconciler();
  await until("they are gone", async () => !(await isThere(workers[0]!.id)));
  await reconciler.stop();
  for (const { id } of [...workers, idle]) expect(await isThere(id)).toBe(false);
  expect(await isThere(recent.id)).toBe(true);
  const { workers: listed } = await ask("{ workers(includeStopped: true) { id } }");
  expect(listed).toEqual([{ id: recent.id }]);
  expect(await ask("query ($id: ID!) { node(id: $id) { id } }", { id: workers[0]!.id })).toEqual({ node: null });
  const after = await ask(STAGES, { id: job });
  expect(after).toEqual(before);
  const runs = after.job.tasks.nodes.flatMap(({ stages }: any) => stages);
  expect(runs).toHaveLength(8);
  for (const run of runs) expect(run).toMatchObject({ stage: "read", pipelineVersion: 7 });
  const ids = new Set(runs.map(({ worker }: any) => worker));
  for (const id of ids) expect(workers.map((worker) => `worker:${worker.id}`)).toContain(id);
  expect(await api.rig.violations()).toEqual([]);
  expect(api.rig.errors).toEqual([]);
});

test("one that still holds a task stays until that is given back; one that wakes after its row has gone has it again", async () => {
  gate.isClosed = true;
  const worker = await api.rig.startWorker({ heartbeatMs: 3_600_000, pollMs: 3_600_000 });
  const job = await api.rig.submit("held", 1);
  await until("it runs", async () => gate.release.length > 0);
  // Its loop, which waits for work just now, writes that it is there once it goes round.
  await lastHeard(worker.id, 31);
  expect(await remove()).toBe(0);
  expect(await isThere(worker.id)).toBe(true);
  gate.isClosed = false;
  for (const release of gate.release.splice(0)) release();
  await api.rig.settled(job);
  await worker.stop(0);

  const awake = await api.rig.startWorker({ pollMs: 50 });
  await api.rig.db.query("delete from headway.worker where id = $1", [awake.id]);
  await until("it has its row again", () => isThere(awake.id));
  await awake.stop(0);
  expect(api.rig.errors).toEqual([]);
});
