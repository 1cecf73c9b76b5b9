import type { DataSource } from "typeorm";
import { harmlesslyAhead, readStanding } from "./build.js";
import { createDataSource, type DataSourceOptions } from "./data-source.js";
import { migrate } from "./migrate.js";
import { reachDatabase, type DatabaseUrls } from "./reach.js";
import type { Address } from "./session.js";

/** The installation of a process: the database, and the schema in it. */
export interface DatabasePlace extends DatabaseUrls {
  readonly databaseSchema: string;
}

/** A database that is up to date, with a pool of connections. */
export interface OpenDatabase {
  readonly db: DataSource;
  /**
   * The same database by connections of its own, for what clients ask: they can't take those that leases, flushes and
   * heartbeats live on. `db` itself where there are no clients.
   */
  readonly apiDb: DataSource;
  /** Where to LISTEN; null where only a pooler leads there. */
  readonly listenAt: Address | null;
}

/**
 * Looks at the database, brings it up to date, and connects to it.
 * @param embeddedUrl where it is when no DATABASE_URL is set
 * @param warn told what an operator should know, a sentence each time
 * @throws {HeadwayError} as `reachDatabase` and `migrate` do
 */
export async function openDatabase(
  place: DatabasePlace,
  embeddedUrl: string | null,
  options: Omit<DataSourceOptions, "route" | "schema"> & {
    /** Connections for clients at most; 0 where none are served. Default 0. */
    readonly apiPoolSize?: number;
    readonly warn: (sentence: string) => void;
  },
): Promise<OpenDatabase> {
  const { warn, poolSize = 10, apiPoolSize = 0, ...others } = options;
  const { work, schema, listen, advice, connectionLimit } = await reachDatabase(place, embeddedUrl);
  for (const sentence of advice) warn(sentence);
  const { databaseSchema } = place;
  await migrate(schema.url, { schema: databaseSchema, route: schema.route, onWait: warn });
  const sizes = sharesOf({ work: poolSize, api: apiPoolSize }, connectionLimit);
  if (sizes.fault !== null) warn(sizes.fault);
  const pool = (size: number): Promise<DataSource> =>
    createDataSource(work.url, { ...others, poolSize: size, schema: databaseSchema, route: work.route }).initialize();
  const db = await pool(sizes.work);
  let apiDb = db;
  try {
    if (apiPoolSize > 0) apiDb = await pool(sizes.api);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  const ahead = harmlesslyAhead(await readStanding(db));
  if (ahead !== null) warn(ahead);
  return { db, apiDb, listenAt: listen };
}

/** Beside the pools: what listens, for the API and for the worker. */
const LISTENING = 2;

/** The sizes of both pools, cut to what the user of the database may have, and what to tell of that. */
function sharesOf(
  asked: { readonly work: number; readonly api: number },
  limit: number | null,
): { readonly work: number; readonly api: number; readonly fault: string | null } {
  const needed = asked.work + asked.api + LISTENING;
  if (limit === null || limit >= needed) return { ...asked, fault: null };
  const left = Math.max(1, limit - LISTENING);
  const api = asked.api === 0 ? 0 : Math.max(1, Math.min(2, left - 1), Math.floor((left * asked.api) / needed));
  const work = Math.max(1, left - api);
  return {
    work,
    api,
    fault: `The user of the database may have ${limit} connections, and this process would use up to ${needed}; it makes do with ${work} for work and ${api} for requests, and other processes find fewer. Raise the limit (alter role … connection limit), or set HEADWAY_DATABASE_CONNECTIONS and HEADWAY_DATABASE_API_CONNECTIONS.`,
  };
}
