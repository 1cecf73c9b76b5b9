import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import pg from "pg";
import { cancelTask } from "../../../src/engine/cancel/cancel.js";
import { retryTask } from "../../../src/engine/retry/retry.js";
import type { TaskCommand } from "../../../src/engine/flush/task-command.js";
import { Recorder } from "../../../src/engine/flush/recorder.js";
import { definePipeline } from "../../../src/pipelines/pipeline.js";
import { rescueExpiredLeases } from "../../../src/reconciler/expired-leases.js";
import type { DutyDeps } from "../../../src/reconciler/duty.js";
import { ACTOR, createRig, PROJECT, type Rig } from "../../support/engine.js";
import { note } from "../rig.js";

const ROUNDS = 500;
/** None passes by itself, however long the rounds before its own take. */
const LEASE_MS = 3_600_000;
const WORKER = "00000000-0000-7000-8000-0000000000aa";
const pair = definePipeline({
  name: "pair",
  version: 1,
  documentStages: [{ name: "only", maxAttempts: 3, run: async () => null }],
});

let rig: Rig;
let recorder: Recorder;
let barrier: pg.Client;
let duty: DutyDeps;
/** Fails a task at its first crash. */
let strict: DutyDeps;
beforeAll(async () => {
  rig = await createRig([pair]);
  const { db, onError } = rig.deps;
  const options = { db, projectId: PROJECT, leaseMs: LEASE_MS, crashLimit: 3, onDue: () => undefined, onError };
  recorder = new Recorder({ ...options, actor: { type: "WORKER", name: `worker:${WORKER}` }, workerId: WORKER });
  const sweeper = new Recorder({ ...options, actor: { type: "SYSTEM", name: "system:sweep" }, workerId: null });
  duty = {
    db,
    onError,
    recorder: sweeper,
    blobs: rig.blobs,
    dispatcher: rig.deps.dispatcher,
    settings: null as never,
  };
  strict = {
    ...duty,
    recorder: new Recorder({
      ...options,
      crashLimit: 1,
      actor: { type: "SYSTEM", name: "system:sweep" },
      workerId: null,
    }),
  };
  barrier = new pg.Client({ connectionString: rig.url });
  await barrier.connect();
});
afterAll(async () => {
  await barrier.end();
  await rig.close();
});

interface Running {
  readonly taskId: string;
  readonly fence: string;
}

async function running(): Promise<Running[]> {
  await rig.submit("pair", ROUNDS);
  const claims: Running[] = [];
  while (claims.length < ROUNDS) {
    claims.push(...(await recorder.claim({ registry: rig.deps.registry, limit: 100 })));
  }
  return claims;
}

/** The same, each with a worker of its own: when it dies, nobody asks which of its tasks did it. */
async function runningApart(): Promise<Running[]> {
  await rig.submit("pair", ROUNDS);
  const { db, onError } = rig.deps;
  const claims: Running[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const workerId = randomUUID();
    const actor = { type: "WORKER", name: `worker:${workerId}` } as const;
    const own = new Recorder({
      db,
      actor,
      workerId,
      leaseMs: LEASE_MS,
      crashLimit: 3,
      onDue: () => undefined,
      onError,
    });
    claims.push(...(await own.claim({ registry: rig.deps.registry, limit: 1 })));
    own.close();
  }
  return claims;
}

/** Takes the collection's lock, for which all that decides about the task then waits. */
async function lock(taskId: string): Promise<void> {
  await barrier.query("begin");
  await barrier.query("select headway.lock_collections(array(select collection_id from headway.task where id = $1))", [
    taskId,
  ]);
}

async function untilWaiting(sessions: number): Promise<void> {
  for (;;) {
    const { rows } = await barrier.query(
      "select count(*)::int as n from pg_locks l join pg_database d on d.oid = l.database where d.datname = current_database() and l.locktype = 'advisory' and not l.granted",
    );
    if (rows[0].n >= sessions) return;
  }
}

