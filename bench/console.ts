import { setTimeout as sleep } from "node:timers/promises";
import type { Browser } from "playwright-core";
import { openBrowser } from "../test/support/browser.js";
import { atMost, median, percentile, type Bench, type Row } from "./bench.js";
import {
  firstScreenMs,
  heldAtRest,
  loadedBytes,
  openJobMs,
  openMeasured,
  resetWatch,
  watched,
  type MeasuredPage,
} from "./console-page.js";
import { Headway } from "./headway.js";
import { startServers } from "./servers.js";

const TASKS = 100_000;
const ROUNDS = 5;
/** Each of so many tasks changes 1.5 times a second: claimed, at the next stage, done, in two seconds. */
const AT_ONCE = 70;
const SCROLL_MS = 30_000;
const WHEEL_EVERY_MS = 100;
/** An hour of 100 changes a second, in documents of seven changes each. */
const PLAYED_DOCUMENTS = 51_500;
const CHANGES_OF_ONE = 7;
/** What a page holds is compared with what it held after this share of them. */
const WARM_SHARE = 1 / 6;
const MOST_PLAY_MS = 240_000;

export const consoleBench: Bench = {
  name: "console",
  about: `the console in Chromium: first screen, a job of ${TASKS.toLocaleString("en")} tasks, live changes (6 minutes)`,
  onDemand: true,
  async run(say) {
    const servers = await startServers();
    const headway = new Headway(servers, await servers.database());
    const browser = await openBrowser();
    try {
      const { url, key } = await headway.startApi();
      const open = (path: string): Promise<MeasuredPage> => openMeasured(browser, url, key, path);
      await headway.submit(await headway.collectionOf(TASKS), "ticking");
      say(`a job of ${TASKS} tasks is queued`);
      const rows = [...(await firstScreens(open, say)), await opened(open, say)];
      rows.push(...(await scrolled(headway, open, say)));
      rows.push(await played(headway, open, say));
      return rows;
    } finally {
      await closeAll(browser, headway, servers);
    }
  },
};

type Open = (path: string) => Promise<MeasuredPage>;
type Say = (line: string) => void;

async function firstScreens(open: Open, say: Say): Promise<Row[]> {
  const times: number[] = [];
  let bytes = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const measured = await open("/");
    times.push(await firstScreenMs(measured));
    bytes = Math.max(bytes, await loadedBytes(measured));
    await measured.close();
  }
  say(`first screen: ${(bytes / 1_000).toFixed(1)} KB, ${times.map((ms) => ms.toFixed(0)).join(", ")} ms`);
  return [
    atMost("console", "first screen, compressed", bytes / 1_000, 200, "KB", "page, scripts, styles and icon"),
    atMost("console", "to the first screen", median(times) / 1_000, 1, "s", `median of ${ROUNDS}, nothing cached`),
  ];
}

async function opened(open: Open, say: Say): Promise<Row> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const measured = await open("/jobs");
    times.push(await openJobMs(measured));
    await measured.close();
  }
  say(`opens the job: ${times.map((ms) => ms.toFixed(0)).join(", ")} ms`);
  const note = `median of ${ROUNDS}, nothing cached; from the click in Jobs to its first tasks`;
  return atMost("console", `a job of ${TASKS.toLocaleString("en")} tasks opens`, median(times), 300, "ms", note);
}

