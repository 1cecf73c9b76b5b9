import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import pg from "pg";
import { ApiClient } from "../../src/cli/client.js";
import { clientFor } from "../../src/database/client.js";
import { createEmptyDatabase, type TestDatabase } from "../support/database.js";
import { startHeadway, type HeadwayProcess } from "../support/processes.js";
import { startRedis, type TestRedis } from "../support/redis.js";

const SCHEMAS = ["first", "Second_2"] as const;

let dataDir: string;
let database: TestDatabase;
let redis: TestRedis;
const processes: HeadwayProcess[] = [];
const clients: ApiClient[] = [];
beforeAll(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), "headway-two-"));
  [database, redis] = await Promise.all([createEmptyDatabase(), startRedis()]);
  // One by the setting, the other by the URL; both under one user, with one Redis.
  const byUrl = new URL(database.url);
  byUrl.searchParams.set("schema", SCHEMAS[1]);
  const places: Record<string, string>[] = [
    { DATABASE_URL: database.url, HEADWAY_DATABASE_SCHEMA: SCHEMAS[0] },
    { DATABASE_URL: byUrl.href },
  ];
  for (const [i, settings] of places.entries()) {
    const shared = { REDIS_URL: redis.url, HEADWAY_DATA_DIR: path.join(dataDir, String(i)) };
    processes.push(await startHeadway({ ...settings, ...shared }));
    clients.push(new ApiClient(processes[i]!.url, processes[i]!.key));
  }
});
afterAll(async () => {
  for (const client of clients) await client.close();
  for (const one of processes) await one.stop();
  await redis.stop();
  await database.drop();
  await rm(dataDir, { recursive: true, force: true });
});

async function submit(client: ApiClient, name: string): Promise<{ collectionId: string; jobId: string }> {
  const { collection } = await client.mutate<{ collection: { id: string }; userErrors: [] }>(
    `mutation ($input: CreateCollectionInput!) { result: createCollection(input: $input) { collection { id } userErrors { code message } } }`,
    { input: { name } },
  );
  await client.mutate(
    `mutation ($input: AddDocumentsInput!) { result: addDocuments(input: $input) { userErrors { code message } } }`,
    { input: { collectionId: collection.id, documents: [{ name: "a.txt", text: `What ${name} holds.` }] } },
  );
  const { job } = await client.mutate<{ job: { id: string }; userErrors: [] }>(
    `mutation ($input: SubmitJobInput!) { result: submitJob(input: $input) { job { id } userErrors { code message } } }`,
    { input: { collectionId: collection.id, pipeline: "documents" } },
  );
  return { collectionId: collection.id, jobId: job.id };
}

interface Seen {
  readonly statusChanges: { readonly entityId?: string; readonly entityType?: string; readonly toStatus?: string };
}

/** The ids of the jobs that the stream of the collection tells of behind the cursor, until one of them settles. */
async function jobsToldOf(client: ApiClient, collectionId: string, after: string): Promise<Set<string>> {
  const jobs = new Set<string>();
  for await (const { statusChanges: change } of client.subscribe<Record<string, unknown> & Seen>(
    `subscription ($id: ID!, $after: String) { statusChanges(collectionId: $id, after: $after) { ... on StatusChange { entityId entityType toStatus } } }`,
    { id: collectionId, after },
  )) {
    if (change.entityType !== "JOB") continue;
    jobs.add(change.entityId!);
    if (change.toStatus === "COMPLETED" || change.toStatus === "FAILED") break;
  }
  return jobs;
}

