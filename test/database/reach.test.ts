import { randomBytes } from "node:crypto";
import pg from "pg";
import { reachDatabase, type Reached } from "../../src/database/reach.js";
import { connectTo } from "../../src/database/session.js";
import { HeadwayError } from "../../src/errors.js";
import { createEmptyDatabase, type TestDatabase } from "../support/database.js";
import { startPgBouncer, type TestPooler } from "../support/pgbouncer.js";

const SUPERUSER = process.env.HEADWAY_TEST_SUPERUSER_URL!;

let database: TestDatabase;
let pooler: TestPooler;
let sessions: TestPooler;
const dropped: string[] = [];

beforeAll(async () => {
  database = await createEmptyDatabase();
  [pooler, sessions] = await Promise.all([
    startPgBouncer([database.url]),
    startPgBouncer([database.url], { mode: "session" }),
  ]);
});
afterAll(async () => {
  await Promise.all([pooler.stop(), sessions.stop()]);
  await database.drop();
  for (const name of dropped) await asSuperuser(SUPERUSER, `drop database ${name} with (force)`);
});

/** Runs statements as the superuser in the database of that URL. */
async function asSuperuser(url: string, ...statements: string[]): Promise<void> {
  const superuser = new URL(SUPERUSER);
  superuser.pathname = new URL(url).pathname;
  const client = new pg.Client({ connectionString: superuser.href });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

/** A database whose sessions begin with these settings. */
async function databaseWith(settings: Readonly<Record<string, string>>): Promise<TestDatabase> {
  const one = await createEmptyDatabase();
  const name = new URL(one.url).pathname.slice(1);
  await asSuperuser(
    one.url,
    ...Object.entries(settings).map(([key, value]) => `alter database ${name} set ${key} = '${value}'`),
  );
  return one;
}

/** A database of another encoding, dropped at the end. */
async function databaseOf(encoding: string): Promise<string> {
  const name = `test_${randomBytes(6).toString("hex")}`;
  dropped.push(name);
  await asSuperuser(SUPERUSER, `create database ${name} owner headway encoding '${encoding}' template template0`);
  const url = new URL(database.url);
  url.pathname = `/${name}`;
  return url.href;
}

function reach(databaseUrl: string, databaseDirectUrl: string | null = null): Promise<Reached> {
  return reachDatabase({ databaseUrl, databaseDirectUrl });
}

async function refusalOf(databaseUrl: string, direct: string | null = null): Promise<HeadwayError> {
  const reached = await reach(databaseUrl, direct).catch((error: unknown) => error);
  expect(reached).toBeInstanceOf(HeadwayError);
  return reached as HeadwayError;
}

const OTHER_WAYS = {
  datestyle: "German, DMY",
  timezone: "Asia/Kathmandu",
  intervalstyle: "iso_8601",
  bytea_output: "escape",
  extra_float_digits: "-10",
  standard_conforming_strings: "off",
  array_nulls: "off",
  transform_null_equals: "on",
  default_transaction_isolation: "serializable",
  default_transaction_read_only: "on",
  lock_timeout: "1",
  statement_timeout: "1h",
  client_encoding: "LATIN1",
};
const SETTINGS_ASKED = [...Object.keys(OTHER_WAYS), "idle_in_transaction_session_timeout"];

async function settingsOf(client: pg.Client): Promise<Record<string, string>> {
  const { rows } = await client.query(
    "select jsonb_object_agg(lower(name), setting) as settings from pg_settings where lower(name) = any ($1)",
    [SETTINGS_ASKED],
  );
  return rows[0].settings;
}

const AS_NEEDED = {
  datestyle: "ISO, MDY",
  timezone: "UTC",
  intervalstyle: "postgres",
  bytea_output: "hex",
  extra_float_digits: "1",
  standard_conforming_strings: "on",
  array_nulls: "on",
  transform_null_equals: "off",
  default_transaction_isolation: "read committed",
  default_transaction_read_only: "off",
  lock_timeout: "5000",
  statement_timeout: "30000",
  idle_in_transaction_session_timeout: "2000",
  client_encoding: "UTF8",
};

describe("a database that is reached directly", () => {
  test("serves for everything, LISTEN too, and there is nothing to say about it", async () => {
    const here = { url: database.url, route: "direct" };
    expect(await reach(database.url)).toEqual({
      work: here,
      schema: here,
      listen: here,
      connectionLimit: null,
      advice: [],
    });
  });

  test("gives sessions as they are needed, whatever its own defaults are", async () => {
    const other = await databaseWith(OTHER_WAYS);
    const { work } = await reach(other.url);
    const client = await connectTo(work, "work", "test");
    expect(await settingsOf(client)).toEqual(AS_NEEDED);
    const schema = await connectTo(work, "schema", "test");
    expect(await settingsOf(schema)).toMatchObject({ statement_timeout: "0", lock_timeout: "0", timezone: "UTC" });
    await Promise.all([client.end(), schema.end()]);
    await other.drop();
  });

  test("keeps the settings that its URL names beside ours", async () => {
    const url = new URL(database.url);
    url.searchParams.set("options", "-c work_mem=7MB -c default_transaction_isolation=serializable");
    const client = await connectTo((await reach(url.href)).work, "work", "test");
    expect((await client.query("show work_mem")).rows).toEqual([{ work_mem: "7MB" }]);
    expect(await settingsOf(client)).toEqual(AS_NEEDED);
    await client.end();
  });

  test.each(["SQL_ASCII", "LATIN1"])("is refused by name when its encoding is %s", async (encoding) => {
    const url = await databaseOf(encoding);
    const { code, message } = await refusalOf(url);
    expect(code).toBe("DATABASE_UNSUITABLE");
    expect(message).toMatch(/^DATABASE_URL: database "test_\w+" at 127\.0\.0\.1:\d+ cannot be used: its encoding is /);
    expect(message).toContain(`its encoding is ${encoding} and must be UTF8`);
    expect(message).toContain("create another one: create database");
  });

  test("is refused by name when its triggers are switched off", async () => {
    const other = await databaseWith({ session_replication_role: "replica" });
    const { message } = await refusalOf(other.url);
    expect(message).toContain(`session_replication_role is "replica" and must be "origin"`);
    expect(message).toContain(`alter role "headway" in database`);
    await other.drop();
  });
});

describe("a database behind PgBouncer in transaction mode", () => {
  test("is found to be so, is used without LISTEN, and it is said what to set", async () => {
    const url = pooler.through(database.url);
    const { advice, ...reached } = await reach(url);
    const here = { url, route: "pooler" };
    expect(reached).toEqual({ work: here, schema: here, listen: null, connectionLimit: null });
    expect(advice).toHaveLength(2);
    expect(advice[0]).toMatch(
      /statement_timeout and lock_timeout .*: alter role "headway" in database "test_\w+" set statement_timeout = '30s'; alter role/,
    );
    expect(advice[1]).toContain("Set HEADWAY_DATABASE_DIRECT_URL");
  });

  test("is said nothing about when the role has the bounds and there is a direct way", async () => {
    const other = await databaseWith({ statement_timeout: "20s", lock_timeout: "4s" });
    const url = pooler.through(other.url);
    const direct = { url: other.url, route: "direct" };
    expect(await reach(url, other.url)).toEqual({
      work: { url, route: "pooler" },
      schema: direct,
      listen: direct,
      connectionLimit: null,
      advice: [],
    });
    await other.drop();
  });

  test("gives dates, numbers and strings as everywhere, whatever its defaults and whoever had the session before", async () => {
    const { datestyle, timezone, standard_conforming_strings, bytea_output, client_encoding } = OTHER_WAYS;
    const other = await databaseWith({
      datestyle,
      timezone,
      standard_conforming_strings,
      bytea_output,
      client_encoding,
    });
    const { work } = await reach(pooler.through(other.url));
    const stranger = new pg.Client({ connectionString: work.url });
    await stranger.connect();
    await stranger.query("set datestyle = 'SQL, DMY'");
    await stranger.query("set timezone = 'Pacific/Apia'");
    const client = await connectTo(work, "work", "test");
    const { rows } = await client.query(
      String.raw`select timestamptz '2026-03-04T05:06:07Z' as at, '\x00ff5c'::bytea as bytes, 'a\b' as text, 'é' as letter`,
    );
    expect(rows).toEqual([
      { at: new Date("2026-03-04T05:06:07Z"), bytes: Buffer.from([0, 255, 92]), text: "a\\b", letter: "é" },
    ]);
    await Promise.all([client.end(), stranger.end()]);
    await other.drop();
  });

  test("begins each transaction with what a session of its own would have been given", async () => {
    const client = await connectTo({ url: pooler.through(database.url), route: "pooler" }, "work", "test");
    await client.query("START TRANSACTION");
    const inside = await settingsOf(client);
    expect(inside).toMatchObject({
      lock_timeout: "5000",
      statement_timeout: "30000",
      idle_in_transaction_session_timeout: "2000",
    });
    const { rows } = await client.query(
      "select current_setting('transaction_isolation') as isolation, current_setting('transaction_read_only') as read_only",
    );
    expect(rows).toEqual([{ isolation: "read committed", read_only: "off" }]);
    await client.query("COMMIT");
    expect(await settingsOf(client)).toMatchObject({ lock_timeout: "0", statement_timeout: "0" });
    await client.end();
  });

  test.each([
    ["default_transaction_isolation", "serializable", "read committed"],
    ["default_transaction_isolation", "repeatable read", "read committed"],
    ["default_transaction_read_only", "on", "off"],
    ["extra_float_digits", "0", "1"],
    ["array_nulls", "off", "on"],
    ["transform_null_equals", "on", "off"],
  ])("is refused by name when %s is %s there, and works after what it says", async (name, value, needed) => {
    const other = await databaseWith({ [name]: value });
    const { message } = await refusalOf(pooler.through(other.url));
    expect(message).toContain(`${name} is "${value}" and must be "${needed}"`);
    const advised = /alter role "headway" in database "test_\w+" set \w+ = '[^']+';/.exec(message)![0];
    await asSuperuser(SUPERUSER, advised);
    await pooler.console("reconnect");
    expect(await reach(pooler.through(other.url))).toMatchObject({ work: { route: "pooler" } });
    await other.drop();
  });

  test("is found to be so when the pooler drops start-up parameters without a word", async () => {
    const silent = await startPgBouncer([database.url], {
      more: { ignore_startup_parameters: `${Object.keys(AS_NEEDED).join(",")},idle_session_timeout` },
    });
    const other = await databaseWith({ default_transaction_isolation: "serializable" });
    expect(await reach(silent.through(database.url))).toMatchObject({ work: { route: "pooler" } });
    expect((await refusalOf(silent.through(other.url))).message).toContain("default_transaction_isolation");
    await silent.stop();
    await other.drop();
  });
});

