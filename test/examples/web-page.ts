import { randomBytes } from "node:crypto";
import type { Page } from "playwright-core";

/** A file for `send`. */
export const file = (name: string, text: string): { name: string; mimeType: string; buffer: Buffer } => ({
  name,
  mimeType: name.endsWith("html") ? "text/html" : "text/plain",
  buffer: Buffer.from(text),
});

/** A page of one sentence that takes so many bytes to send, and no time to read. */
export const heavy = (bytes: number): string =>
  `<p>The heavy letter.</p><!--${randomBytes(bytes / 2).toString("hex")}-->`.padEnd(bytes);

/** Chooses files, as a person does. */
export const send = (page: Page, ...files: ReturnType<typeof file>[]): Promise<void> =>
  page.getByLabel("Choose files").setInputFiles(files);

/** Waits until the page says this of its connection. */
export const says = (page: Page, words: string | RegExp): Promise<void> =>
  page.locator(".connection").filter({ hasText: words }).waitFor();

/** Waits for this heading. */
export const shows = (page: Page, status: string): Promise<void> =>
  page.getByRole("heading", { name: status, exact: true }).waitFor();

/** Slow as a bad telephone, over HTTP. */
export async function slow(page: Page, bytesPerSecond: number): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  await session.send("Network.emulateNetworkConditions", {
    offline: false,
    latency: 20,
    downloadThroughput: 200_000,
    uploadThroughput: bytesPerSecond,
  });
}

const ROWS = `[...document.querySelectorAll(".documents > li")].map((row) =>
    [row.querySelector(".name").textContent, (row.querySelector(".state > span") ?? row.querySelector(".state")).textContent])`;

/** The rows of the list as a person reads them: name and state. */
export function rowsOf(page: Page): Promise<[name: string, state: string][]> {
  return page.evaluate(ROWS);
}

/** Notes from here on all that the list shows, to be read with `notedBy`. */
export async function note(page: Page): Promise<void> {
  await page.evaluate(`{
    globalThis.noted = [];
    const look = () => {
      const rows = ${ROWS};
      const connection = document.querySelector(".connection").textContent;
      const shown = JSON.stringify({ connection: connection.split(" since ")[0], rows });
      if (noted.at(-1) !== shown) noted.push(shown);
    };
    new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true });
    look();
  }`);
}

/** One moment of a page: what it says of its connection, and its rows. */
export interface Moment {
  readonly connection: string;
  readonly rows: readonly (readonly [name: string, state: string])[];
}

/** What was noted, moment by moment. */
export async function notedBy(page: Page): Promise<Moment[]> {
  return (await page.evaluate<string[]>("noted")).map((shown) => JSON.parse(shown) as Moment);
}

/** How far a row is, so that it can be seen to go back. */
function rankOf(state: string): number {
  if (state === "Not submitted") return 0;
  if (state.startsWith("Waits for")) return 1;
  if (state.startsWith("In ")) return 2;
  return 3;
}

/** Names that a list has shown twice at once. */
export function doubledIn(moments: readonly Moment[]): string[] {
  return moments.flatMap(({ rows }) =>
    rows.map(([name]) => name).filter((name, place, names) => names.indexOf(name) !== place),
  );
}

/** Rows that went back without a new job: each starts anew only from its end. */
export function wentBackIn(moments: readonly Moment[]): string[] {
  const before = new Map<string, string>();
  return moments.flatMap(({ rows }) =>
    rows.flatMap(([name, state]) => {
      const was = before.get(name) ?? "Not submitted";
      before.set(name, state);
      return rankOf(was) !== 3 && rankOf(state) < rankOf(was) ? [`${name}: ${was} → ${state}`] : [];
    }),
  );
}
