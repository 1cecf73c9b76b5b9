import type { Browser } from "playwright-core";
import { definePipeline } from "../../src/pipelines/pipeline.js";
import { createTestApi, type TestApi } from "../support/api.js";
import { openBrowser } from "../support/browser.js";
import { openConsole, signIn } from "../support/console.js";
import { until } from "../support/until.js";

/** What the stage is told to do next: each word is a step of its one document. */
const told: string[] = [];
const slow = definePipeline({
  name: "slow",
  version: 1,
  documentStages: [
    { name: "first", run: async () => ({ kept: "from the first" }) },
    {
      name: "second",
      run: async (ctx) => {
        for (;;) {
          const word = told.shift();
          if (word === "end") return null;
          if (word === "warn") ctx.logger.warn({ shelf: 3 }, "The shelf is nearly full");
          else if (word === "half") ctx.progress(0.5, "half of the shelf");
          else if (word !== undefined) ctx.logger.info({}, word);
          ctx.signal.throwIfAborted();
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      },
    },
  ],
});

let api: TestApi;
let browser: Browser;
beforeAll(async () => {
  api = await createTestApi([slow], { console: true, trustedMs: 0 });
  browser = await openBrowser();
});
afterAll(async () => {
  await browser.close();
  await api.close();
});

test("a task's log comes in as it is written, is filtered by level and text, and is whole after the network was away", async () => {
  const jobId = await api.rig.submit("slow", 1);
  const [{ id }] = await api.rig.db.query("select id from headway.task where job_id = $1", [jobId]);
  const { page, complaints, close } = await openConsole(browser, `${api.url}/tasks/${id}`);
  await signIn(page, api.key);
  await page.getByText("waiting now").waitFor();
  await page.getByText("No log lines").waitFor();

  await api.rig.startWorker();
  told.push("has begun");
  await page.getByText("has begun").waitFor();
  // The waterfall has the passage that is over and the one that runs, on the worker that does it.
  const takes = page.getByRole("list", { name: "Stages in execution order" });
  await takes.getByText("first").waitFor();
  await takes.getByText("RUNNING").waitFor();
  await takes
    .getByText(/, process \d+/)
    .first()
    .waitFor();
  told.push("half");
  await page.getByText("At second: 50%").waitFor();
  told.push("warn");
  await page.getByText("The shelf is nearly full").waitFor();

  await page.getByRole("combobox", { name: "Minimum level" }).click();
  await page.getByRole("option", { name: "WARN" }).click();
  await page.getByText("1 line of 2").waitFor();
  expect(new URL(page.url()).searchParams.get("level")).toBe("WARN");
  await page.getByRole("textbox", { name: "Text" }).fill("shelf=3");
  await page.locator("mark", { hasText: "shelf=3" }).waitFor();
  await page.getByRole("textbox", { name: "Text" }).fill("nowhere");
  await page.getByText("No lines match these filters").waitFor();

  // What is written while the network is away is there afterwards, once.
  const lines = page.getByRole("list", { name: "Log lines" }).getByRole("listitem");
  await page.goto(`${api.url}/tasks/${id}`);
  await until("both lines are there", async () => (await lines.count()) === 2);
  await page.context().setOffline(true);
  told.push("written meanwhile");
  await until("it is written", async () => {
    const { data } = await api.send(`{ task(id: "${id}") { logs { nodes { message } } } }`);
    return data!.task.logs.nodes.length === 3;
  });
  await page.context().setOffline(false);
  await page.getByText("written meanwhile").waitFor();
  told.push("and the last", "end");
  await page.getByText("and the last").waitFor();
  await page.getByRole("heading", { level: 1 }).locator("xpath=..").getByText("COMPLETED", { exact: true }).waitFor();
  const texts = await lines.allTextContents();
  expect(texts.map((text) => /(has begun|nearly full|meanwhile|last)/.exec(text)?.[1])).toEqual([
    "has begun",
    "nearly full",
    "meanwhile",
    "last",
  ]);
  await page.getByRole("tab", { name: "Inputs and outputs" }).click();
  await page.getByText("Input: output of first").click();
  await page.getByText('"from the first"').last().waitFor();
  // What the browser itself says of the network is all that there is to complain of.
  expect(complaints.filter((text) => !/ERR_INTERNET_DISCONNECTED|WebSocket/.test(text))).toEqual([]);
  await close();
});

test("a task is cancelled with a reason, and one that is not there is said to be none", async () => {
  const jobId = await api.rig.submit("slow", 1);
  const [{ id }] = await api.rig.db.query("select id from headway.task where job_id = $1", [jobId]);
  const { page, close } = await openConsole(browser, `${api.url}/tasks/${id}`);
  await signIn(page, api.key);
  await page.getByText("RUNNING").first().waitFor();
  const retry = page.getByRole("button", { name: /^Retry….*/ });
  expect(await retry.getAttribute("aria-disabled")).toBe("true");
  await page.getByRole("button", { name: "Cancel…" }).click();
  await page.getByLabel("Reason").fill("It is not wanted.");
  await page.getByRole("button", { name: "Cancel task" }).click();
  await page.getByRole("heading", { level: 1 }).locator("xpath=..").getByText("CANCELLED").waitFor();
  await page.getByRole("tab", { name: "History" }).click();
  await page.getByText("It is not wanted.").waitFor();
  await page.goto(`${api.url}/tasks/00000000-0000-7000-8000-000000000009`);
  await page.getByText("Task not found").waitFor();
  await page.goto(`${api.url}/collections/00000000-0000-7000-8000-000000000009`);
  await page.getByText("Collection not found").waitFor();
  await close();
});
