import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { deleteDueBlobs } from "../../../src/engine/expiry/expire.js";
import { definePipeline, type DocumentContext } from "../../../src/pipelines/pipeline.js";
import { expireCollections } from "../../../src/reconciler/expiry.js";
import type { DutyDeps } from "../../../src/reconciler/duty.js";
import { createTestApi, type TestApi } from "../../support/api.js";
import { PROJECT } from "../../support/engine.js";
import { fill } from "../../support/fill.js";
import { until } from "../../support/until.js";

const SECRET = "a secret of mine";
let release: (() => void) | null = null;

const keeper = definePipeline({
  name: "keeper",
  version: 1,
  documentStages: [
    {
      name: "read",
      run: async (ctx: DocumentContext) => {
        ctx.warn("ODD", SECRET);
        await ctx.setText(SECRET);
        await ctx.chunks.replace([{ ordinal: 0, text: SECRET, startOffset: 0, endOffset: 16 }]);
        if (ctx.document.name === "bad") throw Object.assign(new Error(SECRET), { code: "BAD" });
        return { found: SECRET };
      },
      maxAttempts: 1,
    },
  ],
  collectionStages: [
    {
      name: "report",
      run: async (ctx) => {
        await ctx.artifacts.write("report.txt", SECRET, "text/plain");
        return { report: SECRET };
      },
    },
  ],
});
const slow = definePipeline({
  name: "slow",
  version: 1,
  documentStages: [{ name: "wait", run: () => new Promise<null>((resolve) => (release = () => resolve(null))) }],
});

let api: TestApi;
let duty: DutyDeps;
beforeAll(async () => {
  api = await createTestApi([keeper, slow]);
  const { db, dispatcher, onError } = api.rig.deps;
  duty = { db, dispatcher, onError, blobs: api.rig.blobs, recorder: null as never, settings: null as never };
});
afterAll(() => api.close());

async function ask(query: string, variables: Record<string, unknown> = {}): Promise<Record<string, any>> {
  const { data, errors } = await api.send(query, variables);
  expect(errors).toEqual([]);
  return data!;
}

const DELETE = `mutation ($id: ID!) { deleteCollection(input: { collectionId: $id }) {
  collection { id name status documentCount } userErrors { code message } } }`;
const CREATE = `mutation ($name: String!, $days: Int) {
  createCollection(input: { name: $name, description: "${SECRET}", metadata: { of: "${SECRET}" }, expiresInDays: $days }) {
    collection { id expiresAt warnings { code } } userErrors { code message path } } }`;

let made = 0;
async function processed(): Promise<{ collectionId: string; jobId: string; name: string }> {
  const name = `expiring ${(made += 1)}`;
  const { createCollection } = await ask(CREATE, { name });
  const collectionId = createCollection.collection.id as string;
  await ask(
    `mutation ($id: ID!) { addDocuments(input: { collectionId: $id, documents: [
       { name: "good", text: "${SECRET}" }, { name: "bad", text: "${SECRET}" }] }) { userErrors { code } } }`,
    { id: collectionId },
  );
  const runner = await api.rig.startWorker();
  const jobId = await api.rig.submit("keeper", 0, { collectionId });
  expect(await api.rig.settled(jobId)).toBe("COMPLETED_WITH_ERRORS");
  await runner.stop(0);
  // As a worker of a later version has said of the job's options.
  await api.rig.db.query(
    `insert into headway.options_check (job_id, project_id, pipeline_version, refusal)
     select id, project_id, pipeline_version + 1, $2 from headway.job where id = $1`,
    [jobId, `options.for: ${SECRET} is none of them`],
  );
  return { collectionId, jobId, name };
}

/** Every row of every table that still tells what the documents held. */
async function remains(secret = SECRET): Promise<string[]> {
  const tables: { name: string }[] = await api.rig.db.query(
    "select tablename as name from pg_tables where schemaname = 'headway'",
  );
  const found: string[] = [];
  for (const { name } of tables) {
    const rows: unknown[] = await api.rig.db.query(`select 1 from headway."${name}" t where t::text like $1`, [
      `%${secret}%`,
    ]);
    if (rows.length > 0) found.push(name);
  }
  return found;
}

