import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { createKey, revokeKey, type KeyGrant } from "../../../src/access/keys.js";
import { DEFAULT_PROJECT_ID } from "../../../src/access/projects.js";
import { MUTATION_ROLES } from "../../../src/access/principal.js";
import { buildHeadwaySchema } from "../../../src/graphql/schema.js";
import { isAtLeast, ROLES, type Role } from "../../../src/lifecycle/roles.js";
import { openSockets } from "../../../src/metrics.js";
import { definePipeline } from "../../../src/pipelines/pipeline.js";
import { createTestApi, type TestApi } from "../../support/api.js";
import { keyBy } from "../../support/keys.js";
import { until } from "../../support/until.js";

const UNKNOWN = "00000000-0000-7000-8000-00000000ffff";
const plain = definePipeline({
  name: "plain",
  version: 1,
  documentStages: [{ name: "read", run: async () => null }],
});

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi([plain]);
  await api.rig.startWorker();
});
afterAll(() => api.close());

const key = (grant: Partial<KeyGrant> = {}): Promise<string> => keyBy(api.rig.db, grant);
const grantOf = (name: string, role: Role, lifeMs: number | null = null): KeyGrant => ({
  projectId: DEFAULT_PROJECT_ID,
  name,
  role,
  lifeMs,
  scope: null,
  createdBy: "tests",
});
/** With its id, to be revoked by. */
const revocable = () => createKey(api.rig.db, grantOf("short", "VIEWER"));
const idOf = (text: string): string => text.slice(3, 35);
const codeOf = async (as: string, query = "{ viewer { name } }", variables = {}): Promise<string | undefined> =>
  (await api.send(query, variables, as)).errors[0]?.extensions.code;

/** A valid call of each mutation, about things that are not there. */
const CALLS: Readonly<Record<string, object>> = {
  createCollection: { name: "  " },
  addDocuments: { collectionId: UNKNOWN, documents: [{ name: "a", text: "a" }] },
  removeDocuments: { collectionId: UNKNOWN, documentIds: [UNKNOWN] },
  updateCollection: { collectionId: UNKNOWN, name: "b" },
  createUploads: { files: [{ name: " ", sizeBytes: 1 }] },
  submitJob: { collectionId: UNKNOWN, pipeline: "plain" },
  retryJob: { jobId: UNKNOWN },
  retryTask: { taskId: UNKNOWN },
  cancelJob: { jobId: UNKNOWN },
  cancelTask: { taskId: UNKNOWN },
  bulkJobs: { action: "CANCEL", filter: { collectionId: UNKNOWN } },
  acknowledge: { itemId: UNKNOWN, word: "known" },
  createWebhook: { url: "http://x", events: ["JOB_SETTLED"] },
  updateWebhook: { webhookId: UNKNOWN },
  rotateWebhookSecret: { webhookId: UNKNOWN },
  deleteWebhook: { webhookId: UNKNOWN },
  redeliverWebhook: { deliveryId: UNKNOWN },
  createKey: { name: " ", role: "VIEWER" },
  revokeKey: { keyId: UNKNOWN },
  createBrowserKey: { collectionId: UNKNOWN },
  deleteCollection: { collectionId: UNKNOWN },
  pausePipeline: { pipeline: "unknown", reason: "a test" },
  resumePipeline: { pipeline: "unknown" },
  repair: { jobId: UNKNOWN },
};

