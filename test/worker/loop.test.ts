import { randomUUID } from "node:crypto";
import { cancelTask } from "../../src/engine/cancel/cancel.js";
import { Recorder } from "../../src/engine/flush/recorder.js";
import { definePipeline, type DocumentContext } from "../../src/pipelines/pipeline.js";
import { Heartbeat, type Beating } from "../../src/worker/heartbeat.js";
import { ACTOR, createRig, type Rig } from "../support/engine.js";
import { until } from "../support/until.js";

/** What the signals of handlers have said. */
const stopped: string[] = [];
let begun = 0;
const quick = definePipeline({ name: "quick", version: 1, documentStages: [{ name: "only", run: async () => null }] });
const hold = (name: string, tells: boolean) =>
  definePipeline({
    name,
    version: 1,
    documentStages: [
      {
        name: "hold",
        run: async (ctx: DocumentContext) => {
          begun += 1;
          if (tells) ctx.progress(0.5, "half of it");
          await new Promise<void>((_, reject) =>
            ctx.signal.addEventListener("abort", () => {
              stopped.push((ctx.signal.reason as Error).message);
              reject(ctx.signal.reason as Error);
            }),
          );
        },
      },
    ],
  });

let rig: Rig;
beforeEach(async () => {
  rig = await createRig([quick, hold("holds", true), hold("mute", false)]);
  stopped.length = 0;
  begun = 0;
});
afterEach(async () => {
  expect(await rig.violations()).toEqual([]);
  await rig.close();
});

const NEVER_MS = 3_600_000;
const idOf = async (jobId: string): Promise<string> =>
  (await rig.db.query("select id from headway.task where job_id = $1", [jobId]))[0].id;

describe("a worker that never polls", () => {
  test("takes by hints what comes, and goes on by itself while more is due than it has room for", async () => {
    await rig.startWorker({ concurrency: 2, pollMs: NEVER_MS });
    for (const documents of [1, 9, 1]) {
      expect(await rig.settled(await rig.submit("quick", documents))).toBe("COMPLETED");
    }
  });
});

describe("what runs", () => {
  test("is stopped when its worker hears that it has lost the lease", async () => {
    const worker = await rig.startWorker({ concurrency: 1, heartbeatMs: 50, pollMs: NEVER_MS });
    await rig.submit("holds", 1);
    await until("it runs", () => begun === 1);
    const sweep = rig.startReconciler();
    await rig.db.query("update headway.task set lease_expires_at = now() - interval '1 s' where status = 'RUNNING'");
    // A heartbeat may come before the sweep, and keep the lease.
    await until("it is stopped", async () => {
      await rig.db.query(
        "update headway.task set lease_expires_at = now() - interval '1 s' where fence = 1 and status = 'RUNNING'",
      );
      return stopped.length > 0;
    });
    expect(stopped[0]).toMatch(/lease lost/);
    await Promise.all([sweep.stop(), worker.stop(0)]);
  });

  test("is stopped when a cancel is asked for, and tells how far it has come until then", async () => {
    const worker = await rig.startWorker({ heartbeatMs: 50 });
    const jobId = await rig.submit("holds", 1);
    await until("its progress is told", async () => {
      const [task] = await rig.db.query(
        "select progress, progress_message as said from headway.task where job_id = $1",
        [jobId],
      );
      return task.progress === 0.5 && task.said === "half of it";
    });
    await cancelTask(rig.deps, ACTOR, { taskId: await idOf(jobId) });
    expect(await rig.settled(jobId)).toBe("CANCELLED");
    expect(stopped[0]).toMatch(/cancelled/);
    await worker.stop(0);
  });

  test("is not cancelled by the sweep while its worker looks after it, however long ago that was asked for", async () => {
    const worker = await rig.startWorker({ heartbeatMs: NEVER_MS });
    // Progress would bring a heartbeat forward.
    const jobId = await rig.submit("mute", 1);
    await until("it runs", () => begun === 1);
    // Nobody is told: this worker hears of it at a heartbeat only.
    await rig.db.query(
      `update headway.task set version = version + 1, change_id = $2, change_reason = 'CANCEL_REQUESTED',
         cancel_requested_at = clock_timestamp() where job_id = $1`,
      [jobId, randomUUID()],
    );
    const sweep = rig.startReconciler({ cancelDeadlineMs: 0 });
    await until("it has been at work", () => sweep.stalledMs !== null);
    // Since the last sweep ever more time passes, until another one ends.
    let sinceMs = sweep.stalledMs!;
    await until("it has been at work again", () => {
      const beforeMs = sinceMs;
      sinceMs = sweep.stalledMs!;
      return sinceMs < beforeMs;
    });
    expect((await rig.db.query("select status from headway.task where job_id = $1", [jobId]))[0].status).toBe(
      "RUNNING",
    );
    await rig.db.query(
      "update headway.task set lease_expires_at = clock_timestamp() - interval '1 minute' where job_id = $1 and status = 'RUNNING'",
      [jobId],
    );
    expect(await rig.settled(jobId)).toBe("CANCELLED");
    const [task] = await rig.db.query("select change_reason as reason from headway.task where job_id = $1", [jobId]);
    expect(task).toEqual({ reason: "CANCEL_DEADLINE" });
    await worker.stop(0);
  });
});

test("a claim that ends does not take the heartbeat of a newer claim of its task with it", async () => {
  await rig.submit("holds", 1);
  const workerId = randomUUID();
  const recorder = new Recorder({
    db: rig.db,
    actor: { type: "WORKER", name: `worker:${workerId}` },
    workerId,
    leaseMs: 30_000,
    crashLimit: 3,
    onDue: () => undefined,
    onError: rig.deps.onError,
  });
  const take = async () => (await recorder.claim({ registry: rig.deps.registry, limit: 1 }))[0]!;
  const beating = ({ taskId, fence }: { taskId: string; fence: string }): Beating => ({
    taskId,
    fence,
    stage: "hold",
    recordedStage: "hold",
    renewedAtMs: performance.now(),
    progress: { fraction: 0, message: null, isNew: false },
    onLost: () => undefined,
    onCancelRequested: () => undefined,
  });
  const old = await take();
  await recorder.record({ kind: "end", taskId: old.taskId, fence: old.fence, cause: "INTERRUPTED" });
  const fresh = await take();
  const heartbeat = new Heartbeat(rig.db, { workerId, leaseMs: NEVER_MS, heartbeatMs: 20 }, rig.deps.onError);
  const [former, latter] = [beating(old), beating(fresh)];
  heartbeat.add(former);
  heartbeat.add(latter);
  heartbeat.remove(former);
  heartbeat.start();
  await until("the newer one is renewed", async () => {
    const [task] = await rig.db.query(
      "select lease_expires_at > clock_timestamp() + interval '10 minutes' as renewed from headway.task where id = $1",
      [fresh.taskId],
    );
    return task.renewed;
  });
  await heartbeat.stop();
});
