import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { cancelJob } from "../../src/engine/cancel/cancel.js";
import { definePipeline, RetryLater } from "../../src/index.js";
import { announced, servedApart } from "../../src/pipelines/limit-groups.js";
import { Registry } from "../../src/pipelines/registry.js";
import type { WorkerLoop } from "../../src/worker/worker.js";
import { createTestApi, type TestApi } from "../support/api.js";
import { ACTOR, PROJECT } from "../support/engine.js";
import { statementsMeanwhile } from "../support/statements.js";
import { until } from "../support/until.js";

const HOUR_MS = 3_600_000;

/** Counts who is in, and lets them out when the test says so. */
class Gate {
  inside = 0;
  most = 0;
  #open: Promise<void> = Promise.resolve();
  #release: () => void = () => undefined;

  close(): void {
    this.#open = new Promise((resolve) => (this.#release = resolve));
  }
  open(): void {
    this.#release();
    this.#open = Promise.resolve();
  }
  async pass(): Promise<null> {
    this.inside += 1;
    this.most = Math.max(this.most, this.inside);
    await this.#open;
    await new Promise((resolve) => setImmediate(resolve));
    this.inside -= 1;
    return null;
  }
}

const gate = new Gate();
const whole = new Gate();
const seen: { attempt: number; message: string }[] = [];
const quick = async (): Promise<null> => null;
const failing = (name: string, stage: object): ReturnType<typeof definePipeline> =>
  definePipeline({ name, version: 1, documentStages: [{ name: "ask", run: quick, ...stage }] });

const PIPELINES = [
  definePipeline({ name: "free", version: 1, documentStages: [{ name: "only", run: quick }] }),
  definePipeline({
    name: "two-at-once",
    version: 1,
    documentStages: [
      { name: "read", run: quick },
      { name: "ask", concurrency: 2, run: () => gate.pass() },
      { name: "write", run: quick },
    ],
    collectionStages: [{ name: "sum", concurrency: 1, run: quick }],
  }),
  definePipeline({
    name: "one-of-it",
    version: 1,
    concurrency: 1,
    documentStages: [
      { name: "read", run: () => whole.pass() },
      { name: "write", run: () => whole.pass() },
    ],
  }),
  failing("three-a-while", { rateLimit: { limit: 3, perMs: 400 } }),
  failing("one-a-while", { rateLimit: { limit: 1, perMs: HOUR_MS } }),
  failing("one-an-hour", { rateLimit: { limit: 1, perMs: HOUR_MS } }),
  failing("hourly", { rateLimit: { limit: 1, perMs: HOUR_MS } }),
  failing("differs", { rateLimit: { limit: 50, perMs: 100 } }),
  failing("put-off", {
    run: async ({ attempt }: { attempt: number }) => {
      seen.push({ attempt, message: "" });
      if (seen.length < 2) throw new RetryLater(1, "429: ask again in a moment");
      return null;
    },
  }),
  failing("put-off-for-long", {
    run: async () => {
      throw new RetryLater(HOUR_MS, "429: ask again in an hour");
    },
  }),
  failing("put-off-too-long", {
    retryLaterForMs: 10,
    run: async () => {
      throw new RetryLater(20, "429: never");
    },
  }),
  failing("backs-off", {
    maxAttempts: 3,
    backoff: (attempt: number, error: Error) => {
      seen.push({ attempt, message: error.message });
      return 5;
    },
    run: async () => {
      throw new Error("no answer");
    },
  }),
];

let api: TestApi;
let workers: WorkerLoop[] = [];
beforeAll(async () => {
  api = await createTestApi(PIPELINES);
});
afterAll(() => api.close());
afterEach(async () => {
  gate.open();
  await Promise.all(workers.map((worker) => worker.stop(0)));
  workers = [];
  seen.length = 0;
  expect(await api.rig.violations()).toEqual([]);
  expect(api.rig.errors).toEqual([]);
});

