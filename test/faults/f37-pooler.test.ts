import { afterEach, beforeEach, expect, test } from "@jest/globals";
import pg from "pg";
import type { ApiClient } from "../../src/cli/client.js";
import { createTestDatabase, type TestDatabase } from "../support/database.js";
import { startPgBouncer, type TestPooler } from "../support/pgbouncer.js";
import { until } from "../support/until.js";
import { createFaultRig, ROLES, type FaultRig } from "./rig.js";

let database: TestDatabase;
let rig: FaultRig;
let pooler: TestPooler;
beforeEach(async () => {
  database = await createTestDatabase();
  rig = await createFaultRig({ databaseUrl: database.url });
  pooler = await startPgBouncer([database.url]);
});
afterEach(async () => {
  await rig.close();
  await pooler.stop();
  await database.drop();
});

interface Seen {
  readonly entityType: string;
  readonly entityId: string;
  readonly version: number;
  readonly toStatus: string;
}

/** Every change of the collection from the cursor to the end of its job. */
async function followed(api: ApiClient, collectionId: string, after: string): Promise<Seen[]> {
  const seen: Seen[] = [];
  for await (const { statusChanges } of api.subscribe<{ statusChanges: Seen }>(
    `subscription ($c: ID, $after: String) { statusChanges(collectionId: $c, after: $after) {
       ... on StatusChange { entityType entityId version toStatus } } }`,
    { c: collectionId, after },
  )) {
    seen.push(statusChanges);
    if (statusChanges.entityType === "JOB" && statusChanges.toStatus === "COMPLETED") return seen;
  }
  throw new Error("The stream ended before the job.");
}

/** Submits a job and follows it: each change came once, and each entity's versions without a gap. */
async function submitAndFollow(api: ApiClient, documents: number): Promise<void> {
  const collectionId = await rig.collection(api, documents);
  const { streamCursor } = await api.query<{ streamCursor: string }>(
    "query ($c: ID) { streamCursor(collectionId: $c) }",
    { c: collectionId },
  );
  const following = followed(api, collectionId, streamCursor);
  await rig.submit(api, collectionId);
  const seen = await following;
  const versions = new Map<string, number[]>();
  for (const { entityId, version } of seen) versions.set(entityId, [...(versions.get(entityId) ?? []), version]);
  for (const [entityId, list] of versions) {
    const from = list[0]!;
    expect({ entityId, list }).toEqual({ entityId, list: list.map((_, i) => from + i) });
  }
  // The job, its collection, its documents' tasks and the collection's task.
  expect(versions.size).toBe(documents + 3);
}

/** What sessions of the server hold on to when nobody is in a transaction. */
async function leftBehind(): Promise<unknown[]> {
  const { rows } = await rig.db.query(
    "select l.locktype, a.application_name from pg_locks l join pg_stat_activity a using (pid) where l.locktype = 'advisory' and a.state = 'idle' and a.datname = current_database()",
  );
  return rows;
}

test("F37: an API and a worker behind PgBouncer in transaction mode take jobs to COMPLETED, and their changes are followed live", async () => {
  const pooled = { DATABASE_URL: pooler.through(database.url), HEADWAY_DATABASE_DIRECT_URL: database.url };
  const api = rig.client(await rig.start(ROLES.api, pooled));
  await rig.start({ HEADWAY_ROLES: "worker,reconciler" }, pooled);
  await submitAndFollow(api, 12);
  await Promise.all([submitAndFollow(api, 5), submitAndFollow(api, 5)]);
  const listening = await rig.db.query(
    "select count(*)::int as n from pg_stat_activity where datname = current_database() and application_name = 'headway-listen'",
  );
  // For the API's streams, for the worker's cancel requests and for the reconciler's webhooks.
  expect(listening.rows).toEqual([{ n: 3 }]);
  expect(await leftBehind()).toEqual([]);
  // Nothing had to be allowed or ignored there: each process asks once for a session of its own, and is told no; so does
  // this one for each of their two keys.
  expect(pooler.log().match(/pooler error: .*/g)).toEqual(Array(4).fill(expect.stringContaining("startup parameter")));
  await rig.account({ fault: "F37", what: "PgBouncer, transaction mode", times: 1 });
});

