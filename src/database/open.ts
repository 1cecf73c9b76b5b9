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
  options: Omit<DataSourceOptions, "route" | "schema"> & { readonly warn: (sentence: string) => void },
): Promise<OpenDatabase> {
  const { warn, ...others } = options;
  const { work, schema, listen, advice } = await reachDatabase(place, embeddedUrl);
  for (const sentence of advice) warn(sentence);
  const { databaseSchema } = place;
  await migrate(schema.url, { schema: databaseSchema, route: schema.route, onWait: warn });
  const pool = createDataSource(work.url, { ...others, schema: databaseSchema, route: work.route });
  const db = await pool.initialize();
  const ahead = harmlesslyAhead(await readStanding(db));
  if (ahead !== null) warn(ahead);
  return { db, listenAt: listen };
}