describe("deleteCollection", () => {
  test("leaves the record and its history, and nothing of what it held", async () => {
    const { collectionId, jobId, name } = await processed();
    const { job: before } = await ask(
      "query ($id: ID!) { job(id: $id) { artifacts { nodes { id } } tasks { totalCount } history { totalCount } } }",
      { id: jobId },
    );
    expect(before.artifacts.nodes).toHaveLength(1);
    const [{ blob_key: key }] = await api.rig.db.query("select blob_key from headway.artifact where job_id = $1", [
      jobId,
    ]);
    expect(await api.rig.blobs.size(key)).toBe(SECRET.length);

    const { deleteCollection } = await ask(DELETE, { id: collectionId });
    expect(deleteCollection).toEqual({
      collection: { id: collectionId, name: collectionId, status: "EXPIRED", documentCount: 0 },
      userErrors: [],
    });
    expect(await remains()).toEqual([]);
    expect(await deleteDueBlobs(api.rig.deps, api.rig.blobs)).toBeGreaterThan(0);
    expect(await api.rig.blobs.size(key)).toBeNull();
    expect(await expireCollections(duty)).toBe(0);

    const { job, collection } = await ask(
      `query ($job: ID!, $id: ID!) {
         job(id: $job) { status summary { output errors { code count } } tasks { totalCount nodes { status error { code message } } }
           history { totalCount } }
         collection(id: $id) { documents { totalCount } lastChange { reason actor { type name } } canSubmit { disabledReason } } }`,
      { job: jobId, id: collectionId },
    );
    expect(job).toMatchObject({
      status: "COMPLETED_WITH_ERRORS",
      summary: { output: null, errors: [{ code: "BAD", count: 1 }] },
      tasks: { totalCount: before.tasks.totalCount },
      history: { totalCount: before.history.totalCount },
    });
    expect(collection).toMatchObject({
      documents: { totalCount: 0 },
      lastChange: { reason: "EXPIRED_BY_REQUEST", actor: { type: "USER", name: "tester" } },
      canSubmit: { disabledReason: `Collection ${collectionId} has expired; create a new one.` },
    });
    expect((await ask(CREATE, { name })).createCollection.userErrors).toEqual([]);
    expect(await api.rig.violations()).toEqual([]);
  });

  test("cancels an open job first, takes nothing new meanwhile, and expires once running work has stopped", async () => {
    const runner = await api.rig.startWorker();
    const collectionId = await api.rig.collection(2);
    const jobId = await api.rig.submit("slow", 0, { collectionId });
    await until("it runs", () => release !== null);
    const { deleteCollection } = await ask(DELETE, { id: collectionId });
    expect(deleteCollection.userErrors).toEqual([]);
    const { job, collection } = await ask(
      `query ($job: ID!, $id: ID!) { job(id: $job) { lastChange { actor { type name } } }
         collection(id: $id) { warnings { code } canSubmit { allowed disabledReason } } }`,
      { job: jobId, id: collectionId },
    );
    expect(job.lastChange.actor).toMatchObject({ type: "SYSTEM" });
    expect(collection.canSubmit).toEqual({
      allowed: false,
      disabledReason: `Collection ${collectionId} is being deleted; create a new one.`,
    });
    release!();
    expect(await api.rig.settled(jobId)).toBe("CANCELLED");
    const sweep = api.rig.startReconciler();
    await until("it has expired", async () => {
      const { collection: now } = await ask("query ($id: ID!) { collection(id: $id) { status } }", {
        id: collectionId,
      });
      return now.status === "EXPIRED";
    });
    await sweep.stop();
    await runner.stop(0);
    expect(await api.rig.violations()).toEqual([]);
  });

  test("of what has expired, or never was, is refused", async () => {
    const collectionId = await api.rig.collection(1);
    await ask(DELETE, { id: collectionId });
    expect((await ask(DELETE, { id: collectionId })).deleteCollection.userErrors).toEqual([
      { code: "COLLECTION_EXPIRED", message: `Collection ${collectionId} is EXPIRED already.` },
    ]);
    const unknown = "00000000-0000-7000-8000-00000000abcd";
    expect((await ask(DELETE, { id: unknown })).deleteCollection.userErrors[0].code).toBe("NOT_FOUND");
    for (const [mutation, path] of [
      ['addDocuments(input: { collectionId: $id, documents: [{ name: "n", text: "t" }] })', "addDocuments"],
      ['submitJob(input: { collectionId: $id, pipeline: "keeper" })', "submitJob"],
    ]) {
      const answer = await ask(`mutation ($id: ID!) { ${mutation} { userErrors { code } } }`, { id: collectionId });
      expect(answer[path!].userErrors).toEqual([{ code: "COLLECTION_EXPIRED" }]);
    }
  });
});

