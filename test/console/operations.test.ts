import { randomUUID } from "node:crypto";
import type { Browser, Page } from "playwright-core";
import { OWNER } from "../../src/access/sign-in.js";
import { WebhookSender } from "../../src/engine/webhooks/sender.js";
import { definePipeline } from "../../src/pipelines/pipeline.js";
import { linkPath } from "../../src/server/playground/sign-in.js";
import { createTestApi, type TestApi } from "../support/api.js";
import { openBrowser } from "../support/browser.js";
import { barriersOn, openConsole, signIn } from "../support/console.js";
import { PROJECT } from "../support/engine.js";
import { keyBy } from "../support/keys.js";
import { answering, startReceiver, type Receiver } from "../support/receiver.js";
import { until } from "../support/until.js";

const letters = definePipeline({
  name: "letters",
  version: 2,
  description: "Letters that come in by post.",
  concurrency: 4,
  documentStages: [
    { name: "read", concurrency: 2, rateLimit: { limit: 100, perMs: 60_000 }, run: async () => null },
    { name: "file", run: async () => null },
  ],
  collectionStages: [{ name: "report", run: async () => null }],
});

let api: TestApi;
let browser: Browser;
let receiver: Receiver;
let sender: WebhookSender;
let stalled: string;
beforeAll(async () => {
  api = await createTestApi([letters], { console: true, trustedMs: 0 });
  browser = await openBrowser();
  receiver = await startReceiver();
  sender = new WebhookSender({
    db: api.rig.db,
    send: { hosts: ["127.0.0.1"] },
    onError: api.rig.deps.onError,
    pollMs: 20,
  });
  sender.start();
  await api.rig.startWorker();
  stalled = randomUUID();
  await api.rig.db.query(
    `insert into headway.worker (id, project_id, hostname, pid, build, pipelines, concurrency, lease_ms, loop_iterations,
       serves, heartbeat_at, last_loop_at) values ($1, $2, 'basement', 7, 'test', '{letters}', 8, 30000, 5,
       '{"letters": {"version": 1, "stages": {"read": 3}}}', clock_timestamp() + interval '1 hour',
       clock_timestamp() - interval '20 seconds')`,
    [stalled, PROJECT],
  );
});
afterAll(async () => {
  await browser.close();
  await sender.stop();
  await receiver.close();
  await api.close();
});

const row = (page: Page, text: string) => page.getByRole("row").filter({ hasText: text });

/** Goes on with the Tab key until what has the focus is called so. */
async function tabTo(page: Page, name: RegExp): Promise<void> {
  await until(`the focus has come to ${name}`, async () => {
    await page.keyboard.press("Tab");
    const focused = await page.evaluate<string>(
      "(document.activeElement.ariaLabel ?? document.activeElement.labels?.[0]?.textContent ?? document.activeElement.textContent).trim()",
    );
    return name.test(focused);
  });
}

