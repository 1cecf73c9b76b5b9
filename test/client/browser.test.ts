import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import type { Browser, Page } from "playwright-core";
import { definePipeline } from "../../src/pipelines/pipeline.js";
import { createTestApi, type TestApi } from "../support/api.js";
import { openBrowser } from "../support/browser.js";
import { ROOT } from "../support/root.js";

const shout = definePipeline({
  name: "shout",
  version: 1,
  documentStages: [
    {
      name: "shout",
      run: async (ctx) => {
        await ctx.artifacts.write("loud.txt", (await ctx.document.text()).toUpperCase(), "text/plain");
        return null;
      },
    },
  ],
});

/** The modules as they are shipped, found by an import map, since there is no bundler here. */
const PAGE = `<!doctype html><title>A web app</title>
<script type="importmap">{ "imports": {
  "headway-api/client": "/dist/src/client.js", "graphql-ws/client": "/node_modules/graphql-ws/dist/client.js" } }</script>
<script type="module">
  import * as headway from "headway-api/client";
  window.wholeWay = async ({ url, key, collectionId }) => {
    const client = headway.createClient({ url, key });
    const told = [];
    const files = [new File(["quietly"], "a.txt", { type: "text/plain" }), new File([], "empty.txt")];
    const documents = await client.upload(files, { onProgress: ({ sentBytes }) => told.push(sentBytes) });
    await client.mutate(headway.AddDocuments, { input: { collectionId, documents } });
    const { jobId } = await client.submit({ collectionId, pipeline: "shout" });
    let last = null;
    for await (const event of client.follow(jobId)) last = event;
    const { job } = await client.run(headway.ListArtifacts, { jobId });
    const file = await client.download(job.artifacts.nodes[0].signedUrl.url);
    await client.close();
    return { sent: told.at(-1), last: last.toStatus, file: [file.name, file.bytes.size] };
  };
  window.refusal = async (options) => {
    const error = await headway.createClient(options).run(headway.GetViewer, {}).catch((thrown) => thrown);
    return [error instanceof headway.ClientError, error.code];
  };
</script>`;

let api: TestApi;
let site: Server;
let browser: Browser;
let page: Page;
beforeAll(async () => {
  api = await createTestApi([shout]);
  await api.rig.startWorker();
  site = createServer((req, res) => {
    if (req.url === "/") return void res.setHeader("content-type", "text/html").end(PAGE);
    void readFile(path.join(ROOT, req.url!)).then(
      (text) => res.setHeader("content-type", "text/javascript").end(text),
      () => res.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
  browser = await openBrowser();
  page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`);
});
afterAll(async () => {
  await browser.close();
  site.close();
  site.closeAllConnections();
  await api.close();
});

describe("headway-api/client in a browser, on another origin,", () => {
  test("takes files with a key for browsers all the way", async () => {
    const collectionId = await api.rig.collection(0);
    const { data } = await api.send(
      "mutation ($input: CreateBrowserKeyInput!) { createBrowserKey(input: $input) { key } }",
      { input: { collectionId, permissions: ["READ", "UPLOAD", "SUBMIT"], pipelines: ["shout"] } },
    );
    const given = { url: api.url, key: data!.createBrowserKey.key, collectionId };
    expect(await page.evaluate(`wholeWay(${JSON.stringify(given)})`)).toEqual({
      sent: 7,
      last: "COMPLETED",
      file: ["loud.txt", expect.any(Number)],
    });
  });

  test("says by typed errors what went wrong", async () => {
    const refusal = (options: object): Promise<unknown> => page.evaluate(`refusal(${JSON.stringify(options)})`);
    expect(await refusal({ url: api.url, key: "hw_wrong" })).toEqual([true, "UNAUTHENTICATED"]);
    expect(await refusal({ url: "http://127.0.0.1:1", key: api.key })).toEqual([true, "UNREACHABLE"]);
  });
});
