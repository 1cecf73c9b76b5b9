import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { createKey, revokeKey } from "../../src/access/keys.js";
import { DEFAULT_PROJECT_ID } from "../../src/access/projects.js";
import { OWNER } from "../../src/access/sign-in.js";
import { PermanentError } from "../../src/index.js";
import { definePipeline } from "../../src/pipelines/pipeline.js";
import { EXPLORE_PATH, linkPath, PLAYGROUND_PATH } from "../../src/server/playground/sign-in.js";
import { createTestApi, type TestApi } from "../support/api.js";
import { openBrowser } from "../support/browser.js";
import { barriersOn, openConsole, signIn, type ConsolePage } from "../support/console.js";
import { keyBy } from "../support/keys.js";
import { until } from "../support/until.js";

/** Of the name that the steps submit to. */
const documents = definePipeline({
  name: "documents",
  version: 1,
  description: "Nothing but a stage.",
  documentStages: [
    {
      name: "validate",
      run: async ({ document: { name } }) => {
        if (name === "empty.txt") throw new PermanentError("EMPTY", "empty.txt has no bytes; send its content again.");
        return null;
      },
    },
  ],
});

let api: TestApi;
let alone: TestApi;
let browser: Browser;
beforeAll(async () => {
  [api, alone] = await Promise.all([
    createTestApi([documents], { console: true, trustedMs: 0 }),
    createTestApi([documents], { trustedMs: 0 }),
  ]);
  await api.rig.startWorker();
  browser = await openBrowser();
});
afterAll(async () => {
  await browser.close();
  await api.close();
  await alone.close();
});

const opened: ConsolePage[] = [];
afterEach(() => Promise.all(opened.splice(0).map(({ close }) => close())));

async function open(path: string, options?: BrowserContextOptions, at = api): Promise<ConsolePage> {
  const found = await openConsole(browser, at.url + path, options);
  opened.push(found);
  return found;
}
const run = (page: Page): Promise<void> => page.getByRole("button", { name: "Run", exact: true }).click();
const step = (page: Page, name: string): Promise<void> =>
  page.getByRole("navigation", { name: "Steps" }).getByRole("button", { name }).click();
const answered = (page: Page, text: string | RegExp): Promise<void> =>
  page.getByRole("textbox", { name: "Response" }).getByText(text).first().waitFor();
const variables = (page: Page): Promise<string | null> =>
  page.getByRole("textbox", { name: "Variables" }).textContent();