describe("the direct way", () => {
  test("may lead through a pooler that gives each client a session of its own", async () => {
    const direct = { url: sessions.through(database.url), route: "pooler" };
    expect(await reach(pooler.through(database.url), direct.url)).toMatchObject({ schema: direct, listen: direct });
  });

  test("is refused by name when it leads through one that shares its sessions", async () => {
    const url = pooler.through(database.url);
    const { code, message } = await refusalOf(url, url);
    expect(code).toBe("DATABASE_UNSUITABLE");
    expect(message).toContain("HEADWAY_DATABASE_DIRECT_URL: database");
    expect(message).toContain("shares sessions, where LISTEN does not work");
  });

  test("is refused by name when it leads to another database", async () => {
    const other = await createEmptyDatabase();
    expect((await refusalOf(pooler.through(database.url), other.url)).message).toContain(
      "it is another database than the one at DATABASE_URL",
    );
    await other.drop();
  });
});

describe("a database that can't be reached is named by its setting, with host and port, and with what to do", () => {
  const at = (change: (url: URL) => void): string => {
    const url = new URL(database.url);
    change(url);
    return url.href;
  };

  test.each([
    ["nobody listens", (url: URL) => (url.port = "1"), /ECONNREFUSED.* Start it there, or correct host and port\.$/],
    [
      "there is no such host",
      (url: URL) => (url.hostname = "nowhere.invalid"),
      /(ENOTFOUND|EAI_AGAIN).* Correct the host;/,
    ],
    [
      "the password is wrong",
      (url: URL) => (url.password = "guessed-wrongly"),
      /password authentication failed.* Correct user \("headway"\) or password;/,
    ],
    [
      "there is no such database",
      (url: URL) => (url.pathname = "/nowhere"),
      /does not exist.* Create it \(create database "nowhere" owner "headway";\)/,
    ],
    ["it speaks no TLS", (url: URL) => url.searchParams.set("sslmode", "require"), /does not support SSL/],
  ])("%s", async (_, change, expected) => {
    const url = at(change);
    const { code, message } = await refusalOf(url);
    expect(code).toBe("DATABASE_UNREACHABLE");
    expect(message).toMatch(expected);
    const { hostname, port, password } = new URL(url);
    expect(message).toContain(
      `DATABASE_URL: user "headway", database "${new URL(url).pathname.slice(1)}" at ${hostname}:${port}`,
    );
    expect(message).not.toContain(password);
  });

  test("the direct way by its own name", async () => {
    const { message } = await refusalOf(
      database.url,
      at((url) => (url.port = "1")),
    );
    expect(message).toContain("HEADWAY_DATABASE_DIRECT_URL: user");
  });

  test("a URL that can't be read shows nothing of itself", async () => {
    const { message } = await refusalOf("postgres://headway:secret%ff@127.0.0.1/x");
    expect(message).toContain("DATABASE_URL cannot be read");
    expect(message).not.toContain("secret");
  });
});
