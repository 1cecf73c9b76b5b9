import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import pg from "pg";
import { cancelJob } from "../../src/engine/cancel/cancel.js";
import { pausePipeline } from "../../src/engine/operations/pause.js";
import { Recorder } from "../../src/engine/flush/recorder.js";
import { definePipeline } from "../../src/pipelines/pipeline.js";
import { Registry, servesOf } from "../../src/pipelines/registry.js";
import { ACTOR, createRig, type Rig } from "../support/engine.js";
import { until } from "../support/until.js";

const stages = [
  { name: "a", run: async () => null },
  { name: "b", run: async () => null },
];
const quick = definePipeline({ name: "quick", version: 1, documentStages: stages });
const still = definePipeline({ name: "still", version: 1, documentStages: stages });

let rig: Rig;
let other: pg.Client;
beforeAll(async () => {
  rig = await createRig([quick, still]);
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

function recorder(): Recorder {
  const workerId = randomUUID();
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

type Claimed = Awaited<ReturnType<Recorder["claim"]>>[number];
const claim = (by: Recorder, limit = 100): Promise<Claimed[]> => by.claim({ registry: new Registry([quick]), limit });
const goOn = (by: Recorder, { taskId, fence }: Claimed) =>
  by.record({ kind: "stage", taskId, fence, stage: "b", maxAttempts: 3, outputJson: "1" });
const complete = (by: Recorder, { taskId, fence }: Claimed) =>
  by.record({ kind: "complete", taskId, fence, outputJson: "2" });

async function collectionsOf(jobs: readonly string[]): Promise<string[]> {
  const rows: { id: string }[] = await rig.db.query(
    "select collection_id as id from headway.job where id = any ($1) order by array_position($1, id)",
    [jobs],
  );
  return rows.map(({ id }) => id);
}

/**
 * Blocks that a claim looks at until it has its task; it is undone. Writing one costs more as indexes grow deeper. The
 * least of three: an autovacuum or analyze between two makes a session read catalogues anew, once.
 */
async function lookedAtByClaim(): Promise<number> {
  const request = { serves: servesOf(new Registry([quick])), limit: 1, waitMs: 100 };
  const blocks: number[] = [];
  while (blocks.length < 3) {
    await other.query("begin");
    const { rows } = await other.query("explain (analyze, buffers, format json) select headway.claimable($1)", [
      JSON.stringify(request),
    ]);
    await other.query("rollback");
    blocks.push(rows[0]["QUERY PLAN"][0].Plan["Shared Hit Blocks"]);
  }
  return Math.min(...blocks);
}

describe("F40: while one collection is held by somebody else", () => {
  test("changes of other collections are recorded, and its own once it is free, however many are held", async () => {
    const by = recorder();
    const held = await Promise.all(Array.from({ length: 5 }, () => rig.submit("quick", 1)));
    const claimsOfHeld = await claim(by);
    expect(claimsOfHeld).toHaveLength(5);
    const free = await rig.submit("quick", 1);
    const [mine] = await claim(by);
    await other.query("begin");
    await other.query("select headway.lock_collections($1)", [await collectionsOf(held)]);
    const late = claimsOfHeld.map((one) => goOn(by, one));
    const settled: unknown[] = [];
    for (const one of late) void one.then((recorded) => settled.push(recorded));
    expect(await goOn(by, mine!)).toMatchObject({ status: "RUNNING" });
    expect(await complete(by, mine!)).toMatchObject({ status: "COMPLETED" });
    expect(await rig.settled(free)).toBe("COMPLETED");
    expect(settled).toEqual([]);
    await other.query("commit");
    expect((await Promise.all(late)).map((recorded) => recorded?.status)).toEqual(Array(5).fill("RUNNING"));
    await Promise.all(claimsOfHeld.map((one) => complete(by, one)));
    for (const job of held) expect(await rig.settled(job)).toBe("COMPLETED");
  });

  test.each(["lock_collections", "lock_history"])("a claim takes what is due elsewhere (%s)", async (lock) => {
    const by = recorder();
    const [held, free] = [await rig.submit("quick", 1, { priority: 9 }), await rig.submit("quick", 1)];
    await other.query("begin");
    await other.query(`select headway.${lock}($1)`, [await collectionsOf([held])]);
    const claims = await claim(by);
    expect(claims.map(({ job }) => job.id)).toEqual([free]);
    await other.query("commit");
    const [last] = await claim(by);
    expect(last!.job.id).toBe(held);
    await Promise.all([...claims, last!].map((one) => goOn(by, one)));
    await Promise.all([...claims, last!].map((one) => complete(by, one)));
    for (const job of [held, free]) expect(await rig.settled(job)).toBe("COMPLETED");
  });
});

describe("F40: due work that nobody may take", () => {
  test("of a paused pipeline, and of one that no worker here serves, costs a claim nothing", async () => {
    const job = await rig.submit("quick", 1);
    await lookedAtByClaim(); // The first in a session reads catalogues too.
    const unserved = [await rig.submit("still", 1, { priority: 9 })];
    const alone = await lookedAtByClaim();
    unserved.push(await rig.submit("still", 1_000, { priority: 9 }), await rig.submit("still", 1, { priority: 9 }));
    expect((await lookedAtByClaim()) - alone).toBeLessThan(20);
    await pausePipeline(rig.deps, ACTOR, { pipeline: "quick", reason: "for this test" });
    expect(await lookedAtByClaim()).toBeLessThan(alone);
    expect(await claim(recorder())).toEqual([]);
    await rig.db.query("delete from headway.pipeline_pause");
    for (const one of [job, ...unserved]) {
      await cancelJob(rig.deps, ACTOR, { jobId: one });
      expect(await rig.settled(one)).toBe("CANCELLED");
    }
  });

  test("of a job that is to be cancelled is not claimed any more, though its tasks have not been cancelled yet", async () => {
    const jobId = await rig.submit("quick", 3);
    const operation = { kind: "CANCEL", change: randomUUID(), actorType: "USER", actor: "tester", reason: null };
    await rig.db.query(
      `update headway.job set status = 'CANCELLING', version = version + 1, change_id = $2, change_reason = 'CANCEL_REQUESTED',
         cancel_requested_at = clock_timestamp(), operation = $3 where id = $1`,
      [jobId, operation.change, JSON.stringify(operation)],
    );
    expect(await claim(recorder())).toEqual([]);
    rig.startReconciler();
    expect(await rig.settled(jobId)).toBe("CANCELLED");
  });

  test("later by its time is passed over, and its job is looked at again when it is due", async () => {
    const by = recorder();
    const job = await rig.submit("quick", 1);
    const [first] = await claim(by);
    const { taskId, fence } = first!;
    await by.record({ kind: "end", taskId, fence, cause: "HANDLER_THREW", message: "not yet", delayMs: 1_000 });
    await until("it is due again, and taken", async () => {
      const [again] = await claim(by);
      if (!again) return false;
      await goOn(by, again);
      await complete(by, again);
      return true;
    });
    expect(await rig.settled(job)).toBe("COMPLETED");
  });
});
