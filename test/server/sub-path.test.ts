import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { ApiClient } from "../../src/cli/client.js";
import { openBrowser } from "../support/browser.js";
import { openConsole, signIn } from "../support/console.js";
import { createTestDatabase, type TestDatabase } from "../support/database.js";
import { startNginx, type TestNginx } from "../support/nginx.js";
import { startHeadway, type HeadwayProcess } from "../support/processes.js";
import { freePort } from "../support/redis.js";
import { until } from "../support/until.js";

let folder: string;
let database: TestDatabase;
let headway: HeadwayProcess;
let nginx: TestNginx;
let url: string;
let api: ApiClient;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "headway-sub-path-"));
  database = await createTestDatabase();
  const port = await freePort();
  url = `http://127.0.0.1:${port}/headway`;
  headway = await startHeadway({
    DATABASE_URL: database.url,
    HEADWAY_DATA_DIR: folder,
    HEADWAY_PUBLIC_URL: url,
  });
  nginx = await startNginx(port, headway.url);
  api = new ApiClient(url, headway.key);
});
afterAll(async () => {
  await api.close();
  await nginx.stop();
  await headway.kill();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

describe("below a path of its host, behind nginx", () => {
  test.each(["/graphql", "/graphql?query=%7B__typename%7D"])(
    "a browser that opens %s is led to Explore there",
    async (at) => {
      const answer = await fetch(`${url}${at}`, { headers: { accept: "text/html" } });
      expect([answer.status, answer.url.split("?")[0]]).toEqual([200, `${url}/explore`]);
      expect(await answer.text()).toContain("Headway");
    },
  );

  test("the console finds its files, its API and its socket there, at a deep link too", async () => {
    const browser = await openBrowser();
    try {
      const { page, asked, complaints } = await openConsole(browser, `${url}/jobs?tag=none`);
      await signIn(page, headway.key);
      await page.getByText("No jobs match these filters").waitFor();
      await page.getByRole("banner").getByText("Live").waitFor();
      await page.getByRole("link", { name: "Now", exact: true }).click();
      await page.getByText("No jobs in progress").waitFor();
      expect(new URL(page.url()).pathname).toBe("/headway/");
      await page.goto(`${url}/playground/?step=start`);
      await page.getByRole("button", { name: "Run" }).click();
      await page.getByText("Succeeded").waitFor();
      expect(new URL(page.url()).pathname).toBe("/headway/explore");
      expect(asked.filter((one) => !one.replace(/^ws/, "http").startsWith(`${url}/`))).toEqual([]);
      expect(asked.some((one) => one.startsWith("ws"))).toBe(true);
      expect(complaints).toEqual([]);
    } finally {
      await browser.close();
    }
  });

  test("clients submit, send files, follow changes and fetch artifacts there", async () => {
    const { collection } = await api.mutate<{ collection: { id: string }; userErrors: [] }>(
      'mutation { createCollection(input: { name: "below" }) { collection { id } userErrors { code message } } }',
      {},
    );
    const { uploads } = await api.mutate<{ uploads: { id: string; url: string }[]; userErrors: [] }>(
      'mutation { createUploads(input: { files: [{ name: "a.txt", sizeBytes: 5 }] }) { uploads { id url } userErrors { code message } } }',
      {},
    );
    expect(uploads[0]!.url.startsWith(`${url}/uploads/`)).toBe(true);
    const sent = await fetch(uploads[0]!.url, {
      method: "PUT",
      body: "Hello",
      headers: { authorization: `Bearer ${headway.key}` },
    });
    expect(sent.status).toBe(201);
    await api.mutate(
      "mutation ($input: AddDocumentsInput!) { addDocuments(input: $input) { userErrors { code message } } }",
      { input: { collectionId: collection.id, documents: [{ name: "a.txt", uploadId: uploads[0]!.id }] } },
    );
    const { job } = await api.mutate<{ job: { id: string }; userErrors: [] }>(
      "mutation ($input: SubmitJobInput!) { submitJob(input: $input) { job { id } userErrors { code message } } }",
      {
        input: {
          collectionId: collection.id,
          pipeline: "batch",
          options: { fields: { word: { pattern: "(Hello)" } } },
        },
      },
    );
    let last = "";
    for await (const { jobProgress } of api.subscribe<{ jobProgress: { status: string } }>(
      "subscription ($id: ID!) { jobProgress(jobId: $id) { status } }",
      { id: job.id },
    )) {
      last = jobProgress.status;
    }
    expect(last).toBe("COMPLETED");
    let artifacts: { url: string }[] = [];
    await until("there are artifacts", async () => {
      const answer = await api.query<{ job: { artifacts: { nodes: { url: string }[] } } }>(
        "query ($id: ID!) { job(id: $id) { artifacts(first: 5) { nodes { url } } } }",
        { id: job.id },
      );
      artifacts = answer.job.artifacts.nodes;
      return artifacts.length > 0;
    });
    expect(artifacts[0]!.url.startsWith(`${url}/artifacts/`)).toBe(true);
    expect((await api.download(artifacts[0]!.url)).length).toBeGreaterThan(0);
  });
});