describe("H6: a request", () => {
  test.each([
    ["without a key", async () => ""],
    ["with something that is no key", async () => "Bearer secret"],
    ["with a key that never was", async () => `hw_${"0".repeat(32)}_${"A".repeat(43)}`],
    ["with another secret under a good key's id", async () => `hw_${idOf(await key())}_${"A".repeat(43)}`],
    ["with an expired key", async () => key({ lifeMs: 0 })],
    [
      "with a revoked key",
      async () => {
        const made = await revocable();
        expect(await revokeKey(api.rig.db, DEFAULT_PROJECT_ID, made.id)).toBe(true);
        return made.key;
      },
    ],
  ])("%s is refused with 401, and learns nothing", async (_what, make) => {
    const as = await make();
    for (const query of ["{ viewer { name } }", "{ __schema { types { name } } }", "{ nonsense }"]) {
      const { status, data, errors } = await api.send(query, {}, as);
      expect({ status, data, codes: errors.map(({ extensions }) => extensions.code) }).toEqual({
        status: 401,
        data: null,
        codes: ["UNAUTHENTICATED"],
      });
    }
  });

  // Clients of the GraphQL media type take another one, with such a status, for the word of some proxy, and don't read it.
  test.each([
    ["application/graphql-response+json,application/json;q=0.9", "application/graphql-response+json; charset=utf-8"],
    ["application/json", "application/json; charset=utf-8"],
    ["*/*", "application/json; charset=utf-8"],
  ])("that accepts %s is refused in %s", async (accept, mediaType) => {
    const headers = { accept, "content-type": "application/json", authorization: "Bearer hw_wrong" };
    const refused = await fetch(`${api.url}/graphql`, { method: "POST", headers, body: '{"query":"{ __typename }"}' });
    expect([refused.status, refused.headers.get("content-type")]).toEqual([401, mediaType]);
    expect(await refused.json()).toMatchObject({ errors: [{ extensions: { code: "UNAUTHENTICATED" } }] });
  });

  test("with a good key is told whose it is", async () => {
    const { data } = await api.send(
      "{ viewer { name role project } }",
      {},
      await key({ name: "ada", role: "OPERATOR" }),
    );
    expect(data).toEqual({ viewer: { name: "ada", role: "OPERATOR", project: "default" } });
  });

  test("is refused within five seconds of its key's end", async () => {
    const made = await revocable();
    expect(await codeOf(made.key)).toBeUndefined();
    await revokeKey(api.rig.db, DEFAULT_PROJECT_ID, made.id);
    await until("it is refused", async () => (await codeOf(made.key)) === "UNAUTHENTICATED");
  });

  test("leaves its key's name with what it changed, and the time with its key", async () => {
    const as = await key({ name: "grace", role: "OPERATOR" });
    const { data } = await api.send(
      'mutation { createCollection(input: { name: "hers" }) { collection { lastChange { actor { type name } } } } }',
      {},
      as,
    );
    expect(data!.createCollection.collection.lastChange.actor).toEqual({ type: "USER", name: "grace" });
    await until("the use is noted", async () => {
      const rows = await api.rig.db.query(
        "select 1 from headway.api_key where name = 'grace' and last_used_at is not null",
      );
      return rows.length === 1;
    });
  });
});

describe("H6: a role", () => {
  test("is named for every mutation there is", async () => {
    const mutations = Object.keys((await buildHeadwaySchema()).getMutationType()!.getFields());
    expect(mutations.filter((name) => MUTATION_ROLES[name] === undefined)).toEqual([]);
    expect(mutations.filter((name) => CALLS[name] === undefined)).toEqual([]);
  });

  test.each(ROLES)("%s may do what it is for, and is refused the rest with FORBIDDEN", async (role) => {
    const as = await key({ name: "limited", role });
    const fields = (await buildHeadwaySchema()).getMutationType()!.getFields();
    const refused: string[] = [];
    for (const [name, field] of Object.entries(fields)) {
      const type = String(field.args[0]!.type);
      const query = `mutation ($input: ${type}) { ${name}(input: $input) { __typename } }`;
      const { errors } = await api.send(query, { input: CALLS[name] }, as);
      if (errors[0]?.extensions.code === "FORBIDDEN") {
        expect(errors[0].message).toContain(`has the role ${role}; this needs ${MUTATION_ROLES[name]}`);
        refused.push(name);
      }
    }
    expect(refused).toEqual(Object.keys(fields).filter((name) => !isAtLeast(role, MUTATION_ROLES[name]!)));
  });

  test("that is too small for a button shows in canSubmit, canRetry and canCancel", async () => {
    const id = await api.rig.collection(1);
    await api.rig.settled(await api.rig.submit("plain", 0, { collectionId: id }));
    const { data } = await api.send(
      `query ($id: ID!) { collection(id: $id) { canSubmit { allowed disabledReason } lastJob {
         canRetry { allowed } canCancel { allowed } tasks { nodes { canRetry { allowed } canCancel { allowed } } } } } }`,
      { id },
      await key({ name: "reader", role: "VIEWER" }),
    );
    expect(data!.collection.canSubmit).toEqual({
      allowed: false,
      disabledReason: 'The key "reader" has the role VIEWER; this needs OPERATOR.',
    });
    expect(JSON.stringify(data)).not.toContain('"allowed":true');
  });
});

