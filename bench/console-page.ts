import { setTimeout as sleep } from "node:timers/promises";
import type { Browser, CDPSession, Page } from "playwright-core";

/** The console as it is measured, in a tab that was never there, signed in. */
export interface MeasuredPage {
  readonly page: Page;
  readonly devtools: CDPSession;
  close(): Promise<void>;
}

/**
 * Notes in the page, from before its first script: when the first screen stands, the longest task of the main thread,
 * and how long each input waited for the page. Each is counted from the last `resetWatch` on.
 */
const WATCH = `{
  const watch = (globalThis.watch = { verdictAt: null, clickedAt: null, tasksAt: null, longestMs: 0, delaysMs: [] });
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) watch.longestMs = Math.max(watch.longestMs, duration);
  }).observe({ type: "longtask" });
  for (const kind of ["wheel", "keydown", "pointermove", "click"]) {
    addEventListener(kind, (event) => {
      watch.delaysMs.push(performance.now() - event.timeStamp);
      if (kind === "click") watch.clickedAt = event.timeStamp;
    }, { capture: true, passive: true });
  }
  new MutationObserver(() => {
    // What is in the page is painted with the next frame.
    if (watch.verdictAt === null && document.querySelector(".verdict")) {
      watch.verdictAt = -1;
      requestAnimationFrame(() => (watch.verdictAt = performance.now()));
    }
    if (watch.clickedAt !== null && watch.tasksAt === null && document.querySelector(".task-line")) {
      watch.tasksAt = -1;
      requestAnimationFrame(() => (watch.tasksAt = performance.now()));
    }
  }).observe(document, { childList: true, subtree: true });
}`;

/** A browser that was never here, with a key that it has kept. */
export async function openMeasured(browser: Browser, url: string, key: string, path: string): Promise<MeasuredPage> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  await page.addInitScript(`localStorage.setItem("headway-key /", ${JSON.stringify(key)}); ${WATCH}`);
  const devtools = await context.newCDPSession(page);
  await page.goto(url + path);
  return { page, devtools, close: () => context.close() };
}

/** Milliseconds from the beginning of the visit to the first screen with what it says. */
export async function firstScreenMs({ page }: MeasuredPage): Promise<number> {
  await holds(page, "watch.verdictAt > 0");
  return page.evaluate<number>("watch.verdictAt");
}

const LOOK_EVERY_MS = 50;
const DEADLINE_MS = 60_000;

/** Asks from outside: the page's policy lets nothing wait in it. @throws when it does not hold within a minute */
async function holds(page: Page, expression: string): Promise<void> {
  const endsAt = performance.now() + DEADLINE_MS;
  while (!(await page.evaluate<boolean>(expression))) {
    if (performance.now() > endsAt) throw new Error(`The page did not come so far that ${expression}.`);
    await sleep(LOOK_EVERY_MS);
  }
}

/** Bytes, as they were sent, of the page and of all scripts, styles and pictures that it has loaded. */
export function loadedBytes({ page }: MeasuredPage): Promise<number> {
  return page.evaluate<number>(`[
    ...performance.getEntriesByType("navigation"),
    ...performance.getEntriesByType("resource").filter(({ initiatorType }) => initiatorType !== "fetch"),
  ].reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0)`);
}

/** Milliseconds from the click on the only job of the list to the first of its tasks. */
export async function openJobMs({ page }: MeasuredPage): Promise<number> {
  await page.locator("td a.strong").first().click();
  await holds(page, "watch.tasksAt > 0");
  return page.evaluate<number>("watch.tasksAt - watch.clickedAt");
}

export function resetWatch({ page }: MeasuredPage): Promise<void> {
  return page.evaluate("watch.longestMs = 0; watch.delaysMs = [];");
}

export function watched({ page }: MeasuredPage): Promise<{ longestMs: number; delaysMs: number[] }> {
  return page.evaluate<{ longestMs: number; delaysMs: number[] }>("watch");
}

const REST_READINGS = 5;
const REST_EVERY_MS = 400;
const REST_BYTES = 20_000;

/**
 * What the page's scripts hold after a full collection of garbage, in bytes, and how many nodes its document has, once
 * it is at rest. The stream lags behind a job that is played fast, and what is on its way makes 0.3 to 2 MB more or less
 * from one reading to the next: at rest, five readings in a row differ by less than 20 KB. @throws after a minute of unrest
 */
export async function heldAtRest(measured: MeasuredPage): Promise<{ bytes: number; nodes: number }> {
  const endsAt = performance.now() + DEADLINE_MS;
  let last: number[] = [];
  for (;;) {
    const held = await heldByPage(measured);
    last = [...last, held.bytes].slice(-REST_READINGS);
    if (last.length === REST_READINGS && Math.max(...last) - Math.min(...last) < REST_BYTES) return held;
    if (performance.now() > endsAt) throw new Error(`The page did not come to rest: ${last.join(", ")} bytes.`);
    await sleep(REST_EVERY_MS);
  }
}

async function heldByPage({ devtools }: MeasuredPage): Promise<{ bytes: number; nodes: number }> {
  await devtools.send("HeapProfiler.collectGarbage");
  const { usedSize } = await devtools.send("Runtime.getHeapUsage");
  const { nodes } = await devtools.send("Memory.getDOMCounters");
  return { bytes: usedSize, nodes };
}