test("leads from a first collection to a retry, one click a step, by the keyboard alone", async () => {
  const { page, complaints, asked } = await open(EXPLORE_PATH);
  await signIn(page, await keyBy(api.rig.db, { role: "OPERATOR" }));
  const go = async (name: string): Promise<void> => {
    await page.getByRole("navigation", { name: "Steps" }).getByRole("button", { name }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("textbox", { name: "Operation" }).focus();
    await page.keyboard.press("Control+Enter");
  };
  await go("Look around");
  await answered(page, "Nothing but a stage.");

  // Nothing runs that needs what no step has given, and the page says which step gives it.
  await go("Submit a job");
  await page.getByText("first to get collectionId, or enter an ID below").waitFor();
  await go("Create a collection");
  await answered(page, "First steps");
  await go("Add documents");
  await answered(page, "greeting.txt");
  await go("Submit a job");
  await answered(page, "QUEUED");
  const { id } = await api
    .send("{ jobs(first: 1) { nodes { id } } }")
    .then(({ data }) => data!.jobs.nodes[0] as { id: string });
  expect(await api.rig.settled(id)).toBe("COMPLETED_WITH_ERRORS");

  // The job and the cursor of its first change stand in the variables, so what is over already is told as well.
  await go("Watch the job");
  expect(await variables(page)).toContain(id);
  expect(await variables(page)).toContain("after");
  const events = page.getByRole("list", { name: "Events" });
  await events.getByText("toStatus COMPLETED_WITH_ERRORS").first().waitFor();
  await events.getByText("PERMANENT_ERROR").or(events.getByText("empty.txt has no bytes")).first().waitFor();
  const before = await events.getByRole("listitem").count();
  expect(await events.locator("time").count()).toBe(before);
  await api.send(`mutation { retryJob(input: { jobId: "${id}" }) { userErrors { code } } }`);
  await until("they come in live", async () => (await events.getByRole("listitem").count()) > before);
  await page.getByRole("button", { name: "Stop" }).press("Enter");
  await events.getByText("Stopped.").waitFor();
  expect(await api.rig.settled(id)).toBe("COMPLETED_WITH_ERRORS");
  await go("View the outcome");
  await answered(page, '"EMPTY"');
  await go("Retry failed tasks");
  await answered(page, '"retriedTasks": 1');

  // A name that is taken is used again.
  await go("Create a collection");
  await answered(page, "NAME_TAKEN");
  expect(await api.rig.settled(id)).toBe("COMPLETED_WITH_ERRORS");
  await go("Add documents");
  await answered(page, '"userErrors": []');

  await page.getByRole("tab", { name: "History" }).click();
  const ran = page.getByRole("tabpanel").getByRole("listitem");
  expect(await ran.count()).toBe(9);
  await ran.filter({ hasText: "Outcome" }).getByRole("button").press("Enter");
  await page.getByRole("textbox", { name: "Operation" }).getByText("canRetry").first().waitFor();
  // In the tab, and in the browser where it is asked for.
  expect(await page.evaluate("JSON.stringify(localStorage)")).not.toContain("Outcome");
  await page.getByLabel("Keep this list in this browser").check();
  expect(await page.evaluate("JSON.stringify(localStorage)")).toContain("Outcome");
  await page.getByRole("button", { name: "Clear list" }).click();
  expect(await page.evaluate("JSON.stringify(localStorage)")).not.toContain("Outcome");
  expect(asked.filter((one) => !one.replace(/^ws/, "http").startsWith(api.url))).toEqual([]);
  expect(complaints).toEqual([]);
});

describe("an operation of one's own", () => {
  test("comes with a link through the playground's address and signing in, and runs when it is asked to", async () => {
    const query = "subscription Mine { statusChanges { ... on StatusChange { toStatus entityId } } }";
    const { page, complaints } = await open(`${PLAYGROUND_PATH}?query=${encodeURIComponent(query)}`);
    const before = api.stream.size;
    await signIn(page, await keyBy(api.rig.db, { role: "VIEWER", name: "<b>grace</b>" }));
    await page.getByRole("textbox", { name: "Operation" }).getByText("Mine").waitFor();
    expect(new URL(page.url()).pathname).toBe(EXPLORE_PATH);
    await page.getByRole("button", { name: "<b>grace</b>, VIEWER" }).waitFor();
    expect(await page.getByRole("list", { name: "Events" }).count()).toBe(0);
    await run(page);
    await until("it is followed", async () => api.stream.size > before);
    const { createCollection } = await api.client.query<{ createCollection: { collection: { id: string } } }>(
      'mutation { createCollection(input: { name: "seen live" }) { collection { id } } }',
    );
    const event = page.getByRole("list", { name: "Events" }).getByRole("listitem");
    await event.filter({ hasText: createCollection.collection.id }).getByText("toStatus CREATED").waitFor();
    await page.reload();
    await page.getByRole("textbox", { name: "Operation" }).getByText("Mine").waitFor();
    // Who may only look sees that a step would change something, and why not by them.
    await step(page, "Create a collection");
    expect(await page.getByRole("button", { name: /^Run.*Requires a key with the role OPERATOR/ }).count()).toBe(1);
    expect(complaints).toEqual([]);
  });

  test("is laid out with its comments, chosen among several, and explained by the schema", async () => {
    const query = "# both\nquery One{viewer{name}} query Two{viewer{role}}";
    const { page } = await open(`${EXPLORE_PATH}?query=${encodeURIComponent(query)}`);
    await signIn(page, api.key);
    await page.getByRole("button", { name: "Prettify" }).click();
    await until(
      "it is laid out",
      async () => (await page.getByRole("textbox", { name: "Operation" }).locator(".cm-line").count()) > 8,
    );
    await page.getByRole("textbox", { name: "Operation" }).getByText("# both").waitFor();
    await page.getByRole("combobox", { name: "Operation to run" }).click();
    await page.getByRole("option", { name: "Two" }).click();
    await run(page);
    await answered(page, "ADMIN");
    await page.getByRole("tab", { name: "Docs" }).click();
    await page.getByLabel("Search types and fields").fill("retryJob");
    await page.getByRole("listitem").filter({ hasText: ".retryJob" }).getByRole("button").click();
    await page.getByRole("heading", { name: "Mutation" }).waitFor();
    // What cannot be read is not sent, and the place is said.
    await page.getByRole("textbox", { name: "Operation" }).fill("{ viewer ");
    await page
      .getByRole("status")
      .getByText(/Line 1, column \d+: Syntax Error/)
      .waitFor();
  });
});

test("asks again when its key ends, and goes on where it was", async () => {
  const grant = { projectId: DEFAULT_PROJECT_ID, name: "short", role: "VIEWER", lifeMs: null } as const;
  const short = await createKey(api.rig.db, { ...grant, scope: null, createdBy: "tests" });
  const { page } = await open(`${EXPLORE_PATH}?step=outcome`);
  await signIn(page, short.key);
  await page.getByRole("textbox", { name: "Operation" }).getByText("waitingOn").first().waitFor();
  await revokeKey(api.rig.db, DEFAULT_PROJECT_ID, short.id);
  await page.getByText("This API key has expired or was revoked").waitFor();
  await signIn(page, api.key);
  await page.getByRole("textbox", { name: "Operation" }).getByText("waitingOn").first().waitFor();
  expect(new URL(page.url()).search).toBe("?step=outcome");
});

test("is all there is where the console is switched off, and a link signs in to it", async () => {
  const { page, complaints } = await open(linkPath(EXPLORE_PATH, alone.signIn.makeCode(OWNER)), {}, alone);
  await run(page);
  await answered(page, "Nothing but a stage.");
  expect(page.url()).not.toContain("code");
  expect(await page.getByRole("navigation", { name: "Screens" }).getByRole("link").allTextContents()).toEqual([
    "Explore",
  ]);
  await page.getByRole("link", { name: /^Headway/ }).click();
  expect(new URL(page.url()).pathname).toBe(EXPLORE_PATH);
  expect(complaints).toEqual([]);
});

test("can be used by everybody, light and dark", async () => {
  const { page } = await open(EXPLORE_PATH, { viewport: { width: 1440, height: 900 } });
  await signIn(page, api.key);
  await run(page);
  await answered(page, "Nothing but a stage.");
  expect(await barriersOn(page)).toEqual([]);
  await step(page, "Custom operation");
  await page.getByRole("textbox", { name: "Operation" }).fill("subscription { statusChanges { __typename } }");
  await run(page);
  await page.getByRole("list", { name: "Events" }).waitFor();
  await api.client.query(`mutation { createCollection(input: { name: "another" }) { collection { id } } }`);
  await page.getByText("__typename StatusChange").waitFor();
  expect(await barriersOn(page)).toEqual([]);
  for (const tab of ["Docs", "History"]) {
    await page.getByRole("tab", { name: tab }).click();
    await page.getByRole("tabpanel").getByRole("list").first().waitFor();
    expect(await barriersOn(page)).toEqual([]);
  }
  // On a narrow screen the editor is above its answer, and nothing is cut off.
  await page.getByRole("tab", { name: "Response" }).click();
  for (const width of [420, 360]) {
    await page.setViewportSize({ width, height: 800 });
    await until("nothing is wider than the screen", () =>
      page.evaluate<boolean>("document.documentElement.scrollWidth <= innerWidth"),
    );
    const editor = (await page.locator(".explore-write .code-editor").first().boundingBox())!;
    const answer = (await page.locator(".explore-side").boundingBox())!;
    expect(answer.y).toBeGreaterThanOrEqual(editor.y + editor.height - 1);
    for (const box of [editor, answer]) {
      expect(box.width).toBeGreaterThan(width * 0.7);
      expect(box.height).toBeGreaterThan(200);
    }
  }
});
