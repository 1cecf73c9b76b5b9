import { randomUUID } from "node:crypto";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { loadConfig } from "../../src/config.js";
import { Recorder } from "../../src/engine/flush/recorder.js";
import { createLogger } from "../../src/logger.js";
import { definePipeline } from "../../src/pipelines/pipeline.js";
import { WorkerProcesses } from "../../src/processes/worker-processes.js";
import { createRig, type Rig } from "../support/engine.js";
import { ROOT } from "../support/root.js";
import { until } from "../support/until.js";

/** What the processes run under this name is in their own folder of pipelines. */
const steps = definePipeline({
  name: "steps",
  version: 1,
  documentStages: ["one", "two", "three"].map((name) => ({ name, run: async () => null })),
  collectionStages: [{ name: "sum", run: async () => null }],
});

let rig: Rig;
let processes: WorkerProcesses;
const said: { level: "error" | "warn"; message: string; fields: object }[] = [];
/** One variable of this size is more than the system starts a process with. */
const TOO_LARGE = "x".repeat(200_000);
const before = { ...process.env };

beforeAll(async () => {
  rig = await createRig([steps]);
  Object.assign(process.env, {
    DATABASE_URL: rig.url,
    HEADWAY_PIPELINES: path.join(ROOT, "dist", "test", "faults", "pipelines", "steps.js"),
    HEADWAY_DATA_DIR: rig.deps.fileRoots[0],
    HEADWAY_EMBEDDER: "hash",
    HEADWAY_LOG_LEVEL: "silent",
    HEADWAY_POLL_MS: "100",
  });
});
afterAll(async () => {
  delete process.env.LC_TOO_LARGE;
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
  await rig.close();
});
beforeEach(() => {
  said.length = 0;
  const say =
    (level: "error" | "warn") =>
    (fields: object, message: string): unknown =>
      said.push({ level, message, fields });
  processes = new WorkerProcesses({
    count: 1,
    config: loadConfig(process.env),
    db: rig.db,
    registry: rig.deps.registry,
    dispatcher: rig.deps.dispatcher,
    workAt: { url: rig.url, route: "direct" },
    listenAt: null,
    workerPoolSize: 4,
    logger: Object.assign(createLogger("silent"), { error: say("error"), warn: say("warn") }),
    onError: rig.deps.onError,
  });
});
afterEach(() => processes.stop(0, 1_000));

test("one that the system can't start is tried again later, and does not end its parent", async () => {
  await processes.start();
  const [first] = processes.pids;
  process.env.LC_TOO_LARGE = TOO_LARGE;
  process.kill(first!, "SIGKILL");
  const failures = (): number => said.filter(({ message }) => message.includes("could not be started")).length;
  await until("it could not be started, twice", () => failures() >= 2);
  expect(processes.fault()).toBe("a worker process is being started again");
  delete process.env.LC_TOO_LARGE;
  await until("another runs", () => processes.pids.length === 1 && processes.pids[0] !== first);
  expect(processes.fault()).toBeNull();
});

/** A task that its worker has died with. */
async function suspected(): Promise<string> {
  const jobId = await rig.submit("steps", 1);
  const workerId = randomUUID();
  const recorderOf = (actor: { type: "WORKER" | "SYSTEM"; name: string }, id: string | null): Recorder =>
    new Recorder({
      db: rig.db,
      actor,
      workerId: id,
      leaseMs: 30_000,
      crashLimit: 3,
      onDue: () => undefined,
      onError: rig.deps.onError,
    });
  const claiming = recorderOf({ type: "WORKER", name: `worker:${workerId}` }, workerId);
  const [claim] = await claiming.claim({ registry: rig.deps.registry, limit: 1 });
  const { taskId, fence } = claim!;
  const sweep = recorderOf({ type: "SYSTEM", name: "system:sweep" }, null);
  await sweep.record({ kind: "end", taskId, fence, cause: "LOST_BESIDE_OTHERS" });
  return jobId;
}

test("that the one for suspects does not start is said, until it does", async () => {
  const jobId = await suspected();
  await processes.start();
  // Before it has been looked for suspects.
  process.env.LC_TOO_LARGE = TOO_LARGE;
  await until("it is said", () => processes.quarantineFault() !== null);
  expect(processes.quarantineFault()).toMatch(/^the process for tasks whose worker has died does not start: .*E2BIG/);
  expect(processes.fault()).toBeNull();
  delete process.env.LC_TOO_LARGE;
  await rig.settled(jobId);
  expect(processes.quarantineFault()).toBeNull();
});

test("one that is told to drain before it has started takes nothing once it has", async () => {
  const starting = processes.start().catch(() => undefined);
  await processes.drain();
  await starting;
  await until("it has been drained", async () => {
    const rows = await rig.db.query(
      "select 1 from headway.worker where stopped_at is null and draining_at is not null",
    );
    return rows.length === 1 && processes.pids.length === 1;
  });
  const jobId = await rig.submit("steps", 1);
  // Longer than several polls.
  await sleep(500);
  const [task] = await rig.db.query(
    "select status, fence::int as fence from headway.task where job_id = $1 and kind = 'DOCUMENT'",
    [jobId],
  );
  expect(task).toEqual({ status: "QUEUED", fence: 0 });
});
