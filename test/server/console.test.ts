import { createTestApi, type TestApi } from "../support/api.js";

let api: TestApi;
let without: TestApi;
beforeAll(async () => {
  [api, without] = await Promise.all([createTestApi([], { console: true }), createTestApi([])]);
});
afterAll(async () => {
  await api.close();
  await without.close();
});

const get = (path: string, from = api): Promise<Response> => fetch(from.url + path, { redirect: "manual" });

describe("the console's page", () => {
  test.each([
    ["/", "./"],
    ["/?a=/b", "./"],
    ["/jobs", "./"],
    ["/jobs/", "../"],
    ["/jobs/01a2?tab=tasks", "../"],
    ["/tasks/01a2?level=WARN", "../"],
    ["/collections", "./"],
    ["/collections/01a2?tab=search", "../"],
    ["/explore?step=watch", "./"],
    ["/playground", "./"],
    ["/playground/", "../"],
    ["/workers/01a2", "../"],
    ["/pipelines/documents", "../"],
    ["/operations/webhooks/01a2", "../../"],
  ])("at %s finds everything relative to %s, without a script of its own or another host", async (path, base) => {
    const answer = await get(path);
    const text = await answer.text();
    expect([answer.status, answer.headers.get("cache-control")]).toEqual([200, "no-store"]);
    expect(text).toContain(`<base href="${base}">`);
    expect(text).not.toMatch(/<script(?![^>]* src="\.\/console\/)|\son\w+=|style="/);
    expect(text).not.toMatch(/(?:src|href)="(?:\w+:)?\/\//);
    const policy = answer.headers.get("content-security-policy")!;
    expect(policy).toContain("default-src 'none'; script-src 'self';");
    expect(policy).not.toMatch(/unsafe|\*|http/);
    // Another answer, another nonce.
    const nonce = /nonce-([^']+)/.exec(policy)![1]!;
    expect(text).toContain(`nonce="${nonce}"`);
    expect((await get(path)).headers.get("content-security-policy")).not.toContain(nonce);
  });

  test("loads files that are kept forever, compressed where that is understood", async () => {
    const page = await (await get("/")).text();
    const scripts = [...page.matchAll(/(?:src|href)="\.(\/console\/[^"]+)"/g)].map((match) => match[1]!);
    expect(scripts.length).toBeGreaterThan(2);
    for (const path of scripts) {
      const answer = await get(path);
      expect([answer.status, answer.headers.get("cache-control")]).toEqual([
        200,
        "public, max-age=31536000, immutable",
      ]);
      expect(answer.headers.get("content-encoding")).toBe("gzip");
      const plain = await fetch(api.url + path, { headers: { "accept-encoding": "identity" } });
      expect(await plain.text()).toBe(await answer.text());
    }
    expect((await get("/console/elsewhere.js")).status).toBe(404);
    expect((await get("/console/..%2Findex.html")).status).toBe(404);
  });

  test("is not there where it is switched off, but for Explore, under the same policy", async () => {
    const answer = await get("/", without);
    expect([answer.status, answer.headers.get("location")]).toEqual([302, "explore"]);
    expect((await get("/jobs", without)).status).toBe(404);
    for (const path of ["/explore", "/playground"]) {
      const page = await get(path, without);
      expect([page.status, page.headers.get("content-security-policy")]).toEqual([
        200,
        expect.stringContaining("script-src 'self';"),
      ]);
      expect(await page.text()).toContain('<meta name="headway-screens" content="explore">');
      expect(await (await get(path)).text()).not.toContain("headway-screens");
    }
  });

  test("is where those land who open the API in a browser", async () => {
    const answer = await fetch(`${api.url}/graphql`, { headers: { accept: "text/html" }, redirect: "manual" });
    expect(answer.headers.get("location")).toBe("explore");
  });

  test("is where a link signs in", async () => {
    const answer = await fetch(`${api.url}/playground/links`, {
      method: "POST",
      headers: { authorization: `Bearer ${api.key}` },
    });
    expect(((await answer.json()) as { path: string }).path).toMatch(/^\/#code=[\w-]{43}$/);
  });
});
