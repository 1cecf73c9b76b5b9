import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { createKey, revokeKey } from "../../src/access/keys.js";
import { DEFAULT_PROJECT_ID } from "../../src/access/projects.js";
import { OWNER } from "../../src/access/sign-in.js";
import { definePipeline } from "../../src/pipelines/pipeline.js";
import { linkPath, PLAYGROUND_PATH } from "../../src/server/playground/sign-in.js";
import { TABS } from "../../src/server/playground/tabs.js";
import { startServer } from "../../src/server/server.js";
import { createTestApi, type TestApi } from "../support/api.js";
import { until } from "../support/until.js";
import { openBrowser } from "../support/browser.js";
import { keyBy } from "../support/keys.js";
import { logger } from "./world.js";

const plain = definePipeline({
  name: "plain",
  version: 1,
  description: "Nothing but a stage.",
  documentStages: [{ name: "read", run: async () => null }],
});
let api: TestApi;
beforeAll(async () => {
  api = await createTestApi([plain], { trustedMs: 0 });
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
  test("takes the playground's own page under a loopback name", async () => {
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
    return /^\/playground#code=([\w-]{43})$/.exec(path)![1]!;
  }

  test("is given for a key, and signs in with its role", async () => {
    const code = await codeFor(await keyBy(api.rig.db, { role: "VIEWER", name: "ada" }));
    const { key } = (await api.signIn.exchange(code))!;
    const { data } = await api.send("{ viewer { name role project } }", {}, key);
    expect(data).toEqual({ viewer: { name: "playground", role: "VIEWER", project: "default" } });
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

describe("the playground, in a browser,", () => {
  let browser: Browser;
  let proxy: Server;
  let proxied: string;
  beforeAll(async () => {
    browser = await openBrowser();
    // As proxies do it that serve an API below a path: they take the path away.
    proxy = createServer((req, res) => {
      const path = /^\/headway(\/.*)$/.exec(req.url!)?.[1];
      if (path === undefined) return void res.writeHead(404).end();
      const { method, headers } = req;
      const passed = request(`${api.url}${path}`, { method, headers }, (answer) => {
        res.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(res);
      });
      req.pipe(passed);
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    proxied = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/headway`;
  });
  afterAll(async () => {
    await browser.close();
    proxy.closeAllConnections();
    proxy.close();
  });

  const contexts: BrowserContext[] = [];
  afterEach(() => Promise.all(contexts.splice(0).map((context) => context.close())));

  /** A page in a browser that was never here, and what it has complained about. */
  async function open(url: string, options: BrowserContextOptions = {}): Promise<{ page: Page; complaints: string[] }> {
    const context = await browser.newContext(options);
    contexts.push(context);
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    await page.goto(url);
    return { page, complaints };
  }
  const result = (page: Page) => page.locator(".graphiql-response .view-lines");
  const signInWith = async (page: Page, key: string): Promise<void> => {
    await page.getByLabel("API key").fill(key);
    await page.getByRole("button", { name: "Sign in" }).click();
  };
  async function runFirstTab(page: Page): Promise<void> {
    await page.locator(".graphiql-execute-button").click();
    await result(page).getByText("Nothing but a stage.").waitFor();
  }

  test("is signed in by a link, whose code is gone from the address, and shows its worth with one click", async () => {
    const link = api.url + linkPath(PLAYGROUND_PATH, api.signIn.makeCode(OWNER));
    const { page, complaints } = await open(link);
    await runFirstTab(page);
    expect(page.url()).not.toContain("code");
    expect(await page.evaluate("history.length")).toBe(2); // The blank page and this one: the code is in neither.
    await page.getByRole("button", { name: "Show Documentation Explorer" }).click();
    await page.getByText("A GraphQL schema provides a root type").waitFor();
    expect(complaints).toEqual([]);
    await page.reload();
    await runFirstTab(page);
    expect(await page.getByRole("tab").count()).toBe(TABS.length);
    expect(complaints).toEqual([]);
    const again = await open(link);
    await again.page.getByText("This link has been used").waitFor();
  });

  test("asks for a key once, and uses it for every tab, over the socket as well", async () => {
    const key = await keyBy(api.rig.db, { role: "VIEWER", name: "<b>grace</b>" });
    const { page } = await open(`${api.url}/`);
    await signInWith(page, "hw_wrong");
    await page.getByText("This key is unknown, revoked or expired").waitFor();
    await signInWith(page, key);
    await runFirstTab(page);
    await page.getByText("<b>grace</b> · VIEWER").waitFor();
    const subscription = "subscription { statusChanges { ... on StatusChange { toStatus } } }";
    await page.goto(`${api.url}/playground?query=${encodeURIComponent(subscription)}`);
    const before = api.stream.size;
    await page.locator(".graphiql-execute-button").click();
    while (api.stream.size === before) await page.waitForTimeout(50);
    await api.client.query('mutation { createCollection(input: { name: "seen live" }) { collection { id } } }');
    await result(page).getByText("CREATED").waitFor();
    expect(await page.evaluate("JSON.stringify(localStorage)")).not.toContain(key);
  });

  test("asks again when its key ends, and goes on in the same tabs", async () => {
    const grant = { projectId: DEFAULT_PROJECT_ID, name: "short", role: "VIEWER", lifeMs: null } as const;
    const short = await createKey(api.rig.db, { ...grant, scope: null, createdBy: "tests" });
    const { page } = await open(`${api.url}/playground`);
    await signInWith(page, short.key);
    await runFirstTab(page);
    await revokeKey(api.rig.db, DEFAULT_PROJECT_ID, short.id);
    await page.locator(".graphiql-execute-button").click();
    await page.getByText("This key is no longer valid. Your tabs are kept.").waitFor();
    await signInWith(page, api.key);
    await runFirstTab(page);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("API key").waitFor();
    await page.reload();
    await page.getByLabel("API key").waitFor();
  });

  test("works below a path", async () => {
    for (const path of ["/", "/graphql", "/graphql/"]) {
      const { headers } = await fetch(proxied + path, { headers: { accept: "text/html" }, redirect: "manual" });
      expect(new URL(headers.get("location")!, proxied + path).href).toBe(`${proxied}/playground`);
    }
    const { page } = await open(`${proxied}/playground/`);
    await signInWith(page, api.key);
    await runFirstTab(page);
    expect(new URL(page.url()).pathname).toBe("/headway/playground/");
  });

  test("fits a narrow screen with the editor above its result, and is dark where the browser wants it so", async () => {
    const { page } = await open(`${api.url}/playground`, { viewport: { width: 420, height: 800 } });
    await signInWith(page, api.key);
    await runFirstTab(page);
    for (const width of [420, 360]) {
      await page.setViewportSize({ width, height: 800 });
      await until("nothing is wider than the screen", () =>
        page.evaluate<boolean>("document.documentElement.scrollWidth <= innerWidth"),
      );
      const editor = (await page.locator(".graphiql-query-editor").boundingBox())!;
      const answer = (await page.locator(".graphiql-response").boundingBox())!;
      expect(answer.y).toBeGreaterThanOrEqual(editor.y + editor.height - 1);
      for (const box of [editor, answer]) {
        expect(box.width).toBeGreaterThan(width * 0.7);
        expect(box.height).toBeGreaterThan(200);
      }
    }
    const lightness = async (colorScheme: "dark" | "light"): Promise<number> => {
      await page.emulateMedia({ colorScheme });
      const color: string = await page.evaluate(
        'getComputedStyle(document.querySelector(".graphiql-container")).backgroundColor',
      );
      return Math.max(...color.match(/\d+/g)!.slice(0, 3).map(Number));
    };
    expect(await lightness("dark")).toBeLessThan(90);
    expect(await lightness("light")).toBeGreaterThan(200);
  });
});