test("F37: without a way past the pooler changes and cancel requests are found by polling, and it is said what to set", async () => {
  const pooled = { DATABASE_URL: pooler.through(database.url) };
  const first = await rig.start(ROLES.api, pooled);
  const api = rig.client(first);
  const second = await rig.start({ HEADWAY_ROLES: "worker,reconciler" }, pooled);
  for (const { output } of [first, second].map((one) => ({ output: one.output() }))) {
    expect(output.split("Set HEADWAY_DATABASE_DIRECT_URL")).toHaveLength(2);
    expect(output).toContain(`alter role \\"headway\\" in database`);
  }
  await submitAndFollow(api, 12);
  const jobId = await rig.submit(api, 2, { options: { holdMs: 60_000 } }, "scenery");
  await until("it runs", async () => {
    const { rows } = await rig.db.query("select from headway.task where job_id = $1 and status = 'RUNNING'", [jobId]);
    return rows.length > 0;
  });
  await api.mutate(
    "mutation ($id: ID!) { cancelJob(input: { jobId: $id }) { job { id } userErrors { code message } } }",
    {
      id: jobId,
    },
  );
  await rig.settled([jobId]);
  expect((await rig.db.query("select status from headway.job where id = $1", [jobId])).rows).toEqual([
    { status: "CANCELLED" },
  ]);
  const listening = await rig.db.query(
    "select from pg_stat_activity where datname = current_database() and query ilike 'listen %'",
  );
  expect(listening.rows).toEqual([]);
  await rig.account({ fault: "F37", what: "PgBouncer, polling alone", times: 1 });
});

test("F37: what another client leaves to the sessions of a pooler changes no decision: it is refused or done right", async () => {
  const pooled = { DATABASE_URL: pooler.through(database.url), HEADWAY_DATABASE_DIRECT_URL: database.url };
  const api = rig.client(await rig.start(pooled));
  await submitAndFollow(api, 3);
  const stranger = new pg.Client({ connectionString: pooler.through(database.url) });
  await stranger.connect();
  let spoilt = 0;
  const collectionId = await rig.collection(api, 8);
  const jobId = await rig.submit(api, collectionId, { options: { holdMs: 100 } });
  for (; spoilt < 20; spoilt += 1) {
    await stranger.query("set default_transaction_isolation = 'serializable'");
    await stranger.query("set datestyle = 'German, DMY'");
    await stranger.query("set search_path = 'nowhere'");
  }
  await stranger.end();
  // As an operator does who has found out; what was refused meanwhile is done then.
  await pooler.console("reconnect");
  await rig.settled([jobId]);
  await submitAndFollow(api, 3);
  await rig.account({ fault: "F37", what: "sessions spoilt by another client", times: spoilt });
});

test("F37: two installations live in one database, under one user, through one pooler", async () => {
  const pooled = (schema: string): Record<string, string> => ({
    DATABASE_URL: pooler.through(database.url),
    HEADWAY_DATABASE_DIRECT_URL: database.url,
    HEADWAY_DATABASE_SCHEMA: schema,
  });
  const ours = rig.client(await rig.start(pooled("headway")));
  const other = await rig.start(pooled("second"));
  const theirs = rig.client(other);
  await Promise.all([
    submitAndFollow(ours, 6),
    submitAndFollow(theirs, 7),
    submitAndFollow(ours, 5),
    submitAndFollow(theirs, 4),
  ]);
  const jobsOf = async (api: ApiClient): Promise<number> =>
    (await api.query<{ jobs: { totalCount: number } }>("{ jobs(first: 1) { totalCount } }")).jobs.totalCount;
  expect([await jobsOf(ours), await jobsOf(theirs)]).toEqual([2, 2]);
  const { rows } = await rig.db.query(
    `select (select count(*)::int from headway.task) as ours, (select count(*)::int from second.task) as theirs,
       (select count(*)::int from headway.violations(now() - interval '1 hour')) as our_violations,
       (select count(*)::int from second.violations(now() - interval '1 hour')) as their_violations,
       (select count(*)::int from pg_class where relnamespace = 'public'::regnamespace) as in_public`,
  );
  expect(rows).toEqual([{ ours: 13, theirs: 13, our_violations: 0, their_violations: 0, in_public: 0 }]);
});
