import type { DataSource } from "typeorm";
import type { Config } from "../config.js";
import { createDataSource } from "../database/data-source.js";
import { migrate } from "../database/migrate.js";
import { runningEmbeddedUrl, startEmbeddedPostgres } from "../database/embedded.js";

/**
 * Runs `work` on the database itself, for what must be there before the first client can ask: keys. At DATABASE_URL;
 * else on the embedded one of the data folder, which is started for it when it does not run.
 */
export async function withDatabase<T>(
  config: Pick<Config, "databaseUrl" | "databaseSchema" | "dataDir">,
  work: (db: DataSource) => Promise<T>,
): Promise<T> {
  const running = config.databaseUrl ?? (await runningEmbeddedUrl(config.dataDir));
  if (running !== null) return migrated(running, config.databaseSchema, work);
  const embedded = await startEmbeddedPostgres({ dataDir: config.dataDir });
  try {
    return await migrated(embedded.url, config.databaseSchema, work);
  } finally {
    await embedded.stop();
  }
}

async function migrated<T>(url: string, schema: string, work: (db: DataSource) => Promise<T>): Promise<T> {
  await migrate(url, schema);
  const db = await createDataSource(url, { schema, poolSize: 2, applicationName: "headway-keys" }).initialize();
  try {
    return await work(db);
  } finally {
    await db.destroy();
  }
}
