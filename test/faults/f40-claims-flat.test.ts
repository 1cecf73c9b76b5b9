import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import pg from "pg";
import { pausePipeline } from "../../src/engine/operations/pause.js";
import { definePipeline } from "../../src/pipelines/pipeline.js";
import { Registry, servesOf } from "../../src/pipelines/registry.js";
import { ACTOR, createRig, type Rig } from "../support/engine.js";
import { fill } from "../support/fill.js";
import { openJobs, type OpenJobs } from "../support/open-jobs.js";

const pipeline = (name: string) =>
  definePipeline({ name, version: 1, documentStages: [{ name: "a", run: async () => null }] });
const [quick, still] = [pipeline("quick"), pipeline("still")];
/** So many that a claim which looked at them all would show; `npm run bench -- claims` has ten times as many. */
const TASKS = 15_000;
const JOBS = 1_500;
/** Blocks that a claim may look at beside them and not without: deeper indexes, and a row that says when to look again. */
const FLAT = 60;

let rig: Rig;
let other: pg.Client;
beforeAll(async () => {
  rig = await createRig([quick, still]);
  other = new pg.Client({ connectionString: rig.url });
  await other.connect();
  // As whoever claims has it: plans are made while there is next to nothing, and kept.
  await other.query("set plan_cache_mode = force_generic_plan; set enable_seqscan = off");
  await rig.submit("quick", 1);
});
afterAll(async () => {
  await other.end();
  await rig.close();
});

/** What a claim of one task takes, and the blocks that it looks at until then. It is undone. */
async function claim(registry = new Registry([quick])): Promise<{ blocks: number; taken: number }> {
  const request = JSON.stringify({ serves: servesOf(registry), limit: 1, waitMs: 100 });
  const undone = async (query: string): Promise<any> => {
    await other.query("begin");
    const { rows } = await other.query(query, [request]);
    await other.query("rollback");
    return rows[0];
  };
  // The first one after a change reads catalogues too.
  const { taken } = await undone("select cardinality(taken) as taken from headway.claimable($1)");
  const explained = await undone("explain (analyze, buffers, format json) select headway.claimable($1)");
  const { Plan: plan } = explained["QUERY PLAN"][0];
  return { blocks: plan["Shared Hit Blocks"] + plan["Shared Read Blocks"], taken };
}

/** What a claim looks at beside these jobs and not without them; it takes its task all the same. */
async function moreBeside(jobs: OpenJobs): Promise<number> {
  const before = await claim();
  await fill(rig.url, openJobs(jobs));
  const after = await claim();
  expect({ before: before.taken, after: after.taken }).toEqual({ before: 1, after: 1 });
  return after.blocks - before.blocks;
}

describe("F40: a claim looks at no more than without them beside", () => {
  test("due tasks of a pipeline that its worker does not serve, or that is paused", async () => {
    const before = await claim();
    expect(await moreBeside({ jobs: 1, tasks: TASKS, pipeline: "still", priority: 9 })).toBeLessThan(FLAT);
    await pausePipeline(rig.deps, ACTOR, { pipeline: "still", reason: "for this test" });
    const paused = await claim(new Registry([quick, still]));
    expect(paused.taken).toBe(1);
    expect(paused.blocks - before.blocks).toBeLessThan(FLAT);
  });

  test("jobs of a higher priority at a stage that its worker lacks", async () => {
    expect(await moreBeside({ jobs: JOBS, tasks: 1, pipeline: "quick", stage: "b", priority: 9 })).toBeLessThan(FLAT);
  });

  test("jobs of a higher priority that are due later, and tasks of one that wait for their next try", async () => {
    const later = { pipeline: "quick", priority: 9, runAt: "now() + interval '1 h'" };
    expect(await moreBeside({ ...later, jobs: JOBS, tasks: 1 })).toBeLessThan(FLAT);
    expect(await moreBeside({ ...later, jobs: 1, tasks: TASKS, looksDue: true })).toBeLessThan(FLAT);
  });

  test("more open jobs of its own priority than it looks at", async () => {
    await fill(rig.url, openJobs({ jobs: 100, tasks: 1, pipeline: "quick" }));
    expect(await moreBeside({ jobs: JOBS, tasks: 1, pipeline: "quick" })).toBeLessThan(FLAT);
  });
});
