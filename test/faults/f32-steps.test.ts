import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { cancelTask } from "../../src/engine/cancel/cancel.js";
import type { Claim } from "../../src/engine/flush/claim.js";
import type { Recorded, Recorder } from "../../src/engine/flush/recorder.js";
import { ACTOR } from "../support/engine.js";
import { until } from "../support/until.js";
import { ahead, createStepRig, rawSteps, STEP_NAMES, type StepRig } from "./step-rig.js";

let rig: StepRig;
beforeAll(async () => {
  rig = await createStepRig();
});
afterAll(() => rig.close());
afterEach(async () => {
  expect(await rig.violations()).toEqual([]);
});

const complete = (by: Recorder, { taskId, fence }: Claim): Promise<Recorded | null> =>
  by.record({ kind: "complete", taskId, fence, outputJson: "2" });
const throws = (by: Recorder, { taskId, fence }: Claim): Promise<Recorded | null> =>
  by.record({ kind: "end", taskId, fence, cause: "HANDLER_THREW", message: "thrown", delayMs: 600_000 });

describe("F32: several steps in one update", () => {
  test("are a row of history each, with consecutive versions, and keep each output", async () => {
    const by = rig.recorder();
    const claim = await rig.claimOne(by);
    const steps = [1, 2, 3, 4, 5].map((place) => ahead(by, claim, place, String(place)));
    const end = complete(by, claim);
    expect((await Promise.all(steps)).map((one) => one?.status)).toEqual(Array(5).fill("RUNNING"));
    expect((await end)?.status).toBe("COMPLETED");
    expect(await rig.historyOf(claim)).toEqual([
      { version: 1, reason: "SUBMITTED", stage: "a" },
      { version: 2, reason: "CLAIMED", stage: "a" },
      ...[1, 2, 3, 4, 5].map((place) => ({ version: place + 2, reason: "STAGE_STARTED", stage: STEP_NAMES[place] })),
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
    ).toEqual(STEP_NAMES.map((stage, place) => ({ stage, output: place === 5 ? 2 : place + 1 })));
  });

  test("that are sent again after a cancel request are recorded once, and told of the request", async () => {
    const claim = await rig.claimOne(rig.recorder());
    const changes = rawSteps(claim, { first: 1, ages: [3, 2, 1] });
    expect((await rig.send(changes)).refused).toEqual([]);
    await cancelTask(rig.deps, ACTOR, { taskId: claim.taskId });
    const before = await rig.historyOf(claim);
    expect((await rig.send(changes)).refused).toEqual([claim.taskId]);
    expect(await rig.historyOf(claim)).toEqual(before);
    expect((await rig.send(rawSteps(claim, { first: 4, ages: [0] }))).cancelRequested).toEqual([claim.taskId]);
    expect(await rig.taskOf(claim)).toMatchObject({ status: "RUNNING", stage: "e", recorded_step: 4 });
    await rig.dismiss(claim);
  });

  test("end CANCELLED where a cancel was asked for and the next stage has not begun, with what was before it", async () => {
    const by = rig.recorder();
    const claim = await rig.claimOne(by);
    await cancelTask(rig.deps, ACTOR, { taskId: claim.taskId });
    const begun = ahead(by, claim, 1);
    const { taskId, fence } = claim;
    const waiting = by.record({ kind: "stage", taskId, fence, stage: "c", maxAttempts: 3, outputJson: "7" });
    expect((await begun)?.status).toBe("RUNNING");
    expect((await waiting)?.status).toBe("CANCELLED");
    expect((await rig.historyOf(claim)).slice(-2)).toMatchObject([
      { reason: "STAGE_STARTED", stage: "b" },
      { reason: "CANCELLED_BY_REQUEST", stage: "b" },
    ]);
  });

  test("record the longest good prefix where one can't be stored; that one is the end, once the handler has stopped", async () => {
    const by = rig.recorder();
    const claim = await rig.claimOne(by);
    let stopped: (() => void) | null = null;
    const handler = new Promise<void>((resolve) => (stopped = resolve));
    by.watch(claim, { progressIn: () => null, stop: () => handler });
    const steps = [1, 2, 3, 4, 5].map((place) => ahead(by, claim, place, place === 3 ? '"\\u0000"' : "1"));
    expect((await Promise.all(steps.slice(0, 2))).map((one) => one?.status)).toEqual(["RUNNING", "RUNNING"]);
    await until("the culprit stands alone", async () => (await rig.taskOf(claim))["stage"] === "c");
    expect((await rig.taskOf(claim))["status"]).toBe("RUNNING");
    // What the handler still says while it stops counts for nothing.
    const late = throws(by, claim);
    stopped!();
    expect((await steps[2])?.status).toBe("FAILED");
    expect(await Promise.all([steps[3], steps[4], late])).toEqual([null, null, null]);
    expect(await rig.taskOf(claim)).toMatchObject({
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
    const [by, sweep] = [rig.recorder(), rig.recorder({ type: "SYSTEM" })];
    const claim = await rig.claimOne(by);
    await ahead(by, claim, 1);
    const { taskId, fence } = claim;
    await rig.db.query("update headway.task set lease_expires_at = clock_timestamp() - interval '1 s' where id = $1", [
      taskId,
    ]);
    await sweep.record({ kind: "end", taskId, fence, cause: "LEASE_LOST", expired: true });
    const steps = [ahead(by, claim, 2), ahead(by, claim, 3), complete(by, claim)];
    expect(await Promise.all(steps)).toEqual([null, null, null]);
    expect(await rig.taskOf(claim)).toMatchObject({ status: "QUEUED", stage: "b", crashes: 1, has_crashed: true });
    const refused = await rig.db.query("select wanted from headway.refused_write where task_id = $1", [taskId]);
    expect(refused).toEqual([{ wanted: "COMPLETED" }]);
    const fresh = rig.recorder();
    // It ran when its lease was lost, so it runs with nothing beside it.
    const [again] = await fresh.claim({ registry: rig.deps.registry, limit: 1, suspects: "only" });
    expect(again).toMatchObject({ taskId, stage: "b", hasCrashed: true });
    expect((await complete(fresh, again!))?.status).toBe("COMPLETED");
  });

  test("judge an end by the attempts of the stage before it, not by those the task had", async () => {
    const by = rig.recorder();
    const [strict, mild] = [await rig.claimOne(by), await rig.claimOne(by)];
    const on = ({ taskId, fence }: Claim, maxAttempts: number): Promise<unknown> =>
      by.record({ kind: "stage", taskId, fence, stage: "b", maxAttempts, outputJson: "1", isAhead: true });
    await rig.db.query("update headway.task set max_attempts = 1 where id = $1", [mild.taskId]);
    const ends = [on(strict, 1), throws(by, strict), on(mild, 2), throws(by, mild)];
    await Promise.all(ends);
    expect(await rig.taskOf(strict)).toMatchObject({
      status: "FAILED",
      change_reason: "RETRIES_EXHAUSTED",
      error_stage: "b",
      max_attempts: 1,
    });
    expect(await rig.taskOf(mild)).toMatchObject({ status: "QUEUED", stage: "b", attempt: 2, max_attempts: 2 });
    await cancelTask(rig.deps, ACTOR, { taskId: mild.taskId });
  });

  test("may lead to a hand-over, which keeps what was before it and says what ran", async () => {
    const by = rig.recorder();
    const claim = await rig.claimOne(by);
    const { taskId, fence } = claim;
    const ran = { taskId, fence, outputJson: "1" } as const;
    const begun = { ...ran, kind: "stage", maxAttempts: 1, isAhead: true } as const;
    const steps = [
      by.record({ ...begun, stage: "b", pipelineVersion: 3, isMixed: false }),
      by.record({ ...begun, stage: "c", pipelineVersion: 2, isMixed: true }),
      by.record({ ...ran, kind: "hand_on", stage: "d", pipelineVersion: 2, isMixed: true }),
    ];
    expect((await Promise.all(steps)).map((one) => one?.status)).toEqual(["RUNNING", "RUNNING", "QUEUED"]);
    expect((await rig.historyOf(claim)).slice(2)).toEqual([
      { version: 3, reason: "STAGE_STARTED", stage: "b" },
      { version: 4, reason: "STAGE_STARTED", stage: "c" },
      { version: 5, reason: "HANDED_ON", stage: "d" },
    ]);
    const handedOn = { status: "QUEUED", stage: "d", attempt: 1, pipeline_version: 2, is_mixed: true, worker_id: null };
    expect(await rig.taskOf(claim)).toMatchObject(handedOn);
    const fresh = rig.recorder();
    const [again] = await fresh.claim({ registry: rig.deps.registry, limit: 1 });
    expect(again).toMatchObject({ taskId, stage: "d", input: 1, pipelineVersion: 2, isMixed: true, maxAttempts: 3 });
    await cancelTask(rig.deps, ACTOR, { taskId });
    // Nor is anything handed on that is to be cancelled: it ends at the stage that it has passed.
    const over = fresh.record({ kind: "hand_on", taskId, fence: again!.fence, stage: "e", outputJson: "1" });
    expect((await over)?.status).toBe("CANCELLED");
    expect(await rig.taskOf(claim)).toMatchObject({ status: "CANCELLED", stage: "d" });
  });

  test("keep the stack of the error that they end with, and a claim forgets it", async () => {
    const by = rig.recorder();
    const claim = await rig.claimOne(by);
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
    expect(await rig.taskOf(claim)).toMatchObject({ status: "QUEUED", error_stage: "b", error_stack: ending.stack });
    const [again] = await by.claim({ registry: rig.deps.registry, limit: 1 });
    expect(await rig.taskOf(claim)).toMatchObject({ status: "RUNNING", error_stack: null, error_code: null });
    expect((await complete(by, again!))?.status).toBe("COMPLETED");
  });

  test("leave nothing that a plain UPDATE behind them would say again", async () => {
    const claim = await rig.claimOne(rig.recorder());
    await rig.send(rawSteps(claim, { first: 1, ages: [5, 4, 3, 2, 1] }));
    const before = await rig.historyOf(claim);
    await cancelTask(rig.deps, ACTOR, { taskId: claim.taskId });
    expect((await rig.historyOf(claim)).slice(before.length)).toEqual([
      { version: before.length + 1, reason: "CANCEL_REQUESTED", stage: "f" },
    ]);
    await rig.dismiss(claim);
  });
});