/** Starts both while the collection is locked, and lets go once both wait for it. */
async function together(taskId: string, one: () => Promise<unknown>, other: () => Promise<unknown>): Promise<void> {
  await lock(taskId);
  const first = Math.random() < 0.5 ? one : other;
  const second = first === one ? other : one;
  const both = [first(), second()];
  await untilWaiting(2);
  await barrier.query("commit");
  await Promise.all(both);
}

const complete = ({ taskId, fence }: Running): TaskCommand => ({ kind: "complete", taskId, fence, outputJson: "null" });
const fail = ({ taskId, fence }: Running): TaskCommand => ({
  kind: "end",
  cause: "HANDLER_THREW",
  taskId,
  fence,
  message: "thrown",
  delayMs: 60_000,
});

async function tally(claims: readonly Running[]): Promise<Record<string, number>> {
  const rows: { status: string; reason: string; n: number }[] = await rig.db.query(
    "select status, change_reason as reason, count(*)::int as n from headway.task where id = any ($1) group by 1, 2",
    [claims.map(({ taskId }) => taskId)],
  );
  return Object.fromEntries(rows.map(({ status, reason, n }) => [`${status} ${reason}`, n]));
}

const expire = (taskId: string): Promise<unknown> =>
  rig.db.query("update headway.task set lease_expires_at = clock_timestamp() - interval '1 s' where id = $1", [taskId]);

