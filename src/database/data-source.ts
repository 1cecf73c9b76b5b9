import { Socket } from "node:net";
import "reflect-metadata";
import { DataSource } from "typeorm";
import type { PostgresDriver } from "typeorm/driver/postgres/PostgresDriver.js";
import pg from "pg";
import { ENTITIES } from "../model/entities.js";
import { typeormMigrations } from "./migrate.js";
import { CONNECTION_WAIT_MS, PatientPool } from "./patient-pool.js";
import { DEFAULT_SCHEMA } from "./schema-name.js";
import { sessionClient, type Route } from "./session.js";

export interface DataSourceOptions {
  /** How the URL leads to Postgres. Default direct. */
  readonly route?: Route;
  /** The schema of the installation. Default "headway". */
  readonly schema?: string;
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
  const schema = options.schema ?? DEFAULT_SCHEMA;
  return new DataSource({
    type: "postgres",
    url,
    applicationName: options.applicationName ?? "headway",
    entities: [...ENTITIES],
    migrations: typeormMigrations(),
    migrationsTableName: "migration",
    schema,
    synchronize: false,
    driver: { ...pg, Pool: PatientPool },
    poolErrorHandler: (error: Error) => options.onError?.(error),
    extra: {
      max: options.poolSize ?? 10,
      connectionTimeoutMillis: CONNECTION_WAIT_MS,
      Client: sessionClient(options.route ?? "direct", "work", schema),
      stream: connectionThatNotices,
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

/** A socket that breaks when nothing is heard: behind a dead network a query would otherwise wait forever. */
function connectionThatNotices(): Socket {
  const socket = new Socket();
  socket.setTimeout(SILENCE_MS, () => socket.destroy(new Error(`Connection silent for ${SILENCE_MS} ms`)));
  return socket;
}
