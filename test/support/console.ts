import { readFile } from "node:fs/promises";
import path from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { ROOT } from "./root.js";
import { PATIENCE_MS } from "./until.js";

/** The console in a browser that was never here. */
export interface ConsolePage {
  readonly page: Page;
  /** What the page has complained about: errors, and what its policy has refused. */
  readonly complaints: readonly string[];
  /** Every address that it has asked, over HTTP or WebSocket. */
  readonly asked: readonly string[];
  readonly close: () => Promise<void>;
}

/** Opens the address; whoever shows no key there is asked for one. */
export async function openConsole(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<ConsolePage> {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const complaints: string[] = [];
  const asked: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  page.on("response", (response) => {
    if (response.status() < 500) return;
    // What the server says beside the bare status that the browser complains of; nothing where the page is gone.
    response.text().then(
      (body) => complaints.push(`${response.status()} ${response.url()} ${body}`),
      () => undefined,
    );
  });
  page.on("request", (request) => asked.push(request.url()));
  page.on("websocket", (socket) => asked.push(socket.url()));
  await page.goto(url);
  return { page, complaints, asked, close: () => context.close() };
}

export async function signIn(page: Page, key: string): Promise<void> {
  await page.getByLabel("API key").fill(key);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("banner").waitFor();
}

const axe = readFile(path.join(ROOT, "node_modules", "axe-core", "axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** What keeps the page, as it is shown now, from WCAG 2.2 AA, in both colour schemes. It is left in the dark. */
export async function barriersOn(page: Page): Promise<string[]> {
  await page.evaluate(await axe);
  const barriers: string[] = [];
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    barriers.push(
      ...(await page.evaluate<string[]>(
        `axe.run(document, { runOnly: ${JSON.stringify(RULES)} }).then(({ violations }) =>
          violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) =>
            "${colorScheme}: " + id + " " + target + " " + failureSummary)))`,
      )),
    );
  }
  return barriers;
}

/** Drops files on the page, as from another window. A name is taken as it is. */
export async function dropFiles(page: Page, files: Readonly<Record<string, string>>): Promise<void> {
  const dropped = await page.evaluateHandle(
    `{
      const dropped = new DataTransfer();
      for (const [name, text] of ${JSON.stringify(Object.entries(files))}) dropped.items.add(new File([text], name));
      dropped;
    }`,
  );
  for (const type of ["dragenter", "dragover", "drop"]) {
    await page.dispatchEvent("main", type, { dataTransfer: dropped });
  }
}
