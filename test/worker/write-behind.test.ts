import type { DataSource } from "typeorm";
import { definePipeline, type DocumentStage } from "../../src/pipelines/pipeline.js";
import { ACTOR, createRig, type Rig } from "../support/engine.js";
import { cancelTask } from "../../src/engine/cancel/cancel.js";
import { until } from "../support/until.js";

const STAGES = 30;
let begun: string[] = [];
let onBegin: (stage: string, taskId: string) => unknown = () => undefined;

const stage = (name: string, more: Partial<DocumentStage> = {}): DocumentStage => ({
  name,
  run: async ({ task }) => {
    begun.push(name);
    await onBegin(name, task.id);
    return { name };
  },
  ...more,
});
const many = definePipeline({
  name: "many",
  version: 1,
  documentStages: Array.from({ length: STAGES }, (_, n) => stage(`s${n}`)),
});
const careful = definePipeline({
  name: "careful",
  version: 1,
  documentStages: [stage("a"), stage("b", { recordFirst: true }), stage("c")],
});

let rig: Rig;
/** While it is true, the worker's flushes and heartbeats find no database. */
let isAway = false;
beforeAll(async () => {
  rig = await createRig([many, careful]);
  const db: DataSource = rig.deps.db;
  const query = db.query.bind(db);
  db.query = ((sql: string, parameters?: unknown[]) =>
    isAway && /record_changes|heartbeat/.test(sql)
      ? Promise.reject(Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" }))
      : query(sql, parameters)) as DataSource["query"];
});
afterAll(() => rig.close());
beforeEach(() => {
  begun = [];
  onBegin = () => undefined;
  isAway = false;
});
afterEach(async () => {
  isAway = false;
  expect(await rig.violations()).toEqual([]);
});

const stageOf = async (taskId: string): Promise<string> =>
  (await rig.db.query("select stage from headway.task where id = $1", [taskId]))[0].stage;

describe("a stage begins before the record of the one before", () => {
  test("for sixteen steps at most while Postgres is away; then all are recorded, and none was run twice", async () => {
    onBegin = (name) => {
      if (name === "s0") isAway = true;
    };
    const worker = await rig.startWorker({});
    const jobId = await rig.submit("many", 1);
    await until("the sixteen steps wait", () => begun.length >= 17);
    const waitedFrom = performance.now();
    await until("some tries have failed", () => performance.now() - waitedFrom > 400);
    expect(begun).toHaveLength(17);
    isAway = false;
    expect(await rig.settled(jobId)).toBe("COMPLETED");
    expect(begun).toEqual(Array.from({ length: STAGES }, (_, n) => `s${n}`));
    await worker.stop(0);
  });

  test("but not where it asks to be recorded first", async () => {
    const recorded: string[] = [];
    onBegin = async (name, taskId) => {
      if (name === "b") recorded.push(await stageOf(taskId));
    };
    const worker = await rig.startWorker({});
    const jobId = await rig.submit("careful", 20);
    expect(await rig.settled(jobId)).toBe("COMPLETED");
    expect(recorded).toEqual(Array(20).fill("b"));
    await worker.stop(0);
  });

  test("but not in a run in which it has crashed, so that the next crash is laid to its own stage", async () => {
    const seen: string[] = [];
    onBegin = async (name, taskId) => {
      seen.push(`${name} ${await stageOf(taskId)}`);
    };
    const jobId = await rig.submit("careful", 1);
    await rig.db.query("update headway.task set has_crashed = true where job_id = $1", [jobId]);
    const worker = await rig.startWorker({});
    expect(await rig.settled(jobId)).toBe("COMPLETED");
    expect(seen).toEqual(["a a", "b b", "c c"]);
    await worker.stop(0);
  });

  test("and a cancel stops it: CANCELLED comes with the steps that were taken", async () => {
    let isStopped = false;
    onBegin = async (name, taskId) => {
      if (name !== "s5") return;
      await cancelTask(rig.deps, ACTOR, { taskId });
      await until("the handler is to stop", () => isStopped);
    };
    const worker = await rig.startWorker({});
    const jobId = await rig.submit("many", 1);
    expect(await rig.settled(jobId)).toBe("CANCELLED");
    isStopped = true;
    const [task] = await rig.db.query("select status, stage from headway.task where job_id = $1", [jobId]);
    expect(task).toEqual({ status: "CANCELLED", stage: "s5" });
    await worker.stop(0);
  });
});
