import type { DataSource } from "typeorm";
import { harmlesslyAhead, readStanding } from "./build.js";
import { createDataSource, type DataSourceOptions } from "./data-source.js";
import { migrate } from "./migrate.js";
import { reachDatabase, type DatabaseUrls } from "./reach.js";
import type { Address } from "./session.js";

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
  urls: DatabaseUrls,
  embeddedUrl: string | null,
  options: Omit<DataSourceOptions, "route"> & { readonly warn: (sentence: string) => void },
): Promise<OpenDatabase> {
  const { warn, ...others } = options;
  const { work, schema, listen, advice } = await reachDatabase(urls, embeddedUrl);
  for (const sentence of advice) warn(sentence);
  await migrate(schema.url, { route: schema.route, onWait: warn });
  const db = await createDataSource(work.url, { ...others, route: work.route }).initialize();
  const ahead = harmlesslyAhead(await readStanding(db));
  if (ahead !== null) warn(ahead);
  return { db, listenAt: listen };
}
