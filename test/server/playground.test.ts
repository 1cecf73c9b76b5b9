import { request } from "node:http";
import { createKey, revokeKey } from "../../src/access/keys.js";
import { DEFAULT_PROJECT_ID } from "../../src/access/projects.js";
import { OWNER } from "../../src/access/sign-in.js";
import { startServer } from "../../src/server/server.js";
import { createTestApi, type TestApi } from "../support/api.js";
import { keyBy } from "../support/keys.js";
import { logger } from "./world.js";

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi([], { trustedMs: 0 });
});
afterAll(() => api.close());

const hostOf = (url: string): string => new URL(url).host;
/** As Node sends it: fetch names neither another host nor another origin. */
function exchange(
  headers: Record<string, string>,
  body: unknown = { code: api.signIn.makeCode(OWNER) },
  path = "session",
): Promise<number> {
  return new Promise((resolve, reject) => {
    const asking = request(`${api.url}/playground/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
    });
    asking.once("response", (answer) => {
      answer.resume();
      resolve(answer.statusCode!);
    });
    asking.once("error", reject).end(JSON.stringify(body));
  });
}

describe("the exchange of a link's code", () => {
  test("takes the server's own page under a loopback name", async () => {
    const { port } = new URL(api.url);
    for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`]) {
      expect(await exchange({ host, origin: `http://${host}`, "sec-fetch-site": "same-origin" })).toBe(200);
    }
  });

  test.each([
    ["a page of another origin", { origin: "https://elsewhere.example" }],
    ["a page of another port", { origin: "http://127.0.0.1:1" }],
    ["what names no origin", {}],
    ["a page without an origin", { origin: "null" }],
    ["a name that was made to lead here", { host: "rebound.example", origin: "http://rebound.example" }],
    ["a name that begins like a loopback one", { host: "localhost.example", origin: "http://localhost.example" }],
  ])("refuses %s, and its code stays good", async (_whose, headers) => {
    const code = api.signIn.makeCode(OWNER);
    expect(await exchange(headers, { code })).toBe(403);
    const own = { origin: `http://${hostOf(api.url)}` };
    expect(await exchange({ ...own, "sec-fetch-site": "cross-site" }, { code })).toBe(403);
    expect(await exchange(own, { code })).toBe(200);
    expect(await exchange(own, { code })).toBe(401);
  });

  test.each([[{}], [{ code: 5 }], [{ code: "" }], [[]], [{ code: "A".repeat(43) }]])("refuses %j", async (body) => {
    expect(await exchange({ origin: `http://${hostOf(api.url)}` }, body)).toBe(401);
  });

  test("is for POST alone, and is kept by no cache", async () => {
    const answer = await fetch(`${api.url}/playground/session`);
    expect([answer.status, answer.headers.get("allow"), answer.headers.get("cache-control")]).toEqual([
      405,
      "POST",
      "no-store",
    ]);
  });

  test("is not there where no links are given", async () => {
    const { rig, stream } = api;
    const unused = { keys: {} as never, embedder: {} as never, blobs: {} as never };
    const without = { host: "127.0.0.1", port: 0, logger, checks: [], measured: null };
    const server = await startServer({ ...without, api: { deps: rig.deps, stream, ...unused } });
    for (const path of ["/playground/session", "/playground/links"]) {
      expect((await fetch(`${server.url}${path}`, { method: "POST" })).status).toBe(404);
    }
    await server.close(0);
  });
});

describe("a link", () => {
  const ask = (key: string): Promise<Response> =>
    fetch(`${api.url}/playground/links`, { method: "POST", headers: { authorization: `Bearer ${key}` } });

  async function codeFor(key: string): Promise<string> {
    const { path } = (await (await ask(key)).json()) as { path: string };
    return /^\/explore#code=([\w-]{43})$/.exec(path)![1]!;
  }

  test("is given for a key, and signs in with its role", async () => {
    const code = await codeFor(await keyBy(api.rig.db, { role: "VIEWER", name: "ada" }));
    const { key } = (await api.signIn.exchange(code))!;
    const { data } = await api.send("{ viewer { name role project } }", {}, key);
    expect(data).toEqual({ viewer: { name: "console", role: "VIEWER", project: "default" } });
  });

  test("signs in for no longer than the key that asked for it is good", async () => {
    const hour = 3_600_000;
    const code = await codeFor(await keyBy(api.rig.db, { lifeMs: hour }));
    const { expiresAt } = (await api.signIn.exchange(code))!;
    const [{ now }] = await api.rig.db.query("select clock_timestamp() as now");
    expect(expiresAt.getTime() - now.getTime()).toBeGreaterThan(hour / 2);
    expect(expiresAt.getTime() - now.getTime()).toBeLessThanOrEqual(hour);
  });

  test("signs in nobody once that key has been revoked", async () => {
    const { id, key } = await createKey(api.rig.db, {
      projectId: DEFAULT_PROJECT_ID,
      name: "leaver",
      role: "ADMIN",
      lifeMs: null,
      scope: null,
      createdBy: "tests",
    });
    const code = await codeFor(key);
    await revokeKey(api.rig.db, DEFAULT_PROJECT_ID, id);
    expect(await api.signIn.exchange(code)).toBeNull();
  });

  test("is given for no other", async () => {
    const collectionId = await api.rig.collection(1);
    const scoped = await keyBy(api.rig.db, { role: "VIEWER", scope: { collectionId, jobId: null } });
    expect([(await ask("hw_wrong")).status, (await ask(scoped)).status]).toEqual([401, 403]);
    const authorization = `Bearer ${api.key}`;
    expect(await exchange({ authorization, host: "server.example" }, {}, "links")).toBe(403); // It would not work there.
  });
});