describe("expiry by time", () => {
  test("is told beforehand, and comes when it is due", async () => {
    const { createCollection } = await ask(CREATE, { name: "three days", days: 3 });
    const { id, expiresAt, warnings } = createCollection.collection;
    expect(Date.parse(expiresAt) - Date.now()).toBeGreaterThan(2.99 * 86_400_000);
    expect(Date.parse(expiresAt) - Date.now()).toBeLessThanOrEqual(3 * 86_400_000 + 3_600_000);
    expect(warnings).toEqual([{ code: "EXPIRES_SOON" }]);
    await expireCollections(duty);
    await api.rig.db.query("update headway.collection set expires_at = clock_timestamp() where id = $1", [id]);
    expect(await expireCollections(duty)).toBeGreaterThan(0);
    const { collection } = await ask(
      "query ($id: ID!) { collection(id: $id) { status lastChange { reason actor { type name } } } }",
      { id },
    );
    expect(collection).toEqual({
      status: "EXPIRED",
      lastChange: { reason: "EXPIRED_BY_RETENTION", actor: { type: "SYSTEM", name: "system:expiry" } },
    });
    expect(await expireCollections(duty)).toBe(0);
  });

  test.each([0, -1, 36_501])("expiresInDays: %d is refused", async (days) => {
    const { createCollection } = await ask(CREATE, { name: `wrong ${days}`, days });
    expect(createCollection.userErrors).toMatchObject([{ code: "INVALID_INPUT", path: ["input", "expiresInDays"] }]);
  });

  test("one collection that can't be expired does not keep the others", async () => {
    const ids = [await api.rig.collection(1), await api.rig.collection(1)];
    await api.rig.db.query("update headway.collection set expires_at = clock_timestamp() where id = any ($1)", [ids]);
    await api.rig.db.query(
      `create function headway.fail_one() returns trigger language plpgsql as $$
       begin if new.id = '${ids[0]}' and new.status = 'EXPIRED' then raise exception 'not this one'; end if; return new; end $$`,
    );
    await api.rig.db.query(
      "create trigger fail_one before update on headway.collection for each row execute function headway.fail_one()",
    );
    await expireCollections(duty);
    await api.rig.db.query("drop trigger fail_one on headway.collection");
    const rows = await api.rig.db.query(
      "select id from headway.collection where id = any ($1) and status = 'EXPIRED'",
      [ids],
    );
    expect(rows).toEqual([{ id: ids[1] }]);
    expect(api.rig.errors.map(({ doing }) => doing)).toContain(
      `expiring collection ${ids[0]}; it will be tried again later`,
    );
    await expireCollections(duty);
  });
});

