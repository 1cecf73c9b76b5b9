import { onceStarted, type Closer } from "../closers.js";
import { divideConnections, OF_QUARANTINE } from "../config/database.js";
import type { Config } from "../config.js";
import { startEmbeddedPostgres } from "../database/embedded.js";
import { openDatabase, type OpenDatabase } from "../database/open.js";
import type { Logger } from "../logger.js";

/** Opens the database of DATABASE_URL, or starts the embedded one; `label` says to people which it is; connections are shared out. */
export async function startDatabase(
  config: Config,
  logger: Logger,
  closers: Closer[],
  onError: (error: unknown, doing: string) => void,
  workerProcesses: number,
): Promise<OpenDatabase & { label: string }> {
  let embeddedUrl: string | null = null;
  let label = "PostgreSQL at DATABASE_URL";
  if (config.databaseUrl === null) {
    const starting = startEmbeddedPostgres({ dataDir: config.dataDir, logger });
    // Before it is up: a start that is cut off now must not leave it behind.
    closers.push(["embedded PostgreSQL", onceStarted(starting)]);
    embeddedUrl = (await starting).url;
    label = `embedded PostgreSQL in ${config.dataDir}`;
  }
  const { own, ofWorker } = divideConnections(config.databaseConnections, workerProcesses);
  const opened = await openDatabase(config, embeddedUrl, {
    poolSize: own,
    workers: { count: workerProcesses, poolSize: ofWorker, quarantine: workerProcesses === 0 ? 0 : OF_QUARANTINE },
    apiPoolSize: config.roles.includes("api") ? config.databaseApiConnections : 0,
    onError: (error) => onError(error, "holding a database connection"),
    warn: (sentence) => logger.warn(sentence),
  });
  closers.push(["database connections", () => opened.db.destroy()]);
  if (opened.apiDb !== opened.db) closers.push(["database connections of the API", () => opened.apiDb.destroy()]);
  return { ...opened, label };
}
