import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import pg from "pg";
import { definePipeline } from "../../src/pipelines/pipeline.js";
import { createTestApi, type TestApi } from "../support/api.js";
import { until } from "../support/until.js";
import {
  DEFAULTS,
  doctor,
  endsWithinMs,
  look,
  read,
  recordedButOpen,
  settlings,
  startUploadProcess,
  submitted,
  sweptWithinMs,
  type Batch,
  type Clocks,
  type Look,
} from "./batches.js";
import { Gate } from "./gate.js";
import upload from "./pipelines/upload.js";

const gate = new Gate();
const gated = definePipeline({
  name: "gated",
  version: 1,
  documentStages: [{ name: "process", maxAttempts: 1, run: gate.run }],
});

const SHORT: Clocks = { leaseMs: 1_500, sweepMs: 300, pollMs: 300 };
/** For two slow cores. */
const MARGIN_MS = 1_000;

let api: TestApi;
beforeEach(async () => {
  gate.clear();
  api = await createTestApi([gated, upload]);
});
afterEach(async () => {
  const violations = await api.rig.violations();
  await api.close();
  expect(violations).toEqual([]);
});

describe("a batch that used to end only while another message was handled", () => {
  it("ends in the very transaction that settles its last file, with no message after it", async () => {
    const batch = await submitted(api, "gated", ["one", "two", "three"]);
    await api.rig.startWorker({ pollMs: 600_000 });
    await until("all files are held", () => gate.held.length === 3);
    gate.open("file 0");
    gate.open("file 1");
    await until("two are done", async () => (await look(api, batch)).lastJob.counts.completed === 2);
    await api.rig.deps.dispatcher.close();
    gate.open("file 2");
    await until("the batch has ended", async () => (await look(api, batch)).status === "COMPLETED");

    const files: { tx: string }[] = await api.rig.db.query(
      `select tx::text as tx from headway.status_change
       where collection_id = $1 and entity_type = 'TASK' and to_status = 'COMPLETED' order by position`,
      [batch.id],
    );
    expect(files).toHaveLength(3);
    expect(files[1]!.tx).not.toBe(files[2]!.tx);
    expect((await settlings(api, batch)).map(({ what, tx }) => ({ what, tx }))).toEqual([
      { what: "COLLECTION", tx: files[2]!.tx },
      { what: "JOB", tx: files[2]!.tx },
    ]);
  });

  it("has pending, processing, succeeded and failed right at each moment, and ends COMPLETED_WITH_ERRORS", async () => {
    const batch = await submitted(api, "gated", ["one", "two", "three", "four"]);
    const seen: Look["lastJob"]["counts"][] = [];
    const stands = (queued: number, running: number, completed: number, failed: number): Promise<void> =>
      until(`${queued} pending, ${running} processing, ${completed} succeeded, ${failed} failed`, async () => {
        const { counts } = (await look(api, batch)).lastJob;
        seen.push(counts);
        const wanted = { total: 4, queued, running, completed, failed };
        return JSON.stringify(counts) === JSON.stringify(wanted);
      });
    const next = async (end: "open" | "fail"): Promise<void> => {
      await until("a file is held", () => gate.held.length > 0);
      gate[end](gate.held[0]!);
    };
    await stands(4, 0, 0, 0);
    await api.rig.startWorker({ concurrency: 2 });
    await stands(2, 2, 0, 0);
    await next("open");
    await stands(1, 2, 1, 0);
    await next("fail");
    await stands(0, 2, 1, 1);
    await next("open");
    await stands(0, 1, 2, 1);
    expect(await doctor(api)).toEqual([]);
    await next("open");
    await stands(0, 0, 3, 1);
    expect(seen.filter((s) => s.queued + s.running + s.completed + s.failed !== s.total)).toEqual([]);
    expect(await read(api, batch)).toMatchObject({
      status: "COMPLETED_WITH_ERRORS",
      collection: { status: "COMPLETED_WITH_ERRORS" },
      summary: {
        counts: { total: 4, completed: 3, failed: 1 },
        errors: [{ code: "HANDLER_ERROR", stage: "process", count: 1 }],
      },
    });
  });
});

