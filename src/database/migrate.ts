import type pg from "pg";
import type { DataSource, MigrationInterface, QueryRunner } from "typeorm";
import { HeadwayError } from "../errors.js";
import { buildVersion } from "../version.js";
import { clientFor } from "./client.js";
import { lockTables } from "./lock-tables.js";
import { DEFAULT_SCHEMA, quotedSchema } from "./schema-name.js";
import { functionFiles, numberedFiles, sqlFile, TRANSITIONS_FILE, TRIGGERS_FILE, type SqlFile } from "./sql-files.js";
import { isTransient, sqlStateOf } from "./transaction.js";

const TRIES = 20;

/** As long as triggers may wait for their tables, and some more: another process may be at just that. */
const LOCK_TIMEOUT_MS = 120_000;

/** Tables with triggers: what sql/triggers.sql locks. */
const TRIGGER_TABLES = ["collection", "document", "job", "task", "stage_output", "status_change"].map(
  (table) => `headway.${table}`,
);

/**
 * Brings the database up to date and gives it its identity, in one transaction: numbered files that have not run, then
 * functions, views and triggers whose text has changed, then transitions that are missing. Safe to call from many
 * processes at once, and while others work: one that comes to a deadlock with them begins anew.
 * Returns the paths of the files that it has run. What a later build has migrated is left as it is.
 * @throws {HeadwayError} EARLIER_DATABASE where tables of a build before this layout are in the way; MIGRATION_LOCKED
 * where another process has been migrating for long
 * @throws when a file fails; the database is then as it was before
 */
export async function migrate(url: string, schema: string = DEFAULT_SCHEMA): Promise<readonly string[]> {
  const client = new (clientFor(schema))({ connectionString: url, application_name: "headway-migrate" });
  await client.connect();
  try {
    for (let tries = 1; ; tries += 1) {
      try {
        await client.query("begin isolation level read committed");
        const done = await bringIn(client, schema);
        await client.query("commit");
        return done;
      } catch (error) {
        await client.query("rollback");
        if (!isTransient(error) || tries >= TRIES) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100 + Math.random() * 400));
      }
    }
  } finally {
    await client.end();
  }
}

async function bringIn(client: pg.Client, schema: string): Promise<string[]> {
  const query = async <R extends pg.QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<R[]> =>
    (await client.query<R>(sql, values && [...values])).rows;
  await takeLock(query, schema);
  await refuseEarlierBuild(query, schema);
  await query(createSchema(schema));
  await query(MIGRATION_TABLE);
  const ran = new Set((await query<{ name: string }>("select name from headway.migration")).map(({ name }) => name));
  const known = new Map<string, string>();
  if (ran.size > 0) {
    const files = await query<{ path: string; sha256: string; build: string }>(
      "select path, sha256, build from headway.sql_file",
    );
    if (isFromLaterBuild(ran, files)) return [];
    for (const { path, sha256 } of files) known.set(path, sha256);
  }

  const done: string[] = [];
  for (const file of numberedFiles().filter(({ name }) => !ran.has(name))) {
    await query(file.text);
    await query(RECORD_FILE, [file.path, file.sha256, file.breaking, buildVersion()]);
    await query("insert into headway.migration (timestamp, name) values ($1, $2)", [file.timestamp, file.name]);
    done.push(file.path);
  }
  const bring = async (file: SqlFile, before: string | null): Promise<void> => {
    if (known.get(file.path) === file.sha256) return;
    if (before !== null) await query(before);
    await query(file.text);
    await query(RECORD_FILE, [file.path, file.sha256, false, buildVersion()]);
    done.push(file.path);
  };
  // They call each other, in whatever order they come.
  await query("set local check_function_bodies = off");
  for (const file of functionFiles()) await bring(file, null);
  await bring(sqlFile(TRIGGERS_FILE), lockTables(TRIGGER_TABLES, "access exclusive"));
  // Each time, not by its hash: what is missing is added, whatever the reason.
  await query(sqlFile(TRANSITIONS_FILE).text);
  await query(IDENTIFY);
  return done;
}

type Query = <R extends pg.QueryResultRow>(sql: string, values?: readonly unknown[]) => Promise<R[]>;

/**
 * One process migrates a schema at a time. A lock of the transaction: one of the session would stay behind on a server
 * connection that a pooler gives to others.
 */
async function takeLock(query: Query, schema: string): Promise<void> {
  await query(`set local lock_timeout = ${LOCK_TIMEOUT_MS}`);
  try {
    await query("select pg_advisory_xact_lock(hashtextextended($1, 0))", [`headway migrate ${schema}`]);
  } catch (error) {
    if (sqlStateOf(error) !== "55P03") throw error;
    throw new HeadwayError(
      "MIGRATION_LOCKED",
      `Another process has been migrating the schema "${schema}" for more than ${LOCK_TIMEOUT_MS / 1_000} s; wait for it, or end it, and start again.`,
    );
  }
}

