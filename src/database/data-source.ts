import { Socket } from "node:net";
import "reflect-metadata";
import { DataSource } from "typeorm";
import type { PostgresDriver } from "typeorm/driver/postgres/PostgresDriver.js";
import pg from "pg";
import { sessionClient, type Route } from "./session.js";
import { ENTITIES } from "../model/entities.js";
import { isTransient } from "./transaction.js";
import { Access1764400000000 } from "./migrations/access.js";
import { Contract1764310000000 } from "./migrations/contract.js";
import { Emptying1764460000000 } from "./migrations/emptying.js";
import { Flush1764440000000 } from "./migrations/flush.js";
import { InitialSchema1764000000000 } from "./migrations/initial-schema.js";
import { LeanKeys1764450000000 } from "./migrations/lean-keys.js";
import { Leases1764300000000 } from "./migrations/leases.js";
import { Lookups1764480000000 } from "./migrations/lookups.js";
import { NamedEntities1764420000000 } from "./migrations/entities.js";
import { Operations1764200000000 } from "./migrations/operations.js";
import { Submission1764470000000 } from "./migrations/submission.js";
import { TextPaging1764410000001 } from "./migrations/text-paging.js";
import { Uploads1764410000000 } from "./migrations/uploads.js";

/** In the order in which they run; append only. */
export const MIGRATIONS = [
  InitialSchema1764000000000,
  Operations1764200000000,
  Leases1764300000000,
  Contract1764310000000,
  Access1764400000000,
  Uploads1764410000000,
  TextPaging1764410000001,
  NamedEntities1764420000000,
  Flush1764440000000,
  LeanKeys1764450000000,
  Emptying1764460000000,
  Submission1764470000000,
  Lookups1764480000000,
];

/** One process migrates at a time; the number is arbitrary and Headway's own. */
const MIGRATION_LOCK = 4_843_041;
const MIGRATION_TRIES = 20;

export interface DataSourceOptions {
  /** How the URL leads to Postgres. Default direct. */
  readonly route?: Route;
  /** Connections at most. Default 10. */
  readonly poolSize?: number;
  /** Shown in pg_stat_activity. */
  readonly applicationName?: string;
  /** Errors of idle connections; without a listener they would end the process. */
  readonly onError?: (error: Error) => void;
}

/**
 * A TypeORM data source over the given Postgres, not yet connected.
 * Every connection bounds its own waits: 2 s idle in a transaction, 5 s for a lock, 30 s for a statement.
 */
export function createDataSource(url: string, options: DataSourceOptions = {}): DataSource {
  return new DataSource({
    type: "postgres",
    url,
    applicationName: options.applicationName ?? "headway",
    entities: [...ENTITIES],
    migrations: [...MIGRATIONS],
    migrationsTableName: "migration",
    synchronize: false,
    poolErrorHandler: (error: Error) => options.onError?.(error),
    extra: {
      max: options.poolSize ?? 10,
      connectionTimeoutMillis: 5_000,
      stream: connectionThatNotices,
      Client: sessionClient(options.route ?? "direct", "work"),
    },
  });
}

/** Connections of this process's pool in use and idle, and callers that wait for one. */
export function poolUsage(db: DataSource): { readonly used: number; readonly idle: number; readonly waiting: number } {
  const { totalCount, idleCount, waitingCount } = (db.driver as PostgresDriver).master as pg.Pool;
  return { used: totalCount - idleCount, idle: idleCount, waiting: waitingCount };
}

/** A statement ends within 30 s; an answer that is later than this does not come, and its connection is dead. */
const SILENCE_MS = 35_000;

/** A socket that breaks when nothing is heard: behind a dead network a query would otherwise wait for ever. */
function connectionThatNotices(): Socket {
  const socket = new Socket();
  socket.setTimeout(SILENCE_MS, () => socket.destroy(new Error(`Connection silent for ${SILENCE_MS} ms`)));
  return socket;
}

/**
 * Brings the database up to date and gives it its identity. Safe to call from many processes at once.
 * Returns the names of the migrations that it has brought in.
 * @throws when a migration fails; the database is then as it was before that migration
 */
export async function migrate(url: string, route: Route = "direct"): Promise<readonly string[]> {
  const lock = new (sessionClient(route, "schema"))({ connectionString: url, application_name: "headway-migrate" });
  await lock.connect();
  try {
    await lock.query("select pg_advisory_lock($1)", [MIGRATION_LOCK]);
    const source = new DataSource({
      type: "postgres",
      url,
      entities: [...ENTITIES],
      migrations: [...MIGRATIONS],
      migrationsTableName: "migration",
      synchronize: false,
      extra: { Client: sessionClient(route, "schema") },
    });
    await source.initialize();
    let brought: readonly string[];
    try {
      brought = await bringIn(source);
    } finally {
      await source.destroy();
    }
    await identify(lock);
    return brought;
  } finally {
    await lock.end();
  }
}

/**
 * The names of what it has brought in. Others write meanwhile: a migration that comes to a deadlock with them was rolled
 * back by itself, and is tried again.
 */
async function bringIn(source: DataSource): Promise<string[]> {
  const names = async (): Promise<string[]> => {
    const [{ known }] = (await source.query("select to_regclass('migration') is not null as known")) as [
      { known: boolean },
    ];
    if (!known) return [];
    return ((await source.query("select name from migration order by id")) as { name: string }[]).map(
      ({ name }) => name,
    );
  };
  const before = new Set(await names());
  for (let tries = 1; ; tries += 1) {
    try {
      await source.runMigrations({ transaction: "each" });
      return (await names()).filter((name) => !before.has(name));
    } catch (error) {
      if (!isTransient(error) || tries >= MIGRATION_TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100 + Math.random() * 400));
    }
  }
}

/** Null when this build's migrations are all in; else which are not, as after a restore from an old backup. */
export async function missingMigrations(db: DataSource): Promise<string | null> {
  const rows: { name: string }[] = await db.query("select name from migration");
  const missing = MIGRATIONS.map(({ name }) => name).filter((name) => !rows.some((row) => row.name === name));
  return missing.length === 0 ? null : `not in: ${missing.join(", ")}; restart this process, which brings them in`;
}

/**
 * The identity in every cursor: made anew when this database is not the one it was made in (restored elsewhere, or
 * copied from a template), so that an old cursor is answered with a gap and never with somebody else's changes.
 */
async function identify(client: pg.Client): Promise<void> {
  await client.query(
    `insert into database_identity (id, system_identifier)
     select gen_random_uuid(), here.identifier from (${HERE}) here
     on conflict (only_row) do update set id = excluded.id, system_identifier = excluded.system_identifier
     where database_identity.system_identifier <> excluded.system_identifier`,
  );
}

const HERE = `select s.system_identifier || '/' || d.oid as identifier
  from pg_control_system() s, pg_database d where d.datname = current_database()`;
