import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import pg from "pg";
import { cancelTask } from "../../src/engine/cancel/cancel.js";
import type { Claim } from "../../src/engine/flush/claim.js";
import { Recorder, type Recorded } from "../../src/engine/flush/recorder.js";
import { definePipeline } from "../../src/pipelines/pipeline.js";
import { ACTOR, createRig, type Rig } from "../support/engine.js";
import { until } from "../support/until.js";

const NAMES = ["a", "b", "c", "d", "e", "f"];
const six = definePipeline({
  name: "six",
  version: 1,
  documentStages: NAMES.map((name) => ({ name, run: async () => null })),
});

let rig: Rig;
let other: pg.Client;
beforeAll(async () => {
  rig = await createRig([six]);
  other = new pg.Client({ connectionString: rig.url });
  await other.connect();
});
afterAll(async () => {
  await other.end();
  await rig.close();
});
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

async function claimOne(by: Recorder): Promise<Claim> {
  await rig.submit("six", 1);
  const [claim] = await by.claim({ ids: [], registry: rig.deps.registry, limit: 1 });
  return claim!;
}

/** On to the stage of that place, which begins before this is recorded. */
const ahead = (by: Recorder, { taskId, fence }: Claim, place: number, outputJson = "1"): Promise<Recorded | null> =>
  by.record({ kind: "stage", taskId, fence, stage: NAMES[place]!, maxAttempts: 3, outputJson, isAhead: true });
const complete = (by: Recorder, { taskId, fence }: Claim): Promise<Recorded | null> =>
  by.record({ kind: "complete", taskId, fence, outputJson: "2" });
const throws = (by: Recorder, { taskId, fence }: Claim): Promise<Recorded | null> =>
  by.record({ kind: "end", taskId, fence, cause: "HANDLER_THREW", message: "thrown", delayMs: 600_000 });
/** For a test that has seen enough: as a sweep would end it. */
async function dismiss({ taskId }: Claim): Promise<void> {
  await rig.db.query(
    `update headway.task set status = 'FAILED', version = version + 1, change_id = gen_random_uuid(), changed_by_type = 'SYSTEM',
       changed_by = 'test', change_reason = 'POISONED', finished_at = clock_timestamp(), worker_id = null, lease_expires_at = null,
       error_code = 'CRASHED', error_message = 'dismissed', error_stage = stage where id = $1`,
    [taskId],
  );
  await rig.db.query("select headway.converge(job_id) from headway.task where id = $1", [taskId]);
}

interface Change {
  readonly version: number;
  readonly reason: string;
  readonly stage: string | null;
}
const historyOf = ({ taskId }: Claim): Promise<Change[]> =>
  rig.db.query(
    "select version, reason, to_stage as stage from headway.status_change where entity_id = $1 order by position",
    [taskId],
  );
const taskOf = async ({ taskId }: Claim): Promise<Record<string, unknown>> =>
  (await rig.db.query("select * from headway.task where id = $1", [taskId]))[0];

interface Raw {
  readonly first: number;
  readonly ages: readonly number[];
  readonly kind?: string;
  readonly change?: string;
}
const raw = ({ taskId, fence }: Claim, { first, ages, kind = "stage", change = randomUUID() }: Raw): string =>
  JSON.stringify([
    { task: taskId, fence, change, first, ages, kind, ahead: true, maxAttempts: 3, outputs: ages.map(() => 1) },
  ]);
async function send(changes: string): Promise<{ refused: string[]; cancelRequested: string[] }> {
  const rows = await rig.db.query("select headway.record_changes('WORKER', 'worker:x', null, 3, $1) as answer", [
    changes,
  ]);
  return rows[0].answer;
}

