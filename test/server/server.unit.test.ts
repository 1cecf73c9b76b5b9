import type { Client } from "graphql-ws";
import type { RunningServer } from "../../src/server/server.js";
import { collect, connect, post, query, startWorld, type World, KEY } from "./world.js";

describe("the server", () => {
  let world: World;
  let server: RunningServer;
  let client: Client;
  beforeEach(async () => {
    world = await startWorld();
    ({ server } = world);
    client = connect(server);
  });
  afterEach(async () => {
    world.release();
    await client.dispose();
    await server.close(0);
  });

  test("says that it lives", async () => {
    const answer = await fetch(`${server.url}/healthz`);
    expect([answer.status, await answer.json()]).toEqual([
      200,
      { status: "ok", checks: [{ name: "process", ok: true, message: null }] },
    ]);
  });

  test("is ready when every check passes, those added after the start as well", async () => {
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
    world.checks.push({ name: "fine", check: async () => null });
    world.checks.push({ name: "bad", check: async () => "it is upside down" });
    world.checks.push({ name: "thrown", check: () => Promise.reject(new Error("no road")) });
    const answer = await fetch(`${server.url}/readyz`);
    expect(answer.status).toBe(503);
    expect(await answer.json()).toEqual({
      status: "not ready",
      checks: [
        { name: "fine", ok: true, message: null },
        { name: "bad", ok: false, message: "it is upside down" },
        { name: "thrown", ok: false, message: "no road" },
      ],
    });
  });

  test("is ready without what it can do without, and says that it is away", async () => {
    world.checks.push({ name: "redis", needed: false, check: async () => "nobody answers" });
    const answer = await fetch(`${server.url}/readyz`);
    expect([answer.status, await answer.json()]).toEqual([
      200,
      { status: "ready", checks: [{ name: "redis", needed: false, ok: false, message: "nobody answers" }] },
    ]);
  });

  test("keeps an idle connection for longer than proxies do, so that they close first", async () => {
    const { headers } = await fetch(`${server.url}/healthz`);
    expect(Number(/timeout=(\d+)/.exec(headers.get("keep-alive") ?? "")?.[1])).toBeGreaterThan(65);
  });

  test("counts a check that gives no answer as failed", async () => {
    world.checks.push({ name: "stuck", check: () => new Promise(() => undefined) });
    const answer = await fetch(`${server.url}/readyz`);
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ checks: [{ name: "stuck", ok: false, message: /no answer/ }] });
  });

  test("answers a query", async () => {
    const answer = await post(server, query("{ hello }"));
    expect([answer.status, await answer.json()]).toEqual([200, { data: { hello: "world" } }]);
  });

  test("shows no inside of an error, and the same error over both transports", async () => {
    const text = await (await post(server, query("{ broken }"))).text();
    expect(text).not.toMatch(/the inside|stack|\.js/);
    expect([JSON.parse(text)]).toEqual(await collect(client, "{ broken }"));
  });

  test.each(["{ nothing }", "{ hello", "query A { hello } query B { hello }"])(
    "refuses %j with the same code over both transports",
    async (text) => {
      const answer = (await (await post(server, query(text))).json()) as { errors: { extensions: unknown }[] };
      const overSocket = await collect(client, text).then(
        () => null,
        (errors: { extensions: unknown }[]) => errors,
      );
      expect(overSocket?.map((error) => error.extensions)).toEqual(answer.errors.map((error) => error.extensions));
    },
  );

  test("refuses a body of more than one megabyte in GraphQL's form", async () => {
    const answer = await post(server, query(`{ hello } # ${"x".repeat(1_000_000)}`));
    expect(answer.status).toBe(413);
    expect(await answer.json()).toMatchObject({ errors: [{ extensions: { code: "TOO_LARGE" } }] });
  });

  test("refuses a body that is not JSON in GraphQL's form", async () => {
    const answer = await post(server, "{");
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ errors: [{ extensions: { code: "BAD_REQUEST" } }] });
  });

  test("refuses what any page's form could send", async () => {
    const answer = await post(server, query("{ hello }"), { "content-type": "text/plain" });
    expect(answer.status).toBe(400);
    expect(await answer.text()).toMatch(/CSRF/);
  });

  test("refuses many operations in one request", async () => {
    const answer = await post(server, `[${query("{ hello }")},${query("{ hello }")}]`);
    expect(answer.status).toBe(400);
    expect(await answer.text()).not.toMatch(/world/);
  });

  test("sends browsers from the endpoint to Explore, and nobody else", async () => {
    const get = (accept: string): Promise<Response> =>
      fetch(`${server.url}/graphql?query=%7Bhello%7D`, {
        headers: { accept, "apollo-require-preflight": "yes", authorization: `Bearer ${KEY}` },
        redirect: "manual",
      });
    const browser = await get("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8");
    expect([browser.status, browser.headers.get("location")]).toEqual([302, "explore"]);
    expect(await (await get("*/*")).json()).toEqual({ data: { hello: "world" } });
  });

  test("answers 404 in JSON for what it does not have", async () => {
    const answer = await fetch(`${server.url}/nothing`);
    expect([answer.status, await answer.json()]).toMatchObject([404, { error: { code: "NOT_FOUND" } }]);
  });

  test("gives each event of a subscription a context of its own", async () => {
    const events = (await collect(client, "subscription { numbers }")) as { data: { numbers: string } }[];
    const numbers = events.map((event) => event.data.numbers);
    expect(new Set(numbers).size).toBe(2);
  });

  test("ends the source of a subscription that is given up while it waits", async () => {
    const stop = client.subscribe(
      { query: "subscription { silence }" },
      { next: () => undefined, error: () => undefined, complete: () => undefined },
    );
    await world.silence.begun;
    stop();
    await world.silence.end;
  });
});
