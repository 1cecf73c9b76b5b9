import { readFile } from "node:fs/promises";
import path from "node:path";
import pg from "pg";
import { dumpSchema, dumpSignatures } from "../../build/database-dump.js";
import { ROOT } from "../../build/emit-schema.js";
import { migrate } from "../../src/database/migrate.js";
import { functionFiles } from "../../src/database/sql-files.js";
import {
  ACTOR_TYPES,
  COLLECTION_STATUSES,
  ENTITY_TYPES,
  JOB_STATUSES,
  STATUSES,
  TASK_KINDS,
  TASK_STATUSES,
} from "../../src/lifecycle/status.js";
import { TRANSITIONS } from "../../src/lifecycle/transitions.js";
import { createTestDatabase, type TestDatabase } from "../support/database.js";

let fresh: pg.Client;
let upgraded: pg.Client;
const databases: TestDatabase[] = [];
beforeAll(async () => {
  fresh = await connect();
  upgraded = await connect();
  await makeOlder(upgraded);
  await migrate(databases[1]!.url);
});
afterAll(async () => {
  for (const client of [fresh, upgraded]) await client.end();
  for (const database of databases) await database.drop();
});

async function connect(): Promise<pg.Client> {
  const database = await createTestDatabase();
  databases.push(database);
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  return client;
}

/** As a build before this one may have left it: a transition less, other texts of a function, a view and the triggers. */
async function makeOlder(client: pg.Client): Promise<void> {
  await client.query(`
    delete from headway.transition where level = 'JOB' and reason = 'CANCEL_REQUESTED';
    create or replace function headway.converge(p_job uuid, p_actor text default 'system:converge') returns int
      language plpgsql as $$ begin return -1; end $$;
    create or replace view headway.worker_now as
      select clock_timestamp() as now, 0 as free, 'RUNNING'::text as status, w.* from headway.worker w;
    drop trigger guard on headway.task;
    create trigger guard before update of status on headway.task for each row execute function headway.guard_task();
    update headway.sql_file set sha256 = 'older', build = '0.0.9'
    where path in ('functions/converge/converge.sql', 'functions/watch/worker_now.sql', 'triggers.sql')`);
}

async function column(client: pg.Client, sql: string, values?: unknown[]): Promise<string[]> {
  return (await client.query<{ value: string }>(sql, values)).rows.map(({ value }) => value);
}

describe.each(["a fresh database", "an upgraded database"] as const)("in %s", (which) => {
  const client = (): pg.Client => (which === "a fresh database" ? fresh : upgraded);

  test("everything is as schema/database.sql says", async () => {
    expect(await dumpSchema(client(), "headway")).toBe(
      await readFile(path.join(ROOT, "schema", "database.sql"), "utf8"),
    );
  });

  test("the transitions are those of the code, no more and no fewer", async () => {
    const rows = await column(
      client(),
      "select concat_ws(' ', level, coalesce(from_status, '-'), to_status, reason) as value from headway.transition",
    );
    const ours = TRANSITIONS.flatMap(({ level, from, to, reasons }) =>
      reasons.map((reason) => [level, from ?? "-", to, reason].join(" ")),
    );
    expect(rows.sort()).toEqual(ours.sort());
  });

  test.each<[name: string, words: readonly string[]]>([
    ["collection_status_check", COLLECTION_STATUSES],
    ["job_status_check", JOB_STATUSES],
    ["task_status_check", TASK_STATUSES],
    ["task_kind_check", TASK_KINDS],
    ["status_change_to_status_check", STATUSES],
    ["status_change_entity_type_check", ENTITY_TYPES],
    ["status_change_actor_type_check", ACTOR_TYPES],
    ["collection_changed_by_type_check", ACTOR_TYPES],
    ["job_changed_by_type_check", ACTOR_TYPES],
    ["task_changed_by_type_check", ACTOR_TYPES],
  ])("the words of %s are those of the code", async (name, words) => {
    const [check] = await column(
      client(),
      "select pg_get_constraintdef(oid) as value from pg_constraint where conname = $1",
      [name],
    );
    expect([...check!.matchAll(/'([A-Z_]+)'/g)].map(([, word]) => word!).sort()).toEqual([...words].sort());
  });

  test("nothing lies in public", async () => {
    expect(
      await column(
        client(),
        `select relname as value from pg_class where relnamespace = 'public'::regnamespace
         union all select proname from pg_proc where pronamespace = 'public'::regnamespace
         union all select typname from pg_type where typnamespace = 'public'::regnamespace`,
      ),
    ).toEqual([]);
  });
});

/**
 * A path of their own would cost row triggers time for each row, and would keep the planner from taking the others into
 * the statements that call them. What they name is qualified, as in all other functions.
 */
const WITHOUT_PATH = [
  ["guard_birth", "guard_collection", "guard_history_row", "guard_job", "guard_task"],
  ["move_fetched_blob", "release_upload", "replace_artifact_blob", "show_entities"],
  ["is_expiry_due", "is_retryable", "stuck_jobs", "violations", "violations_within"],
].flat();

describe("the functions", () => {
  test("carry a search path, but for row triggers and those that are inlined", async () => {
    const without = await column(
      fresh,
      `select proname as value from pg_proc where pronamespace = 'headway'::regnamespace
         and not coalesce(proconfig, '{}') @> array['search_path=pg_catalog, pg_temp']`,
    );
    expect(without.sort()).toEqual([...WITHOUT_PATH].sort());
  });

  test("lie one in a file, by its name", async () => {
    const names = functionFiles().map(({ path: file, text }) => {
      const made = [...text.matchAll(/^create or replace (?:function|view) headway\.(\w+)/gm)].map(([, name]) => name);
      expect([file, made]).toEqual([file, [path.basename(file, ".sql")]]);
      return made[0]!;
    });
    const there = await column(
      fresh,
      `select proname as value from pg_proc where pronamespace = 'headway'::regnamespace
       union all select relname from pg_class where relnamespace = 'headway'::regnamespace and relkind = 'v'`,
    );
    expect(names.sort()).toEqual(there.sort());
  });

  // Migrating takes them in any order, and so without a look at their bodies.
  test("have bodies that Postgres takes once all are there", async () => {
    await fresh.query("begin");
    try {
      for (const { text } of functionFiles()) await fresh.query(text);
    } finally {
      await fresh.query("rollback");
    }
  });

  test("keep the shape that they had at the last release, as calls of the build before may be under way", async () => {
    const now = await dumpSignatures(fresh, "headway");
    const released = (await readFile(path.join(ROOT, "sql", "signatures.txt"), "utf8")).trim().split("\n");
    const changed = released.filter((line) => !now.includes(line));
    if (changed.length > 0) {
      throw new Error(
        `Not as at the last release: ${changed.join("; ")}. Give the new shape a new name, and keep the old file for ` +
          "one release in sql/functions/retired/; see docs/sql.md.",
      );
    }
    const names = now.map((line) => line.slice(0, line.indexOf("(")));
    // Two of one name would be a shape that has changed beside the one before.
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
    const retired = functionFiles().filter(({ path: file }) => file.startsWith("functions/retired/"));
    const releasedNames = released.map((line) => line.slice(0, line.indexOf("(")));
    expect(retired.filter(({ path: file }) => !releasedNames.includes(path.basename(file, ".sql")))).toEqual([]);
  });
});