describe("F32: several steps in one update", () => {
  test("are a row of history each, with consecutive versions, and keep each output", async () => {
    const by = recorder();
    const claim = await claimOne(by);
    const steps = [1, 2, 3, 4, 5].map((place) => ahead(by, claim, place, String(place)));
    const end = complete(by, claim);
    expect((await Promise.all(steps)).map((one) => one?.status)).toEqual(Array(5).fill("RUNNING"));
    expect((await end)?.status).toBe("COMPLETED");
    expect(await historyOf(claim)).toEqual([
      { version: 1, reason: "SUBMITTED", stage: "a" },
      { version: 2, reason: "CLAIMED", stage: "a" },
      ...[1, 2, 3, 4, 5].map((place) => ({ version: place + 2, reason: "STAGE_STARTED", stage: NAMES[place] })),
      { version: 8, reason: "COMPLETED", stage: null },
    ]);
    const together = await rig.db.query(
      "select count(distinct change_id)::int as changes from headway.status_change where entity_id = $1 and version > 2",
      [claim.taskId],
    );
    expect(together).toEqual([{ changes: 1 }]);
    expect(
      await rig.db.query("select stage, output from headway.stage_output where task_id = $1 order by stage", [
        claim.taskId,
      ]),
    ).toEqual(NAMES.map((stage, place) => ({ stage, output: place === 5 ? 2 : place + 1 })));
  });

  test("that are sent again after a cancel request are recorded once, and told of the request", async () => {
    const claim = await claimOne(recorder());
    const changes = raw(claim, { first: 1, ages: [3, 2, 1] });
    expect((await send(changes)).refused).toEqual([]);
    await cancelTask(rig.deps, ACTOR, { taskId: claim.taskId });
    const before = await historyOf(claim);
    expect((await send(changes)).refused).toEqual([claim.taskId]);
    expect(await historyOf(claim)).toEqual(before);
    expect((await send(raw(claim, { first: 4, ages: [0] }))).cancelRequested).toEqual([claim.taskId]);
    expect(await taskOf(claim)).toMatchObject({ status: "RUNNING", stage: "e", recorded_step: 4 });
    await dismiss(claim);
  });

  test("end CANCELLED where a cancel was asked for and the next stage has not begun, with what was before it", async () => {
    const by = recorder();
    const claim = await claimOne(by);
    await cancelTask(rig.deps, ACTOR, { taskId: claim.taskId });
    const begun = ahead(by, claim, 1);
    const { taskId, fence } = claim;
    const waiting = by.record({ kind: "stage", taskId, fence, stage: "c", maxAttempts: 3, outputJson: "7" });
    expect((await begun)?.status).toBe("RUNNING");
    expect((await waiting)?.status).toBe("CANCELLED");
    expect((await historyOf(claim)).slice(-2)).toMatchObject([
      { reason: "STAGE_STARTED", stage: "b" },
      { reason: "CANCELLED_BY_REQUEST", stage: "b" },
    ]);
  });

  test("record the longest good prefix where one can't be stored; that one is the end, once the handler has stopped", async () => {
    const by = recorder();
    const claim = await claimOne(by);
    let stopped: (() => void) | null = null;
    const handler = new Promise<void>((resolve) => (stopped = resolve));
    by.watch(claim, { progressIn: () => null, stop: () => handler });
    const steps = [1, 2, 3, 4, 5].map((place) => ahead(by, claim, place, place === 3 ? '"\\u0000"' : "1"));
    expect((await Promise.all(steps.slice(0, 2))).map((one) => one?.status)).toEqual(["RUNNING", "RUNNING"]);
    await until("the culprit stands alone", async () => (await taskOf(claim))["stage"] === "c");
    expect((await taskOf(claim))["status"]).toBe("RUNNING");
    // What the handler still says while it stops counts for nothing.
    const late = throws(by, claim);
    stopped!();
    expect((await steps[2])?.status).toBe("FAILED");
    expect(await Promise.all([steps[3], steps[4], late])).toEqual([null, null, null]);
    expect(await taskOf(claim)).toMatchObject({
      status: "FAILED",
      error_stage: "c",
      error_code: "OUTPUT_UNSTORABLE",
      change_reason: "PERMANENT_ERROR",
    });
    const outputs = await rig.db.query("select stage from headway.stage_output where task_id = $1 order by stage", [
      claim.taskId,
    ]);
    expect(outputs).toEqual([{ stage: "a" }, { stage: "b" }]);
  });

  test("are all refused once the lease has gone, with one piece of evidence and no second end", async () => {
    const [by, sweep] = [
      recorder(),
      new Recorder({
        db: rig.db,
        actor: { type: "SYSTEM", name: "system:sweep" },
        workerId: null,
        leaseMs: 30_000,
        crashLimit: 3,
        onDue: () => undefined,
        onError: () => undefined,
      }),
    ];
    const claim = await claimOne(by);
    await ahead(by, claim, 1);
    const { taskId, fence } = claim;
    await rig.db.query("update headway.task set lease_expires_at = clock_timestamp() - interval '1 s' where id = $1", [
      taskId,
    ]);
    await sweep.record({ kind: "end", taskId, fence, cause: "LEASE_LOST", expired: true });
    const steps = [ahead(by, claim, 2), ahead(by, claim, 3), complete(by, claim)];
    expect(await Promise.all(steps)).toEqual([null, null, null]);
    expect(await taskOf(claim)).toMatchObject({ status: "QUEUED", stage: "b", crashes: 1, has_crashed: true });
    const refused = await rig.db.query("select wanted from headway.refused_write where task_id = $1", [taskId]);
    expect(refused).toEqual([{ wanted: "COMPLETED" }]);
    const fresh = recorder();
    const [again] = await fresh.claim({ ids: [], registry: rig.deps.registry, limit: 1 });
    expect(again).toMatchObject({ taskId, stage: "b", hasCrashed: true });
    expect((await complete(fresh, again!))?.status).toBe("COMPLETED");
  });

  test("judge an end by the attempts of the stage before it, not by those the task had", async () => {
    const by = recorder();
    const [strict, mild] = [await claimOne(by), await claimOne(by)];
    const on = ({ taskId, fence }: Claim, maxAttempts: number): Promise<unknown> =>
      by.record({ kind: "stage", taskId, fence, stage: "b", maxAttempts, outputJson: "1", isAhead: true });
    await rig.db.query("update headway.task set max_attempts = 1 where id = $1", [mild.taskId]);
    const ends = [on(strict, 1), throws(by, strict), on(mild, 2), throws(by, mild)];
    await Promise.all(ends);
    expect(await taskOf(strict)).toMatchObject({
      status: "FAILED",
      change_reason: "RETRIES_EXHAUSTED",
      error_stage: "b",
      max_attempts: 1,
    });
    expect(await taskOf(mild)).toMatchObject({ status: "QUEUED", stage: "b", attempt: 2, max_attempts: 2 });
    await cancelTask(rig.deps, ACTOR, { taskId: mild.taskId });
  });

  test("may lead to a hand-over, which keeps what was before it and says what ran", async () => {
    const by = recorder();
    const claim = await claimOne(by);
    const { taskId, fence } = claim;
    const ran = { taskId, fence, outputJson: "1" } as const;
    const begun = { ...ran, kind: "stage", maxAttempts: 1, isAhead: true } as const;
    const steps = [
      by.record({ ...begun, stage: "b", pipelineVersion: 3, isMixed: false }),
      by.record({ ...begun, stage: "c", pipelineVersion: 2, isMixed: true }),
      by.record({ ...ran, kind: "hand_on", stage: "d", pipelineVersion: 2, isMixed: true }),
    ];
    expect((await Promise.all(steps)).map((one) => one?.status)).toEqual(["RUNNING", "RUNNING", "QUEUED"]);
    expect((await historyOf(claim)).slice(2)).toEqual([
      { version: 3, reason: "STAGE_STARTED", stage: "b" },
      { version: 4, reason: "STAGE_STARTED", stage: "c" },
      { version: 5, reason: "HANDED_ON", stage: "d" },
    ]);
    const handedOn = { status: "QUEUED", stage: "d", attempt: 1, pipeline_version: 2, is_mixed: true, worker_id: null };
    expect(await taskOf(claim)).toMatchObject(handedOn);
    const fresh = recorder();
    const [again] = await fresh.claim({ ids: [], registry: rig.deps.registry, limit: 1 });
    expect(again).toMatchObject({ taskId, stage: "d", input: 1, pipelineVersion: 2, isMixed: true, maxAttempts: 3 });
    await cancelTask(rig.deps, ACTOR, { taskId });
    // Nor is anything handed on that is to be cancelled: it ends at the stage that it has passed.
    const over = fresh.record({ kind: "hand_on", taskId, fence: again!.fence, stage: "e", outputJson: "1" });
    expect((await over)?.status).toBe("CANCELLED");
    expect(await taskOf(claim)).toMatchObject({ status: "CANCELLED", stage: "d" });
  });

  test("keep the stack of the error that they end with, and a claim forgets it", async () => {
    const by = recorder();
    const claim = await claimOne(by);
    const { taskId, fence } = claim;
    const ending = {
      kind: "end",
      taskId,
      fence,
      cause: "HANDLER_THREW",
      message: "thrown",
      stack: "Error: thrown\n at x",
    } as const;
    await Promise.all([ahead(by, claim, 1), by.record({ ...ending, delayMs: 0 })]);
    expect(await taskOf(claim)).toMatchObject({ status: "QUEUED", error_stage: "b", error_stack: ending.stack });
    const [again] = await by.claim({ ids: [], registry: rig.deps.registry, limit: 1 });
    expect(await taskOf(claim)).toMatchObject({ status: "RUNNING", error_stack: null, error_code: null });
    expect((await complete(by, again!))?.status).toBe("COMPLETED");
  });

  test("leave nothing that a plain UPDATE behind them would say again", async () => {
    const claim = await claimOne(recorder());
    await send(raw(claim, { first: 1, ages: [5, 4, 3, 2, 1] }));
    const before = await historyOf(claim);
    await cancelTask(rig.deps, ACTOR, { taskId: claim.taskId });
    expect((await historyOf(claim)).slice(before.length)).toEqual([
      { version: before.length + 1, reason: "CANCEL_REQUESTED", stage: "f" },
    ]);
    await dismiss(claim);
  });

  test.each([
    ["without a new version", "step_times = array[clock_timestamp()], steps_version = version + 1"],
    [
      "for a version to come",
      "version = version + 1, steps_version = version + 9, step_times = array[clock_timestamp()]",
    ],
    ["twice", "version = version + 1, steps_version = version + 1, step_times = array[clock_timestamp()]"],
    [
      "in the future",
      "version = version + 1, recorded_step = recorded_step + 1, steps_version = version + 1, step_times = array[clock_timestamp() + interval '1 hour']",
    ],
    [
      "before the last change",
      "version = version + 1, recorded_step = recorded_step + 1, steps_version = version + 1, step_times = array[now() - interval '1 hour']",
    ],
    [
      "more than there are stages",
      "version = version + 7, recorded_step = recorded_step + 7, steps_version = version + 7, stage = 'f', step_times = array_fill(clock_timestamp(), array[7])",
    ],
    [
      "to a stage where they do not lead",
      "version = version + 2, recorded_step = recorded_step + 2, steps_version = version + 2, stage = 'e', step_times = array_fill(clock_timestamp(), array[2])",
    ],
    ["by their number alone", "version = version + 1, recorded_step = recorded_step + 1, stage = 'b'"],
  ])("are refused when somebody forges them %s", async (_what, set) => {
    const claim = await claimOne(recorder());
    const before = await taskOf(claim);
    await expect(
      rig.db.query(
        `update headway.task set ${set}, change_id = gen_random_uuid(), changed_by_type = 'WORKER', changed_by = 'forger',
           change_reason = 'STAGE_STARTED' where id = $1`,
        [claim.taskId],
      ),
    ).rejects.toThrow(/step|version|stage/);
    expect(await taskOf(claim)).toEqual(before);
    await dismiss(claim);
  });

  test("happened when they happened: not before the last change, not in the future, whatever a clock says", async () => {
    const claim = await claimOne(recorder());
    const hour = 3_600_000;
    await send(raw(claim, { first: 1, ages: [hour, -hour, 5] }));
    const rows = await rig.db.query(
      `select at >= lag(at, 1, at) over (order by version) and at <= clock_timestamp() as fits
       from headway.status_change where entity_id = $1 order by version`,
      [claim.taskId],
    );
    expect(rows).toEqual(Array(5).fill({ fits: true }));
    await dismiss(claim);
  });

  test("happened before they waited for a lock", async () => {
    const by = recorder();
    const claim = await claimOne(by);
    await other.query("begin");
    await other.query("select headway.lock_history(array(select collection_id from headway.task where id = $1))", [
      claim.taskId,
    ]);
    const step = ahead(by, claim, 1);
    await until("the flush waits", async () => {
      const { rows } = await other.query(
        "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
      );
      return rows.length === 1;
    });
    const waitedFrom = performance.now();
    await until("it has waited for half a second", () => performance.now() - waitedFrom > 500);
    const { rows } = await other.query("select clock_timestamp() as now");
    await other.query("commit");
    expect((await step)?.status).toBe("RUNNING");
    const [{ at }] = await rig.db.query(
      "select at from headway.status_change where entity_id = $1 order by version desc limit 1",
      [claim.taskId],
    );
    expect(rows[0].now.getTime() - at.getTime()).toBeGreaterThan(450);
    await dismiss(claim);
  });
});
