import { createClient, type ExecutionResult } from "graphql-ws";
import pg from "pg";
import WebSocket from "ws";
import { createTestApi, type TestApi } from "../support/api.js";
import { keyBy } from "../support/keys.js";
import { until } from "../support/until.js";
import { waitingForLocks } from "../support/waiting.js";

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi([]);
});
afterAll(() => api.close());

/** Lets nobody connect to the API's database while `work` is done. */
async function withoutDatabase(work: () => Promise<void>): Promise<void> {
  const admin = new pg.Client({ connectionString: process.env.HEADWAY_TEST_SUPERUSER_URL! });
  await admin.connect();
  const name = new URL(api.rig.url).pathname.slice(1);
  try {
    await admin.query(`alter database ${admin.escapeIdentifier(name)} with allow_connections false`);
    await admin.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", [name]);
    await work();
  } finally {
    await admin.query(`alter database ${admin.escapeIdentifier(name)} with allow_connections true`);
    await admin.end();
  }
}

test("while the database takes no connection, a request is told so before GraphQL sees it, and nothing is called internal", async () => {
  const ask = async (path: string, init: RequestInit = {}): Promise<{ status: number; body: unknown }> => {
    const response = await fetch(`${api.url}${path}`, init);
    return { status: response.status, body: await response.json() };
  };
  // Of no key that anybody has looked up before.
  const headers = {
    authorization: `Bearer hw_${"0".repeat(32)}_${"A".repeat(43)}`,
    "content-type": "application/json",
  };
  const busy = (message: RegExp) => ({
    status: 503,
    body: { errors: [{ message: expect.stringMatching(message), extensions: { code: "SERVICE_BUSY" } }] },
  });
  await withoutDatabase(async () => {
    // The first finds connections that have just ended, the second makes new ones.
    for (const message of [/database/, /^The database cannot be reached\. /]) {
      const asked = await ask("/graphql", { method: "POST", headers, body: '{"query":"{ __typename }"}' });
      expect(asked).toMatchObject(busy(message));
      expect(await ask("/artifacts/00000000-0000-7000-8000-00000000ffff", { headers })).toMatchObject(busy(message));
    }
  });
  // Its operator is told why.
  expect(api.rig.errors.map(({ doing }) => doing)).toContain("answering a request");
  const { status } = await ask("/graphql", { method: "POST", headers, body: '{"query":"{ __typename }"}' });
  expect(status).toBe(401);
});

test("a key that the database does not find in time is no internal error either", async () => {
  const headers = { authorization: `Bearer ${await keyBy(api.rig.db)}`, "content-type": "application/json" };
  const operator = new pg.Client({ connectionString: api.rig.url });
  await operator.connect();
  await operator.query("begin");
  await operator.query("lock table headway.api_key in access exclusive mode");
  const answer = fetch(`${api.url}/graphql`, { method: "POST", headers, body: '{"query":"{ __typename }"}' });
  // What the statement's time-out does after half a minute.
  await until("its look-up is cancelled", async () => {
    const [found] = await waitingForLocks(api.rig.db, "%secretHash%");
    if (found) await operator.query("select pg_cancel_backend($1)", [found.pid]);
    return found !== undefined;
  });
  const response = await answer;
  await operator.query("rollback");
  await operator.end();
  expect({ status: response.status, body: await response.json() }).toMatchObject({
    status: 503,
    body: { errors: [{ extensions: { code: "SERVICE_BUSY", retryAfterMs: 1_000 } }] },
  });
});

test("meanwhile a socket is asked to come back, not turned away for good, and one that is open stays so", async () => {
  const ours = await keyBy(api.rig.db);
  // Of keys that nobody has looked up before.
  const [late, other] = [await keyBy(api.rig.db), await keyBy(api.rig.db)];
  const address = `${api.url.replace("http", "ws")}/graphql`;
  const open = createClient({
    url: address,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${ours}` },
    lazy: false,
    retryAttempts: 0,
  });
  const closes: number[] = [];
  const coming = createClient({
    url: address,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${late}` },
    retryAttempts: 1_000,
    retryWait: () => new Promise((resolve) => setTimeout(resolve, 50)),
    on: { closed: (event) => closes.push((event as { code: number }).code) },
  });
  const first = async (client: typeof open, extensions: Record<string, unknown> = {}): Promise<ExecutionResult> => {
    const { value } = await client.iterate({ query: "{ __typename }", extensions }).next();
    return value as ExecutionResult;
  };
  expect(await first(open)).toEqual({ data: { __typename: "Query" } });
  let answer: Promise<ExecutionResult>;
  await withoutDatabase(async () => {
    answer = first(coming);
    await until("it was asked to come back", () => closes.length > 0);
    const foreign = { headers: { authorization: `Bearer ${other}` } };
    await expect(first(open, foreign)).rejects.toMatchObject([{ extensions: { code: "SERVICE_BUSY" } }]);
  });
  expect(await answer!).toEqual({ data: { __typename: "Query" } });
  expect(new Set(closes)).toEqual(new Set([1013]));
  expect(await first(open)).toEqual({ data: { __typename: "Query" } });
  await Promise.all([open.dispose(), coming.dispose()]);
});
