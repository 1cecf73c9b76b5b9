import pg from "pg";
import type { MigrationInterface, QueryRunner } from "typeorm";
import { HeadwayError, messageOf } from "../errors.js";
import { buildVersion } from "../version.js";
import { KNOWN_FILES, refuseTooOld, standingOf, type KnownFile } from "./build.js";
import { lockTables } from "./lock-tables.js";
import { takeMigrationLock, type LockWait, type Query } from "./migration-lock.js";
import { DEFAULT_SCHEMA, quotedSchema } from "./schema-name.js";
import { connectTo, type Address, type Route } from "./session.js";
import { functionFiles, numberedFiles, sqlFile, TRANSITIONS_FILE, TRIGGERS_FILE, type SqlFile } from "./sql-files.js";
import { isTransient, sqlStateOf } from "./transaction.js";

const TRIES = 20;

/** Tables with triggers: what sql/triggers.sql locks. */
const TRIGGER_TABLES = ["collection", "document", "artifact", "job", "task", "stage_output", "status_change"].map(
  (table) => `headway.${table}`,
);

/** How long a statement of a migration waits for a lock: as long as triggers may wait for their tables, and some more. */
const LOCK_TIMEOUT_MS = 120_000;

export interface MigrateOptions extends LockWait {
  /** The schema of the installation. Default "headway". */
  readonly schema?: string;
  /** How the URL leads to Postgres. Default direct. */
  readonly route?: Route;
}

/**
 * Brings the database up to date and gives it its identity, in one transaction: numbered files that have not run, then
 * functions, views and triggers whose text has changed, then transitions that are missing. Safe to call from many
 * processes at once, and while others work: one that comes to a deadlock with them begins anew.
 * Returns the paths of the files that it has run. What a later build has migrated is left as it is.
 * @throws {HeadwayError} BUILD_TOO_OLD where a later build has changed the database so that this one must not work on
 * it; EARLIER_DATABASE where tables of a build before this layout are in the way; MIGRATION_LOCKED where another process
 * has been migrating for long; MIGRATION_FORBIDDEN where the user may not
 * @throws when a file fails; the database is then as it was before
 */
export async function migrate(url: string, options: MigrateOptions = {}): Promise<readonly string[]> {
  const { schema = DEFAULT_SCHEMA, route = "direct" } = options;
  const client = await connectTo({ url, route }, "schema", "headway-migrate", schema);
  try {
    for (let tries = 1; ; tries += 1) {
      try {
        await client.query(BEGIN);
        const done = await bringIn(client, schema, options);
        await client.query("commit");
        return done;
      } catch (error) {
        await client.query("rollback").catch(() => undefined); // A broken connection has rolled it back.
        if (sqlStateOf(error) === "42501") throw forbidden(client, schema, error);
        if (!isTransient(error) || tries >= TRIES) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100 + Math.random() * 400));
      }
    }
  } finally {
    await client.end();
  }
}

/** Bounds of the role, which also hold behind a pooler, would cut a long migration. The last one came with Postgres 17. */
const BEGIN = `begin isolation level read committed read write;
  set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0;
  set local lock_timeout = ${LOCK_TIMEOUT_MS};
  select set_config(name, '0', true) from pg_settings where name = 'transaction_timeout'`;

function forbidden({ user = "", database = "" }: pg.Client, schema: string, error: unknown): HeadwayError {
  const [grantee, target] = [user, database].map((name) => pg.escapeIdentifier(name));
  return new HeadwayError(
    "MIGRATION_FORBIDDEN",
    `The database is behind this build of Headway (${buildVersion()}), and the user "${user}" may not bring it up to date: ${messageOf(error)}. Run "npx headway-api migrate" as the owner of the schema "${schema}"; where there is no schema yet, let the user make it: grant create on database ${target} to ${grantee};`,
    {},
    { cause: error },
  );
}

async function bringIn(client: pg.Client, schema: string, wait: LockWait): Promise<string[]> {
  const query = async <R extends pg.QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<R[]> =>
    (await client.query<R>(sql, values && [...values])).rows;
  await takeMigrationLock(query, schema, wait);
  await refuseEarlierBuild(query, schema);
  await query(createSchema(schema));
  await query(MIGRATION_TABLE);
  const ran = new Set((await query<{ name: string }>("select name from headway.migration")).map(({ name }) => name));
  const known = new Map<string, string>();
  if (ran.size > 0) {
    const files = await query<KnownFile>(KNOWN_FILES);
    const standing = standingOf(files);
    refuseTooOld(standing);
    if (standing.isLater) {
      await query(IDENTIFY);
      return [];
    }
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
  // Asked for first: whoever may only use the tables may not read the sequence.
  if ((await query(IS_IDENTIFIED)).length === 0) await query(IDENTIFY);
  return done;
}

/** Makes the schema and the table of migrations where they are missing: what TypeORM's commands expect to be there. */
export async function prepareSchema(address: Address, schema: string = DEFAULT_SCHEMA): Promise<void> {
  const client = await connectTo(address, "schema", "headway-migrate", schema);
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
const MIGRATION_TABLE = `do $do$ begin
  if to_regclass('headway.migration') is null then
    create table headway.migration (id serial primary key, timestamp bigint not null, name varchar not null);
  end if;
end $do$`;

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
      `take over: name an empty database in DATABASE_URL, or remove those tables if you no longer need their contents.`,
  );
}

/**
 * The identity in every cursor: made anew when this database is not the one it was made in (restored elsewhere, or
 * copied from a template), so that an old cursor is answered with a gap and never with somebody else's changes.
 */
const IS_IDENTIFIED = `select from headway.database_identity i, pg_control_system() s, pg_database d
  where d.datname = current_database() and i.system_identifier = s.system_identifier || '/' || d.oid`;
const IDENTIFY = `insert into headway.database_identity as i (id, system_identifier, first_tx, first_position)
  select gen_random_uuid(), s.system_identifier || '/' || d.oid, pg_current_xact_id(),
    case when p.is_called then p.last_value else 0 end
  from pg_control_system() s, headway.status_change_position_seq p, pg_database d where d.datname = current_database()
  on conflict (only_row) do update set id = excluded.id, system_identifier = excluded.system_identifier,
    first_tx = excluded.first_tx, first_position = excluded.first_position
  where i.system_identifier <> excluded.system_identifier`;

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
          throw new Error("Migrations cannot be reverted. Restore a backup instead.");
        }
      },
  );
}