describe("F17: released together 500 times, there is one winner as in the race table", () => {
  test("a completion and a cancel request: a finished result stays, an accepted request ends as CANCELLED or completes", async () => {
    const claims = await running();
    for (const claim of claims) {
      await together(
        claim.taskId,
        () => recorder.record(complete(claim)),
        () =>
          cancelTask(rig.deps, ACTOR, { taskId: claim.taskId }).catch((error: Error) =>
            expect(error.message).toMatch(/is COMPLETED; only open/),
          ),
      );
    }
    expect(await tally(claims)).toEqual({ "COMPLETED COMPLETED": ROUNDS });
    const [{ asked }] = await rig.db.query(
      "select count(*)::int as asked from headway.status_change where reason = 'CANCEL_REQUESTED' and task_id = any ($1)",
      [claims.map(({ taskId }) => taskId)],
    );
    // Both orders happened: some requests came before the completion, some after it.
    expect(asked).toBeGreaterThan(0);
    expect(asked).toBeLessThan(ROUNDS);
    expect(await rig.violations()).toEqual([]);
    note({ fault: "F17", what: `cancel × complete (${asked} requests first)`, times: ROUNDS, looks: 1, jobs: 1 });
  });

  test("a failed try and a cancel request: CANCELLED", async () => {
    const claims = await running();
    for (const claim of claims) {
      await together(
        claim.taskId,
        () => recorder.record(fail(claim)),
        () => cancelTask(rig.deps, ACTOR, { taskId: claim.taskId }),
      );
    }
    expect(await tally(claims)).toEqual({ "CANCELLED CANCELLED_BY_REQUEST": ROUNDS });
    expect(await rig.violations()).toEqual([]);
    note({ fault: "F17", what: "fail or retry × cancel", times: ROUNDS, looks: 1, jobs: 1 });
  });

  test.each([
    ["a completion", complete, "COMPLETED COMPLETED"],
    ["a failed try", fail, "QUEUED RETRY_SCHEDULED"],
  ] as const)("%s and the sweep of its expired lease: the first commit", async (what, change, won) => {
    const claims = await running();
    for (const claim of claims) {
      await expire(claim.taskId);
      await together(
        claim.taskId,
        () => recorder.record(change(claim)),
        () => rescueExpiredLeases(duty),
      );
    }
    const counts = await tally(claims);
    expect(Object.keys(counts).sort()).toEqual([won, "QUEUED LEASE_EXPIRED"].sort());
    expect(counts[won]! + counts["QUEUED LEASE_EXPIRED"]!).toBe(ROUNDS);
    const [{ evidence }] = await rig.db.query(
      "select count(*)::int as evidence from headway.refused_write where task_id = any ($1)",
      [claims.map(({ taskId }) => taskId)],
    );
    expect(evidence).toBe(counts["QUEUED LEASE_EXPIRED"]);
    expect(await rig.violations()).toEqual([]);
    note({ fault: "F17", what: `${what} × sweep (${JSON.stringify(counts)})`, times: ROUNDS, looks: 1, jobs: 1 });
    // What was given back must not be claimed by the next test.
    for (const { taskId } of claims) await cancelTask(rig.deps, ACTOR, { taskId }).catch(() => undefined);
  });

  test("a retry that is asked for and the sweep that fails the task: retried after it, refused before it", async () => {
    const claims = await runningApart();
    let refused = 0;
    for (const { taskId } of claims) {
      await expire(taskId);
      await together(
        taskId,
        () => rescueExpiredLeases(strict),
        () =>
          retryTask(rig.deps, ACTOR, { taskId, from: "FAILED_STAGE" }).catch((error: Error) => {
            expect(error.message).toMatch(/RUNNING/);
            refused += 1;
          }),
      );
    }
    expect(await tally(claims)).toEqual({
      "FAILED POISONED": refused,
      "QUEUED RETRIED_BY_REQUEST": ROUNDS - refused,
    });
    // Both orders happened.
    expect(refused).toBeGreaterThan(0);
    expect(refused).toBeLessThan(ROUNDS);
    expect(await rig.violations()).toEqual([]);
    note({ fault: "F17", what: `retry by request × sweep (${refused} refused)`, times: ROUNDS, looks: 1, jobs: 1 });
    for (const { taskId } of claims) await cancelTask(rig.deps, ACTOR, { taskId }).catch(() => undefined);
  });

  test("a heartbeat and the sweep of the same lease: renewed and kept, or given back and not renewed", async () => {
    const claims = await running();
    let kept = 0;
    for (const [round, { taskId, fence }] of claims.entries()) {
      await expire(taskId);
      await lock(taskId);
      // The sweep has found the lease expired, and waits. A heartbeat waits for nobody: it comes before the sweep goes on,
      // after it, or at the same moment.
      const sweep = rescueExpiredLeases(duty);
      await untilWaiting(1);
      const beat = (): Promise<{ answer: { lost: string[] } }[]> =>
        rig.db.query("select headway.heartbeat($1, $2, $3) as answer", [
          WORKER,
          LEASE_MS,
          JSON.stringify([{ task: taskId, fence, stage: "only" }]),
        ]);
      const order = ["beat first", "sweep first", "together"][round % 3]!;
      let lost: string[] | null = null;
      if (order === "beat first") lost = (await beat())[0]!.answer.lost;
      const beating = order === "together" ? beat() : null;
      await barrier.query("commit");
      const rescued = await sweep;
      await beating;
      if (order === "sweep first") lost = (await beat())[0]!.answer.lost;
      const [task] = await rig.db.query(
        "select status, lease_expires_at > clock_timestamp() as holds from headway.task where id = $1",
        [taskId],
      );
      expect(task).toEqual(rescued === 0 ? { status: "RUNNING", holds: true } : { status: "QUEUED", holds: null });
      if (order !== "together") {
        expect([order, rescued, lost]).toEqual(order === "beat first" ? [order, 0, []] : [order, 1, [taskId]]);
      }
      // Whoever was passed over hears of it at the next beat.
      expect((await beat())[0]!.answer.lost).toEqual(rescued === 0 ? [] : [taskId]);
      kept += 1 - rescued;
      await cancelTask(rig.deps, ACTOR, { taskId });
    }
    expect(await rig.violations()).toEqual([]);
    note({ fault: "F17", what: `heartbeat × sweep (${kept} kept)`, times: ROUNDS, looks: 1, jobs: 1 });
  });
});
