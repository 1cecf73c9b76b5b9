import { afterAll, beforeAll, expect, test } from "@jest/globals";
import pg from "pg";
import type { ApiClient } from "../../src/cli/client.js";
import { createTestDatabase, type TestDatabase } from "../support/database.js";
import { startPgBouncer, type TestPooler } from "../support/pgbouncer.js";
import { createFaultRig, type FaultRig } from "./rig.js";

/** What a database may be set to by those who share it, each of which changes how Postgres writes or reads. */
const ELSEWHERE = {
  datestyle: "German, DMY",
  timezone: "Asia/Kathmandu",
  intervalstyle: "sql_standard",
  bytea_output: "escape",
  standard_conforming_strings: "off",
  backslash_quote: "off",
  client_encoding: "LATIN1",
  quote_all_identifiers: "on",
};
/** What changes answers too, and can only be corrected by a connection of its own. */
const ONLY_DIRECTLY = {
  extra_float_digits: "-10",
  array_nulls: "off",
  transform_null_equals: "on",
  default_transaction_isolation: "serializable",
  default_transaction_read_only: "on",
  row_security: "off",
};

let plain: TestDatabase;
let elsewhere: TestDatabase;
let furtherOff: TestDatabase;
let pooled: TestDatabase;
let pooler: TestPooler;
const rigs: FaultRig[] = [];
beforeAll(async () => {
  [plain, elsewhere, furtherOff, pooled] = await Promise.all([
    createTestDatabase(),
    createTestDatabase(),
    createTestDatabase(),
    createTestDatabase(),
  ]);
  await set(elsewhere, ELSEWHERE);
  await set(pooled, ELSEWHERE);
  await set(furtherOff, { ...ELSEWHERE, ...ONLY_DIRECTLY });
  pooler = await startPgBouncer([pooled.url]);
});
afterAll(async () => {
  await Promise.all(rigs.map((rig) => rig.close()));
  await pooler.stop();
  await Promise.all([plain, elsewhere, furtherOff, pooled].map((database) => database.drop()));
});

async function set(database: TestDatabase, settings: Readonly<Record<string, string>>): Promise<void> {
  const client = new pg.Client({ connectionString: process.env.HEADWAY_TEST_SUPERUSER_URL! });
  await client.connect();
  const name = new URL(database.url).pathname.slice(1);
  for (const [key, value] of Object.entries(settings)) {
    await client.query(`alter database ${name} set ${key} = '${value}'`);
  }
  await client.end();
}

const EVERY_BYTE = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
const TEXT = String.raw`Grüße, "O'Neil" \ 04.03.2026 \x41 naïve`;
const CHANGE = "entityType version fromStatus toStatus toStage reason message at cursor";

