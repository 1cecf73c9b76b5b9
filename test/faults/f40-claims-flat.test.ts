import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import pg from "pg";
import { pausePipeline } from "../../src/engine/operations/pause.js";
import { definePipeline } from "../../src/pipelines/pipeline.js";
import { Registry, servesOf } from "../../src/pipelines/registry.js";
import { ACTOR, createRig, PROJECT, type Rig } from "../support/engine.js";
import { fill } from "../support/fill.js";

const pipeline = (name: string) =>
  definePipeline({ name, version: 1, documentStages: [{ name: "a", run: async () => null }] });
const [quick, still] = [pipeline("quick"), pipeline("still")];
/** How many more blocks a claim may look at beside so much that it can't take: an index of four levels for one of one. */
const FLAT = 40;

let rig: Rig;
let other: pg.Client;
beforeAll(async () => {
  rig = await createRig([quick, still]);
  other = new pg.Client({ connectionString: rig.url });
  await other.connect();
  // As record_changes has it: plans are made while there is next to nothing, and kept.
  await other.query("set plan_cache_mode = force_generic_plan; set enable_seqscan = off");
  await rig.submit("quick", 1);
  for (let n = 0; n < 3; n += 1) await look(); // The first in a session read catalogues too.
});
afterAll(async () => {
  await other.end();
  await rig.close();
});

/** What a claim of one task takes, and the blocks that it looks at until then; it is undone. */
async function look(registry = new Registry([quick])): Promise<{ blocks: number; taken: number }> {
  const request = JSON.stringify({ serves: servesOf(registry), limit: 1, waitMs: 100 });
  await other.query("begin");
  const { rows: plans } = await other.query("explain (analyze, buffers, format json) select headway.claimable($1)", [
    request,
  ]);
  await other.query("rollback");
  await other.query("begin");
  const { rows } = await other.query("select cardinality(taken) as taken from headway.claimable($1)", [request]);
  await other.query("rollback");
  const { Plan: plan } = plans[0]["QUERY PLAN"][0];
  return { blocks: plan["Shared Hit Blocks"] + plan["Shared Read Blocks"], taken: rows[0].taken };
}

interface Filled {
  readonly jobs: number;
  readonly tasks: number;
  readonly pipeline?: string;
  readonly stage?: string;
  readonly priority?: number;
  /** When they are due, as SQL; now if it is not given. */
  readonly runAt?: string;
  /** Whether claims have not seen yet that they are due later. */
  readonly looksDue?: boolean;
}

/** Open jobs with so many tasks each that wait; past the triggers, which would take minutes. */
function open({ jobs, tasks, pipeline: name = "quick", stage = "a", priority = 0, ...when }: Filled): Promise<void> {
  const { runAt = "now() - interval '1 s'", looksDue = when.runAt === undefined } = when;
  const by = "gen_random_uuid(), 'USER', 'filler', 'SUBMITTED'";
  return fill(rig.url, [
    `with collections as (
       insert into headway.collection (id, project_id, name, status, change_id, changed_by_type, changed_by, change_reason)
       select gen_random_uuid(), '${PROJECT}', gen_random_uuid(), 'PROCESSING', ${by} from generate_series(1, ${jobs}) returning id
     ), jobs as (
       insert into headway.job (id, project_id, collection_id, pipeline, pipeline_version, document_stages, collection_stages,
         priority, status, total, queued, change_id, changed_by_type, changed_by, change_reason)
       select gen_random_uuid(), '${PROJECT}', id, '${name}', 1, '{a,gone}', '{}', ${priority}, 'QUEUED', ${tasks}, ${tasks}, ${by}
       from collections returning id, collection_id
     ), tasks as (
       insert into headway.task (id, project_id, collection_id, job_id, kind, ordinal, pipeline, priority, status, stage, run_at,
         change_id, changed_by_type, changed_by, change_reason)
       select gen_random_uuid(), '${PROJECT}', collection_id, id, 'DOCUMENT', n, '${name}', ${priority}, 'QUEUED', '${stage}', ${runAt},
         ${by} from jobs, generate_series(1, ${tasks}) n
     )
     insert into headway.ready_stage (job_id, stage, project_id, pipeline, pipeline_version, priority, ready, not_before)
     select id, '${stage}', '${PROJECT}', '${name}', 1, ${priority}, ${tasks}, ${looksDue ? "null" : runAt} from jobs`,
    "analyze",
  ]);
}

describe("F40: a claim looks at no more than before beside", () => {
  test("150,000 due tasks of a pipeline that its worker does not serve, or that is paused", async () => {
    const before = await look();
    await open({ jobs: 1, tasks: 150_000, pipeline: "still", priority: 9 });
    const unserved = await look();
    expect(unserved.taken).toBe(1);
    expect(unserved.blocks - before.blocks).toBeLessThan(FLAT);
    await pausePipeline(rig.deps, ACTOR, { pipeline: "still", reason: "for this test" });
    const paused = await look(new Registry([quick, still]));
    expect(paused.taken).toBe(1);
    expect(paused.blocks - before.blocks).toBeLessThan(FLAT);
  }, 60_000);

  test("10,000 jobs of a higher priority at a stage that its worker lacks", async () => {
    const before = await look();
    await open({ jobs: 10_000, tasks: 1, stage: "gone", priority: 9 });
    const after = await look();
    expect(after.taken).toBe(1);
    expect(after.blocks - before.blocks).toBeLessThan(FLAT);
  }, 60_000);

  test("10,000 jobs of a higher priority that are due later, and 60,000 tasks of one that wait for their next try", async () => {
    const before = await look();
    const runAt = "now() + interval '1 h'";
    await open({ jobs: 10_000, tasks: 1, priority: 9, runAt });
    await open({ jobs: 1, tasks: 60_000, priority: 9, runAt, looksDue: true });
    const after = await look();
    expect(after.taken).toBe(1);
    expect(after.blocks - before.blocks).toBeLessThan(FLAT);
  }, 60_000);

  test("9,900 more open jobs of its own priority than 100", async () => {
    await open({ jobs: 100, tasks: 1 });
    const before = await look();
    await open({ jobs: 9_900, tasks: 1 });
    const after = await look();
    expect(after.taken).toBe(1);
    expect(after.blocks - before.blocks).toBeLessThan(FLAT);
  }, 60_000);
});
