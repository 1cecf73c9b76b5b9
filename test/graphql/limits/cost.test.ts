import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { createTestApi, type TestApi } from "../../support/api.js";

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi([]);
});
afterAll(() => api.close());

async function ask(query: string, variables: Record<string, unknown> = {}) {
  const response = await fetch(`${api.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${api.key}` },
    body: JSON.stringify({ query, variables }),
  });
  return (await response.json()) as { extensions?: unknown; errors?: { extensions: unknown }[] };
}

describe("extensions.cost", () => {
  test("tells of each answer what it costs, what it may, and what weighs most, by names and not by aliases", async () => {
    const { extensions } = await ask(
      `query ($n: Int = 20) { mine: collections(first: $n) { nodes { id all: jobs(first: 10) { nodes { waitingOn { code } } } documents(first: 3) { nodes { id } } } } doctor { detail } }`,
    );
    expect(extensions).toEqual({
      cost: {
        // 20 collections, of each 10 jobs and 3 documents, of each job waitingOn as 20 rows; doctor as 1,000 and its page.
        asked: 20 * (1 + 10 * (1 + 20) + 3) + 1_000 + 100,
        allowed: 50_000,
        weighs: [
          { field: "collections.nodes.jobs.nodes.waitingOn", rows: 4_000 },
          { field: "doctor", rows: 1_100 },
          { field: "collections.nodes.jobs", rows: 200 },
          { field: "collections.nodes.documents", rows: 60 },
          { field: "collections", rows: 20 },
        ],
      },
    });
  });

  test("is the same through fragments, and of what asks for one thing nothing", async () => {
    const plain = await ask("{ jobs(first: 7) { nodes { tasks(first: 5) { nodes { id } } } } }");
    const spread = await ask(
      "{ ...A } fragment A on Query { jobs(first: 7) { nodes { ...B } } } fragment B on Job { tasks(first: 5) { nodes { id } } }",
    );
    expect(spread.extensions).toEqual(plain.extensions);
    expect((await ask("{ viewer { name } }")).extensions).toEqual({ cost: { asked: 0, allowed: 50_000, weighs: [] } });
  });

  test("goes with the refusal of what costs too much, over both transports", async () => {
    const query =
      "{ collections(first: 100) { nodes { jobs(first: 100) { nodes { tasks(first: 10) { nodes { id } } } } } } }";
    const cost = {
      asked: 100 + 10_000 + 100_000,
      allowed: 50_000,
      weighs: [
        { field: "collections.nodes.jobs.nodes.tasks", rows: 100_000 },
        { field: "collections.nodes.jobs", rows: 10_000 },
        { field: "collections", rows: 100 },
      ],
    };
    const { errors } = await ask(query);
    expect(errors![0]!.extensions).toEqual({ code: "GRAPHQL_VALIDATION_FAILED", cost });
    const client = createClient({
      url: `${api.url.replace("http", "ws")}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${api.key}` },
    });
    await expect(client.iterate({ query }).next()).rejects.toMatchObject([{ extensions: { cost } }]);
    await client.dispose();
  });
});
