import { randomUUID } from "node:crypto";
import type { Browser, Page } from "playwright-core";
import { OWNER } from "../../src/access/sign-in.js";
import { PermanentError } from "../../src/index.js";
import { definePipeline } from "../../src/pipelines/pipeline.js";
import { linkPath } from "../../src/server/playground/sign-in.js";
import { createTestApi, type TestApi } from "../support/api.js";
import { openBrowser } from "../support/browser.js";
import { barriersOn, openConsole, signIn } from "../support/console.js";
import { PROJECT } from "../support/engine.js";
import { keyBy } from "../support/keys.js";
import { until } from "../support/until.js";

/** Fails as long as the world is as it is at night. */
const world = { isMended: false };
const invoices = definePipeline({
  name: "invoices",
  version: 1,
  documentStages: [
    {
      name: "read",
      run: async ({ document: { name } }) => {
        if (name === "d1") throw new PermanentError("NO_TOTAL", "d1 names no total; add it by hand.");
        if (name === "d2" && !world.isMended)
          throw new PermanentError("VENDOR_AWAY", "The vendor answers 503; ask them.");
        return null;
      },
    },
  ],
  collectionStages: [
    {
      name: "report",
      run: async (ctx) => {
        await ctx.artifacts.write("report.txt", "all of it", "text/plain");
        return { seen: true };
      },
    },
  ],
});
const letters = definePipeline({
  name: "letters",
  version: 1,
  documentStages: [{ name: "read", run: async () => null }],
});

let api: TestApi;
let browser: Browser;
beforeAll(async () => {
  api = await createTestApi([invoices, letters], { console: true, trustedMs: 0 });
  browser = await openBrowser();
});
afterAll(async () => {
  await browser.close();
  await api.close();
});

/** The row of what needs somebody that holds this text. */
const concern = (page: Page, text: string) => page.getByRole("listitem").filter({ hasText: text });

