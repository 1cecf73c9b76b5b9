import { randomUUID } from "node:crypto";
import { cancelJob } from "../../../src/engine/cancel/cancel.js";
import type { Claim } from "../../../src/engine/flush/claim.js";
import { Recorder, type Recorded } from "../../../src/engine/flush/recorder.js";
import { definePipeline } from "../../../src/pipelines/pipeline.js";
import { ACTOR, createRig, type Rig } from "../../support/engine.js";

const two = definePipeline({
  name: "two",
  version: 1,
  documentStages: [
    { name: "a", run: async () => null },
    { name: "b", run: async () => null },
  ],
});

let rig: Rig;
beforeAll(async () => {
  rig = await createRig([two]);
});
afterAll(() => rig.close());
afterEach(async () => {
  expect(await rig.violations()).toEqual([]);
});

function recorder(workerId: string = randomUUID()): Recorder {
  return new Recorder({
    db: rig.db,
    actor: { type: "WORKER", name: `worker:${workerId}` },
    workerId,
    leaseMs: 30_000,
    crashLimit: 3,
    onDue: () => undefined,
    onError: () => undefined,
  });
}

const claimAll = (by: Recorder, limit = 1_000): Promise<Claim[]> => by.claim({ registry: rig.deps.registry, limit });
const goOn = (by: Recorder, { taskId, fence }: Claim, outputJson = "1"): Promise<Recorded | null> =>
  by.record({ kind: "stage", taskId, fence, stage: "b", maxAttempts: 3, outputJson });
const complete = (by: Recorder, { taskId, fence }: Claim, outputJson = "2"): Promise<Recorded | null> =>
  by.record({ kind: "complete", taskId, fence, outputJson });

describe("a flush", () => {
  test("lets 199 changes settle when one of 200 can't be stored, and fails that one's task alone", async () => {
    const jobId = await rig.submit("two", 200);
    const by = recorder();
    const claims = await claimAll(by);
    expect(claims).toHaveLength(200);
    // What passes every check before the database can still be refused by it: a NUL in a jsonb string.
    const recorded = await Promise.all(claims.map((claim, index) => goOn(by, claim, index === 77 ? '"\\u0000"' : "1")));
    expect(recorded.filter((one) => one?.status === "RUNNING")).toHaveLength(199);
    expect(recorded[77]).toMatchObject({ status: "FAILED" });
    const rows = await rig.db.query("select error_code, change_reason from headway.task where id = $1", [
      claims[77]!.taskId,
    ]);
    expect(rows).toEqual([{ error_code: "OUTPUT_UNSTORABLE", change_reason: "PERMANENT_ERROR" }]);
    await Promise.all(claims.filter((_, index) => index !== 77).map((claim) => complete(by, claim)));
    expect(await rig.settled(jobId)).toBe("COMPLETED_WITH_ERRORS");
  });

  test("sent twice, as after a lost answer, changes nothing the second time", async () => {
    await rig.submit("two", 3);
    const claims = await claimAll(recorder());
    const [{ worker }] = await rig.db.query("select worker_id as worker from headway.task where id = $1", [
      claims[0]!.taskId,
    ]);
    const send = async (step: object, first: number): Promise<string[]> => {
      const changes = claims.map(({ taskId, fence }) => ({
        ...step,
        task: taskId,
        fence,
        change: randomUUID(),
        first,
        ages: [0],
        outputs: [1],
      }));
      const rows: { answer: { refused: string[] } }[] = await rig.db.query(
        "select headway.record_changes('WORKER', 'worker:x', $1, 3, $2) as answer",
        [worker, JSON.stringify(changes)],
      );
      return rows[0]!.answer.refused;
    };
    const all = claims.map(({ taskId }) => taskId).toSorted();
    expect(await send({ kind: "stage", maxAttempts: 3 }, 1)).toEqual([]);
    const before = await rig.db.query("select * from headway.status_change order by position");
    expect((await send({ kind: "stage", maxAttempts: 3 }, 1)).toSorted()).toEqual(all);
    expect(await rig.db.query("select * from headway.status_change order by position")).toEqual(before);
    expect(await send({ kind: "complete" }, 2)).toEqual([]);
  });

  test("refuses a write under an old fence, keeps it as evidence, and leaves the new holder's work alone", async () => {
    const jobId = await rig.submit("two", 1);
    const [old, fresh] = [recorder(), recorder()];
    const [first] = await claimAll(old);
    await old.record({ kind: "end", taskId: first!.taskId, fence: first!.fence, cause: "INTERRUPTED" });
    const [second] = await claimAll(fresh);
    expect(Number(second!.fence)).toBe(Number(first!.fence) + 1);
    expect(await complete(old, first!)).toBeNull();
    const refused = await rig.db.query("select wanted, fence::int from headway.refused_write where task_id = $1", [
      first!.taskId,
    ]);
    expect(refused).toEqual([{ wanted: "COMPLETED", fence: 1 }]);
    await goOn(fresh, second!);
    await complete(fresh, second!);
    expect(await rig.settled(jobId)).toBe("COMPLETED");
  });

  test("gives work out by priority", async () => {
    const low = await rig.submit("two", 2, { priority: -5 });
    const high = await rig.submit("two", 2, { priority: 5 });
    const by = recorder();
    const claims = await by.claim({ registry: rig.deps.registry, limit: 3 });
    expect(claims.map((claim) => claim.job.id)).toEqual([high, high, low]);
    await Promise.all(claims.map((claim) => complete(by, claim)));
    await Promise.all((await claimAll(by)).map((claim) => complete(by, claim)));
    expect([await rig.settled(low), await rig.settled(high)]).toEqual(["COMPLETED", "COMPLETED"]);
  });
});

describe("four flushers and a canceller at once", () => {
  test("never deadlock, and every entity's versions come in order", async () => {
    const jobs = await Promise.all([1, 2, 3].map(() => rig.submit("two", 120)));
    const before: { deadlocks: string }[] = await rig.db.query(
      "select deadlocks from pg_stat_database where datname = current_database()",
    );
    const openJobs = async (): Promise<unknown[]> =>
      rig.db.query("select id from headway.job where id = any ($1) and finished_at is null", [jobs]);
    const flusher = async (): Promise<void> => {
      const by = recorder();
      // An empty claim is no end: what was due may have been locked by another flusher or the canceller just then.
      while ((await openJobs()).length > 0) {
        const claims = await claimAll(by, 20);
        await Promise.all(
          claims.map(async (claim) => {
            const recorded = await goOn(by, claim);
            if (recorded?.status === "RUNNING") await complete(by, claim);
          }),
        );
      }
    };
    const canceller = async (): Promise<void> => {
      for (const jobId of jobs.slice(0, 2)) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        await cancelJob(rig.deps, ACTOR, { jobId }).catch((error: { code?: string }) =>
          expect(error.code).toBe("NOT_CANCELLABLE"),
        );
      }
    };
    await Promise.all([flusher(), flusher(), flusher(), flusher(), canceller()]);
    for (const jobId of jobs) await rig.settled(jobId);
    const after: { deadlocks: string }[] = await rig.db.query(
      "select deadlocks from pg_stat_database where datname = current_database()",
    );
    expect(after).toEqual(before);
    const disordered = await rig.db.query(
      `select entity_id from (select entity_id, version, lag(version) over (partition by entity_id order by position) as before
         from headway.status_change) h where version <> coalesce(before, 0) + 1`,
    );
    expect(disordered).toEqual([]);
  });
});
