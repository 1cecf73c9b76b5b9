import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { projectNamed } from "../../../src/access/projects.js";
import { PermanentError } from "../../../src/index.js";
import { definePipeline } from "../../../src/pipelines/pipeline.js";
import { lookForAttention } from "../../../src/reconciler/attention.js";
import { createTestApi, type TestApi } from "../../support/api.js";
import { PROJECT } from "../../support/engine.js";
import { fill } from "../../support/fill.js";
import { keyBy } from "../../support/keys.js";
import { until } from "../../support/until.js";
import { waitingForLocks } from "../../support/waiting.js";

const moody = { fails: true };
const picky = definePipeline({
  name: "picky",
  version: 1,
  documentStages: [
    {
      name: "read",
      run: async () => {
        if (moody.fails) throw new PermanentError("BAD", "It is bad.");
        return null;
      },
    },
  ],
});
const lonely = definePipeline({
  name: "lonely",
  version: 3,
  documentStages: [{ name: "read", run: async () => null }],
});

let api: TestApi;
let elsewhere: string;
beforeAll(async () => {
  api = await createTestApi([picky, lonely]);
  const { id: projectId } = await projectNamed(api.rig.db, "elsewhere");
  elsewhere = await keyBy(api.rig.db, { projectId, name: "stranger" });
});
afterAll(() => api.close());

interface Item {
  readonly id: string;
  readonly kind: string;
  readonly message: string;
  readonly since: string;
  readonly subject: { __typename: string; id: string } | null;
  readonly pipeline: string | null;
  readonly acknowledgedBy: { type: string; name: string } | null;
  readonly acknowledgedWord: string | null;
  readonly acknowledgedAt: string | null;
}
const ITEMS = `{ attention { checkedAt truncated items { id kind message since pipeline subject { __typename id }
  acknowledgedBy { type name } acknowledgedWord acknowledgedAt } } }`;
const ACKNOWLEDGE = `mutation ($input: AcknowledgeInput!) { acknowledge(input: $input) {
  item { id kind acknowledgedBy { name } acknowledgedWord } userErrors { code path message } } }`;

/** A look, as the reconciler takes one with each sweep. */
async function look(redisIsAway: string | null = null): Promise<void> {
  const dispatcher = Object.assign(Object.create(api.rig.deps.dispatcher), {}) as typeof api.rig.deps.dispatcher;
  Object.defineProperty(dispatcher, "away", { value: redisIsAway });
  const settings = {
    sweepMs: 0,
    heartbeatMs: 0,
    leaseMs: 30_000,
    crashLimit: 3,
    cancelDeadlineMs: 200,
    statisticsDays: 0,
  };
  await lookForAttention({ db: api.rig.db, dispatcher, settings });
}
async function items(as?: string): Promise<Item[]> {
  const { data, errors } = await api.send(ITEMS, {}, as);
  expect(errors).toEqual([]);
  return data!.attention.items;
}
async function found(kind: string, as?: string): Promise<Item[]> {
  await look();
  return (await items(as)).filter((item) => item.kind === kind);
}
async function acknowledge(itemId: string, word = "known", as?: string): Promise<Record<string, any>> {
  const { data, errors } = await api.send(ACKNOWLEDGE, { input: { itemId, word } }, as);
  expect(errors).toEqual([]);
  return data!.acknowledge;
}
async function failedJob(): Promise<string> {
  const worker = await api.rig.startWorker();
  const id = await api.rig.submit("picky", 1);
  expect(await api.rig.settled(id)).toBe("FAILED");
  await worker.stop(0);
  return id;
}

