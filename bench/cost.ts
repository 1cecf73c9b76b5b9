import { readFileSync } from "node:fs";
import pg from "pg";
import { median, type Bench, type Row } from "./bench.js";
import { openBareJobs } from "./peers/bare-job.js";
import { applySecondDesign, oneStepAFlush, severalStepsAFlush, type WritePath } from "./second-design.js";
import { startServers, withClient, type Servers } from "./servers.js";

const DOCUMENTS = 2_000;
const ROUNDS = 5;
const BATCH = 200;
const TICKS_A_SECOND = 100;

interface Variant {
  readonly name: string;
  readonly path: WritePath;
  /** At work side by side, in one collection; 1 where it is not said. */
  readonly connections?: number;
  /** It leaves something out that the invariants are about. */
  readonly isPart?: boolean;
  /** What is done to the migrated database first. */
  readonly prepare: (db: pg.Client) => Promise<unknown>;
}

/** One edit of a function that is there: its body with `from` replaced. @throws where `from` is not in it */
async function edit(db: pg.Client, name: string, from: string | RegExp, to: string): Promise<void> {
  const { rows } = await db.query<{ definition: string }>(
    "select pg_get_functiondef(oid) as definition from pg_proc where proname = $1 and pronamespace = 'headway'::regnamespace",
    [name],
  );
  const before = rows[0]!.definition;
  const after = before.replace(from, to);
  if (after === before) throw new Error(`${name} has no ${String(from)}`);
  await db.query(after);
}

function without(name: string, edits: (db: pg.Client) => Promise<unknown>): Variant {
  return {
    name,
    path: severalStepsAFlush(5),
    isPart: true,
    prepare: async (db) => {
      await applySecondDesign(db);
      await edits(db);
    },
  };
}

const VARIANTS: readonly Variant[] = [
  { name: "record_changes, a flush a stage", path: oneStepAFlush, prepare: async () => {} },
  { name: "second design, five steps a flush", path: severalStepsAFlush(5), prepare: applySecondDesign },
  { name: "second design, two steps a flush", path: severalStepsAFlush(2), prepare: applySecondDesign },
  { name: "second design, one step a flush", path: severalStepsAFlush(1), prepare: applySecondDesign },
  { name: "record_changes, two connections", path: oneStepAFlush, connections: 2, prepare: async () => {} },
  { name: "second design, two connections", path: severalStepsAFlush(5), connections: 2, prepare: applySecondDesign },
  without("… without the row guard", (db) => db.query("alter table headway.task disable trigger guard")),
  without("… without history", (db) =>
    edit(db, "task_updated", "where (n.version = o.version) is not true order by", "where false order by"),
  ),
  without("… without kept outputs", (db) => edit(db, "record_steps", "where u.i > x.known", "where false")),
  without("… without counts by stage", (db) => edit(db, "task_updated", "where m.status <> 'SKIPPED'", "where false")),
  without("… with the history's own uuid key", (db) =>
    db.query("alter table headway.status_change add column id uuid primary key default gen_random_uuid()"),
  ),
  without("… with the history's job index", (db) =>
    db.query("create index status_change_of_job on headway.status_change (job_id, position)"),
  ),
  without("… without the history's project index", (db) => db.query("drop index headway.status_change_of_project")),
];

/** Processor time of one backend so far, in µs. */
function processorMicros(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return ((Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND) * 1e6;
}

interface Cost {
  readonly micros: number;
  readonly walBytes: number;
}

async function costOf(servers: Servers, { path, prepare, connections = 1, isPart = false }: Variant): Promise<Cost[]> {
  const databaseUrl = await servers.database();
  const jobs = await openBareJobs(databaseUrl);
  const pool = new pg.Pool({ connectionString: databaseUrl, max: connections });
  try {
    await withClient(databaseUrl, prepare);
    return await withClient(servers.asSuperuser(databaseUrl), async (observer) => {
      const clients = await Promise.all(Array.from({ length: connections }, () => pool.connect()));
      const pids = await Promise.all(
        clients.map(async (db) => (await db.query<{ pid: number }>("select pg_backend_pid() as pid")).rows[0]!.pid),
      );
      const micros = (): number => pids.reduce((sum, pid) => sum + processorMicros(pid), 0);
      const costs: Cost[] = [];
      for (let round = 0; round <= ROUNDS; round += 1) {
        await jobs.submit(await jobs.collectionOf(DOCUMENTS));
        const lsn = await walPosition(observer);
        const before = micros();
        const done = (await Promise.all(clients.map((db) => path.drain(db, BATCH)))).reduce((a, b) => a + b);
        if (done !== DOCUMENTS) throw new Error(`${done} of ${DOCUMENTS} documents came to their end`);
        const cost = { micros: (micros() - before) / done, walBytes: ((await walPosition(observer)) - lsn) / done };
        // The first round warms plans and pages up.
        if (round > 0) costs.push(cost);
      }
      for (const db of clients) db.release();
      if (isPart) return costs;
      const broken = await observer.query("select * from headway.violations('-infinity')");
      if (broken.rows.length > 0) throw new Error(`violations: ${JSON.stringify(broken.rows.slice(0, 3))}`);
      return costs;
    });
  } finally {
    await pool.end();
    await jobs.close();
  }
}

/** In bytes, of what has been written so far, kept on disk or not. */
async function walPosition(db: pg.Client): Promise<number> {
  const { rows } = await db.query<{ bytes: string }>(
    "select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0') as bytes",
  );
  return Number(rows[0]!.bytes);
}

export const cost: Bench = {
  name: "cost",
  about: "what a document of five stages costs Postgres, and what each part of it",
  onDemand: true,
  async run(say) {
    const servers = await startServers();
    const rows: Row[] = [];
    try {
      for (const variant of VARIANTS) {
        const costs = await costOf(servers, variant);
        const micros = median(costs.map((one) => one.micros));
        const walBytes = median(costs.map((one) => one.walBytes));
        const all = costs.map((one) => one.micros.toFixed(0)).join(", ");
        say(`${variant.name}: ${micros.toFixed(0)} µs, ${(walBytes / 1_000).toFixed(1)} KB of WAL (${all} µs)`);
        const line = { bench: "cost", peer: "", theirs: null, bar: "", met: null };
        rows.push({ ...line, measure: `${variant.name}, µs`, ours: micros, note: `rounds: ${all}` });
        rows.push({ ...line, measure: `${variant.name}, WAL, KB`, ours: walBytes / 1_000, note: "" });
      }
      return rows;
    } finally {
      await servers.stop();
    }
  },
};
