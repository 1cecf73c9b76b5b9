import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import fc from "fast-check";
import { addDocuments } from "../../../src/engine/collection/add-documents.js";
import { createCollection } from "../../../src/engine/collection/collections.js";
import type { Actor } from "../../../src/engine/engine.js";
import { Recorder } from "../../../src/engine/flush/recorder.js";
import { pausePipeline } from "../../../src/engine/operations/pause.js";
import { submitJob } from "../../../src/engine/submit/submit.js";
import { definePipeline } from "../../../src/pipelines/pipeline.js";
import { Registry } from "../../../src/pipelines/registry.js";
import { ACTOR, createRig, type Rig } from "../../support/engine.js";

const pipeline = (name: string) =>
  definePipeline({ name, version: 1, documentStages: [{ name: "read", run: async () => null }] });
const [plain, other, paused, unserved] = ["plain", "other", "paused", "unserved"].map(pipeline);
/** What the worker of these tests runs; `paused` is paused in every project. */
const SERVED = new Registry([plain!, other!, paused!]);
const PROJECTS = 3;

let rig: Rig;
beforeAll(async () => {
  rig = await createRig([plain!, other!, paused!, unserved!]);
});
afterAll(() => rig.close());

interface NewJob {
  /** Which of the projects. */
  readonly project: number;
  readonly pipeline: "plain" | "other" | "paused" | "unserved";
  readonly priority: number;
  readonly tasks: number;
}

/** A job as the test knows it from what it has seen. */
interface Job {
  readonly id: string;
  readonly projectId: string;
  readonly priority: number;
  readonly isServable: boolean;
  /** Tasks that nobody has claimed. */
  left: number;
  /** Who has had how many turns since this job became ready, or since its own last turn. */
  turnsOfOthers: Map<string, number>;
}

const newJob = fc.record<NewJob>({
  project: fc.nat(PROJECTS - 1),
  pipeline: fc.constantFrom("plain", "plain", "other", "paused", "unserved"),
  priority: fc.constantFrom(0, 0, 5),
  tasks: fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 1, max: 3 }) }, fc.integer({ min: 20, max: 60 })),
});
const isOpen = (job: Job): boolean => job.isServable && job.left > 0;

async function submit(projects: readonly Actor[], made: NewJob): Promise<Job> {
  const actor = projects[made.project]!;
  const collectionId = await createCollection(rig.deps, actor, { name: `collection ${randomUUID()}` });
  const documents = Array.from({ length: made.tasks }, (_, i) => ({ name: `d${i}`, text: "t" }));
  await addDocuments(rig.deps, actor, { collectionId, documents });
  const { priority } = made;
  const { jobId } = await submitJob(rig.deps, actor, { collectionId, pipeline: made.pipeline, priority });
  const isServable = made.pipeline === "plain" || made.pipeline === "other";
  return {
    id: jobId,
    projectId: actor.projectId,
    priority,
    isServable,
    left: made.tasks,
    turnsOfOthers: new Map(),
  };
}

/** Nothing is served any more in the projects of a run before. */
async function makeProjects(): Promise<Actor[]> {
  await rig.db.query(
    `insert into headway.pipeline_pause (project_id, pipeline, reason, paused_by)
     select id, n, 'of another run', 'tester' from headway.project, unnest('{plain,other}'::text[]) n on conflict do nothing`,
  );
  const actors = Array.from({ length: PROJECTS }, () => ({ ...ACTOR, projectId: randomUUID() }));
  for (const actor of actors) {
    await rig.db.query("insert into headway.project (id, name) values ($1, $2)", [actor.projectId, actor.projectId]);
    await pausePipeline(rig.deps, actor, { pipeline: "paused", reason: "for this test" });
  }
  return actors;
}

/** One worker, with whatever it remembers from claim to claim. */
function worker(): (limit: number) => Promise<Map<string, number>> {
  const workerId = randomUUID();
  const recorder = new Recorder({
    db: rig.db,
    actor: { type: "WORKER", name: `worker:${workerId}` },
    workerId,
    leaseMs: 3_600_000,
    crashLimit: 3,
    onDue: () => undefined,
    onError: () => undefined,
  });
  return async (limit) => {
    const taken = new Map<string, number>();
    for (const { job } of await recorder.claim({ registry: SERVED, limit }))
      taken.set(job.id, (taken.get(job.id) ?? 0) + 1);
    return taken;
  };
}