async function work(count: number, concurrency = 8): Promise<void> {
  for (let i = 0; i < count; i += 1) workers.push(await api.rig.startWorker({ pollMs: 50, concurrency }));
}
async function tasksOf(jobId: string): Promise<any[]> {
  const { data, errors } = await api.send(
    `query ($id: ID!) { job(id: $id) { tasks { nodes { kind status stage attempt waitingOn { code message until } error { code message } } } } }`,
    { id: jobId },
  );
  expect(errors).toEqual([]);
  return data!.job.tasks.nodes.filter(({ kind }: { kind: string }) => kind === "DOCUMENT");
}
/** In the order of the changes. */
async function changesOf(jobId: string): Promise<{ reason: string; stage: string | null; atMs: number }[]> {
  return api.rig.db.query(
    `select reason, to_stage as stage, (extract(epoch from at) * 1000)::float8 as "atMs" from headway.status_change
     where job_id = $1 and entity_type = 'TASK' order by position`,
    [jobId],
  );
}

describe("a concurrency over all workers", () => {
  test("of a stage: what would be one too many waits in the queue and says so; it holds no slot, and each gets through", async () => {
    gate.close();
    gate.most = 0;
    await work(2, 3);
    const job = await api.rig.submit("two-at-once", 9);
    await until("two are in and all others have come to it", async () => {
      const tasks = await tasksOf(job);
      return gate.inside === 2 && tasks.every(({ stage }) => stage === "ask");
    });
    const waiting = (await tasksOf(job)).filter(({ status }) => status === "QUEUED");
    expect(waiting).toHaveLength(7);
    for (const { waitingOn } of waiting) {
      expect(waitingOn).toEqual({
        code: "AT_CONCURRENCY_LIMIT",
        message: 'Stage "ask" runs at most 2 tasks at once over all workers; the next starts when one of them ends.',
        until: null,
      });
    }
    expect(await api.rig.settled(await api.rig.submit("free", 6))).toBe("COMPLETED");
    gate.open();
    expect(await api.rig.settled(job)).toBe("COMPLETED");
    expect(gate.most).toBe(2);
    const reasons = (await changesOf(job)).filter(({ stage }) => stage === "ask").map(({ reason }) => reason);
    expect(new Set(reasons)).toEqual(new Set(["QUEUED_FOR_LIMIT", "CLAIMED"]));
  });

  test("of a pipeline: its tasks go through all their stages one after the other", async () => {
    await work(2, 4);
    const job = await api.rig.submit("one-of-it", 4);
    expect(await api.rig.settled(job)).toBe("COMPLETED");
    expect(whole.most).toBe(1);
    expect((await changesOf(job)).filter(({ reason }) => reason === "QUEUED_FOR_LIMIT")).toEqual([]);
  });
});

describe("a rate over all workers", () => {
  test("is never more in any time of its length, and nobody asks in vain meanwhile", async () => {
    await work(2);
    let job = "";
    const sent = await statementsMeanwhile(async () => {
      job = await api.rig.submit("three-a-while", 9);
      expect(await api.rig.settled(job)).toBe("COMPLETED");
    });
    const begun = (await changesOf(job)).filter(({ reason }) => reason === "CLAIMED").map(({ atMs }) => atMs);
    expect(begun).toHaveLength(9);
    for (let at = 3; at < 9; at += 1) expect(begun[at]! - begun[at - 3]!).toBeGreaterThanOrEqual(400);
    // Both workers poll every 50 ms whatever there is; a worker that asked all the time would have asked thousands of times.
    expect(sent.filter((sql) => sql.includes("claim_limited")).length).toBeLessThan(300);
  });

  test("that is used up says until when, and takes nothing from others", async () => {
    await work(1, 1);
    const job = await api.rig.submit("one-an-hour", 2);
    await until("one has begun", async () => (await tasksOf(job)).some(({ status }) => status === "COMPLETED"));
    const [task] = (await tasksOf(job)).filter(({ status }) => status === "QUEUED");
    const opensInMs = Date.parse(task.waitingOn.until) - Date.now();
    expect(task.waitingOn).toEqual({
      code: "RATE_LIMITED",
      message: `Stage "ask" starts at most 1 times in ${HOUR_MS} ms over all workers; the next start is possible at ${task.waitingOn.until}.`,
      until: task.waitingOn.until,
    });
    expect(opensInMs).toBeGreaterThan(HOUR_MS - 300_000);
    expect(await api.rig.settled(await api.rig.submit("free", 3))).toBe("COMPLETED");
  });
});

