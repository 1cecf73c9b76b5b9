import { randomUUID } from "node:crypto";
import { percentile, type Bench, type Row } from "./bench.js";
import { createDataSource } from "../src/database/data-source.js";
import { migrate } from "../src/database/migrate.js";
import { Recorder } from "../src/engine/flush/recorder.js";
import { definePipeline } from "../src/pipelines/pipeline.js";
import { Registry } from "../src/pipelines/registry.js";
import { openJobs, type OpenJobs } from "../test/support/open-jobs.js";
import { PROJECT } from "../test/support/engine.js";
import { Headway } from "./headway.js";
import { startServers, withClient, type Servers } from "./servers.js";

const CLAIMS = 200;
const BULK_TASKS = 60_000;
/** One-document jobs beside each bulk operation, one after the other. */
const SMALL_JOBS = 20;

const served = ["served", "paused"].map((name) =>
  definePipeline({ name, version: 1, documentStages: [{ name: "a", run: async () => null }] }),
);

/** What lies beside the work that is claimed; each is added to those before it. */
const BESIDE: readonly (readonly [what: string, fill: OpenJobs | null])[] = [
  ["nothing else", null],
  ["150,000 due tasks of a paused pipeline", { jobs: 1, tasks: 150_000, pipeline: "paused", priority: 9 }],
  ["150,000 due tasks of a pipeline nobody serves", { jobs: 1, tasks: 150_000, pipeline: "unserved", priority: 9 }],
  [
    "10,000 jobs at a stage that the worker lacks",
    { jobs: 10_000, tasks: 1, pipeline: "served", stage: "b", priority: 9 },
  ],
  ["10,000 open jobs of the same priority", { jobs: 10_000, tasks: 1, pipeline: "served" }],
];

export const claims: Bench = {
  name: "claims",
  about: "a claim beside much that it can't take, and a small job beside a cancel and a retry of 60,000 tasks",
  onDemand: true,
  async run(say) {
    const servers = await startServers();
    try {
      return [...(await claimsBeside(servers, say)), ...(await besideBulkWork(servers, say))];
    } finally {
      await servers.stop();
    }
  },
};

/** Times of claims of one task each, as a worker asks for them, with the commit. */
async function claimsBeside(servers: Servers, say: (line: string) => void): Promise<Row[]> {
  const url = await servers.database();
  await migrate(url);
  const superuser = servers.asSuperuser(url);
  const fill = (jobs: OpenJobs): Promise<void> =>
    withClient(superuser, async (db) => {
      await db.query("set session_replication_role = replica");
      for (const statement of openJobs(jobs)) await db.query(statement);
    });
  const db = await createDataSource(url, { poolSize: 1 }).initialize();
  const rows: Row[] = [];
  try {
    await fill({ jobs: 1, tasks: 10 * CLAIMS, pipeline: "served" });
    await db.query(
      "insert into headway.pipeline_pause (project_id, pipeline, reason, paused_by) values ($1, 'paused', 'bench', 'bench')",
      [PROJECT],
    );
    const worker = recorder(db);
    await claimTimes(worker);
    for (const [what, beside] of BESIDE) {
      if (beside !== null) await fill(beside);
      const times = await claimTimes(worker);
      const [p50, p95] = [percentile(times, 50), percentile(times, 95)];
      say(`a claim beside ${what}: ${p50.toFixed(2)} ms, p95 ${p95.toFixed(2)}`);
      const note = `p95 ${p95.toFixed(2)} ms of ${CLAIMS} claims of one task, commit included`;
      rows.push({ ...ROW, measure: `claim beside ${what}, p50, ms`, ours: p50, bar: "≤ 5", met: p50 <= 5, note });
    }
  } finally {
    await db.destroy();
  }
  return rows;
}

const ROW = { bench: "claims", peer: "", theirs: null } as const;

function recorder(db: Awaited<ReturnType<ReturnType<typeof createDataSource>["initialize"]>>): Recorder {
  const workerId = randomUUID();
  const quiet = (): undefined => undefined;
  const actor = { type: "WORKER", name: `worker:${workerId}` } as const;
  return new Recorder({ db, actor, workerId, leaseMs: 3_600_000, crashLimit: 3, onDue: quiet, onError: quiet });
}

async function claimTimes(worker: Recorder): Promise<number[]> {
  const registry = new Registry(served);
  const times: number[] = [];
  for (let n = 0; n < CLAIMS; n += 1) {
    const startedAt = performance.now();
    const { length } = await worker.claim({ registry, limit: 1 });
    times.push(performance.now() - startedAt);
    if (length !== 1) throw new Error(`A claim of one task took ${length}.`);
  }
  return times;
}

/** From the submission of jobs of one document each to their RUNNING, by the history, while a job of 60,000 is cancelled, then retried. */
async function besideBulkWork(servers: Servers, say: (line: string) => void): Promise<Row[]> {
  const url = await servers.database();
  const headway = new Headway(servers, url);
  const rows: Row[] = [];
  try {
    await headway.startApi();
    await headway.startWorker();
    const small = await Promise.all(Array.from({ length: SMALL_JOBS }, () => headway.collectionOf(1)));
    const huge = await headway.submit(await headway.collectionOf(BULK_TASKS), "noop5");
    for (const what of ["cancel", "retry"] as const) {
      let isOver = false;
      const operation = headway.client
        .mutate(
          `mutation ($id: ID!) { ${what}Job(input: { jobId: $id }) { job { id } userErrors { code message } } }`,
          {
            id: huge,
          },
        )
        .finally(() => (isOver = true));
      const jobs: string[] = [];
      for (const collectionId of small) {
        if (isOver) break;
        const job = await headway.submit(collectionId, "noop5");
        jobs.push(job);
        await headway.settled(job, 20);
      }
      await operation;
      const waits = await waitsOf(servers.asSuperuser(url), jobs);
      const [p50, most] = [percentile(waits, 50), Math.max(...waits)];
      say(`RUNNING beside a ${what} of ${BULK_TASKS} tasks: ${p50.toFixed(0)} ms, at most ${most.toFixed(0)}`);
      const note = `p50 ${p50.toFixed(0)} ms, of ${waits.length} jobs one after the other`;
      const measure = `RUNNING of a one-document job beside a ${what} of 60,000 tasks, worst, ms`;
      rows.push({ ...ROW, measure, ours: most, bar: "≤ 300", met: most <= 300, note });
    }
  } finally {
    await headway.stop();
  }
  return rows;
}

/** Milliseconds from the first change to RUNNING, of the only task of each job. */
function waitsOf(superuserUrl: string, jobs: readonly string[]): Promise<number[]> {
  return withClient(superuserUrl, async (db) => {
    const { rows } = await db.query<{ ms: number }>(
      `select extract(epoch from min(at) filter (where to_status = 'RUNNING') - min(at))::float8 * 1000 as ms
       from headway.status_change where job_id = any ($1) and entity_type = 'TASK' group by job_id`,
      [jobs],
    );
    return rows.map(({ ms }) => ms);
  });
}
