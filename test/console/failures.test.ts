import type { Browser, Locator, Page } from "playwright-core";
import { PermanentError } from "../../src/index.js";
import { definePipeline } from "../../src/pipelines/pipeline.js";
import { createTestApi, type TestApi } from "../support/api.js";
import { openBrowser } from "../support/browser.js";
import { openConsole } from "../support/console.js";
import { keyBy } from "../support/keys.js";
import { until } from "../support/until.js";

const DOCUMENTS = 2_000;
const KINDS = ["NO_TOTAL", "VENDOR_AWAY", "UNREADABLE", "TOO_OLD"] as const;
/** One in 25 fails, of each kind as many. */
const OF_A_KIND = DOCUMENTS / 25 / KINDS.length;

const world = { isVendorBack: false };
const invoices = definePipeline({
  name: "invoices",
  version: 1,
  documentStages: [
    { name: "read", run: async () => null },
    {
      name: "check",
      run: async ({ document: { name } }) => {
        const number = Number(name.slice(1));
        const kind = KINDS[(number / 25) % KINDS.length];
        if (kind === undefined || (kind === "VENDOR_AWAY" && world.isVendorBack)) return null;
        throw new PermanentError(kind, `${name} cannot be checked; look at it.`);
      },
    },
  ],
});

let api: TestApi;
let browser: Browser;
beforeAll(async () => {
  api = await createTestApi([invoices], { console: true });
  browser = await openBrowser();
  await api.rig.startWorker();
});
afterAll(async () => {
  await browser.close();
  await api.close();
});

/** More than any screen has. */
const MOST_TABS = 150;

/** Goes there with the Tab key alone, as somebody without a mouse. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  await target.waitFor();
  for (let pressed = 0; pressed < MOST_TABS; pressed += 1) {
    if (await target.evaluate((element) => element.matches(":focus"))) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`The Tab key does not lead to ${String(target)}.`);
}

test("a job of many tasks with failures of four kinds is grouped, looked into, retried by one kind and watched, by the keyboard alone", async () => {
  const id = await api.rig.submit("invoices", DOCUMENTS);
  expect(await api.rig.settled(id)).toBe("COMPLETED_WITH_ERRORS");
  const { page, complaints, close } = await openConsole(browser, `${api.url}/`);
  const press = async (target: Locator): Promise<void> => {
    await tabTo(page, target);
    await page.keyboard.press("Enter");
  };
  await page.getByLabel("API key").waitFor();
  await page.keyboard.type(await keyBy(api.rig.db, { role: "OPERATOR" }));
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "In progress" }).waitFor();
  await page.keyboard.press("g");
  await page.keyboard.press("j");
  await press(page.getByRole("row").getByRole("link").first());

  // Grouped: four kinds, each with what one of them says.
  await page.getByText(`${4 * OF_A_KIND} tasks in 4 groups`).waitFor();
  for (const kind of KINDS) {
    const group = page.locator(".failure", { hasText: kind });
    await group.getByText("cannot be checked; look at it.").waitFor();
    expect(await group.locator("strong").textContent()).toBe(String(OF_A_KIND));
  }

  // Looked into: the tasks of one kind, and nothing else.
  await press(page.getByRole("button", { name: `Show ${OF_A_KIND} tasks with NO_TOTAL` }));
  const tasks = page.getByRole("list", { name: "Tasks of this job" }).getByRole("listitem");
  await until("only these are listed", async () => {
    const texts = await tasks.allTextContents();
    return texts.length > 0 && texts.every((text) => text.includes("NO_TOTAL"));
  });
  expect(new URL(page.url()).search).toContain("code=NO_TOTAL");
  const first = tasks.first().getByRole("button").first();
  await press(first);
  await page.getByText("Stack trace").waitFor();

  // Retried: one kind alone, after the page has said exactly what that takes.
  world.isVendorBack = true;
  await page.getByRole("heading", { level: 1 }).waitFor();
  await press(page.getByRole("button", { name: "Retry only VENDOR_AWAY…" }));
  await page.getByText(`${OF_A_KIND} documents with VENDOR_AWAY in 1 job will run again.`).waitFor();
  await tabTo(page, page.getByLabel("Reason"));
  await page.keyboard.type("The vendor is back.");
  await press(page.getByRole("button", { name: "Retry 1 job" }));

  // Watched: that kind is gone, the others stand.
  const failed = (KINDS.length - 1) * OF_A_KIND;
  await page
    .getByText(`2,000 documents: ${(DOCUMENTS - failed).toLocaleString("en")} completed, ${failed} failed`)
    .waitFor();
  await page.getByText(`${failed} tasks in 3 groups`).waitFor();
  expect(await page.locator(".failure", { hasText: "VENDOR_AWAY" }).count()).toBe(0);
  await press(page.getByRole("tab", { selected: true }));
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await page.getByText("The vendor is back.").waitFor();
  expect(complaints).toEqual([]);
  await close();
});