describe("an operator at work", () => {
  test("sees who stands still, stops a pipeline for a reason and lets it go on", async () => {
    const { page, complaints, close } = await openConsole(browser, api.url + linkPath("/", api.signIn.makeCode(OWNER)));
    await page.getByRole("navigation", { name: "Screens" }).getByRole("link", { name: "Workers" }).click();
    await page.getByText("1 worker is not accepting work.").waitFor();
    await row(page, "basement, process 7").getByText("its claim loop has not run").waitFor();
    await page.getByRole("link", { name: "basement, process 7" }).click();
    await page.getByText("this server has 2").waitFor();
    expect(page.url()).toBe(`${api.url}/workers/${stalled}`);

    await page.goBack();
    await page.getByRole("link", { name: "Pipelines" }).click();
    await row(page, "letters").getByText("Open").waitFor();
    await page.getByRole("button", { name: "Pause… letters" }).click();
    await page.getByLabel("Reason").fill("The printer is moved.");
    await page.getByRole("button", { name: "Pause", exact: true }).click();
    await row(page, "letters").getByText("The printer is moved.").waitFor();
    const job = await api.rig.submit("letters", 3);
    await page.getByRole("link", { name: "letters", exact: true }).click();
    await page.getByText("3 tasks are waiting.").waitFor();
    await page.getByRole("table", { name: "Stages" }).getByText("0 of 2").waitFor();
    await page.getByRole("button", { name: "Resume letters" }).click();
    expect(await api.rig.settled(job)).toBe("COMPLETED");
    await page.getByText("Paused by").waitFor({ state: "hidden" });
    expect(complaints).toEqual([]);
    await close();
  });

  test("makes a key and revokes it by the keyboard alone", async () => {
    const { page, complaints, close } = await openConsole(browser, `${api.url}/`);
    await signIn(page, api.key);
    await page.getByRole("heading", { name: "In progress" }).waitFor();
    await page.keyboard.press("g");
    await page.keyboard.press("o");
    await page.getByRole("heading", { name: "Health" }).waitFor();
    await tabTo(page, /^Keys$/);
    await page.keyboard.press("Enter");
    await page.getByRole("table", { name: "Keys" }).waitFor();
    await tabTo(page, /^Create key…$/);
    await page.keyboard.press("Enter");
    await page.getByLabel("Name").and(page.locator(":focus")).waitFor();
    await page.keyboard.type("night shift");
    await page.keyboard.press("Enter");
    const key = await page.getByLabel("API key", { exact: true }).inputValue();
    expect((await api.send("{ viewer { name role } }", {}, key)).data!.viewer).toEqual({
      name: "night shift",
      role: "OPERATOR",
    });
    await tabTo(page, /^Done$/);
    await page.keyboard.press("Enter");
    await row(page, "night shift").getByText("Active").waitFor();
    // What was shown once is nowhere on the page any more.
    expect(await page.content()).not.toContain(key);

    await tabTo(page, /^Revoke… night shift$/);
    await page.keyboard.press("Enter");
    await page.getByText("This can't be undone").waitFor();
    await tabTo(page, /^Revoke$/);
    await page.keyboard.press("Enter");
    await row(page, "night shift").getByText("Revoked").waitFor();
    expect((await api.send("{ viewer { name } }", {}, key)).status).toBe(401);
    expect(complaints).toEqual([]);
    await close();
  });

  test("adds a webhook, sees why a delivery was not taken, and sends it again", async () => {
    receiver.answer = answering(500);
    const { page, complaints, close } = await openConsole(browser, `${api.url}/operations/webhooks`);
    await signIn(page, api.key);
    await page.getByText("No webhooks yet").waitFor();
    await page.getByRole("button", { name: "Add webhook…" }).click();
    await page.getByLabel("URL").fill("http://10.1.2.3/hook");
    await page.getByRole("button", { name: "Add webhook", exact: true }).click();
    await page
      .getByText(/HEADWAY_WEBHOOK_HOSTS/)
      .nth(1)
      .waitFor();
    await page.getByLabel("URL").fill(receiver.url);
    await page.getByRole("button", { name: "Add webhook", exact: true }).click();
    expect(await page.getByLabel("Signing secret", { exact: true }).inputValue()).toMatch(/^whsec_/);
    await page.getByRole("button", { name: "Done" }).click();
    await page.getByRole("link", { name: receiver.url }).click();
    await page.getByText("No deliveries yet").waitFor();
    await api.rig.submit("letters", 1);
    await page.getByText("next attempt").waitFor();
    await page.getByRole("button", { name: /attempts? of JOB_SETTLED/ }).click();
    await page.getByRole("table", { name: "Attempts" }).getByText("500").first().waitFor();
    receiver.answer = answering(204);
    await page.getByRole("button", { name: "Send again JOB_SETTLED" }).click();
    await page.getByText("delivered").first().waitFor();
    await page.getByRole("table", { name: "Attempts" }).getByText("204").waitFor();

    await page.getByRole("button", { name: "Disable…" }).click();
    await page.getByRole("button", { name: "Disable", exact: true }).click();
    await page.getByText("Disabled: receives no events.").waitFor();
    await page.getByRole("button", { name: "Enable" }).click();
    await page.getByText("Disabled: receives no events.").waitFor({ state: "hidden" });
    expect(complaints).toEqual([]);
    await close();
  });

  test("asks whether the record holds together, and says anew when a collection goes", async () => {
    const made = await api.send(
      'mutation { createCollection(input: { name: "of March", expiresInDays: 3 }) { collection { id } } }',
    );
    const { page, complaints, close } = await openConsole(browser, `${api.url}/operations`);
    await signIn(page, api.key);
    await page.getByText("Ready.").waitFor();
    await page.getByRole("button", { name: "Run doctor" }).click();
    await page.getByText("No problems found.").waitFor();
    await page.getByRole("button", { name: "Repair open jobs…" }).click();
    await page.getByRole("button", { name: "Repair", exact: true }).click();
    await page.getByText("No corrections were needed.").waitFor();

    await page.getByRole("link", { name: "Expiry" }).click();
    await page.getByRole("button", { name: "Change… when of March expires" }).click();
    await page.getByLabel("Never", { exact: true }).check();
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("No collections will expire").waitFor();
    const { id } = made.data!.createCollection.collection;
    expect((await api.send(`{ collection(id: "${id}") { expiresAt } }`)).data!.collection.expiresAt).toBeNull();
    expect(complaints).toEqual([]);
    await close();
  });
});

