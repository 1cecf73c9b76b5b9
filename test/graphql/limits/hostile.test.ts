import { createClient, type Client } from "graphql-ws";
import { once } from "node:events";
import { connect } from "node:net";
import WebSocket from "ws";
import { KeyRing } from "../../../src/access/keys.js";
import { startServer } from "../../../src/server/server.js";
import { createTestApi, type TestApi } from "../../support/api.js";
import { logger } from "../../server/world.js";
import { ODD, TOO_MUCH, type Hostile } from "../corpus/hostile.js";

let api: TestApi;
let sockets: Client;
beforeAll(async () => {
  api = await createTestApi([]);
  sockets = socketsOf(api.url);
});
afterAll(async () => {
  await sockets.dispose();
  await api.close();
});

function socketsOf(url: string): Client {
  return createClient({
    url: `${url.replace("http", "ws")}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${api.key}` },
  });
}

interface Told {
  readonly message: string;
  readonly extensions: { readonly code: string };
}

async function overSocket({ query, variables, operationName }: Omit<Hostile, "what" | "code" | "says">, by = sockets) {
  try {
    const { value } = await by
      .iterate({ query, variables: variables ?? null, operationName: operationName ?? null })
      .next();
    return (value?.errors ?? []) as unknown as readonly Told[];
  } catch (errors) {
    return errors as readonly Told[];
  }
}

async function overHttp({ query, variables, operationName }: Omit<Hostile, "what" | "code" | "says">, url = api.url) {
  const response = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${api.key}` },
    body: JSON.stringify({ query, variables, operationName }),
  });
  const body = await response.text();
  return { status: response.status, body, errors: (JSON.parse(body) as { errors: readonly Told[] }).errors };
}

describe.each([
  ["H5: what costs too much", TOO_MUCH],
  ["H7: what cannot be read as meant", ODD],
])("%s is refused alike over both transports, with its code and the reason:", (_kind, corpus) => {
  test.each(corpus)("$what", async (request) => {
    const http = await overHttp(request);
    expect(http.status).toBeLessThan(500);
    expect(http.body).not.toMatch(/\\n\s+at |node_modules|stacktrace/);
    expect(http.errors[0]).toMatchObject({
      extensions: { code: request.code },
      message: expect.stringMatching(request.says),
    });
    const socket = await overSocket(request);
    expect(socket[0]).toMatchObject({ extensions: { code: request.code } });
    expect(socket[0]!.message).toBe(http.errors[0]!.message);
  });
});

describe("over HTTP", () => {
  const post = (body: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${api.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${api.key}`, ...headers },
      body,
    });

  test.each([
    ["a body that is not JSON", () => post("{"), 400],
    ["an empty body", () => post(""), 400],
    ["a body that is a number", () => post("7"), 400],
    ["a query that is a number", () => post('{"query":7}'), 400],
    ["variables that are a list", () => post('{"query":"{ viewer { name } }","variables":[1]}'), 400],
    ["a batch", () => post('[{"query":"{ viewer { name } }"}]'), 400],
    [
      "a form, as a foreign page can send it",
      () => post("query={viewer{name}}", { "content-type": "text/plain" }),
      400,
    ],
    [
      "a mutation by GET",
      () =>
        fetch(`${api.url}/graphql?query=${encodeURIComponent("mutation { repair(input: {}) { changed } }")}`, {
          headers: { authorization: `Bearer ${api.key}`, "apollo-require-preflight": "1" },
        }),
      405,
    ],
    [
      "more than a megabyte",
      () => post(JSON.stringify({ query: "{ viewer { name } }", variables: { x: "x".repeat(1_000_000) } })),
      413,
    ],
  ])("%s is refused, and not as a fault of ours", async (_what, ask, status) => {
    const answer = await ask();
    expect(answer.status).toBe(status);
    const { errors } = (await answer.json()) as { errors: readonly Told[] };
    expect(errors[0]!.extensions.code).toMatch(/^[A-Z_]+$/);
    expect(errors[0]!.extensions.code).not.toMatch(/INTERNAL/);
  });
});

