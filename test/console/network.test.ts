import type { Browser, Page } from "playwright-core";
import { definePipeline } from "../../src/pipelines/pipeline.js";
import { startFaultProxy, type FaultProxy } from "../faults/fault-proxy.js";
import { createTestApi, type TestApi } from "../support/api.js";
import { openBrowser } from "../support/browser.js";
import { openConsole, signIn } from "../support/console.js";
import { until } from "../support/until.js";

/** A document waits until its gate is open. */
const opened = new Set<string>();
const gated = definePipeline({
  name: "gated",
  version: 1,
  documentStages: [
    {
      name: "wait",
      timeoutMs: 600_000,
      run: async ({ document: { name } }) => {
        await until(`the gate of ${name} is open`, () => opened.has(name));
        return null;
      },
    },
  ],
});

let api: TestApi;
let proxy: FaultProxy;
let browser: Browser;
let through: string;
beforeAll(async () => {
  api = await createTestApi([gated], { console: true });
  proxy = await startFaultProxy(Number(new URL(api.url).port));
  through = `http://127.0.0.1:${proxy.port}`;
  browser = await openBrowser();
  await api.rig.startWorker();
});
afterAll(async () => {
  await browser.close();
  await proxy.close();
  await api.close();
});

const QUERY =
  "subscription Watch($jobId: ID!, $after: String) { statusChanges(jobId: $jobId, after: $after) { ... on StatusChange { cursor entityId version } } }";

/** What the API says of a change. */
interface Told {
  readonly reason: string;
  readonly version: number;
  readonly entityId: string;
}

/** Waits for what the page says of its connection. */
const says = (page: Page, word: string): Promise<void> =>
  page
    .getByRole("banner")
    .getByText(word, { exact: word === "Live" })
    .waitFor();

test("a network that swallows everything under two open pages: both say so, come back, and have lost and doubled nothing", async () => {
  const id = await api.rig.submit("gated", 3);
  const first = await api
    .send("query ($id: ID!) { job(id: $id) { history(first: 1) { nodes { cursor } } } }", { id })
    .then(({ data }) => data!.job.history.nodes[0].cursor as string);
  const job = await openConsole(browser, `${through}/jobs/${id}?tab=history`);
  await signIn(job.page, api.key);
  const variables = JSON.stringify({ jobId: id, after: first });
  const explore = await openConsole(
    browser,
    `${through}/explore?query=${encodeURIComponent(QUERY)}&variables=${encodeURIComponent(variables)}`,
  );
  await signIn(explore.page, api.key);
  await explore.page.getByRole("button", { name: "Run", exact: true }).click();
  opened.add("d0");
  await job.page.getByText("3 documents: 1 completed, 2 running").waitFor();
  const events = explore.page.getByRole("list", { name: "Events" });
  await events.getByText("version 3").first().waitFor();

  proxy.blackhole();
  opened.add("d1");
  await until("it is done behind their backs", async () => {
    const { data } = await api.send("query ($id: ID!) { job(id: $id) { counts { completed } } }", { id });
    return data!.job.counts.completed === 2;
  });
  await Promise.all([says(job.page, "Offline"), says(explore.page, "Offline")]);
  // The page shows the last state and does not claim to be live.
  expect(await job.page.getByText("3 documents: 1 completed, 2 running").count()).toBe(1);
  await events.getByText("Connection lost.").waitFor();

  proxy.pass();
  await Promise.all([says(job.page, "Live"), says(explore.page, "Live")]);
  await events.getByText("Continuing after the last event; no events were missed.").waitFor();
  opened.add("d2");
  await job.page.getByText("3 documents: 3 completed").waitFor();

  await api.rig.settled(id);

  const { data } = await api.send(
    "query ($id: ID!) { job(id: $id) { history(first: 100) { nodes { ...Of } } tasks(first: 10) { nodes { history(first: 50) { nodes { ...Of } } } } } } fragment Of on StatusChange { reason version entityId }",
    { id },
  );
  const ofJob = data!.job.history.nodes as Told[];
  await until("the job's page has every change once", async () => {
    const entries = await job.page.locator(".history > li .word").allTextContents();
    return entries.toReversed().join() === ofJob.map(({ reason }) => reason).join();
  });
  const ofTasks = (data!.job.tasks.nodes as { history: { nodes: Told[] } }[]).flatMap((task) => task.history.nodes);
  // The list begins behind the first change of the job.
  const wanted = [...ofJob.slice(1), ...ofTasks].map(
    ({ entityId, version }) => `entityId ${entityId} version ${version}`,
  );
  await events.getByText(wanted[ofJob.length - 2]!).waitFor();
  const listed = (await events.locator(".event > details > summary").allTextContents()).map((text) =>
    text.trim().replaceAll(/\s+/g, " "),
  );
  expect(listed.toSorted()).toEqual(wanted.toSorted());
  await Promise.all([job.close(), explore.close()]);
});
