import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import pg from "pg";
import { migrate } from "../../src/database/migrate.js";
import { HeadwayError } from "../../src/errors.js";
import { buildVersion } from "../../src/version.js";
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from "../support/database.js";
import { startPgBouncer, type TestPooler } from "../support/pgbouncer.js";
import { ROOT, startHeadway } from "../support/processes.js";
import { until } from "../support/until.js";

const MAIN = path.join(ROOT, "dist", "src", "cli", "main.js");
const BUILD = buildVersion();

let database: TestDatabase;
let sql: pg.Client;
let dataDir: string;
beforeEach(async () => {
  database = await createTestDatabase();
  sql = new pg.Client({ connectionString: database.url, application_name: "the test" });
  await sql.connect();
  dataDir = await mkdtemp(path.join(tmpdir(), "headway-builds-"));
});
afterEach(async () => {
  await sql.end();
  await database.drop();
  await rm(dataDir, { recursive: true, force: true });
});

/** What a build with another numbered file leaves in the database. */
async function migratedBy(build: string, file: string, breaking: boolean): Promise<void> {
  await sql.query("insert into headway.sql_file (path, sha256, breaking, build) values ($1, repeat('0', 64), $2, $3)", [
    `migrations/${file}.sql`,
    breaking,
    build,
  ]);
  await sql.query("insert into headway.migration (timestamp, name) values (1764599999999, 'Later1764599999999')");
}

async function refusalOf(work: Promise<unknown>): Promise<HeadwayError> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(HeadwayError);
  return error as HeadwayError;
}

/** Runs a command to its end. */
function headway(...args: string[]): Promise<{ code: number; err: string }> {
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, HEADWAY_DATA_DIR: dataDir, DATABASE_URL: database.url };
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], { env: { ...env, HEADWAY_PORT: "0" } }, (error, _out, err) =>
      resolve({ code: error ? Number(error.code) : 0, err: err.trim() }),
    );
  });
}

async function readyz(url: string): Promise<{ status: number; migrations: string | null }> {
  const response = await fetch(`${url}/readyz`);
  const { checks } = (await response.json()) as { checks: { name: string; message: string | null }[] };
  return { status: response.status, migrations: checks.find(({ name }) => name === "migrations")!.message };
}

const TOO_OLD = `This build of Headway (${BUILD}) is too old for its database: build 9.9.9 has changed it by migrations/0900_drop_it.sql, which earlier builds cannot work with; start build 9.9.9 or a later one.`;

describe("a build that is older than its database", () => {
  test("refuses to start on what a breaking migration has changed, in one sentence and with an exit code of its own", async () => {
    await migratedBy("9.9.9", "0900_drop_it", true);
    for (const args of [["start"], ["migrate"], ["keys", "list"]]) {
      expect(await headway(...args)).toEqual({ code: 7, err: `${TOO_OLD} (BUILD_TOO_OLD)` });
    }
    const { rows } = await sql.query("select count(*)::int as n from headway.sql_file where build = '9.9.9'");
    expect(rows).toEqual([{ n: 1 }]);
  });

  test("says so in /readyz and once in the log when that happens while it runs", async () => {
    const process = await startHeadway({ DATABASE_URL: database.url, HEADWAY_DATA_DIR: dataDir });
    try {
      await until("it is ready", async () => (await readyz(process.url)).status === 200);
      await migratedBy("9.9.9", "0900_drop_it", true);
      expect(await readyz(process.url)).toEqual({ status: 503, migrations: TOO_OLD });
      expect(await readyz(process.url)).toEqual({ status: 503, migrations: TOO_OLD });
      expect(process.output().split(TOO_OLD)).toHaveLength(2);
    } finally {
      await process.kill();
    }
  });

  test("starts beside a harmless migration, says so once, and leaves what the later build has brought in", async () => {
    await migratedBy("9.9.9", "0900_add_it", false);
    await sql.query(
      "update headway.sql_file set build = '9.9.9', sha256 = repeat('1', 64) where path like 'functions/%'",
    );
    const process = await startHeadway({ DATABASE_URL: database.url, HEADWAY_DATA_DIR: dataDir });
    try {
      await until("it is ready", async () => (await readyz(process.url)).status === 200);
      const said = `The database is ahead of this build of Headway (${BUILD}): build 9.9.9 added migrations/0900_add_it.sql, which this build can work with.`;
      expect(process.output().split(said)).toHaveLength(2);
      const { rows } = await sql.query(
        "select distinct build, sha256 = repeat('1', 64) as untouched from headway.sql_file where path like 'functions/%'",
      );
      expect(rows).toEqual([{ build: "9.9.9", untouched: true }]);
    } finally {
      await process.kill();
    }
  });
});