/** Takes down what a claim took, and says what rule it broke. */
class Watch {
  readonly jobs: Job[] = [];
  readonly #turnsOfProjects = new Map<string, Map<string, number>>();

  took(taken: ReadonlyMap<string, number>): void {
    const ready = this.jobs.filter(isOpen);
    const served = new Set(ready.filter(({ id }) => taken.has(id)));
    expect([...taken.keys()].filter((id) => !ready.some((job) => job.id === id))).toEqual([]);
    for (const job of served) job.left -= taken.get(job.id)!;

    for (const job of ready) {
      if (served.has(job)) job.turnsOfOthers = new Map();
      const equals = [...served].filter((one) => one.projectId === job.projectId && one.priority === job.priority);
      if (!served.has(job)) for (const { id } of equals) countTurn(job.turnsOfOthers, id);
      const below = [...served].filter((one) => one.projectId === job.projectId && one.priority < job.priority);
      if (job.left > 0) expect(below).toEqual([]);
    }
    const projectsServed = new Set([...served].map(({ projectId }) => projectId));
    for (const projectId of new Set(ready.map((job) => job.projectId))) {
      if (projectsServed.has(projectId)) this.#turnsOfProjects.delete(projectId);
      else {
        const turns = this.#turnsOfProjects.get(projectId) ?? new Map<string, number>();
        this.#turnsOfProjects.set(projectId, turns);
        for (const one of projectsServed) countTurn(turns, one);
      }
    }
  }
}

/** Fails at the second turn that somebody else has while one waits. */
function countTurn(turns: Map<string, number>, of: string): void {
  turns.set(of, (turns.get(of) ?? 0) + 1);
  expect(turns.get(of)).toBe(1);
}

test("a job waits for one turn of each other ready job of its project and priority, a project for one of each other", async () => {
  const claims = fc.record({ limit: fc.integer({ min: 1, max: 40 }), flood: fc.array(newJob, { maxLength: 3 }) });
  const property = fc.asyncProperty(
    fc.array(newJob, { minLength: 10, maxLength: 40 }),
    fc.array(claims, { minLength: 10, maxLength: 20 }),
    async (first, rounds) => {
      const projects = await makeProjects();
      const watch = new Watch();
      const claim = worker();
      for (const made of first) watch.jobs.push(await submit(projects, made));
      for (const { limit, flood } of rounds) {
        watch.took(await claim(limit));
        for (const made of flood) watch.jobs.push(await submit(projects, made));
      }
      // What is left is all taken, by a worker that is never given nothing before.
      for (let taken = await claim(7); taken.size > 0; taken = await claim(7)) watch.took(taken);
      expect(watch.jobs.filter(isOpen)).toEqual([]);
    },
  );
  await fc.assert(property, { numRuns: 5 });
}, 180_000);

test("a claim of two jobs leaves no place empty though its places can't be divided by two", async () => {
  const projects = await makeProjects();
  for (let made = 0; made < 2; made += 1) {
    await submit(projects, { project: 0, pipeline: "plain", priority: 0, tasks: 9 });
  }
  const claim = worker();
  const taken = [...(await claim(5)).values()].reduce((sum, ids) => sum + ids, 0);
  expect(taken).toBe(5);
});

test("a job is reached however fast new ones come in, whatever their ids and the times they are due", async () => {
  const projects = await makeProjects();
  const watch = new Watch();
  const claim = worker();
  const one = (tasks: number): NewJob => ({ project: 0, pipeline: "plain", priority: 0, tasks });
  for (let n = 0; n < 20; n += 1) watch.jobs.push(await submit(projects, one(1)));
  const old = new Set(watch.jobs.map(({ id }) => id));
  let claims = 0;
  for (; watch.jobs.some((job) => old.has(job.id) && isOpen(job)); claims += 1) {
    watch.took(await claim(2));
    // As many as were taken; so there are always 20.
    for (let n = 0; n < 2; n += 1) watch.jobs.push(await submit(projects, one(1)));
    expect(claims).toBeLessThan(60);
  }
}, 60_000);