describe("two installations in one database, under one user, with one Redis", () => {
  test("work side by side: each takes its own jobs, and tells its own clients of them alone", async () => {
    const submitted = await Promise.all(clients.map((client, i) => submit(client, `of ${SCHEMAS[i]}`)));
    for (const [i, client] of clients.entries()) {
      const mine = submitted[i]!;
      const { jobs } = await client.query<{ jobs: { nodes: { id: string }[] } }>("{ jobs { nodes { id } } }");
      expect(jobs.nodes).toEqual([{ id: mine.jobId }]);
      await settled(client, mine.jobId);
      // A collection of the other one is unknown here.
      const theirs = submitted[1 - i]!;
      expect(await client.query(`{ collection(id: "${theirs.collectionId}") { id } }`)).toEqual({ collection: null });
    }
    for (const schema of SCHEMAS) expect(await rowsOf(schema, "select * from headway.violations()")).toEqual([]);
    const tables = await rowsOf(SCHEMAS[0], "select relname from pg_class where relnamespace = 'public'::regnamespace");
    expect(tables).toEqual([]);
  });

  test("hear of their own changes: a stream of each brings its own job and no other", async () => {
    const collections = await Promise.all(
      clients.map(async (client) => {
        const { collection } = await client.mutate<{ collection: { id: string }; userErrors: [] }>(
          `mutation ($input: CreateCollectionInput!) { result: createCollection(input: $input) { collection { id } userErrors { code message } } }`,
          { input: { name: "streamed" } },
        );
        await client.mutate(
          `mutation ($input: AddDocumentsInput!) { result: addDocuments(input: $input) { userErrors { code message } } }`,
          { input: { collectionId: collection.id, documents: [{ name: "a.txt", text: "Something to read." }] } },
        );
        return collection.id;
      }),
    );
    const cursors = await Promise.all(
      clients.map(async (client, i) => {
        const { cursor } = await client.query<{ cursor: string }>(
          `{ cursor: streamCursor(collectionId: "${collections[i]}") }`,
        );
        return cursor;
      }),
    );
    const told = clients.map((client, i) => jobsToldOf(client, collections[i]!, cursors[i]!));
    const jobs = await Promise.all(
      clients.map(async (client, i) => {
        const { job } = await client.mutate<{ job: { id: string }; userErrors: [] }>(
          `mutation ($input: SubmitJobInput!) { result: submitJob(input: $input) { job { id } userErrors { code message } } }`,
          { input: { collectionId: collections[i], pipeline: "documents" } },
        );
        return job.id;
      }),
    );
    expect(await Promise.all(told)).toEqual(jobs.map((id) => new Set([id])));
  });

  test("take different locks for the same id, and wake different listeners", async () => {
    const id = "00000000-0000-7000-8000-00000000abcd";
    const [one, other] = SCHEMAS.map((schema) => new (clientFor(schema))({ connectionString: database.url }));
    const listening = new pg.Client({ connectionString: database.url });
    const woken: string[] = [];
    await Promise.all([one, other, listening].map((client) => client!.connect()));
    try {
      for (const lock of ["lock_collections", "lock_history"]) {
        await one!.query("begin");
        await one!.query(`select headway.${lock}(array[$1::uuid])`, [id]);
        await other!.query("begin");
        await other!.query("set local lock_timeout = '2s'");
        await other!.query(`select headway.${lock}(array[$1::uuid])`, [id]);
        const { rows } = await listening.query(
          "select count(*)::int as held from pg_locks where locktype = 'advisory'",
        );
        expect(rows[0].held).toBeGreaterThanOrEqual(2);
        await one!.query("commit");
        await other!.query("commit");
      }
      listening.on("notification", ({ channel }) => woken.push(channel));
      await listening.query(`listen "${SCHEMAS[0]}"; listen "${SCHEMAS[1]}"`);
      await one!.query(
        "update headway.collection set status = 'PROCESSING', version = version + 1, change_id = gen_random_uuid(), change_reason = 'SUBMITTED' where name = 'streamed'",
      );
      await listening.query("select 1");
      expect(woken).toContain(SCHEMAS[0]);
      expect(woken).not.toContain(SCHEMAS[1]);
    } finally {
      await Promise.all([one, other, listening].map((client) => client!.end()));
    }
  });
});

async function settled(client: ApiClient, jobId: string): Promise<void> {
  const deadlineAt = Date.now() + 60_000;
  for (;;) {
    const { job } = await client.query<{ job: { status: string } }>(`{ job(id: "${jobId}") { status } }`);
    if (job.status === "COMPLETED") return;
    if (Date.now() > deadlineAt) throw new Error(`Job ${jobId} is ${job.status}.`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function rowsOf(schema: string, sql: string): Promise<unknown[]> {
  const client = new (clientFor(schema))({ connectionString: database.url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