test("a version that counts over a shorter time forgets nothing that another's rate has to count, and is counted by it", async () => {
  const { db } = api.rig;
  const version = (number: number, perMs: number): Registry =>
    new Registry([
      definePipeline({
        name: "differs",
        version: number,
        documentStages: [{ name: "ask", rateLimit: { limit: 50, perMs }, run: quick }],
      }),
    ]);
  const [short, long] = [version(1, 100), version(2, HOUR_MS)];
  const room = async (perMs: number): Promise<number> =>
    (await db.query("select room from headway.limit_room('differs', 'ask', $1)", [{ limit: 50, perMs }]))[0].room;
  const done = async (registry: Registry): Promise<void> => {
    const worker = await api.rig.startWorker({ pollMs: 50 }, registry);
    const job = await api.rig.submit("differs", 1);
    expect(await api.rig.settled(job)).toBe("COMPLETED");
    await worker.stop(0);
    await until("more has passed than the shorter time", async () => {
      const [{ passed }] = await db.query(
        "select finished_at < clock_timestamp() - interval '200 ms' as passed from headway.job where id = $1",
        [job],
      );
      return passed;
    });
  };
  await done(long);
  await done(long);
  expect(await room(HOUR_MS)).toBe(48);
  await done(short);
  await done(short);
  expect([await room(HOUR_MS), await room(100)]).toEqual([48, 50]);

  // A worker of the longer one is there, and has begun nothing itself.
  await db.query(
    `insert into headway.worker (id, project_id, hostname, pid, build, pipelines, concurrency, lease_ms, serves)
     values ($1, $2, 'idle', 1, 'test', '{}', 8, 3600000, $3)`,
    [randomUUID(), PROJECT, announced(long)],
  );
  await done(short);
  await done(short);
  expect([await room(HOUR_MS), await room(100)]).toEqual([46, 50]);
  // What nobody has counted over yet goes by the longest.
  expect(await room(2 * HOUR_MS)).toBe(46);
});

test("a suspect does not begin where somebody else has had the last of a limit while it waited for its turn", async () => {
  const { db, deps } = api.rig;
  const job = await api.rig.submit("one-a-while", 1);
  await db.query("update headway.task set is_suspect = true where job_id = $1", [job]);
  await db.query("insert into headway.limit_use (pipeline, stage) values ('one-a-while', 'ask')");
  const other = db.createQueryRunner();
  await other.startTransaction();
  await other.query(
    `update headway.limit_use set per_ms = array[1], slot_ends = array[clock_timestamp() + interval '1 minute'], begun = array[1]
     where pipeline = 'one-a-while'`,
  );
  const { groups, limited } = servedApart(deps.registry);
  const worker = randomUUID();
  const claim = {
    worker,
    change: randomUUID(),
    serves: limited,
    limit: 1,
    leaseMs: 60_000,
    waitMs: 60_000,
    suspects: "only",
  };
  const turned = groups.map((group) => ({ ...group, turns: {} }));
  const claiming = db.query("select headway.claim_limited($1, 'tester', $2, $3) as answer", [
    worker,
    JSON.stringify(claim),
    JSON.stringify(turned),
  ]) as Promise<{ answer: { answer: { claimed: object | null } | null } }[]>;
  await until("it waits for the limit", async () => {
    const waiting = await db.query(
      "select from pg_stat_activity where wait_event_type = 'Lock' and query like 'select headway.claim_limited%'",
    );
    return waiting.length > 0;
  });
  await other.commitTransaction();
  await other.release();
  expect((await claiming)[0]!.answer.answer?.claimed).toBeNull();
  expect(await tasksOf(job)).toMatchObject([{ status: "QUEUED" }]);
  await cancelJob(deps, ACTOR, { jobId: job });
});