describe("a database that is behind", () => {
  test("is named in /readyz with the command that brings it up, and is brought up by a start", async () => {
    const settings = { DATABASE_URL: database.url, HEADWAY_DATA_DIR: dataDir };
    const process = await startHeadway(settings);
    try {
      await sql.query("begin");
      // As after a restore of a backup from before the file.
      await sql.query("delete from headway.sql_file where path like 'migrations/%'");
      await sql.query("commit");
      const { status, migrations } = await readyz(process.url);
      expect(status).toBe(503);
      expect(migrations).toMatch(
        /^The database is behind this build of Headway \(.*\): migrations\/0001_baseline\.sql(, .*\.sql are| is) missing; run "npx headway-api migrate", or restart this process\.$/,
      );
    } finally {
      await process.kill();
    }
  });

  test("which its user may not change, is named with the command that does, and the user that may run it", async () => {
    const url = await userOf(await createEmptyDatabase());
    const { code, message } = await refusalOf(migrate(url.href));
    expect(code).toBe("MIGRATION_FORBIDDEN");
    expect(message).toMatch(
      /^The database is behind this build of Headway .* user "reader_\w+" may not bring it up to date: permission denied for database \w+\. Run "npx headway-api migrate" as the owner of the schema "headway"; .*: grant create on database "test_\w+" to "reader_\w+";$/,
    );
    await dropUser(url);
  });

  test("is none to a user without rights to change it, as long as it is up to date", async () => {
    const url = await userOf(database);
    expect(await migrate(url.href)).toEqual([]);
    await dropUser(url);
  });
});

/** A user that may read and write in the schema, if there is one, and make nothing. */
async function userOf({ url }: TestDatabase): Promise<URL> {
  const name = `reader_${Math.random().toString(36).slice(2)}`;
  const own = new URL(url);
  await asSuperuser(own.pathname, `create role ${name} login password 'secret'`);
  if (url === database.url) {
    for (const grant of ["usage on schema headway", "select, insert, update, delete on all tables in schema headway"]) {
      await sql.query(`grant ${grant} to ${name}`);
    }
  }
  own.username = name;
  own.password = "secret";
  return own;
}

async function dropUser(url: URL): Promise<void> {
  await asSuperuser(url.pathname, `drop owned by ${url.username}`, `drop role ${url.username}`);
  if (url.pathname !== new URL(database.url).pathname) {
    await asSuperuser("/postgres", `drop database ${url.pathname.slice(1)} with (force)`);
  }
}

async function asSuperuser(pathname: string, ...statements: string[]): Promise<void> {
  const url = new URL(process.env.HEADWAY_TEST_SUPERUSER_URL!);
  url.pathname = pathname;
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

describe("the lock of a migration", () => {
  const LOCK = "select pg_advisory_xact_lock(hashtextextended('headway migrate headway', 0)), pg_backend_pid() as pid";

  test("is waited for up to a bound, and then it is said who holds it, from where and since when", async () => {
    await sql.query("begin");
    const { pid } = (await sql.query(LOCK)).rows[0];
    const said: string[] = [];
    const holder = `server process ${pid} \\(the test, from 127\\.0\\.0\\.1, since \\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z\\)`;
    const { code, message } = await refusalOf(
      migrate(database.url, { deadlineMs: 2_000, onWait: (sentence) => said.push(sentence) }),
    );
    expect(code).toBe("MIGRATION_LOCKED");
    expect(message).toMatch(
      new RegExp(`^The schema "headway" is being migrated by ${holder} and did not finish within 2 s; `),
    );
    expect(said).toEqual([
      expect.stringMatching(new RegExp(`^waiting for the migration of schema "headway" by ${holder}$`)),
    ]);
    await sql.query("rollback");
    expect(await migrate(database.url)).toEqual([]);
  });

  test("ends with whoever held it", async () => {
    const other = new pg.Client({ connectionString: database.url });
    other.on("error", () => undefined);
    await other.connect();
    await other.query("begin");
    const { pid } = (await other.query(LOCK)).rows[0];
    const migrating = migrate(database.url);
    await sql.query("select pg_terminate_backend($1)", [pid]);
    expect(await migrating).toEqual([]);
  });

  test("is one for each schema", async () => {
    await sql.query("begin");
    await sql.query(LOCK.replace("migrate headway", "migrate elsewhere"));
    expect(await migrate(database.url, { deadlineMs: 0 })).toEqual([]);
    await sql.query("rollback");
  });
});

describe("a migration through PgBouncer in transaction mode", () => {
  let pooler: TestPooler;
  beforeEach(async () => {
    pooler = await startPgBouncer([database.url]);
  });
  afterEach(() => pooler.stop());

  test("brings an empty database up, leaves no lock behind, and a second one finds nothing to do", async () => {
    const empty = await createEmptyDatabase();
    const url = pooler.through(empty.url);
    expect(await migrate(url, { route: "pooler" })).toContain("migrations/0001_baseline.sql");
    const { rows } = await sql.query(
      "select l.pid from pg_locks l join pg_database d on d.oid = l.database where l.locktype = 'advisory' and d.datname = $1",
      [new URL(empty.url).pathname.slice(1)],
    );
    expect(rows).toEqual([]);
    expect(await migrate(url, { route: "pooler" })).toEqual([]);
    await empty.drop();
  });

  test("takes as long as it needs, whatever bounds the role has", async () => {
    await asSuperuser(
      "/postgres",
      `alter database ${new URL(database.url).pathname.slice(1)} set statement_timeout = '300ms'`,
    );
    await sql.query("begin");
    await sql.query("lock table headway.sql_file in access exclusive mode");
    const migrating = migrate(pooler.through(database.url), { route: "pooler" });
    await until("it waits", async () => {
      await sql.query("select pg_stat_clear_snapshot()"); // Else a transaction sees what it saw at first.
      const { rows } = await sql.query(
        "select from pg_stat_activity where application_name = 'headway-migrate' and wait_event_type = 'Lock' and clock_timestamp() - query_start > interval '600 ms'",
      );
      return rows.length > 0;
    });
    await sql.query("rollback");
    expect(await migrating).toEqual([]);
  });
});
