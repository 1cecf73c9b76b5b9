import { createClient } from "graphql-ws";
import type { Pool } from "pg";
import type { PostgresDriver } from "typeorm/driver/postgres/PostgresDriver.js";
import WebSocket from "ws";
import { definePipeline } from "../../../src/pipelines/pipeline.js";
import { createTestApi, type TestApi } from "../../support/api.js";
import { statementsOf } from "../../support/statements.js";
import { until } from "../../support/until.js";

/** Three bytes each. */
const TEXT = "€".repeat(90_000);
const DOCUMENTS = 40;
const NOTE = "n".repeat(900_000);

const wide = definePipeline({
  name: "wide",
  version: 1,
  documentStages: [
    {
      name: "read",
      run: async (ctx) => {
        await ctx.setText(TEXT);
        for (let i = 0; i < 100; i += 1) ctx.warn("WIDE", `${i} ${"w".repeat(3_900)}`);
        return null;
      },
    },
  ],
  collectionStages: [{ name: "sum", run: async () => ({ note: NOTE }) }],
});

let api: TestApi;
let collectionId: string;
beforeAll(async () => {
  api = await createTestApi([wide], { trustedMs: 3_600_000, recheckKeysMs: 3_600_000 });
  const worker = await api.rig.startWorker();
  collectionId = await api.rig.collection(DOCUMENTS);
  await api.rig.settled(await api.rig.submit("wide", 0, { collectionId }));
  for (let i = 0; i < 12; i += 1) {
    await api.rig.settled(await api.rig.submit("wide", 1));
  }
  await worker.stop(0);
  // Keys are looked at every few seconds: once here, so that what is counted is the requests' own.
  await until("the use of the key is noted", async () => {
    await api.send("{ viewer { name } }");
    return (await api.rig.db.query("select 1 from headway.api_key where last_used_at is null")).length === 0;
  });
});
afterAll(() => api.close());

const RESPONSE_TOO_LARGE = [{ message: expect.any(String), extensions: { code: "RESPONSE_TOO_LARGE" } }];
const ask = (query: string) => api.send(query, { id: collectionId });
const within = (selection: string): string => `query ($id: ID!) { collection(id: $id) { ${selection} } }`;

/** How many bytes the database has sent to this process so far. */
function bytesRead(): number {
  const pool = (api.rig.db.driver as PostgresDriver).master as Pool & {
    readonly _clients: readonly { readonly connection: { readonly stream: { readonly bytesRead: number } } }[];
  };
  return pool._clients.reduce((sum, { connection }) => sum + connection.stream.bytesRead, 0);
}

describe("H8: an answer that would be too large", () => {
  test.each([
    [
      "28 aliases of text",
      within(
        `documents(first: 40) { nodes { ${Array.from({ length: 28 }, (_, i) => `t${i}: text(limit: 100000)`).join(" ")} } }`,
      ),
    ],
    [
      "text below documents below collections below documents",
      within("documents(first: 3) { nodes { collection { documents(first: 40) { nodes { text(limit: 100000) } } } } }"),
    ],
    [
      "text by a variable",
      `query ($id: ID!, $most: Int = 100000) { collection(id: $id) { documents(first: 100) { nodes { text(limit: $most) } } } }`,
    ],
  ])("is refused before anything is read, where the arguments tell: %s", async (_what, query) => {
    const sent = await statementsOf(async () => {
      const { data, errors, status } = await ask(query);
      expect([status, data]).toEqual([400, null]);
      expect(errors).toEqual(RESPONSE_TOO_LARGE);
      expect(errors[0]!.message).toMatch(
        /^The request asks for up to \d+ characters of text, and an answer has at most 8000000 bytes; ask for smaller pages/,
      );
    });
    expect(sent).toEqual([]);
  });

  test.each([
    ["texts whose characters are several bytes", within("documents(first: 40) { nodes { text(limit: 90000) } }")],
    ["warnings", within("documents(first: 40) { nodes { warnings { message } } }")],
    ["warnings of tasks", within("jobs { nodes { tasks(first: 40) { nodes { warnings { message } } } } }")],
    ["outputs", "{ jobs(first: 20) { nodes { summary { output } } } }"],
    [
      "one text under many names",
      within(
        `documents(first: 1) { nodes { ${Array.from({ length: 28 }, (_, i) => `t${i}: text(limit: 90000)`).join(" ")} } } more: documents(first: 20) { nodes { text(limit: 60000) } }`,
      ),
    ],
  ])("is refused whole, with one error, by what it really holds: %s", async (_what, query) => {
    const before = bytesRead();
    const { data, errors } = await ask(query);
    expect(data).toBeNull();
    expect(errors).toEqual(RESPONSE_TOO_LARGE);
    // Four times the answer, and the last row.
    expect(bytesRead() - before).toBeLessThan(34_000_000);
  });

  test("is refused alike over WebSocket", async () => {
    const client = createClient({
      url: `${api.url.replace("http", "ws")}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${api.key}` },
    });
    const query = within("documents(first: 40) { nodes { text(limit: 90000) } }");
    const { value } = await client.iterate({ query, variables: { id: collectionId } }).next();
    expect(value).toEqual({ data: null, errors: RESPONSE_TOO_LARGE });
    await client.dispose();
  });

  test("leaves room for what is asked for in pieces", async () => {
    const { data, errors } = await ask(within("documents(first: 20) { nodes { text(limit: 90000) } }"));
    expect(errors).toEqual([]);
    expect(data!.collection.documents.nodes).toHaveLength(20);
    expect(data!.collection.documents.nodes[19].text).toBe(TEXT);
  });

  test("costs no more than its budget though many ask at once, and health answers meanwhile", async () => {
    const query = within("documents(first: 40) { nodes { text(limit: 90000) warnings { message } } }");
    const before = bytesRead();
    let open = 12;
    const asking = Promise.all(Array.from({ length: open }, () => ask(query).finally(() => (open -= 1))));
    let answered = 0;
    do {
      expect((await fetch(`${api.url}/healthz`)).status).toBe(200);
      answered += 1;
    } while (open > 0);
    for (const { errors } of await asking) expect(errors).toEqual(RESPONSE_TOO_LARGE);
    expect(answered).toBeGreaterThan(3);
    expect(bytesRead() - before).toBeLessThan(12 * 34_000_000);
  });
});

describe("H8: what costs as much as many rows counts as them", () => {
  const many = (field: (i: number) => string): string =>
    Array.from({ length: 30 }, (_, i) => `a${i}: ${field(i)}`).join(" ");
  test.each([
    ["search", `query ($id: ID!) { ${many((i) => `search(collectionId: $id, query: "${i}") { score }`)} }`],
    ["waitingOn", "{ collections(first: 50) { nodes { jobs(first: 50) { nodes { waitingOn { code } } } } } }"],
    ["doctor", `{ ${many((i) => `doctor(first: ${990 + i}) { detail }`)} }`],
  ])("%s", async (_what, query) => {
    const { errors } = await ask(query);
    expect(errors[0]).toMatchObject({
      message: expect.stringMatching(
        /^The request asks for up to \d+ rows; the limit is 50000: .* cost as much as many rows/,
      ),
      extensions: { code: "GRAPHQL_VALIDATION_FAILED" },
    });
  });
});
