import { loadConfig } from "../config.js";
import { migrate } from "../database/migrate.js";
import { reachDatabase } from "../database/reach.js";
import { waitForDatabase } from "../database/wait.js";
import { UsageError } from "./exit-codes.js";
import { say } from "./print.js";

/** `headway migrate`: waits for the database, brings it up to date, and ends. Safe from many processes at once. */
export async function runMigrate(options: { wait: string }): Promise<void> {
  if (!/^\d{1,5}$/.test(options.wait)) {
    throw new UsageError(`--wait is "${options.wait}"; it must be a whole number of seconds.`);
  }
  const config = loadConfig();
  const { databaseUrl } = config;
  if (databaseUrl === null) {
    throw new UsageError("DATABASE_URL is not set. The embedded database needs no migrate: headway start migrates it.");
  }
  const where =
    config.databaseDirectUrl === null
      ? ({ setting: "DATABASE_URL", url: databaseUrl } as const)
      : ({ setting: "HEADWAY_DATABASE_DIRECT_URL", url: config.databaseDirectUrl } as const);
  await waitForDatabase(where, Number(options.wait) * 1_000, (why) =>
    process.stderr.write(`The database cannot be reached yet (${why}); waiting.\n`),
  );
  const { schema } = await reachDatabase(config);
  const done = await migrate(schema.url, {
    schema: config.databaseSchema,
    route: schema.route,
    onWait: (sentence) => process.stderr.write(`${sentence}\n`),
  });
  const numbered = done.filter((file) => file.startsWith("migrations/"));
  const others = done.length - numbered.length;
  say(
    done.length > 0
      ? `Migrated: ${[...numbered, ...(others > 0 ? [`${others} files of functions and triggers`] : [])].join(", ")}.`
      : "Up to date: nothing to migrate.",
  );
}