describe("a worker killed after the last file, which used to leave its batch open forever", () => {
  /** Three files, done one after the other in a process that dies at the failpoint. */
  async function diesAt(failpoint: string): Promise<{ batch: Batch; diedAt: number }> {
    const dying = await startUploadProcess(api, {
      HEADWAY_CONCURRENCY: "1",
      HEADWAY_LEASE_MS: String(SHORT.leaseMs),
      HEADWAY_HEARTBEAT_MS: "400",
      HEADWAY_POLL_MS: String(SHORT.pollMs),
      HEADWAY_FAILPOINT: failpoint,
    });
    try {
      const batch = await submitted(api, "upload", ["one", "two", "three"]);
      await until("it is dead", () => dying.child.signalCode === "SIGKILL");
      return { batch, diedAt: Date.now() };
    } finally {
      await dying.kill();
    }
  }

  it("leaves an ended batch and its summary where it dies right behind the record of the last file", async () => {
    const { batch } = await diesAt("complete.after_commit:kill9@3");
    expect(await look(api, batch)).toMatchObject({
      status: "COMPLETED",
      lastJob: { status: "COMPLETED", counts: { total: 3, completed: 3 }, summary: { status: "COMPLETED" } },
    });
  });

  it("leaves a batch that ends within lease, sweep and poll where it dies before that record: at most 40 s by default", async () => {
    expect(endsWithinMs(DEFAULTS)).toBeGreaterThan(0);
    expect(endsWithinMs(DEFAULTS)).toBeLessThanOrEqual(40_000);

    // Two stages a file: the sixth passage is the last stage of the last file.
    const { batch, diedAt } = await diesAt("stage.after_run:kill9@6");
    const left = await look(api, batch);
    expect(left.lastJob).toMatchObject({ status: "PROCESSING", counts: { running: 1, completed: 2 } });
    api.rig.startReconciler({ sweepMs: SHORT.sweepMs });
    await api.rig.startWorker({ pollMs: SHORT.pollMs });
    await until("the batch has ended", async () => (await look(api, batch)).status === "COMPLETED");
    expect(Date.now() - diedAt).toBeLessThan(endsWithinMs(SHORT) + MARGIN_MS);
    expect(
      await api.rig.db.query("select count(*)::int as times from headway.status_change where reason = 'LEASE_EXPIRED'"),
    ).toEqual([{ times: 1 }]);
  });

  it("leaves a batch that the next sweep ends where every file is recorded and the end is not", async () => {
    const batch = await recordedButOpen(api);
    expect(await doctor(api)).toEqual([{ invariant: "S8", detail: "open without an open task" }]);
    api.rig.startReconciler({ sweepMs: SHORT.sweepMs });
    const inVain = (): number => api.rig.errors.filter(({ doing }) => doing === `converging job ${batch.jobId}`).length;
    await until("the flush and two sweeps have tried in vain", () => inVain() >= 3);
    const mendedAt = await batch.mend();
    await until("the batch has ended", async () => (await look(api, batch)).status === "COMPLETED");
    expect(Date.now() - mendedAt).toBeLessThan(sweptWithinMs(SHORT) + MARGIN_MS);
    expect((await settlings(api, batch)).map(({ actor }) => actor)).toEqual(["system:sweep", "system:sweep"]);
    expect((await look(api, batch)).lastJob.summary).toEqual({ status: "COMPLETED" });
  });

  it("leaves a batch that ends at once when somebody reads it, in that very answer", async () => {
    const batch = await recordedButOpen(api);
    await batch.mend();
    expect(await read(api, batch)).toMatchObject({
      status: "COMPLETED",
      finishedAt: expect.any(String),
      collection: { status: "COMPLETED" },
      summary: { status: "COMPLETED", counts: { total: 2, completed: 2, failed: 0 } },
    });
    expect(await settlings(api, batch)).toHaveLength(2);
  });

  it("leaves a batch that the repair mutation ends, which then finds nothing more to do", async () => {
    const batch = await recordedButOpen(api);
    await batch.mend();
    const repair = (): Promise<unknown> => api.client.query("mutation { repair(input: {}) { changed } }");
    expect(await repair()).toEqual({ repair: { changed: 2 } });
    expect(await repair()).toEqual({ repair: { changed: 0 } });
    expect(await look(api, batch)).toMatchObject({
      status: "COMPLETED",
      lastJob: { summary: { status: "COMPLETED" } },
    });
    expect(await doctor(api)).toEqual([]);
  });

  it("leaves a batch that two readers at the same moment see ended with the same one summary, settled once", async () => {
    const batch = await recordedButOpen(api);
    await batch.mend();
    const barrier = new pg.Client({ connectionString: api.rig.url });
    await barrier.connect();
    await barrier.query("begin");
    await barrier.query("select headway.lock_collections(array[$1::uuid])", [batch.id]);
    const readers = Promise.all([read(api, batch), read(api, batch)]);
    try {
      await until("both readers wait to end it", async () => {
        const waiting: unknown[] = await api.rig.db.query(
          `select 1 from pg_stat_activity
           where datname = current_database() and wait_event = 'advisory' and query like 'select headway.converge%'`,
        );
        return waiting.length === 2;
      });
    } finally {
      await barrier.end();
    }
    const [one, other] = await readers;
    expect(one).toMatchObject({ status: "COMPLETED", summary: { status: "COMPLETED", createdAt: expect.any(String) } });
    expect(other).toEqual(one);
    expect((await settlings(api, batch)).map(({ what }) => what)).toEqual(["COLLECTION", "JOB"]);
  });
});

describe("a run summary, which used to be missing where the end was", () => {
  it.each([
    ["COMPLETED", ["open", "open"]],
    ["COMPLETED_WITH_ERRORS", ["open", "fail"]],
    ["FAILED", ["fail", "fail"]],
    ["CANCELLED", []],
  ] as const)("is there in every state in which a batch is seen settled: %s", async (status, ends) => {
    const { jobId: id } = await submitted(api, "gated", ["one", "two"]);
    const states: { status: string; finishedAt: string | null; summary: { status: string } | null }[] = [];
    const watching = (async () => {
      for await (const { jobProgress } of api.client.subscribe<{ jobProgress: (typeof states)[number] }>(
        "subscription ($id: ID!) { jobProgress(jobId: $id) { status finishedAt summary { status } } }",
        { id },
      ))
        states.push(jobProgress);
    })();
    await until("the watcher has begun", () => states.length > 0);
    await api.rig.startWorker();
    await until("both files are held", () => gate.held.length === 2);
    for (const [index, end] of ends.entries()) gate[end](`file ${index}`);
    if (ends.length === 0) {
      await api.client.query("mutation ($id: ID!) { cancelJob(input: { jobId: $id }) { userErrors { code } } }", {
        id,
      });
    }
    await watching;
    expect(states.at(-1)).toEqual({ status, finishedAt: expect.any(String), summary: { status } });
    expect(states.filter(({ finishedAt, summary }) => (finishedAt === null) !== (summary === null))).toEqual([]);
    expect(states.length).toBeGreaterThan(1);
  });
});
