import { PROJECT } from "../test/support/engine.js";
import { latencies, type Latencies } from "./b2-latency.js";
import { percentile, type Bench, type Row } from "./bench.js";
import { fillLists, withoutIndexes } from "./fill.js";
import { Headway } from "./headway.js";
import { startServers, withClient } from "./servers.js";

const JOBS = 52_000;
const WARM_UP = 50;
const TIMES = 300;
const AT_ONCE = 50;
const TABLES = ["document", "chunk", "task", "stage_output", "status_change"] as const;

export const expiry: Bench = {
  name: "expiry",
  about: "a million tasks' data expire beside live traffic, with default settings (filled first; half an hour in all)",
  onDemand: true,
  async run(say) {
    const servers = await startServers();
    const databaseUrl = await servers.database();
    const superuserUrl = servers.asSuperuser(databaseUrl);
    const headway = new Headway(servers, databaseUrl);
    try {
      const migrating = new Headway(servers, databaseUrl);
      await migrating.startApi({ HEADWAY_ROLES: "api" });
      await migrating.stop();
      await fillContents(superuserUrl);
      const held = await rowsHeld(superuserUrl);
      say(`filled: ${held}`);

      await headway.startApi();
      await headway.startWorker({ HEADWAY_CONCURRENCY: "8" });
      await latencies(headway, WARM_UP);
      const before = await latencies(headway, TIMES);
      const startedAt = performance.now();
      const { rowCount } = await withClient(databaseUrl, (db) =>
        db.query(
          "update headway.collection set expires_at = clock_timestamp() where status = 'COMPLETED' and name like 'collection %'",
        ),
      );
      const meanwhile: Latencies = { submitMs: [], runningMs: [], completedMs: [] };
      let mostDead = 0;
      while (await isLeft(superuserUrl)) {
        const more = await latencies(headway, AT_ONCE);
        for (const key of ["submitMs", "runningMs", "completedMs"] as const) meanwhile[key].push(...more[key]);
        mostDead = Math.max(mostDead, await deadShare(superuserUrl));
      }
      const minutes = (performance.now() - startedAt) / 60_000;
      const after = await latencies(headway, TIMES);
      say(
        `${rowCount} collections expired and emptied in ${minutes.toFixed(1)} minutes; left: ${await rowsHeld(superuserUrl)}`,
      );
      const vacuumed = await timesVacuumed(superuserUrl);
      say(`autovacuum: ${vacuumed}`);
      return [
        ...(["submitMs", "runningMs", "completedMs"] as const).flatMap((key) =>
          compared(key, meanwhile, before, "before"),
        ),
        ...compared("completedMs", after, before, "before").map((row) => ({
          ...row,
          measure: `${row.measure}, afterwards`,
        })),
        figure(
          "a million tasks' data expired and removed, minutes",
          minutes,
          `${held}; ${meanwhile.submitMs.length} jobs meanwhile`,
        ),
        figure(
          "dead rows beside live ones, the most of any table, %",
          mostDead * 100,
          `autovacuum as Headway sets it; ${vacuumed}`,
        ),
      ];
    } finally {
      await headway.stop();
      await servers.stop();
    }
  },
};

/** The lists of B4 with what their stages kept and two chunks a document; nothing of it is due for a worker. */
async function fillContents(superuserUrl: string): Promise<void> {
  await fillLists(superuserUrl, JOBS);
  await withClient(superuserUrl, async (db) => {
    await db.query("set session_replication_role = replica; set synchronous_commit = off");
    await db.query(
      "update headway.task set run_at = now() + interval '1 day', lease_expires_at = null where status = 'QUEUED'",
    );
    await db.query("update headway.task set lease_expires_at = now() + interval '1 day' where status = 'RUNNING'");
    await withoutIndexes(db, "headway.stage_output", () =>
      db.query(
        `insert into headway.stage_output (task_id, project_id, stage, fence, output)
         select id, project_id, s, 1, '{"ok": true, "characters": 1234}' from headway.task, unnest('{a,b,c,d}'::text[]) s`,
      ),
    );
    await withoutIndexes(db, "headway.chunk", () =>
      db.query(
        `insert into headway.chunk (id, document_id, project_id, collection_id, task_id, fence, ordinal, text, start_offset, end_offset)
         select gen_random_uuid(), d.id, '${PROJECT}', d.collection_id, d.id, 1, n, repeat('word ', 100), 0, 500
         from headway.document d, generate_series(0, 1) n`,
      ),
    );
    await db.query("vacuum (analyze)");
  });
}

async function rowsHeld(url: string): Promise<string> {
  return withClient(url, async (db) => {
    const counts: string[] = [];
    for (const table of TABLES) {
      const { rows } = await db.query(`select count(*)::int as n from headway.${table}`);
      counts.push(`${(rows[0].n as number).toLocaleString("en")} ${table}`);
    }
    return counts.join(", ");
  });
}

async function isLeft(url: string): Promise<boolean> {
  const { rows } = await withClient(url, (db) =>
    db.query(
      `select exists (select from headway.collection where (status <> 'EXPIRED' and expires_at <= clock_timestamp())
         or (status = 'EXPIRED' and emptied_at is null)) as left`,
    ),
  );
  return rows[0].left;
}

async function deadShare(url: string): Promise<number> {
  const { rows } = await withClient(url, (db) =>
    db.query(
      `select max(n_dead_tup / greatest(n_live_tup + n_dead_tup, 100000)::float8) as share from pg_stat_user_tables
       where relname = any ($1)`,
      [TABLES],
    ),
  );
  return rows[0].share;
}

async function timesVacuumed(url: string): Promise<string> {
  const { rows } = await withClient(url, (db) =>
    db.query(
      "select relname, autovacuum_count::int as n from pg_stat_user_tables where relname = any ($1) order by relname",
      [TABLES],
    ),
  );
  return rows.map(({ relname, n }) => `${relname} ${n}×`).join(", ");
}

function compared(key: keyof Latencies, ours: Latencies, theirs: Latencies, peer: string): Row[] {
  const noun = { submitMs: "submit answered", runningMs: "first RUNNING", completedMs: "COMPLETED" }[key];
  return [50, 99].map((p) => ({
    ...figure(`${noun}, p${p}, ms`, percentile(ours[key], p), ""),
    peer,
    theirs: percentile(theirs[key], p),
  }));
}

function figure(measure: string, ours: number, note: string): Row {
  return { bench: "expiry", measure, ours, peer: "", theirs: null, bar: "", met: null, note };
}