describe("an operator who is called at night", () => {
  let failed: string;
  let waiting: string;
  let stalled: string;
  beforeAll(async () => {
    await api.rig.startWorker();
    failed = await api.rig.submit("invoices", 4);
    await api.rig.settled(failed);
    await api.send(
      'mutation { pausePipeline(input: { pipeline: "letters", reason: "The printer is moved." }) { userErrors { code } } }',
    );
    waiting = await api.rig.submit("letters", 2);
    stalled = randomUUID();
    await api.rig.db.query(
      `insert into headway.worker (id, project_id, hostname, pid, build, pipelines, concurrency, lease_ms, loop_iterations,
         heartbeat_at, last_loop_at) values ($1, $2, 'basement', 7, 'test', '{}', 8, 30000, 5,
         clock_timestamp() + interval '1 hour', clock_timestamp() - interval '20 seconds')`,
      [stalled, PROJECT],
    );
    api.rig.startReconciler();
  });

  test("opens the link, sees all that is wrong, and settles each within two clicks", async () => {
    const { page, complaints, close } = await openConsole(browser, api.url + linkPath("/", api.signIn.makeCode(OWNER)));
    await page.getByText("3 items need attention").waitFor();
    expect(page.url()).toBe(`${api.url}/`);

    // A worker that stands still: where it is and what to do.
    await concern(page, "basement, process 7").getByText("sends heartbeats but claims no tasks").waitFor();
    await concern(page, "basement, process 7").getByRole("button", { name: "Running tasks" }).click();
    await page.getByText("No running tasks.").waitFor();
    await concern(page, "basement, process 7")
      .getByRole("button", { name: /Acknowledge/ })
      .click();
    await page.getByLabel("Note", { exact: true }).fill("It is restarted.");
    await page.getByRole("button", { name: "Acknowledge", exact: true }).click();
    await page.getByText("It is restarted.").waitFor();
    await page.getByText("2 items need attention").waitFor();

    // A pipeline that somebody has paused.
    await concern(page, "The printer is moved.").getByRole("button", { name: "Resume" }).click();
    expect(await api.rig.settled(waiting)).toBe("COMPLETED");
    await page.getByText("1 item needs attention").waitFor();

    // A job with failures of two kinds: one is mended and tried again, the other is looked at and left.
    await concern(page, "1 document")
      .or(concern(page, "2 documents of 4 failed"))
      .first()
      .getByRole("link")
      .first()
      .click();
    await page.getByText("The vendor answers 503; ask them.").waitFor();
    world.isMended = true;
    await page.getByRole("button", { name: "Retry only VENDOR_AWAY…" }).click();
    await page.getByText("1 document with VENDOR_AWAY in 1 job will run again.").waitFor();
    await page.getByLabel("Reason").fill("The vendor is back.");
    await page.getByRole("button", { name: "Retry 1 job" }).click();
    await page.getByText("4 documents: 3 completed, 1 failed").waitFor();
    // The groups are read anew once the counts have moved.
    await page.getByText("VENDOR_AWAY").first().waitFor({ state: "hidden" });
    await page.getByText("d1 names no total; add it by hand.").waitFor();
    await page.getByRole("tab", { name: "History" }).click();
    await page.getByText("The vendor is back.").waitFor();

    await page.getByRole("link", { name: "Now", exact: true }).click();
    await page.getByText("1 document of 4 failed: NO_TOTAL at read (1).").waitFor();
    await concern(page, "NO_TOTAL")
      .getByRole("button", { name: /Acknowledge/ })
      .click();
    await page.getByLabel("Note", { exact: true }).fill("Added by hand tomorrow.");
    await page.keyboard.press("Enter");
    await api.rig.db.query("delete from headway.worker where id = $1", [stalled]);
    await page.getByText("Nothing needs attention.").waitFor();
    expect(complaints).toEqual([]);
    await close();
  });

  test("is told of a failure that comes while the page is open, without asking for it", async () => {
    const { page, close } = await openConsole(browser, api.url);
    await signIn(page, await keyBy(api.rig.db, { role: "VIEWER" }));
    await page.getByText("Nothing needs attention.").waitFor();
    world.isMended = false;
    const id = await api.rig.submit("invoices", 3);
    await page.getByText("1 item needs attention").waitFor();
    // Who may only look sees what could be done, and why not by them.
    const refused = page.getByRole("button", {
      name: /Acknowledge.*Requires a key with the role OPERATOR; yours has VIEWER/,
    });
    expect(await refused.getAttribute("aria-disabled")).toBe("true");
    await api.send(`mutation { retryJob(input: { jobId: "${id}" }) { userErrors { code } } }`);
    await close();
  });
});

describe("the jobs", () => {
  test("keep their place while others come in, and are chosen, shown beforehand, and stopped", async () => {
    await api.send(
      'mutation { pausePipeline(input: { pipeline: "letters", reason: "stock-taking" }) { userErrors { code } } }',
    );
    const first = await api.rig.submit("letters", 1, { tags: ["stock"] });
    // A deep link to a filter survives signing in.
    const { page, complaints, close } = await openConsole(browser, `${api.url}/jobs?tag=stock&status=QUEUED`);
    await signIn(page, await keyBy(api.rig.db, { role: "OPERATOR" }));
    const rows = page.getByRole("row");
    await until("the row is there", async () => (await rows.count()) === 2);
    const more = [
      await api.rig.submit("letters", 2, { tags: ["stock"] }),
      await api.rig.submit("letters", 3, { tags: ["stock"] }),
    ];
    await api.rig.submit("letters", 1);
    await page.getByText("2 newer jobs").waitFor();
    expect(await rows.count()).toBe(2);
    await page.getByText("2 newer jobs").click();
    await until("they are there", async () => (await rows.count()) === 4);
    await page.getByLabel("Select all on this page").check();
    await page.getByText("3 jobs selected").waitFor();
    await api.send(`mutation { cancelJob(input: { jobId: "${first}" }) { userErrors { code } } }`);
    await page.getByRole("region", { name: "Selected jobs" }).getByRole("button", { name: "Cancel…" }).click();
    // Exactly what is there now: of the three, one has been stopped meanwhile.
    await page.getByText("5 documents in 2 jobs will stop").waitFor();
    await page.getByText("Skipped:").waitFor();
    await page.getByRole("button", { name: "Cancel 2 jobs" }).click();
    for (const id of more) expect(await api.rig.settled(id)).toBe("CANCELLED");
    await page.getByText("No jobs match these filters").waitFor();
    await page.getByRole("button", { name: "Clear filters" }).click();
    await until("all are shown", async () => (await rows.count()) > 4);
    expect(complaints).toEqual([]);
    await close();
  });
});

