import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Browser } from "playwright-core";
import { ApiClient } from "../../src/cli/client.js";
import { openBrowser } from "../support/browser.js";
import { openConsole, signIn } from "../support/console.js";
import { createTestDatabase, type TestDatabase } from "../support/database.js";
import { startHeadway, type HeadwayProcess } from "../support/processes.js";
import { freePort } from "../support/redis.js";
import { until } from "../support/until.js";

/** Each document waits until its gate is there, so that the work is under way for as long as the test wants it. */
const PIPELINE = (gates: string): string => `import { existsSync } from "node:fs";
import { definePipeline } from "headway-api";
export default definePipeline({
  name: "gated", version: 1,
  documentStages: [{ name: "wait", timeoutMs: 600000, run: async (ctx) => {
    while (!existsSync(${JSON.stringify(gates)} + "/" + ctx.document.name)) await new Promise((go) => setTimeout(go, 50));
    return null;
  } }],
});
`;
const NAMES = ["a", "b", "c", "d"];

let folder: string;
let database: TestDatabase;
let browser: Browser;
let headway: HeadwayProcess;
let settings: Record<string, string>;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "headway-console-"));
  await writeFile(path.join(folder, "gated.mjs"), PIPELINE(folder));
  database = await createTestDatabase();
  settings = {
    DATABASE_URL: database.url,
    HEADWAY_DATA_DIR: folder,
    HEADWAY_PIPELINES: path.join(folder, "gated.mjs"),
    HEADWAY_PORT: String(await freePort()),
    HEADWAY_WORKER_PROCESSES: "0",
    // What the server holds that dies is given back this soon.
    HEADWAY_LEASE_MS: "5000",
    HEADWAY_HEARTBEAT_MS: "500",
    HEADWAY_SWEEP_MS: "200",
  };
  headway = await startHeadway(settings);
  browser = await openBrowser();
});
afterAll(async () => {
  await browser.close();
  await headway.kill();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

const open = (name: string): Promise<void> => writeFile(path.join(folder, name), "");

test("a server that dies and comes back under an open page: the page says so, comes back by itself, and has lost and doubled nothing", async () => {
  const { key, url } = headway;
  const client = new ApiClient(url, key);
  const made = await client.query<{ createCollection: { collection: { id: string } } }>(
    'mutation { createCollection(input: { name: "through the night" }) { collection { id } } }',
  );
  const collectionId = made.createCollection.collection.id;
  const documents = NAMES.map((name) => ({ name, text: name }));
  await client.mutate(
    "mutation ($input: AddDocumentsInput!) { addDocuments(input: $input) { userErrors { code message } } }",
    {
      input: { collectionId, documents },
    },
  );
  const { job } = await client.mutate<{ job: { id: string }; userErrors: [] }>(
    "mutation ($input: SubmitJobInput!) { submitJob(input: $input) { job { id } userErrors { code message } } }",
    { input: { collectionId, pipeline: "gated" } },
  );
  await client.close();

  const { page, close } = await openConsole(browser, `${url}/jobs/${job.id}?tab=history`);
  await signIn(page, key);
  await open("a");
  await page.getByText("4 documents: 1 completed, 3 running").waitFor();
  // What the page shows of the progress from here on, every change of it.
  await page.evaluate(`{
    globalThis.shown = [];
    const note = () => {
      const settled = /(\\d+) of 4/.exec(document.querySelector(".job-progress")?.textContent ?? "")?.[1];
      if (settled !== undefined && shown.at(-1) !== Number(settled)) shown.push(Number(settled));
    };
    new MutationObserver(note).observe(document.body, { childList: true, subtree: true, characterData: true });
    note();
  }`);

  await headway.kill();
  await page.getByRole("banner").getByText("Offline").waitFor();
  // It stands as it was, and does not pass for live.
  expect(await page.getByText("4 documents: 1 completed, 3 running").count()).toBe(1);
  expect(await page.getByText("Live", { exact: true }).count()).toBe(0);
  for (const name of ["b", "c"]) await open(name);

  headway = await startHeadway(settings);
  await page.getByText("Live", { exact: true }).waitFor();
  // What ran in the server that died may run one at a time, in any order: every gate is open from here on.
  await open("d");
  await page.getByText("4 documents: 4 completed").waitFor();
  await page.getByText("ALL_TASKS_SETTLED").waitFor();
  const shown = await page.evaluate<number[]>("globalThis.shown");
  expect(shown).toEqual(shown.toSorted((a, b) => a - b));
  // The history on the page is the server's: every change once.
  const again = new ApiClient(url, headway.key);
  const { job: read } = await again.query<{ job: { history: { nodes: { reason: string }[] } } }>(
    "query ($id: ID!) { job(id: $id) { history(first: 100) { nodes { reason } } } }",
    { id: job.id },
  );
  await again.close();
  await until("the page shows as many changes as there are", async () => {
    const entries = await page.locator(".history > li .word").allTextContents();
    return entries.toReversed().join() === read.history.nodes.map(({ reason }) => reason).join();
  });
  await close();
});
