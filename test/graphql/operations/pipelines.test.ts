import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { projectNamed } from "../../../src/access/projects.js";
import { definePipeline } from "../../../src/pipelines/pipeline.js";
import { createTestApi, type TestApi } from "../../support/api.js";
import { keyBy } from "../../support/keys.js";
import { statementsOf } from "../../support/statements.js";
import { until } from "../../support/until.js";

const HOUR_MS = 3_600_000;
let open: () => void = () => undefined;
const gate = new Promise<void>((resolve) => (open = resolve));

const asked = definePipeline({
  name: "asked",
  version: 3,
  concurrency: 5,
  documentStages: [
    {
      name: "ask",
      concurrency: 4,
      rateLimit: { limit: 2, perMs: HOUR_MS },
      maxAttempts: 4,
      timeoutMs: 60_000,
      run: () => gate,
    },
    { name: "write", run: async () => null },
  ],
  collectionStages: [{ name: "sum", run: async () => null }],
});
const free = definePipeline({ name: "free", version: 1, documentStages: [{ name: "read", run: async () => null }] });

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi([asked, free]);
});
afterAll(async () => {
  open();
  await api.close();
});

const LIMITS = "limits { concurrency inUse rateLimit ratePerMs rateLeft opensAt }";
const PIPELINES = `{ pipelines { name version queued running oldestQueuedAt ${LIMITS}
  stages { name kind maxAttempts timeoutMs queued running oldestQueuedAt ${LIMITS} } } }`;

async function ask(query: string, as?: string): Promise<Record<string, any>> {
  const { data, errors } = await api.send(query, {}, as);
  expect(errors).toEqual([]);
  return data!;
}
const pipelineOf = ({ pipelines }: Record<string, any>, name: string): Record<string, any> =>
  pipelines.find((one: { name: string }) => one.name === name);
const stageOf = (pipeline: Record<string, any>, name: string): Record<string, any> =>
  pipeline.stages.find((one: { name: string }) => one.name === name);

describe("the stages of a pipeline", () => {
  beforeAll(async () => {
    await api.rig.startWorker();
    await api.rig.submit("asked", 3);
    await until("as many run as the rate lets begin", async () => {
      const pipeline = pipelineOf(await ask(PIPELINES), "asked");
      return pipeline.running === 2 && pipeline.queued === 1;
    });
  });

  test("tell what waits and runs at each, since when the oldest waits, and how it is run", async () => {
    const pipeline = pipelineOf(await ask(PIPELINES), "asked");
    expect(pipeline.stages.map(({ name, kind }: Record<string, string>) => [name, kind])).toEqual([
      ["ask", "DOCUMENT"],
      ["write", "DOCUMENT"],
      ["sum", "COLLECTION"],
    ]);
    const [due]: { at: Date }[] = await api.rig.db.query(
      "select min(run_at) as at from headway.task where status = 'QUEUED'",
    );
    expect(stageOf(pipeline, "ask")).toMatchObject({ queued: 1, running: 2, maxAttempts: 4, timeoutMs: 60_000 });
    expect(Date.parse(stageOf(pipeline, "ask").oldestQueuedAt)).toBe(due!.at.getTime());
    expect(pipeline.oldestQueuedAt).toBe(stageOf(pipeline, "ask").oldestQueuedAt);
    expect(stageOf(pipeline, "write")).toMatchObject({ queued: 0, running: 0, oldestQueuedAt: null, limits: null });
  });

  test("tell how much of a limit is in use over all workers, and when a rate opens", async () => {
    const pipeline = pipelineOf(await ask(PIPELINES), "asked");
    const { limits } = stageOf(pipeline, "ask");
    expect(limits).toMatchObject({ concurrency: 4, inUse: 2, rateLimit: 2, ratePerMs: HOUR_MS, rateLeft: 0 });
    expect(Date.parse(limits.opensAt)).toBeGreaterThan(Date.now());
    expect(pipeline.limits).toEqual({
      concurrency: 5,
      inUse: 2,
      rateLimit: null,
      ratePerMs: null,
      rateLeft: null,
      opensAt: null,
    });
    expect(pipelineOf(await ask(PIPELINES), "free").limits).toBeNull();
  });

  test("tell a key of another project of its own work alone", async () => {
    const { id } = await projectNamed(api.rig.db, "elsewhere");
    const pipeline = pipelineOf(await ask(PIPELINES, await keyBy(api.rig.db, { projectId: id })), "asked");
    expect(pipeline).toMatchObject({ queued: 0, running: 0, oldestQueuedAt: null });
    expect(stageOf(pipeline, "ask")).toMatchObject({ queued: 0, running: 0 });
  });

  test("take as many statements as one of them, whatever the number of pipelines", async () => {
    const all = await statementsOf(() => ask(PIPELINES));
    const names = all.filter((sql) => /ready_stage|limit_room|pipeline_pause/.test(sql));
    expect(names).toHaveLength(3);
  });
});

describe("a pipeline that is paused", () => {
  test("tells who paused it, since when and why, until it is resumed", async () => {
    const PAUSED = "pipeline { paused pausedReason pausedBy pausedAt } userErrors { code }";
    const { pausePipeline } = await ask(
      `mutation { pausePipeline(input: { pipeline: "free", reason: "stock-taking" }) { ${PAUSED} } }`,
    );
    expect(pausePipeline.pipeline).toMatchObject({ paused: true, pausedReason: "stock-taking", pausedBy: "tester" });
    expect(Date.parse(pausePipeline.pipeline.pausedAt)).not.toBeNaN();
    const { resumePipeline } = await ask(`mutation { resumePipeline(input: { pipeline: "free" }) { ${PAUSED} } }`);
    expect(resumePipeline.pipeline).toEqual({ paused: false, pausedReason: null, pausedBy: null, pausedAt: null });
  });
});