describe("what needs a person", () => {
  test("is found by the reconciler, which says when it last looked", async () => {
    const before = Date.now();
    const reconciler = api.rig.startReconciler();
    await until("it has looked", async () => {
      const { data } = await api.send(ITEMS);
      return Date.parse(data!.attention.checkedAt) > before + 1_000;
    });
    await reconciler.stop();
    expect(api.rig.errors).toEqual([]);
  });

  test("is a failed job, until it is retried; and when it fails again, until that is acknowledged", async () => {
    const id = await failedJob();
    const [item] = await found("FAILED_JOB");
    expect(item).toMatchObject({
      message: 'A job of pipeline "picky" has FAILED; retry it, or acknowledge that it has.',
      subject: { __typename: "Job", id },
      pipeline: "picky",
      acknowledgedBy: null,
    });
    await api.send(`mutation { retryJob(input: { jobId: "${id}" }) { userErrors { code } } }`);
    expect((await items()).filter(({ kind }) => kind === "FAILED_JOB")).toEqual([]);
    expect(await acknowledge(item!.id)).toMatchObject({ item: null, userErrors: [{ code: "NOT_FOUND" }] });

    const worker = await api.rig.startWorker();
    await api.rig.settled(id);
    await worker.stop(0);
    const [again] = await found("FAILED_JOB");
    expect(again).toMatchObject({ subject: { id }, acknowledgedBy: null });
    expect(again!.id).not.toBe(item!.id);
    expect(await acknowledge(again!.id, " the vendor is told ")).toEqual({
      item: {
        id: again!.id,
        kind: "FAILED_JOB",
        acknowledgedBy: { name: "tester" },
        acknowledgedWord: "the vendor is told",
      },
      userErrors: [],
    });
    expect((await items()).filter(({ kind }) => kind === "FAILED_JOB")).toEqual([]);
    expect(await found("FAILED_JOB")).toEqual([]);
    const kept = await api.rig.db.query(
      "select word, actor, actor_type from headway.acknowledgement where subject = $1 and at > now() - interval '1 hour'",
      [id],
    );
    expect(kept).toEqual([{ word: "the vendor is told", actor: "tester", actor_type: "USER" }]);
  });

  test("is no failed job whose collection was submitted again, or is gone", async () => {
    const jobs = [await failedJob(), await failedJob()];
    const collections: { id: string }[] = await api.rig.db.query(
      "select collection_id as id from headway.job where id = any ($1) order by array_position($1, id)",
      [jobs],
    );
    expect((await found("FAILED_JOB")).map(({ subject }) => subject!.id).sort()).toEqual([...jobs].sort());
    await api.rig.submit("lonely", 0, { collectionId: collections[0]!.id });
    await api.send(
      `mutation { deleteCollection(input: { collectionId: "${collections[1]!.id}" }) { userErrors { code } } }`,
    );
    expect(await found("FAILED_JOB")).toEqual([]);
  });

  test("is work that no worker can run", async () => {
    const [item] = await found("NO_WORKER");
    expect(item).toMatchObject({
      message: '1 tasks of pipeline "lonely" are due, and no worker runs its version 3 with stage read; start one.',
      pipeline: "lonely",
    });
    expect(await found("NO_WORKER", elsewhere)).toEqual([]);
    const worker = await api.rig.startWorker();
    await until("a worker runs it", async () => (await found("NO_WORKER")).length === 0);
    await worker.stop(0);
  });

  test("is a paused pipeline: who knows of it is kept while it lasts, and not beyond", async () => {
    const pause = `mutation { pausePipeline(input: { pipeline: "lonely", reason: "moving house" }) { userErrors { code } } }`;
    const resume = `mutation { resumePipeline(input: { pipeline: "lonely" }) { userErrors { code } } }`;
    await api.send(pause);
    const [item] = await found("PIPELINE_PAUSED");
    expect(item).toMatchObject({
      message: 'Pipeline "lonely" is paused by tester: moving house',
      pipeline: "lonely",
      subject: null,
    });
    await acknowledge(item!.id, "until Monday");
    const [known] = await found("PIPELINE_PAUSED");
    expect(known).toMatchObject({
      id: item!.id,
      acknowledgedBy: { type: "USER", name: "tester" },
      acknowledgedWord: "until Monday",
      acknowledgedAt: expect.any(String),
    });
    expect(await found("PIPELINE_PAUSED", elsewhere)).toEqual([]);
    await api.send(resume);
    expect(await found("PIPELINE_PAUSED")).toEqual([]);
    expect(await api.rig.db.query("select 1 from headway.acknowledgement where kind = 'PIPELINE_PAUSED'")).toEqual([]);
    await api.send(pause);
    expect(await found("PIPELINE_PAUSED")).toMatchObject([{ acknowledgedBy: null }]);
    await api.send(resume);
  });

  test("is a lost or stalled worker, for each project apart", async () => {
    const worker = async (beat: number, loop: number): Promise<string> => {
      const id = randomUUID();
      await api.rig.db.query(
        `insert into headway.worker (id, project_id, hostname, pid, build, pipelines, concurrency, lease_ms, loop_iterations,
           heartbeat_at, last_loop_at) values ($1, $2, 'somewhere', 7, 'test', '{}', 8, 30000, 5,
           clock_timestamp() - make_interval(secs => $3), clock_timestamp() - make_interval(secs => $4))`,
        [id, PROJECT, beat, loop],
      );
      return id;
    };
    const [lost, stalled] = [await worker(60, 60), await worker(1, 20)];
    await worker(100_000, 100_000);
    expect((await found("WORKER_STALLED")).map(({ subject }) => subject)).toEqual([
      { __typename: "Worker", id: stalled },
    ]);
    const [item] = await found("WORKER_LOST");
    expect(item).toMatchObject({ subject: { __typename: "Worker", id: lost }, pipeline: null });
    expect(Date.now() - Date.parse(item!.since)).toBeGreaterThan(55_000);
    await acknowledge(item!.id, "its disk is full", elsewhere);
    expect(await found("WORKER_LOST", elsewhere)).toMatchObject([{ acknowledgedBy: { name: "stranger" } }]);
    expect(await found("WORKER_LOST")).toMatchObject([{ id: item!.id, acknowledgedBy: null, acknowledgedWord: null }]);
    await api.rig.db.query("delete from headway.worker where hostname = 'somewhere'");
    expect(await found("WORKER_LOST")).toEqual([]);
  });

  test("is Redis where it is away, and a store that refuses", async () => {
    await api.rig.db.query(
      "insert into headway.blob_deletion (prefix, project_id, failures) values ('artifacts/x', $1, 3)",
      [PROJECT],
    );
    await look("ECONNREFUSED");
    const away = (await items()).filter(({ kind }) => kind === "DEPENDENCY_AWAY");
    expect(away.map(({ message }) => message).sort()).toEqual([
      "Redis is away, and work goes on by polling: ECONNREFUSED",
      expect.stringContaining("Stored files can't be removed"),
    ]);
    await api.rig.db.query("delete from headway.blob_deletion");
    expect(await found("DEPENDENCY_AWAY")).toEqual([]);
  });

  test("is a job that could move and does not", async () => {
    const id = await api.rig.submit("lonely", 1);
    const worker = await api.rig.startWorker({ pollMs: 3_600_000, heartbeatMs: 3_600_000 });
    await api.rig.settled(id);
    await worker.stop(0);
    const stuck = await api.rig.submit("lonely", 1);
    await api.rig.db.query("update headway.task set run_at = now() - interval '10 minutes' where job_id = $1", [stuck]);
    await api.rig.db.query(
      `update headway.worker set stopped_at = null, draining_at = null, heartbeat_at = now(), last_loop_at = now() where id = $1`,
      [worker.id],
    );
    expect((await found("STUCK_JOB")).map(({ subject }) => subject!.id)).toEqual([stuck]);
    await api.rig.db.query("update headway.worker set stopped_at = now() where id = $1", [worker.id]);
    expect(await found("STUCK_JOB")).toEqual([]);
  });

  test("is a broken invariant, found job by job, and gone once it holds again", async () => {
    const id = await api.rig.submit("picky", 1);
    await fill(api.rig.url, [`update headway.job set completed = 7 where id = '${id}'`]);
    await until("its turn has come", async () => (await found("INVARIANT_BROKEN")).length > 0);
    const [item] = await found("INVARIANT_BROKEN");
    expect(item).toMatchObject({
      message: expect.stringContaining("S8: counters differ from its tasks"),
      subject: { id },
    });
    await fill(api.rig.url, [`update headway.job set completed = 0 where id = '${id}'`]);
    expect(await found("INVARIANT_BROKEN")).toEqual([]);
  });

  test("is looked for without holding back a stream of a project: until it is written the look has no number of a transaction", async () => {
    const { db } = api.rig;
    let looking!: Promise<unknown>;
    await db.transaction(async (tx) => {
      // Where it begins to write it has to wait.
      await tx.query("lock table headway.attention_item in share mode");
      looking = db.query("select headway.look_for_attention(0, 0, 'it is away')");
      const waiting = () => waitingForLocks(db, "select headway.look_for_attention%");
      await until("it waits to write", async () => (await waiting()).length === 1);
      expect(await waiting()).toMatchObject([{ xid: null }]);
    });
    await looking;
    const { data } = await api.send(ITEMS);
    expect(data!.attention.items).toContainEqual(expect.objectContaining({ kind: "DEPENDENCY_AWAY" }));
    await db.query("select headway.look_for_attention(0, 0, null)");
  });

  test("is looked for at the same cost, however many jobs have failed and are known", async () => {
    const row = (status: string, known: string) => `
      insert into headway.job (id, project_id, collection_id, pipeline, pipeline_version, document_stages, collection_stages,
        status, total, failed, finished_at, status_changed_at, acknowledged_version, change_id, changed_by_type, changed_by, change_reason)
      select gen_random_uuid(), '${PROJECT}', c.id, 'picky', 1, '{read}', '{}', '${status}', 1, 1, now(), now() - interval '2 days' - make_interval(secs => substr(c.name, 8)::int), ${known},
        gen_random_uuid(), 'USER', 'filler', 'SUBMITTED' from headway.collection c where c.name like 'filled%'`;
    await fill(api.rig.url, [
      `insert into headway.collection (id, project_id, name, status, change_id, changed_by_type, changed_by, change_reason)
       select gen_random_uuid(), '${PROJECT}', 'filled ' || n, 'FAILED', gen_random_uuid(), 'USER', 'filler', 'CREATED'
       from generate_series(1, 10000) n`,
      row("FAILED", "1"),
      row("FAILED", "null"),
      "analyze",
    ]);
    const { data } = await api.send(ITEMS);
    expect(data!.attention.truncated).toBe(false);
    const read = await api.rig.db.transaction(async (tx) => {
      await tx.query("select headway.look_for_attention(0, 0, null)");
      return (await tx.query(
        `select relname as "table", (coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::int as rows from pg_stat_xact_user_tables
         where schemaname = 'headway'`,
      )) as { table: string; rows: number }[];
    });
    expect(read.filter(({ rows }) => rows > 2_000)).toEqual([]);
    const { data: after } = await api.send(ITEMS);
    expect(after!.attention.truncated).toBe(true);
    expect(after!.attention.items).toHaveLength(100);
  });
});

describe("an acknowledgement", () => {
  test("that is wrong is refused with all that is wrong, and nothing is kept", async () => {
    const { userErrors } = await acknowledge("x", "  ");
    expect(userErrors.map(({ code, path }: Record<string, any>) => `${code} ${path.join(".")}`)).toEqual([
      "INVALID_INPUT input.itemId",
      "INVALID_INPUT input.word",
    ]);
    expect((await acknowledge(randomUUID())).userErrors).toMatchObject([{ code: "NOT_FOUND" }]);
    const [mine] = await items();
    expect((await acknowledge(mine!.id, "not mine", elsewhere)).userErrors).toMatchObject([{ code: "NOT_FOUND" }]);
  });
});
