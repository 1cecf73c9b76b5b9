import type { Browser, Page } from "playwright-core";
import { definePipeline } from "../../src/pipelines/pipeline.js";
import { createTestApi, type TestApi } from "../support/api.js";
import { openBrowser, startSite, type Site } from "../support/browser.js";
import { keyBy } from "../support/keys.js";

const shout = definePipeline({
  name: "shout",
  version: 1,
  documentStages: [
    {
      name: "shout",
      run: async (ctx) => {
        await ctx.artifacts.write("größe.txt", (await ctx.document.text()).toUpperCase(), "text/plain");
        return null;
      },
    },
  ],
});

let api: TestApi;
let site: Site;
let browser: Browser;
let page: Page;
beforeAll(async () => {
  api = await createTestApi([shout]);
  await api.rig.startWorker();
  site = await startSite("web-app.js");
  browser = await openBrowser();
  page = await browser.newPage();
  await page.goto(site.url);
});
afterAll(async () => {
  await browser.close();
  site.close();
  await api.close();
});

/** Calls one of the page's own functions. */
const call = <T>(name: string, ...args: unknown[]): Promise<T> =>
  page.evaluate(`app.${name}(...${JSON.stringify(args)})`);

describe("a web app on another origin, in a browser,", () => {
  test("uploads a file, submits it, follows the job over a socket, and downloads what came of it", async () => {
    const key = await keyBy(api.rig.db, { role: "OPERATOR" });
    expect(await call("wholeWay", { url: api.url, key }, "from a page")).toEqual({
      sent: 201,
      status: "COMPLETED",
      part: "QUIET",
      headers: [
        expect.stringMatching(/^"[0-9a-f]{64}"$/),
        "bytes 0-4/7",
        "bytes",
        expect.stringContaining("UTF-8''gr%C3%B6%C3%9Fe.txt"),
      ],
    });
  });

  test.each(["/metrics", "/healthz", "/readyz", "/playground"])("reads nothing of %s", async (path) => {
    expect(await call("canRead", `${api.url}${path}`)).toBe(false);
  });
});