test("what waits for a limit is not stuck; what a free worker could begin is, whether or not its stage has had a limit", async () => {
  const { db } = api.rig;
  const isStuck = async (job: string): Promise<boolean> =>
    (await db.query("select from headway.stuck_jobs($1, 0) s(id) where s.id = $2", [PROJECT, job])).length > 0;
  /** A worker that beats, and has taken nothing for long, whatever there is. */
  const idle = async (serves: object): Promise<string> => {
    const id = randomUUID();
    await db.query(
      `insert into headway.worker (id, project_id, hostname, pid, build, pipelines, concurrency, lease_ms, loop_iterations, serves)
       values ($1, $2, 'idle', 1, 'test', '{}', 8, 3600000, 1, $3)`,
      [id, PROJECT, JSON.stringify(serves)],
    );
    return id;
  };
  const stopped = (id: string) => db.query("update headway.worker set stopped_at = now() where id = $1", [id]);
  await work(1, 1);
  const job = await api.rig.submit("hourly", 2);
  await until("one has begun", async () => (await tasksOf(job)).some(({ status }) => status === "COMPLETED"));
  await Promise.all(workers.splice(0).map((worker) => worker.stop(0)));
  await db.query("update headway.worker set last_claim_at = last_claim_at - interval '1 hour'");
  await db.query(
    "update headway.task set run_at = now() - interval '10 minutes' where job_id = $1 and status = 'QUEUED'",
    [job],
  );
  expect(await isStuck(job)).toBe(false);

  const limited = await idle(announced(api.rig.deps.registry));
  expect(await isStuck(job)).toBe(false);
  await db.query(
    "update headway.limit_use set per_ms = '{}', slot_ends = '{}', begun = '{}' where pipeline = 'hourly'",
  );
  expect(await isStuck(job)).toBe(true);
  await db.query("update headway.worker set last_claim_at = now() where id = $1", [limited]);
  expect(await isStuck(job)).toBe(false);
  await stopped(limited);

  // The stage has no limit any more; that it had one is still in the database.
  const free = await idle({ hourly: { version: 1, stages: { ask: 3 } } });
  expect(await isStuck(job)).toBe(true);
  await stopped(free);
  await cancelJob(api.rig.deps, ACTOR, { jobId: job });
});

describe("a stage that asks to be tried later", () => {
  test("is tried again without an attempt used up", async () => {
    await work(1);
    const job = await api.rig.submit("put-off", 1);
    expect(await api.rig.settled(job)).toBe("COMPLETED");
    expect(seen.map(({ attempt }) => attempt)).toEqual([1, 1]);
    expect((await changesOf(job)).map(({ reason }) => reason)).toEqual([
      "SUBMITTED",
      "CLAIMED",
      "RETRY_LATER",
      "CLAIMED",
      "COMPLETED",
    ]);
  });

  test("waits in the queue, and says why and until when", async () => {
    await work(1, 1);
    const job = await api.rig.submit("put-off-for-long", 1);
    await until("it has asked", async () => (await tasksOf(job))[0].error !== null);
    const [task] = await tasksOf(job);
    expect(task).toMatchObject({
      status: "QUEUED",
      attempt: 1,
      error: { code: "RETRY_LATER", message: "429: ask again in an hour" },
    });
    expect(task.waitingOn).toEqual({
      code: "RETRY_BACKOFF",
      message: `Stage ask asked to run again at ${task.waitingOn.until}: 429: ask again in an hour`,
      until: task.waitingOn.until,
    });
    expect(await api.rig.settled(await api.rig.submit("free", 3))).toBe("COMPLETED");
  });

  test("for longer than it may fails, with a code of its own", async () => {
    await work(1);
    const job = await api.rig.submit("put-off-too-long", 1);
    expect(await api.rig.settled(job)).toBe("FAILED");
    expect(await tasksOf(job)).toMatchObject([
      { status: "FAILED", error: { code: "RETRY_LATER_EXHAUSTED", message: "429: never" } },
    ]);
  });
});

test("a stage's own backoff is asked with the try and the error", async () => {
  await work(1);
  expect(await api.rig.settled(await api.rig.submit("backs-off", 1))).toBe("FAILED");
  // At the last try as well: whether it is the last is for the database to say.
  expect(seen).toEqual([1, 2, 3].map((attempt) => ({ attempt, message: "no answer" })));
});

test("what has no limits is claimed as ever: no statement is about limits", async () => {
  const free = await createTestApi(PIPELINES.slice(0, 1));
  try {
    await free.rig.startWorker({ pollMs: 20 });
    const sent = await statementsMeanwhile(async () => {
      expect(await free.rig.settled(await free.rig.submit("free", 3))).toBe("COMPLETED");
    });
    expect(sent.some((sql) => sql.includes("claim_tasks"))).toBe(true);
    expect(sent.filter((sql) => /claim_limited|limit_/.test(sql))).toEqual([]);
  } finally {
    await free.close();
  }
});