test("canSubmit is true only where there is something to process, and says so where there is not", async () => {
  const CAN = "query ($id: ID!) { collection(id: $id) { canSubmit { allowed disabledReason } } }";
  const id = await api.rig.collection(0);
  const submit = `mutation ($id: ID!) { submitJob(input: { collectionId: $id, pipeline: "plain" }) { userErrors { code message } } }`;
  const { data } = await api.send(CAN, { id });
  const [refused] = (await api.send(submit, { id })).data!.submitJob.userErrors;
  expect(refused.code).toBe("NO_DOCUMENTS");
  expect(data!.collection.canSubmit).toEqual({ allowed: false, disabledReason: refused.message });
  await api.send(
    'mutation ($id: ID!) { addDocuments(input: { collectionId: $id, documents: [{ name: "a", text: "a" }] }) { userErrors { code } } }',
    { id },
  );
  expect((await api.send(CAN, { id })).data!.collection.canSubmit).toEqual({ allowed: true, disabledReason: null });
});

describe("H6: a key for browsers", () => {
  const CREATE =
    "mutation ($input: CreateBrowserKeyInput!) { createBrowserKey(input: $input) { key expiresAt userErrors { code message path } } }";
  async function browserKey(input: object): Promise<string> {
    const { data } = await api.send(CREATE, { input });
    expect(data!.createBrowserKey.userErrors).toEqual([]);
    return data!.createBrowserKey.key as string;
  }

  test("of a collection sees that collection with its jobs and nothing else", async () => {
    const [mine, other] = [await api.rig.collection(1), await api.rig.collection(1)];
    const [job, foreign] = [
      await api.rig.submit("plain", 0, { collectionId: mine }),
      await api.rig.submit("plain", 0, { collectionId: other }),
    ];
    await Promise.all([api.rig.settled(job), api.rig.settled(foreign)]);
    const as = await browserKey({ collectionId: mine, expiresInMinutes: 5 });
    const { data, errors } = await api.send(
      `query ($mine: ID!, $other: ID!, $job: ID!, $foreign: ID!) {
         viewer { role } collections { nodes { id } } jobs { nodes { id } }
         mine: collection(id: $mine) { id jobs { nodes { id } } documents { nodes { lastTask { job { id } } } } }
         other: collection(id: $other) { id } node: node(id: $foreign) { id } own: node(id: $job) { id }
         foreign: job(id: $foreign) { id } tasks(filter: { jobId: $foreign }) { nodes { id } }
         statusChanges { nodes { collectionId } } stageCounts { stage } doctor { invariant } }`,
      { mine, other, job, foreign },
      as,
    );
    expect(errors).toEqual([]);
    const { statusChanges, ...rest } = data!;
    expect(rest).toEqual({
      viewer: { role: "VIEWER" },
      collections: { nodes: [{ id: mine }] },
      jobs: { nodes: [{ id: job }] },
      mine: { id: mine, jobs: { nodes: [{ id: job }] }, documents: { nodes: [{ lastTask: { job: { id: job } } }] } },
      other: null,
      node: null,
      own: { id: job },
      foreign: null,
      tasks: { nodes: [] },
      stageCounts: [],
      doctor: [],
    });
    expect(statusChanges.nodes.length).toBeGreaterThan(3);
    expect(statusChanges.nodes.every(({ collectionId }: { collectionId: string }) => collectionId === mine)).toBe(true);
    for (const whole of ["workers { id }", "pipelines { name }"])
      expect(await codeOf(as, `{ ${whole} }`)).toBe("FORBIDDEN");
    expect(await codeOf(as, CREATE, { input: { collectionId: mine } })).toBe("FORBIDDEN");
  });

  test("of a job sees that job, its collection's name and documents, and none of its other jobs", async () => {
    const collectionId = await api.rig.collection(1);
    const first = await api.rig.submit("plain", 0, { collectionId });
    await api.rig.settled(first);
    const second = await api.rig.submit("plain", 0, { collectionId });
    await api.rig.settled(second);
    const as = await browserKey({ jobId: first });
    const { data } = await api.send(
      `query ($first: ID!, $second: ID!, $collectionId: ID!) {
         first: job(id: $first) { status collection { name jobs { nodes { id } } lastJob { id } documents { totalCount } } }
         second: job(id: $second) { id } collection(id: $collectionId) { id }
         tasks(filter: { jobId: $second }) { nodes { id } } statusChanges { nodes { jobId } } }`,
      { first, second, collectionId },
      as,
    );
    expect(data!.first).toMatchObject({
      status: "COMPLETED",
      collection: { jobs: { nodes: [{ id: first }] }, lastJob: null, documents: { totalCount: 1 } },
    });
    expect(data).toMatchObject({ second: null, collection: { id: collectionId }, tasks: { nodes: [] } });
    expect(new Set(data!.statusChanges.nodes.map(({ jobId }: { jobId: string }) => jobId))).toEqual(new Set([first]));
    expect(await codeOf(as, "query ($id: ID!) { streamCursor(collectionId: $id) }", { id: collectionId })).toBe(
      "BAD_USER_INPUT",
    );
    expect(await codeOf(as, "query ($id: ID!) { streamCursor(jobId: $id) }", { id: first })).toBeUndefined();
  });

  test.each([
    ["nothing", {}, ["INVALID_INPUT input"]],
    ["two things", { collectionId: UNKNOWN, jobId: UNKNOWN }, ["INVALID_INPUT input"]],
    ["what is no id", { collectionId: "x" }, ["INVALID_INPUT input.collectionId"]],
    [
      "no life at all of nothing that is there",
      { collectionId: UNKNOWN, expiresInMinutes: 0 },
      ["NOT_FOUND input.collectionId", "INVALID_INPUT input.expiresInMinutes"],
    ],
    [
      "a life of years",
      { jobId: "x", expiresInMinutes: 1_000_000 },
      ["INVALID_INPUT input.jobId", "INVALID_INPUT input.expiresInMinutes"],
    ],
  ])("for %s is not made, and all that is wrong is told", async (_what, input, faults) => {
    const { data } = await api.send(CREATE, { input });
    const { key, userErrors } = data!.createBrowserKey;
    expect(key).toBeNull();
    expect(userErrors.map(({ code, path }: { code: string; path: string[] }) => `${code} ${path.join(".")}`)).toEqual(
      faults,
    );
  });

  test("ends with the key that made it: not later, and when that is revoked", async () => {
    const collectionId = await api.rig.collection(1);
    const maker = await key({ name: "maker", role: "OPERATOR", lifeMs: 600_000 });
    const { data } = await api.send(CREATE, { input: { collectionId, expiresInMinutes: 60 } }, maker);
    const { key: made, expiresAt } = data!.createBrowserKey;
    expect(Date.parse(expiresAt) - Date.now()).toBeLessThan(660_000);
    expect(await codeOf(made, "{ viewer { name } }")).toBeUndefined();
    await api.rig.db.query("update headway.api_key set revoked_at = clock_timestamp() where name = 'maker'");
    await until("it is refused", async () => (await codeOf(made, "{ viewer { name } }")) === "UNAUTHENTICATED");
  });

  test("for what is not there is not made", async () => {
    const { data } = await api.send(CREATE, { input: { jobId: UNKNOWN } });
    expect(data!.createBrowserKey).toMatchObject({ key: null, userErrors: [{ code: "NOT_FOUND" }] });
  });
});