describe("over a socket", () => {
  test.each(["//", "//:0/graphql", "/%zz", "http://["])(
    "an upgrade to %j is refused, and ends nothing",
    async (target) => {
      const { hostname, port } = new URL(api.url);
      const socket = connect(Number(port), hostname);
      socket.write(
        `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
      );
      const [first] = (await once(socket, "data")) as [Buffer];
      expect(first.toString()).toMatch(/^HTTP\/1.1 4\d\d /);
      socket.destroy();
      expect((await api.send("{ viewer { name } }")).errors).toEqual([]);
    },
  );

  test("a message of more than 64 KB closes it with 1009", async () => {
    const socket = new WebSocket(`${api.url.replace("http", "ws")}/graphql`, "graphql-transport-ws");
    const closed = new Promise<number>((resolve) => socket.once("close", resolve));
    socket.once("open", () => socket.send("x".repeat(70_000)));
    expect(await closed).toBe(1009);
  });
});

describe("one key", () => {
  const limited = (more: { requestsPerSecond?: number; introspection?: boolean }) =>
    startServer({
      host: "127.0.0.1",
      port: 0,
      logger,
      checks: [],
      measured: null,
      api: {
        deps: api.rig.deps,
        stream: api.stream,
        keys: new KeyRing(api.rig.db, api.rig.deps.onError),
        embedder: {} as never,
        blobs: api.rig.blobs,
      },
      ...more,
    });
  const ASK = { query: "{ viewer { name } }" };

  test("that asks too often is told to wait, over both transports together", async () => {
    const server = await limited({ requestsPerSecond: 5 });
    const client = socketsOf(server.url);
    const answers = await Promise.all(Array.from({ length: 8 }, () => overHttp(ASK, server.url)));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThanOrEqual(2);
    expect(refused[0]!.errors[0]).toMatchObject({
      extensions: { code: "RATE_LIMITED", retryAfterMs: expect.any(Number) },
    });
    const bySocket = await Promise.all(Array.from({ length: 8 }, () => overSocket(ASK, client)));
    expect(bySocket.flat().map(({ extensions }) => extensions.code)).toContain("RATE_LIMITED");
    await client.dispose();
    await server.close(0);
  });

  test("may have 50 sockets and no more", async () => {
    const server = await limited({ requestsPerSecond: 1_000 });
    const open: WebSocket[] = [];
    const connect = (): Promise<number | "open"> =>
      new Promise((resolve) => {
        const socket = new WebSocket(`${server.url.replace("http", "ws")}/graphql`, "graphql-transport-ws");
        open.push(socket);
        socket.once("open", () =>
          socket.send(JSON.stringify({ type: "connection_init", payload: { authorization: `Bearer ${api.key}` } })),
        );
        socket.once("message", () => resolve("open"));
        socket.once("close", resolve);
      });
    for (let i = 0; i < 50; i += 1) expect(await connect()).toBe("open");
    expect(await connect()).toBe(4429);
    for (const socket of open) socket.terminate();
    await server.close(0);
  });

  test("may have 100 operations open on one socket and no more", async () => {
    const client = socketsOf(api.url);
    const query = "subscription { statusChanges { __typename } }";
    const subscribed = Array.from({ length: 101 }, () => client.iterate({ query }));
    const last = await Promise.race(subscribed.map((one) => one.next().catch((errors: unknown) => errors)));
    expect(last).toMatchObject([{ extensions: { code: "TOO_MANY_OPERATIONS" } }]);
    await client.dispose();
  });

  test("may not ask for the schema where that is switched off", async () => {
    const server = await limited({ introspection: false });
    const client = socketsOf(server.url);
    const query = "{ __schema { types { name } } }";
    for (const errors of [(await overHttp({ query }, server.url)).errors, await overSocket({ query }, client)]) {
      expect(errors[0]).toMatchObject({ extensions: { code: "GRAPHQL_VALIDATION_FAILED" } });
    }
    await client.dispose();
    await server.close(0);
  });

  test("may ask for the schema as GraphiQL does, where it is not", async () => {
    const { getIntrospectionQuery } = await import("graphql");
    const { data, errors } = await api.send(getIntrospectionQuery());
    expect(errors).toEqual([]);
    expect(data!.__schema.queryType.name).toBe("Query");
  });
});
