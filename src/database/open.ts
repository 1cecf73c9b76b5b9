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
  /** For the connections of other processes of ours. */
  readonly workAt: Address;
  /** Where to LISTEN; null where only a pooler leads there. */
  readonly listenAt: Address | null;
  /** What was asked for each worker process, or fewer where the user of the database may not have as many. */
  readonly workerPoolSize: number;
}

const NO_WORKERS = { count: 0, poolSize: 0, quarantine: 0 };

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
    /** Processes that open connections of their own beside this one's, and how many each. Default none. */
    readonly workers?: { readonly count: number; readonly poolSize: number; readonly quarantine: number };
    readonly warn: (sentence: string) => void;
  },
): Promise<OpenDatabase> {
  const { warn, poolSize = 10, apiPoolSize = 0, workers = NO_WORKERS, ...others } = options;
  const { work, schema, listen, advice, connectionLimit } = await reachDatabase(place, embeddedUrl);
  for (const sentence of advice) warn(sentence);
  const { databaseSchema } = place;
  await migrate(schema.url, { schema: databaseSchema, route: schema.route, onWait: warn });
  const asked = {
    work: poolSize,
    api: apiPoolSize,
    workers: workers.count,
    ofWorker: workers.poolSize,
    quarantine: workers.quarantine,
  };
  const sizes = sharesOf(asked, connectionLimit);
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
  return { db, apiDb, workAt: work, listenAt: listen, workerPoolSize: sizes.ofWorker };
}

/** How many connections this process and its workers have, listeners apart. */
interface Shares {
  readonly work: number;
  readonly api: number;
  readonly workers: number;
  readonly ofWorker: number;
  readonly quarantine: number;
}

/** The sizes of all pools, cut to what the user of the database may have, and what to tell of that. */
function sharesOf(asked: Shares, limit: number | null): Shares & { readonly fault: string | null } {
  // For the API, and for each worker.
  const listening = 1 + Math.max(1, asked.workers);
  // The process that suspects run in is there at times: it makes do with what it finds.
  const needed = asked.work + asked.api + asked.workers * asked.ofWorker + listening + asked.quarantine;
  if (limit === null || limit >= needed) return { ...asked, fault: null };
  const left = Math.max(1, limit - listening);
  const api = asked.api === 0 ? 0 : Math.max(1, Math.min(2, left - 1), Math.floor((left * asked.api) / needed));
  const most = Math.floor((left - api - 1) / Math.max(1, asked.workers));
  const ofWorker = asked.workers === 0 ? 0 : Math.max(1, Math.min(asked.ofWorker, most));
  const work = Math.max(1, Math.min(asked.work, left - api - asked.workers * ofWorker));
  const each = asked.workers === 0 ? "" : `, and ${ofWorker} for each worker process`;
  return {
    ...asked,
    work,
    api,
    ofWorker,
    fault: `The user of the database may have ${limit} connections, and this process would use up to ${needed}; it uses ${work} for work and ${api} for requests${each}, and fewer are left for other processes. Raise the limit (alter role … connection limit), or set HEADWAY_DATABASE_CONNECTIONS and HEADWAY_DATABASE_API_CONNECTIONS.`,
  };
}