/** Makes the schema and the table of migrations where they are missing: what TypeORM's commands expect to be there. */
export async function prepareSchema(url: string, schema: string = DEFAULT_SCHEMA): Promise<void> {
  const client = new (clientFor(schema))({ connectionString: url, application_name: "headway-migrate" });
  await client.connect();
  try {
    await client.query(createSchema(schema));
    await client.query(MIGRATION_TABLE);
  } finally {
    await client.end();
  }
}

/** SQL that makes the schema where there is none. Only then: the right to make one may be missing where it is there. */
function createSchema(schema: string): string {
  return `do $do$ begin
  if to_regnamespace('${quotedSchema(schema)}') is null then create schema ${quotedSchema(schema)}; end if;
end $do$`;
}

/** The table as TypeORM's own commands know it. */
const MIGRATION_TABLE = `create table if not exists headway.migration (
  id serial primary key,
  timestamp bigint not null,
  name varchar not null
)`;

const RECORD_FILE = `insert into headway.sql_file (path, sha256, breaking, build) values ($1, $2, $3, $4)
  on conflict (path) do update set sha256 = excluded.sha256, breaking = excluded.breaking, build = excluded.build,
    applied_at = clock_timestamp()`;

const FILES_TABLE = "sql_file";

/** Tables that every build before this layout had, in a schema without the table that lists the files. */
const EARLIER_TABLES = ["database_identity", "document_bytes", "stage_count", "status_change"];

/** The builds before this layout put their tables into the schema that a session happens to begin with. */
async function refuseEarlierBuild(query: Query, schema: string): Promise<void> {
  const schemas = await query<{ schema: string; tables: string[] }>(
    `select n.nspname as schema, array_agg(c.relname::text) as tables
     from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where c.relkind = 'r' and c.relname = any ($1) group by n.nspname`,
    [[...EARLIER_TABLES, FILES_TABLE]],
  );
  if (schemas.some((one) => one.schema === schema && one.tables.includes(FILES_TABLE))) return;
  const found = schemas.find(
    ({ tables }) => !tables.includes(FILES_TABLE) && EARLIER_TABLES.every((table) => tables.includes(table)),
  );
  if (!found) return;
  throw new HeadwayError(
    "EARLIER_DATABASE",
    `The schema "${found.schema}" of this database holds the tables of an earlier build of Headway, which this build can't ` +
      `take over: name an empty database in DATABASE_URL, or remove those tables when their contents are no longer wanted.`,
  );
}

/** Whether files are in that this build does not know, or versions of files from a build after this one. */
function isFromLaterBuild(ran: ReadonlySet<string>, files: readonly { build: string }[]): boolean {
  const ours = new Set(numberedFiles().map(({ name }) => name));
  return [...ran].some((name) => !ours.has(name)) || files.some(({ build }) => isLater(build, buildVersion()));
}

function isLater(one: string, other: string): boolean {
  const [a, b] = [one, other].map((version) => version.split(/[.+-]/, 3).map(Number));
  const differing = a!.findIndex((part, i) => part !== b![i]);
  return differing >= 0 && a![differing]! > b![differing]!;
}

/**
 * The identity in every cursor: made anew when this database is not the one it was made in (restored elsewhere, or
 * copied from a template), so that an old cursor is answered with a gap and never with somebody else's changes.
 */
const IDENTIFY = `insert into headway.database_identity as i (id, system_identifier)
  select gen_random_uuid(), s.system_identifier || '/' || d.oid
  from pg_control_system() s, pg_database d where d.datname = current_database()
  on conflict (only_row) do update set id = excluded.id, system_identifier = excluded.system_identifier
  where i.system_identifier <> excluded.system_identifier`;

/** Null when this build's numbered files are all in; else which are not, as after a restore from an old backup. */
export async function missingMigrations(db: DataSource): Promise<string | null> {
  const rows: { name: string }[] = await db.query("select name from headway.migration");
  const missing = numberedFiles()
    .map(({ name }) => name)
    .filter((name) => !rows.some((row) => row.name === name));
  return missing.length === 0 ? null : `not in: ${missing.join(", ")}; restart this process, which brings them in`;
}

/** The numbered files as TypeORM's commands take them. Functions and triggers come with the next start, or `headway migrate`. */
export function typeormMigrations(): (new () => MigrationInterface)[] {
  return numberedFiles().map(
    (file) =>
      class implements MigrationInterface {
        readonly name = file.name;

        async up(runner: QueryRunner): Promise<void> {
          await runner.query(file.text);
          await runner.query(RECORD_FILE, [file.path, file.sha256, file.breaking, buildVersion()]);
        }

        async down(): Promise<void> {
          throw new Error("A migration has no way back: restore a backup from before it instead.");
        }
      },
  );
}