describe("H6: a socket", () => {
  const url = (): string => `${api.url.replace("http", "ws")}/graphql`;
  const LIVE = "subscription { statusChanges { __typename } }";

  /** Resolves with the code that the socket is closed with. */
  function closed(payload: object | undefined, after?: (socket: WebSocket) => void): Promise<number> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(url(), "graphql-transport-ws");
      socket.once("error", reject);
      socket.once("close", resolve);
      socket.once("open", () => {
        socket.send(JSON.stringify({ type: "connection_init", ...(payload ? { payload } : {}) }));
        after?.(socket);
      });
    });
  }
  const subscribe = (socket: WebSocket, extensions?: object): void =>
    socket.send(JSON.stringify({ id: "1", type: "subscribe", payload: { query: LIVE, extensions } }));

  test("with a wrong key is closed with 4403", async () => {
    expect(await closed({ authorization: "Bearer hw_wrong" })).toBe(4403);
    const connectionParams = { authorization: "Bearer hw_wrong" };
    const client = createClient({ url: url(), webSocketImpl: WebSocket, connectionParams, retryAttempts: 0 });
    await expect(client.iterate({ query: "{ viewer { name } }" }).next()).rejects.toMatchObject({ code: 4403 });
  });

  test("without a key may ask for nothing, and is closed with 4403 when it goes on not naming one", async () => {
    const messages: string[] = [];
    const code = await closed(undefined, (socket) => {
      socket.on("message", (raw: Buffer) => {
        const { type, payload } = JSON.parse(raw.toString());
        messages.push(type);
        if (type === "connection_ack") subscribe(socket);
        if (type === "error") expect(payload[0].extensions.code).toBe("UNAUTHENTICATED");
      });
    });
    expect(code).toBe(4403);
    expect(messages).toEqual(["connection_ack", "error"]);
  });

  test("may name its key with its first operation, as the playground's Headers tab does", async () => {
    const client = createClient({ url: url(), webSocketImpl: WebSocket, retryAttempts: 0 });
    const extensions = { headers: { authorization: `Bearer ${await key({ name: "player" })}` } };
    const { value: result } = await client.iterate({ query: "{ viewer { name } }", extensions }).next();
    expect(result).toEqual({ data: { viewer: { name: "player" } } });
    await client.dispose();
  });

  test("gets no more done with a key that was revoked, though it is not closed yet", async () => {
    const slow = await createTestApi([plain], { recheckKeysMs: 600_000, trustedMs: 0 });
    const made = await createKey(slow.rig.db, grantOf("leaked", "ADMIN"));
    const client = createClient({
      url: `${slow.url.replace("http", "ws")}/graphql`,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      lazyCloseTimeout: 1_000,
      connectionParams: { authorization: `Bearer ${made.key}` },
    });
    const create = (name: string) =>
      client
        .iterate({ query: `mutation { createCollection(input: { name: "${name}" }) { collection { name } } }` })
        .next();
    expect((await create("before")).value).toEqual({ data: { createCollection: { collection: { name: "before" } } } });
    await revokeKey(slow.rig.db, DEFAULT_PROJECT_ID, made.id);
    await expect(create("after")).rejects.toMatchObject([{ extensions: { code: "UNAUTHENTICATED" } }]);
    expect(await slow.rig.db.query("select name from headway.collection")).toEqual([{ name: "before" }]);
    await client.dispose();
    await slow.close();
  });

  test("that has gone while its key was looked at is not counted among those that its key has open", async () => {
    const asking = await createTestApi([plain], { trustedMs: 0 });
    const address = `${asking.url.replace("http", "ws")}/graphql`;
    const init = JSON.stringify({
      type: "connection_init",
      payload: { authorization: `Bearer ${asking.key}` },
    });
    const open = async (): Promise<number> => (await openSockets.get()).values[0]!.value;
    const before = await open();
    const lock = asking.rig.db.createQueryRunner();
    await lock.startTransaction();
    // However long a slow machine takes over the sockets: the server's own limit is 2 s.
    await lock.query("set local idle_in_transaction_session_timeout = 0");
    // Whoever asks whether a key is good waits from here on.
    await lock.query("lock table headway.api_key in access exclusive mode");
    for (let count = 0; count < 60; count += 1) {
      await new Promise<void>((resolve) => {
        const socket = new WebSocket(address, "graphql-transport-ws");
        socket.once("open", () => socket.send(init, () => socket.terminate()));
        socket.once("close", () => resolve());
      });
    }
    await until("they have gone", async () => (await open()) === before);
    await lock.commitTransaction();
    await lock.release();
    const client = createClient({
      url: address,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      connectionParams: { authorization: `Bearer ${asking.key}` },
    });
    const { value: result } = await client.iterate({ query: "{ viewer { name } }" }).next();
    expect(result).toEqual({ data: { viewer: { name: "tester" } } });
    await client.dispose();
    await asking.close();
  });

  test("may name ten keys, as the tabs of a playground do, and no more", async () => {
    const client = createClient({ url: url(), webSocketImpl: WebSocket, retryAttempts: 0, lazyCloseTimeout: 1_000 });
    const asked = async (as: string) =>
      client
        .iterate({ query: "{ viewer { name } }", extensions: { headers: { authorization: `Bearer ${as}` } } })
        .next();
    const made = await Promise.all(Array.from({ length: 11 }, (_, index) => key({ name: `tab ${index}` })));
    for (const [index, one] of made.slice(0, 10).entries()) {
      expect((await asked(one)).value).toEqual({ data: { viewer: { name: `tab ${index}` } } });
    }
    await expect(asked(made[10]!)).rejects.toMatchObject([{ extensions: { code: "FORBIDDEN" } }]);
    expect((await asked(made[0]!)).value).toEqual({ data: { viewer: { name: "tab 0" } } });
    await client.dispose();
  });

  test.each([
    ["revoked", null],
    ["expired", 1_000],
  ])("is closed with 4403 in the middle of its subscription once its key is %s", async (_how, lifeMs) => {
    const made = await createKey(api.rig.db, grantOf("cut off", "VIEWER", lifeMs));
    const open = api.stream.size;
    const code = closed({ authorization: `Bearer ${made.key}` }, (socket) => {
      socket.once("message", () => subscribe(socket));
    });
    await until("it follows", () => api.stream.size === open + 1);
    if (lifeMs === null) await revokeKey(api.rig.db, DEFAULT_PROJECT_ID, made.id);
    expect(await code).toBe(4403);
    await until("its subscription has gone too", () => api.stream.size === open);
  });
});
