import type { DataSource } from "typeorm";
import type { Config } from "../config.js";
import { openDatabase, type DatabasePlace } from "../database/open.js";
import { runningEmbeddedUrl, startEmbeddedPostgres } from "../database/embedded.js";

/**
 * Runs `work` on the database itself, for what must be there before the first client can ask: keys. At DATABASE_URL;
 * else on the embedded one of the data folder, which is started for it when it does not run.
 */
export async function withDatabase<T>(
  config: Pick<Config, "databaseUrl" | "databaseDirectUrl" | "databaseSchema" | "dataDir">,
  work: (db: DataSource) => Promise<T>,
): Promise<T> {
  const running = config.databaseUrl === null ? await runningEmbeddedUrl(config.dataDir) : null;
  if (config.databaseUrl !== null || running !== null) return migrated(config, running, work);
  const embedded = await startEmbeddedPostgres({ dataDir: config.dataDir });
  try {
    return await migrated(config, embedded.url, work);
  } finally {
    await embedded.stop();
  }
}

async function migrated<T>(
  urls: DatabasePlace,
  embeddedUrl: string | null,
  work: (db: DataSource) => Promise<T>,
): Promise<T> {
  const { db } = await openDatabase(urls, embeddedUrl, {
    poolSize: 2,
    applicationName: "headway-keys",
    warn: (sentence) => process.stderr.write(`${sentence}\n`),
  });
  try {
    return await work(db);
  } finally {
    await db.destroy();
  }
}