/** The job's page, scrolled by wheel and keys, while some 100 changes of the job a second come in. */
async function scrolled(headway: Headway, open: Open, say: Say): Promise<Row[]> {
  const worker = await headway.startWorker({ HEADWAY_CONCURRENCY: String(AT_ONCE) });
  const measured = await open("/jobs");
  await openJobMs(measured);
  const stopCounting = countChanges(headway);
  // Until the worker is at its pace.
  await sleep(5_000);
  stopCounting.reset();
  await resetWatch(measured);
  const { page } = measured;
  const endsAt = performance.now() + SCROLL_MS;
  for (let n = 0; performance.now() < endsAt; n += 1) {
    await page.mouse.move(600 + (n % 50), 500);
    // Down through four fifths of the time, so that ever new tasks are read.
    await page.mouse.wheel(0, n % 5 === 4 ? -300 : 400);
    if (n % 10 === 9) await page.keyboard.press("PageDown");
    await sleep(WHEEL_EVERY_MS);
  }
  const rate = stopCounting.stop() / (SCROLL_MS / 1_000);
  const { longestMs, delaysMs } = await watched(measured);
  await measured.close();
  await pause(headway, "ticking");
  await worker.stop();
  const delay = percentile(delaysMs, 95);
  say(`${rate.toFixed(0)} changes a second: longest task ${longestMs.toFixed(0)} ms, input p95 ${delay.toFixed(1)} ms`);
  const note = `${rate.toFixed(0)} changes a second for ${SCROLL_MS / 1_000} s, scrolling; 0 is none above 50 ms`;
  return [
    atMost("console", "longest task of the main thread", longestMs, 100, "ms", note),
    atMost("console", "input delay, p95", delay, 50, "ms", `of ${delaysMs.length} wheels, moves and keys`),
  ];
}

async function pause(headway: Headway, pipeline: string): Promise<void> {
  await headway.client.mutate(
    `mutation ($pipeline: String!) {
      pausePipeline(input: { pipeline: $pipeline, reason: "measured" }) { pipeline { name } userErrors { code message } }
    }`,
    { pipeline },
  );
}

/** Counts what the server tells of all changes, by a socket of its own. */
function countChanges(headway: Headway): { reset: () => void; stop: () => number } {
  const changes = headway.client.subscribe("subscription { statusChanges { __typename } }", {});
  let count = 0;
  void (async () => {
    while ((await changes.next()).done !== true) count += 1;
  })();
  return {
    reset: () => (count = 0),
    stop: () => {
      void changes.return!();
      return count;
    },
  };
}

/** A job's page left open while an hour's worth of the job's changes come in as fast as they can be made. */
async function played(headway: Headway, open: Open, say: Say): Promise<Row> {
  const id = await headway.submit(await headway.collectionOf(PLAYED_DOCUMENTS), "noop5");
  const measured = await open(`/jobs/${id}`);
  await measured.page.locator(".task-line").first().waitFor();
  await headway.startWorker();
  const startedAt = performance.now();
  const done = async (): Promise<number> => {
    const { job } = await headway.client.query<{ job: { counts: { completed: number } } }>(
      "query ($id: ID!) { job(id: $id) { counts { completed } } }",
      { id },
    );
    return job.counts.completed;
  };
  const playedUpTo = async (documents: number): Promise<void> => {
    const endsAt = performance.now() + MOST_PLAY_MS;
    for (let n = await done(); n < documents; n = await done()) {
      if (performance.now() > endsAt) throw new Error(`Only ${n} documents were done in ${MOST_PLAY_MS / 1_000} s.`);
      await sleep(500);
    }
  };
  await playedUpTo(PLAYED_DOCUMENTS * WARM_SHARE);
  await pause(headway, "noop5");
  const warm = await heldAtRest(measured);
  await headway.client.mutate(
    'mutation { resumePipeline(input: { pipeline: "noop5" }) { pipeline { name } userErrors { code message } } }',
    {},
  );
  await playedUpTo(PLAYED_DOCUMENTS);
  const end = await heldAtRest(measured);
  await measured.close();
  const changes = (PLAYED_DOCUMENTS * CHANGES_OF_ONE).toLocaleString("en");
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0);
  say(
    `${changes} changes in ${seconds} s: ${(warm.bytes / 1e6).toFixed(1)} MB, then ${(end.bytes / 1e6).toFixed(1)} MB`,
  );
  return {
    bench: "console",
    measure: "memory of the page at the end, MB",
    ours: end.bytes / 1e6,
    peer: "after a sixth of the changes",
    theirs: warm.bytes / 1e6,
    bar: "≤ 1.1 ×",
    met: end.bytes <= warm.bytes * 1.1,
    note: `${changes} changes in ${seconds} s; ${warm.nodes.toLocaleString("en")} nodes, then ${end.nodes.toLocaleString("en")}`,
  };
}

async function closeAll(browser: Browser, headway: Headway, servers: { stop(): Promise<void> }): Promise<void> {
  await browser.close();
  await headway.stop();
  await servers.stop();
}