/** All that a client sees of one job, from its submission to its end. */
async function answersOf(api: ApiClient): Promise<unknown> {
  const { collection } = await api.mutate<any>(
    `mutation ($input: CreateCollectionInput!) { createCollection(input: $input) {
       collection { id createdAt expiresAt metadata } userErrors { code message } } }`,
    { input: { name: String.raw`märz \ 2026`, expiresInDays: 3, metadata: { text: TEXT, half: 0.1 + 0.2 } } },
  );
  const documents = [
    { name: "a.txt", text: TEXT },
    { name: "b.txt", base64: Buffer.from("plain words").toString("base64") },
    { name: "c.bin", base64: EVERY_BYTE.toString("base64") },
  ];
  await api.mutate(
    `mutation ($input: AddDocumentsInput!) { addDocuments(input: $input) { documents { id } userErrors { code message } } }`,
    { input: { collectionId: collection.id, documents } },
  );
  const { streamCursor } = await api.query<{ streamCursor: string }>(
    "query ($id: ID) { streamCursor(collectionId: $id) }",
    { id: collection.id },
  );
  const { job } = await api.mutate<any>(
    `mutation ($input: SubmitJobInput!) { submitJob(input: $input) { job { id } userErrors { code message } } }`,
    { input: { collectionId: collection.id, pipeline: "steps" } },
  );
  const changes: any[] = [];
  for await (const { statusChanges } of api.subscribe<{ statusChanges: any }>(
    `subscription ($c: ID, $after: String) { statusChanges(collectionId: $c, after: $after) { ... on StatusChange { ${CHANGE} } } }`,
    { c: collection.id, after: streamCursor },
  )) {
    changes.push(statusChanges);
    if (statusChanges.entityType === "JOB" && statusChanges.toStatus.startsWith("COMPLETED")) break;
  }
  const resumed = api.subscribe<{ statusChanges: any }>(
    `subscription ($c: ID, $after: String) { statusChanges(collectionId: $c, after: $after) { ... on StatusChange { ${CHANGE} } } }`,
    { c: collection.id, after: changes[2].cursor },
  );
  const next = (await resumed.next()).value.statusChanges;
  await resumed.return?.();
  expect(next).toEqual(changes[3]);
  const seen = await api.query<any>(
    `query ($job: ID!, $collection: ID!) {
       job(id: $job) {
         status createdAt startedAt finishedAt statusChangedAt progress
         summary { createdAt durationMs output stages { stage } counts { total completed } }
         artifacts { nodes { name sizeBytes sha256 createdAt url } }
         tasks(first: 10) { nodes { documentName status progress createdAt startedAt finishedAt runAt
           stages { stage startedAt finishedAt outcome } history(first: 3) { nodes { ${CHANGE} } } } }
       }
       collection(id: $collection) { metadata createdAt expiresAt documents(first: 3) { nodes { name sizeBytes createdAt text chunks(first: 2) { nodes { text endOffset } } } } }
     }`,
    { job: job.id, collection: collection.id },
  );
  const [artifact] = seen.job.artifacts.nodes;
  const bytes = Buffer.from(await api.download(artifact.url)).toString("utf8");
  return shapeOf({
    collection,
    changes: changes
      .map(({ entityType, version, reason, at }) => [entityType, version, reason, at])
      .sort((a, b) => (String(a) < String(b) ? -1 : 1)),
    seen,
    bytes,
  });
}

/** The same for every run: dates that are dates of today are "now", the rest of a time or a name is its kind. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, one]) => {
        if (key === "durationMs") return [key, typeof one];
        return [key, ["id", "cursor", "url"].includes(key) ? typeof one : shapeOf(one)];
      }),
    );
  }
  if (typeof value === "string" && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value)) {
    const days = (Date.parse(value) - Date.now()) / 86_400_000;
    return Math.abs(days) < 0.1 ? "now" : `in ${Math.round(days)} days`;
  }
  return value;
}

async function answersFrom(database: TestDatabase, settings: Record<string, string> = {}): Promise<unknown> {
  const rig = await createFaultRig({ databaseUrl: database.url });
  rigs.push(rig);
  return answersOf(rig.client(await rig.start(settings)));
}

test("F37: the API answers the same whatever the defaults of the database are, directly and through a pooler", async () => {
  const expected = await answersFrom(plain);
  expect(JSON.stringify(expected)).not.toContain('At":null');
  expect(expected).toMatchObject({ collection: { createdAt: "now", expiresAt: "in 3 days" }, bytes: "3" });
  expect(await answersFrom(elsewhere)).toEqual(expected);
  expect(await answersFrom(furtherOff)).toEqual(expected);
  const through = { DATABASE_URL: pooler.through(pooled.url), HEADWAY_DATABASE_DIRECT_URL: pooled.url };
  expect(await answersFrom(pooled, through)).toEqual(expected);
  await rigs.at(-1)!.account({
    fault: "F37",
    what: `${Object.keys({ ...ELSEWHERE, ...ONLY_DIRECTLY }).length} defaults of a database`,
    times: 1,
  });
});