describe("emptying a large collection", () => {
  const TASKS = 1_500;
  const LIMIT = 100;
  const TOLD = "what these documents told";

  /** A settled job whose tasks have two outputs and two changes each, one of them with a message. */
  async function large(): Promise<string> {
    const collectionId = await api.rig.collection(1);
    const jobId = randomUUID();
    const by = "gen_random_uuid(), 'USER', 'filler', 'SUBMITTED'";
    await fill(api.rig.url, [
      `insert into headway.job (id, project_id, collection_id, pipeline, pipeline_version, document_stages, collection_stages, status,
         total, completed, finished_at, change_id, changed_by_type, changed_by, change_reason)
       values ('${jobId}', '${PROJECT}', '${collectionId}', 'keeper', 1, '{a,b}', '{}', 'COMPLETED', ${TASKS}, ${TASKS}, now(), ${by})`,
      `insert into headway.task (id, project_id, collection_id, job_id, kind, document_name, ordinal, pipeline, status, finished_at,
         change_id, changed_by_type, changed_by, change_reason)
       select gen_random_uuid(), '${PROJECT}', '${collectionId}', '${jobId}', 'DOCUMENT', '${TOLD}', n, 'keeper', 'COMPLETED', now(), ${by}
       from generate_series(1, ${TASKS}) n`,
      `insert into headway.stage_output (task_id, project_id, stage, fence, output)
       select id, project_id, s, 1, '"${TOLD}"' from headway.task, unnest('{a,b}'::text[]) s where job_id = '${jobId}'`,
      `insert into headway.status_change (project_id, entity_type, entity_id, collection_id, job_id, task_id, version, to_status,
         actor_type, actor, reason, message, change_id, at)
       select project_id, 'TASK', id, collection_id, job_id, id, v, 'QUEUED', 'USER', 'filler', 'SUBMITTED',
         case v when 2 then '${TOLD}' end, gen_random_uuid(), now()
       from headway.task, generate_series(1, 2) v where job_id = '${jobId}'`,
      "analyze",
    ]);
    await api.rig.db.query("update headway.collection set deletion_requested_at = clock_timestamp() where id = $1", [
      collectionId,
    ]);
    await api.rig.db.query("select headway.expire_collection($1, 'system:expiry')", [collectionId]);
    return collectionId;
  }

  test("looks at as many rows in its last step as in its first", async () => {
    const collectionId = await large();
    const looked: number[] = [];
    for (let touched = 1; touched > 0;) {
      touched = await api.rig.db.transaction(async (tx) => {
        const [step] = await tx.query("select headway.empty_collection($1, $2) as touched", [collectionId, LIMIT]);
        const [read] = await tx.query(
          `select sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::int as rows from pg_stat_xact_user_tables
           where relname in ('document', 'chunk', 'artifact', 'job', 'task', 'stage_output', 'status_change')`,
        );
        looked.push(read.rows);
        // Else the next transaction's figures begin with this one's.
        await tx.query("select pg_stat_force_next_flush()");
        return step.touched;
      });
    }
    expect(looked.length).toBeGreaterThan((TASKS / LIMIT) * 5);
    expect(Math.max(...looked)).toBeLessThan(LIMIT * 10);
    expect(await remains(TOLD)).toEqual([]);
  });

  test("is done by several sweepers at once, each step by one of them", async () => {
    const collectionId = await large();
    const together = (): Promise<number[]> => Promise.all([1, 2, 3].map(() => expireCollections(duty)));
    while ((await together()).some((moved) => moved > 0));
    const [row] = await api.rig.db.query(
      "select emptied_at is not null as emptied from headway.collection where id = $1",
      [collectionId],
    );
    expect(row).toEqual({ emptied: true });
    expect(await remains(TOLD)).toEqual([]);
  });
});

describe("expiringCollections", () => {
  const LIST =
    "query ($after: String) { expiringCollections(first: 1, after: $after) { nodes { name } pageInfo { endCursor } } }";

  test("lists what goes at a time, the soonest first, and nothing that stays or has gone", async () => {
    const made: Record<string, string> = {};
    for (const [name, expiresInDays] of [
      ["in a year", 365],
      ["in a week", 7],
      ["never", null],
      ["gone", 1],
    ] as const) {
      const { createCollection } = await ask(
        "mutation ($input: CreateCollectionInput!) { createCollection(input: $input) { collection { id } } }",
        { input: { name, expiresInDays } },
      );
      made[name] = createCollection.collection.id;
    }
    await ask("mutation ($input: DeleteCollectionInput!) { deleteCollection(input: $input) { userErrors { code } } }", {
      input: { collectionId: made["gone"] },
    });
    const names: string[] = [];
    let after: string | null = null;
    do {
      const { expiringCollections }: Record<string, any> = await ask(LIST, { after });
      names.push(...expiringCollections.nodes.map(({ name }: { name: string }) => name));
      after = expiringCollections.pageInfo.endCursor;
    } while (after !== null);
    // Among those of other tests, which go in between.
    expect(names.filter((name) => name in made)).toEqual(["in a week", "in a year"]);
  });
});