describe("signing in", () => {
  test("keeps the key in the tab alone, asks no other host, and ends with the key", async () => {
    const { id, key } = await api
      .send('mutation { createKey(input: { name: "night", role: VIEWER }) { key apiKey { id } } }')
      .then(({ data }) => ({ id: data!.createKey.apiKey.id as string, key: data!.createKey.key as string }));
    const { page, asked, close } = await openConsole(browser, `${api.url}/jobs`);
    await page.getByLabel("API key").fill("hw_wrong");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("This key is unknown, revoked or expired").waitFor();
    await signIn(page, key);
    await page.getByRole("heading", { name: "Jobs" }).waitFor();
    expect(await page.evaluate("JSON.stringify(localStorage) + document.cookie")).not.toContain(key);
    const outside = asked.filter((one) => !one.replace(/^ws/, "http").startsWith(api.url));
    expect(outside).toEqual([]);
    expect(asked.join()).not.toContain(key);
    await page.reload();
    await page.getByRole("heading", { name: "Jobs" }).waitFor();
    await api.send(`mutation { revokeKey(input: { keyId: "${id}" }) { userErrors { code } } }`);
    await page.getByText("This API key has expired or was revoked").waitFor();
    expect(page.url()).toBe(`${api.url}/jobs`);
    await close();
  });
});

test("every screen can be used by everybody, light and dark", async () => {
  world.isMended = false;
  const id = await api.rig.submit("invoices", 3);
  await api.rig.settled(id);
  const { page, close } = await openConsole(browser, `${api.url}/`, {
    viewport: { width: 1440, height: 900 },
  });
  await page.getByLabel("API key").waitFor();
  expect(await barriersOn(page)).toEqual([]);
  await signIn(page, api.key);
  await page.getByRole("heading", { name: "In progress" }).waitFor();
  await page.getByText("NO_TOTAL").first().waitFor();
  expect(await barriersOn(page)).toEqual([]);
  await page.getByRole("link", { name: "Jobs", exact: true }).click();
  await page.getByLabel("Select all on this page").check();
  await page.getByRole("combobox", { name: "Status" }).click();
  await page.getByRole("option", { name: "FAILED", exact: true }).waitFor();
  expect(await barriersOn(page)).toEqual([]);
  for (const [tab, text] of [
    ["tasks", "d1"],
    ["results", "report.txt"],
    ["history", "SUBMITTED"],
    ["order", "Options"],
  ] as const) {
    await page.goto(`${api.url}/jobs/${id}?tab=${tab}`);
    await page.getByText(text, { exact: true }).first().waitFor();
    if (tab === "tasks") {
      await page.getByRole("button", { name: /^d1 FAILED/ }).click();
      await page.getByText("Stack trace").waitFor();
    }
    expect(await barriersOn(page)).toEqual([]);
  }
  // On the narrowest screen nothing is cut off.
  await page.setViewportSize({ width: 360, height: 800 });
  for (const path of ["/", "/jobs", `/jobs/${id}`]) {
    await page.goto(api.url + path);
    await page.getByRole("heading", { level: 1 }).waitFor({ state: "attached" });
    await until("nothing is wider than the screen", () =>
      page.evaluate<boolean>("document.documentElement.scrollWidth <= innerWidth"),
    );
  }
  await close();
});
