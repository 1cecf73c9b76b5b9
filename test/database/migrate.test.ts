import pg from "pg";
import { migrate } from "../../src/database/migrate.js";
import { functionFiles, numberedFiles } from "../../src/database/sql-files.js";
import { createEmptyDatabase, type TestDatabase } from "../support/database.js";

let database: TestDatabase;
let client: pg.Client;
beforeEach(async () => {
  database = await createEmptyDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
});
afterEach(async () => {
  await client.end();
  await database.drop();
});

const ALL = numberedFiles().length + functionFiles().length + 1;

describe("migrate", () => {
  test("runs every file once, from however many processes at once", async () => {
    const done = await Promise.all([1, 2, 3].map(() => migrate(database.url)));
    expect(done.map((files) => files.length).sort((a, b) => a - b)).toEqual([0, 0, ALL]);
    const { rows } = await client.query("select count(*)::int as files from headway.sql_file");
    expect(rows).toEqual([{ files: ALL }]);
  });

  test("minds no table of the same name elsewhere in the database", async () => {
    await client.query("create table public.job (id int); create table public.migration (id int)");
    expect(await migrate(database.url)).toHaveLength(ALL);
    const { rows } = await client.query(
      "select count(*)::int as columns from information_schema.columns where table_schema = 'public'",
    );
    expect(rows).toEqual([{ columns: 2 }]);
  });

  test("leaves nothing behind when a file fails", async () => {
    // Somebody else's table in our schema.
    await client.query("create schema headway; create table headway.upload (id int)");
    await expect(migrate(database.url)).rejects.toThrow('relation "upload" already exists');
    const { rows } = await client.query("select relname from pg_class where relnamespace = 'headway'::regnamespace");
    expect(rows).toEqual([{ relname: "upload" }]);
  });

  test("runs what has changed alone, and tells which files these were", async () => {
    await migrate(database.url);
    await client.query("update headway.sql_file set sha256 = 'older' where path like 'functions/claim/%'");
    const older = functionFiles().map(({ path }) => path);
    expect(await migrate(database.url)).toEqual(older.filter((path) => path.startsWith("functions/claim/")));
    expect(await migrate(database.url)).toEqual([]);
  });

  test.each([
    [
      "knows a numbered file more",
      `insert into headway.migration (timestamp, name) values (1764500009999, 'Later1764500009999');
       insert into headway.sql_file (path, sha256, breaking, build)
       select 'migrations/9999_later.sql', sha256, false, build from headway.sql_file limit 1`,
    ],
    ["has a later version", "update headway.sql_file set build = '99.0.0' where path = 'triggers.sql'"],
  ])("leaves a database alone that a build has migrated which %s", async (_, sql) => {
    await migrate(database.url);
    await client.query(sql);
    await client.query(`
      delete from headway.transition where reason = 'POISONED';
      update headway.sql_file set sha256 = 'later' where path = 'functions/claim/claimed.sql'`);
    expect(await migrate(database.url)).toEqual([]);
    const { rows } = await client.query("select from headway.transition where reason = 'POISONED'");
    expect(rows).toEqual([]);
  });

  test("refuses a database of a build before this layout, saying where its tables lie and what to do", async () => {
    await client.query(
      ["database_identity", "document_bytes", "stage_count", "status_change"]
        .map((table) => `create table public.${table} (id int)`)
        .join("; "),
    );
    await expect(migrate(database.url)).rejects.toThrow(
      /The schema "public" of this database holds the tables of an earlier build of Headway.*name an empty database in DATABASE_URL/,
    );
    const { rows } = await client.query("select to_regnamespace('headway') as made");
    expect(rows).toEqual([{ made: null }]);
  });

  test("waits for the tables of its triggers in bites of 100 ms, so that those who work on them go on", async () => {
    await migrate(database.url);
    await client.query("update headway.sql_file set sha256 = 'older' where path = 'triggers.sql'");
    await client.query("begin; lock table headway.task in row exclusive mode");
    let isDone = false;
    const migrating = migrate(database.url).finally(() => (isDone = true));
    const other = new pg.Client({ connectionString: database.url });
    await other.connect();
    try {
      // Each would wait for as long as the transaction above lasts if the migration stood in the queue before it.
      for (let times = 0; times < 5; times += 1) {
        const startedAt = performance.now();
        await other.query("update headway.task set progress = 0 where false");
        expect(performance.now() - startedAt).toBeLessThan(2_000);
      }
      expect(isDone).toBe(false);
      await client.query("commit");
      expect(await migrating).toEqual(["triggers.sql"]);
    } finally {
      await other.end();
    }
  });
});
