import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { definePipeline, type DocumentContext } from "../../../src/index.js";
import type { Dispatcher, Hint } from "../../../src/dispatch/dispatcher.js";
import { createInProcessDispatcher } from "../../../src/dispatch/in-process.js";
import { createRig, type Rig } from "../../support/engine.js";
import { until } from "../../support/until.js";
import { note } from "../rig.js";

let delivered: Hint[] = [];

/** Delivers each hint three times, all in disorder, and all of them once more at the end of the work. */
function thriceAndShuffled(): Dispatcher {
  const inner = createInProcessDispatcher();
  return {
    ...inner,
    kind: "in-process, three times",
    close: () => inner.close(),
    consume: (options) => inner.consume(options),
    ping: () => inner.ping(),
    async send(hints) {
      const thrice = hints
        .flatMap((hint) => [hint, { ...hint, delayMs: hint.delayMs + 50 }, { ...hint, tasks: hint.tasks.toReversed() }])
        .map((hint) => ({ hint, order: Math.random() }))
        .sort((a, b) => a.order - b.order)
        .map(({ hint }) => hint);
      delivered.push(...thrice);
      await inner.send(thrice);
      return hints.length;
    },
  };
}

let ctxOfEnded: DocumentContext | null = null;
const reporting = definePipeline({
  name: "reporting",
  version: 1,
  documentStages: [
    {
      name: "work",
      run: async (ctx: DocumentContext) => {
        for (const fraction of [0.5, 0.2, 0.8, 0.1, 0.7]) {
          ctx.progress(fraction, `at ${fraction}`);
          await new Promise((resolve) => setTimeout(resolve, 250));
        }
        ctxOfEnded = ctx;
        return null;
      },
    },
  ],
});
const quick = definePipeline({
  name: "quick",
  version: 1,
  documentStages: ["a", "b"].map((name) => ({ name, run: async () => null })),
});

let rig: Rig;
let dispatcher: Dispatcher;
beforeAll(async () => {
  dispatcher = thriceAndShuffled();
  rig = await createRig([quick, reporting], dispatcher);
  await Promise.all([rig.startWorker({ pollMs: 60_000 }), rig.startWorker({ pollMs: 60_000 })]);
});
afterAll(() => rig.close());

test("F14: every delivery comes three times and in disorder, also after the end: each task is claimed once", async () => {
  delivered = [];
  const jobs = await Promise.all([1, 2, 3].map(() => rig.submit("quick", 100)));
  for (const job of jobs) expect(await rig.settled(job)).toBe("COMPLETED");
  const all = delivered;
  expect(all.length).toBeGreaterThanOrEqual(45);
  await dispatcher.send(all);
  const last = await rig.submit("quick", 1);
  expect(await rig.settled(last)).toBe("COMPLETED");
  const rows = await rig.db.query(
    "select fence, attempt, count(*)::int as n from headway.task group by fence, attempt",
  );
  // 301 documents and no collection stages: each claimed once, by whichever of the two workers.
  expect(rows).toEqual([{ fence: "1", attempt: 1, n: 301 }]);
  expect(await rig.violations()).toEqual([]);
  note({ fault: "F14", what: "deliveries thrice, shuffled", times: all.length, looks: 1, jobs: 4 });
});

test("F14: progress out of order and after the end never goes back", async () => {
  const seen: { progress: number; status: string }[] = [];
  const jobId = await rig.submit("reporting", 1);
  const look = async (): Promise<{ progress: number; status: string; message: string | null }> =>
    (
      await rig.db.query("select progress, progress_message as message, status from headway.task where job_id = $1", [
        jobId,
      ])
    )[0];
  await until("it has ended", async () => {
    seen.push(await look());
    return seen.at(-1)!.status === "COMPLETED";
  });
  expect(seen.some(({ progress }) => progress >= 0.5 && progress < 1)).toBe(true);
  expect(seen.map(({ progress }) => progress)).toEqual(seen.map(({ progress }) => progress).toSorted((a, b) => a - b));
  const ended = await look();
  ctxOfEnded!.progress(0.3, "too late");
  await until("another task's beat has been written", async () => {
    const other = await rig.submit("quick", 1);
    await rig.settled(other);
    return true;
  });
  await new Promise((resolve) => setTimeout(resolve, 1_200)); // Progress is written at most once a second.
  expect(await look()).toEqual(ended);
  note({ fault: "F14", what: "progress out of order, and late", times: 3, looks: 1, jobs: 1 });
});
