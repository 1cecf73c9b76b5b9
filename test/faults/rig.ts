import { appendFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import pg from "pg";
import { ApiClient } from "../../src/cli/client.js";
import { messageOf } from "../../src/errors.js";
import { createTestDatabase } from "../support/database.js";
import { ROOT, startHeadway, type HeadwayProcess } from "../support/processes.js";
import { PATIENCE_MS, until } from "../support/until.js";
import { startFaultProxy, type FaultProxy } from "./fault-proxy.js";

/** Clocks short enough that a rescue is seen within seconds; everything else as by default. */
export const LEASE_MS = 1_500;
export const SWEEP_MS = 300;
const CLOCKS = {
  HEADWAY_LEASE_MS: String(LEASE_MS),
  HEADWAY_HEARTBEAT_MS: "400",
  HEADWAY_SWEEP_MS: String(SWEEP_MS),
  HEADWAY_POLL_MS: "300",
  HEADWAY_CANCEL_DEADLINE_MS: "1000",
  HEADWAY_GRACE_MS: "3000",
  HEADWAY_CRASH_LIMIT: "5",
};
const WATCH_EVERY_MS = 200;
const API = { HEADWAY_ROLES: "api" };
/** Without a process of its own for the worker: a test stops, starves and kills it by the pid of what it has started. */
const WORKER = { HEADWAY_ROLES: "worker", HEADWAY_WORKER_PROCESSES: "0" };
const RECONCILER = { HEADWAY_ROLES: "reconciler" };
export const ROLES = { api: API, worker: WORKER, reconciler: RECONCILER };

/** What a fault's test found, for the table at the end of the suite. */
export interface Finding {
  readonly fault: string;
  readonly what: string;
  /** How often the fault struck. */
  readonly times: number;
  /** From the fault to the fact that shows recovery; null where there is nothing to recover. */
  readonly recoveryMs?: number | null;
}

export interface FaultRig {
  /** Straight to the database, past the proxy. */
  readonly db: pg.Pool;
  readonly url: string;
  /** In front of Postgres: every process started here goes through it. */
  readonly postgres: FaultProxy;
  /** Starts a process with short clocks; all roles unless the settings say otherwise. */
  start(...settings: readonly Record<string, string>[]): Promise<HeadwayProcess>;
  /** The same in a process group of its own. */
  startGroup(...settings: readonly Record<string, string>[]): Promise<HeadwayProcess>;
  /** The same of another build, with that build's own pipelines. */
  startFrom(root: string, ...settings: readonly Record<string, string>[]): Promise<HeadwayProcess>;
  /** A client of that process, closed with the rig. */
  client(process: HeadwayProcess): ApiClient;
  /** A collection of so many documents. */
  collection(api: ApiClient, documents: number): Promise<string>;
  /**
   * A collection, or a new one of so many documents, submitted. The job counts as accepted from here on, unless it is
   * scenery.
   */
  submit(api: ApiClient, what: number | string, more?: Record<string, unknown>, as?: "scenery"): Promise<string>;
  settled(jobIds: readonly string[], deadlineMs?: number): Promise<void>;
  /** How often the invariants have been looked at so far. */
  readonly looks: number;
  /**
   * The accounting of what was accepted since the one before: everything is settled, nothing lost, nothing done twice, no invariant broken, neither now
   * nor at any look meanwhile. Leaves the finding for the table.
   */
  account(finding: Finding, expected?: { readonly statuses?: readonly string[] }): Promise<void>;
  close(): Promise<void>;
}

export async function createFaultRig(options: { readonly databaseUrl?: string } = {}): Promise<FaultRig> {
  const database = options.databaseUrl ? null : await createTestDatabase();
  const url = options.databaseUrl ?? database!.url;
  const postgres = await startFaultProxy(Number(new URL(url).port));
  const proxied = new URL(url);
  proxied.port = String(postgres.port);
  const db = new pg.Pool({ connectionString: url, max: 10 });
  // A database that a test takes down takes idle connections with it.
  db.on("error", () => undefined);
  const folder = await mkdtemp(path.join(tmpdir(), "headway-faults-"));
  const processes: HeadwayProcess[] = [];
  const clients: ApiClient[] = [];
  /** Since the last accounting. */
  let accepted: string[] = [];
  const seen = new Map<string, unknown>();
  let looks = 0;
  let watching = true;
  const look = async (): Promise<void> => {
    const { rows } = await db.query("select * from headway.violations(now() - interval '1 hour')");
    looks += 1;
    for (const row of rows as { invariant: string; entity_id: string }[]) seen.set(JSON.stringify(row), row);
  };
  const watch = (async () => {
    while (watching) {
      // While a test has the database down there is nothing to look at; `looks` tells how often there was.
      await look().catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, WATCH_EVERY_MS));
    }
  })();
  let made = 0;
  const start = async (
    root: string,
    settings: readonly Record<string, string>[],
    how: { readonly ownGroup?: boolean } = {},
  ): Promise<HeadwayProcess> => {
    const own = {
      DATABASE_URL: proxied.href,
      HEADWAY_PIPELINES: path.join(root, "dist", "test", "faults", "pipelines"),
      HEADWAY_DATA_DIR: folder,
      ...CLOCKS,
    };
    const all: Record<string, string> = { ...own, ...Object.assign({}, ...settings) };
    // A build from before there was such a setting refuses it.
    if (root !== ROOT) delete all.HEADWAY_WORKER_PROCESSES;
    const process = await startHeadway(all, root, how);
    processes.push(process);
    return process;
  };
  const rig: FaultRig = {
    db,
    url,
    postgres,
    get looks() {
      return looks;
    },
    start: (...settings) => start(ROOT, settings),
    startGroup: (...settings) => start(ROOT, settings, { ownGroup: true }),
    startFrom: (root, ...settings) => start(root, settings),
    client(process) {
      const client = new ApiClient(process.url, process.key);
      clients.push(client);
      return client;
    },
    async collection(api, documents) {
      made += 1;
      const { collection } = await api.mutate<{ collection: { id: string }; userErrors: [] }>(
        "mutation ($name: String!) { createCollection(input: { name: $name }) { collection { id } userErrors { code message } } }",
        { name: `collection ${made} ${Math.random()}` },
      );
      await api.mutate(
        `mutation ($input: AddDocumentsInput!) { addDocuments(input: $input) { documents { id } userErrors { code message } } }`,
        {
          input: {
            collectionId: collection.id,
            documents: Array.from({ length: documents }, (_, i) => ({ name: `d${i}`, text: `text ${i}` })),
          },
        },
      );
      return collection.id;
    },
    async submit(api, what, more = {}, as) {
      const collectionId = typeof what === "string" ? what : await rig.collection(api, what);
      const { job } = await api.mutate<{ job: { id: string }; userErrors: [] }>(
        `mutation ($input: SubmitJobInput!) { submitJob(input: $input) { job { id } userErrors { code message } } }`,
        { input: { collectionId, pipeline: "steps", ...more } },
      );
      if (as !== "scenery") accepted.push(job.id);
      return job.id;
    },
    async settled(jobIds, deadlineMs = PATIENCE_MS) {
      try {
        await until(
          `${jobIds.length} jobs are settled`,
          async () => {
            const { rows } = await db.query("select 1 from headway.job where id = any ($1) and finished_at is null", [
              jobIds,
            ]);
            return rows.length === 0;
          },
          deadlineMs,
        );
      } catch (error) {
        throw new Error(`${messageOf(error)}\n${await standing(db, processes)}`, { cause: error });
      }
    },
    async account(finding, { statuses = ["COMPLETED"] } = {}) {
      await look();
      expect({ seen: seen.size, first: [...seen.values()].slice(0, 5) }).toEqual({ seen: 0, first: [] });
      const { rows: jobs } = await db.query("select id, status from headway.job where id = any ($1)", [accepted]);
      expect(jobs).toHaveLength(accepted.length);
      expect(jobs.filter(({ status }) => !statuses.includes(status))).toEqual([]);
      expect((await db.query(LOST, [accepted])).rows).toEqual([]);
      expect((await db.query(DOUBLED, [accepted])).rows).toEqual([]);
      note({ ...finding, looks, jobs: accepted.length });
      accepted = [];
    },
    async close() {
      watching = false;
      await watch;
      await Promise.all(clients.map((client) => client.close()));
      await Promise.all(
        processes.map(async (process) => {
          process.child.kill("SIGCONT");
          await process.kill();
        }),
      );
      await postgres.close();
      await db.end();
      await database?.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return rig;
}

/** What stands in the way, for whoever reads of a fault that did not heal. */
async function standing(db: pg.Pool, processes: readonly HeadwayProcess[]): Promise<string> {
  const { rows: sessions } = await db.query(
    `select pid, application_name, state, wait_event_type, wait_event, clock_timestamp() - state_change as since,
       pg_blocking_pids(pid) as blocked_by, left(query, 100) as query
     from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
  );
  const { rows: tasks } = await db.query("select status, worker_id, count(*)::int from headway.task group by 1, 2");
  const { rows: workers } = await db.query(
    "select id, running, loop_iterations, clock_timestamp() - heartbeat_at as beat, clock_timestamp() - last_loop_at as loop from headway.worker",
  );
  const said = processes.map((one) => `${one.child.exitCode ?? one.child.signalCode ?? "runs"}: ${one.output()}`);
  return [...[sessions, tasks, workers].map((rows) => JSON.stringify(rows)), ...said].join("\n");
}

/** Tasks that are not settled, and documents that are completed without what completing them means. */
const LOST = `
  select t.id, t.status, 'open' as fault from headway.task t where t.job_id = any ($1) and t.finished_at is null
  union all
  select t.id, t.status, 'without its outputs' from headway.task t join headway.job j on j.id = t.job_id
  where t.job_id = any ($1) and t.kind = 'DOCUMENT' and t.status = 'COMPLETED' and j.pipeline = 'steps'
    and (select count(*) from headway.stage_output o where o.task_id = t.id) <> 3
  union all
  select t.id, t.status, 'without its chunks' from headway.task t join headway.job j on j.id = t.job_id
  join headway.document d on d.id = t.document_id
  where t.job_id = any ($1) and t.status = 'COMPLETED' and j.pipeline = 'steps' and d.chunk_count <> 2
  union all
  select j.id, j.status, 'with a wrong sum' from headway.job j join headway.job_summary s on s.job_id = j.id
  where j.id = any ($1) and j.pipeline = 'steps' and j.status like 'COMPLETED%'
    and (s.output->>'documents')::int is distinct from j.completed
  union all
  select j.id, j.status, 'without a summary' from headway.job j
  where j.id = any ($1) and not exists (select from headway.job_summary s where s.job_id = j.id)`;

/** Outcomes recorded twice: in one run a task is settled once, a job once, and one artifact of a name is accepted. */
const DOUBLED = `
  select entity_id, run, count(*) from headway.status_change
  where job_id = any ($1) and to_status in ('COMPLETED', 'FAILED', 'CANCELLED', 'SKIPPED', 'COMPLETED_WITH_ERRORS')
  group by entity_id, run having count(*) > 1
  union all
  select task_id, 0, count(*) from headway.artifact where job_id = any ($1) and accepted group by task_id, name having count(*) > 1`;

/** One line for the table that \`npm run test:faults\` prints; the report's file is asked for by it alone. */
export function note(finding: Finding & { readonly looks: number; readonly jobs: number }): void {
  const file = process.env.HEADWAY_TEST_FAULTS_REPORT;
  if (file) appendFileSync(file, `${JSON.stringify({ violations: 0, lost: 0, doubled: 0, ...finding })}\n`);
}

/** Whether a failpoint of this process has fired. */
export function hasFired(process: HeadwayProcess): boolean {
  return /failpoint [a-z_.]+:\w+ fired/.test(process.output());
}

export function hasExited({ child }: HeadwayProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** Starts a process that dies at the failpoint by itself, which may be before it could say that it is ready; settles once it is dead. */
export async function diesAt(
  rig: FaultRig,
  failpoint: string,
  ...settings: readonly Record<string, string>[]
): Promise<void> {
  const doomed = await rig
    .start(...settings, { HEADWAY_FAILPOINT: `${failpoint}:kill9` })
    .catch((error: unknown) => messageOf(error));
  if (typeof doomed !== "string") await until("it is dead", () => hasExited(doomed));
  expect(typeof doomed === "string" ? doomed : doomed.output()).toContain(`failpoint ${failpoint}:kill9 fired`);
}