test("who may only look is told what each part takes, and sees the rest", async () => {
  const { page, close } = await openConsole(browser, `${api.url}/pipelines`);
  await signIn(page, await keyBy(api.rig.db, { role: "VIEWER" }));
  const refused = page.getByRole("button", { name: /Pause… letters.*Requires a key with the role ADMIN/ });
  expect(await refused.getAttribute("aria-disabled")).toBe("true");
  for (const part of ["keys", "webhooks"]) {
    await page.goto(`${api.url}/operations/${part}`);
    await page.getByText(`This key can't view ${part}`).waitFor();
    await page.getByText("Requires a key with the role ADMIN; yours has VIEWER.", { exact: false }).first().waitFor();
  }
  await close();
});

test("workers, pipelines and operations can be used by everybody, light and dark", async () => {
  await api.send(
    `mutation { createCollection(input: { name: "of April", expiresInDays: 30 }) { userErrors { code } } }`,
  );
  const { data } = await api.send("{ webhooks { nodes { id } } }");
  const { page, close } = await openConsole(browser, `${api.url}/workers`, {
    viewport: { width: 1440, height: 900 },
  });
  await signIn(page, api.key);
  const screens = [
    ["/workers", "basement, process 7"],
    [`/workers/${stalled}`, "No running tasks."],
    ["/pipelines", "Letters that come in by post."],
    ["/pipelines/letters", "once for the whole collection"],
    ["/operations", "Ready."],
    ["/operations/keys", "tester"],
    ["/operations/webhooks", receiver.url],
    [`/operations/webhooks/${data!.webhooks.nodes[0].id}`, "JOB_SETTLED"],
    ["/operations/expiry", `of April`],
  ] as const;
  const look = async (path: string, text: string): Promise<void> => {
    await page.goto(api.url + path);
    await page
      .getByRole("main")
      .getByText(new RegExp(text.replaceAll(".", "\\.")))
      .first()
      .waitFor();
  };
  for (const [path, text] of screens) {
    await look(path, text);
    expect([path, await barriersOn(page)]).toEqual([path, []]);
  }
  await page.goto(`${api.url}/operations/keys`);
  for (const kind of ["Create key…", "Create browser key…"]) {
    await page.getByRole("button", { name: kind, exact: true }).click();
    await page.getByRole("dialog").getByText("Expiration").waitFor();
    expect(await barriersOn(page)).toEqual([]);
    await page.getByRole("button", { name: "Cancel", exact: true }).click();
  }
  // On the narrowest screen nothing is cut off.
  await page.setViewportSize({ width: 360, height: 800 });
  for (const [path, text] of screens) {
    await look(path, text);
    await until(`nothing of ${path} is wider than the screen`, () =>
      page.evaluate<boolean>("document.documentElement.scrollWidth <= innerWidth"),
    );
  }
  await close();
});
