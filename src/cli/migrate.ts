import { loadConfig } from "../config.js";
import { migrate } from "../database/migrate.js";
import { waitForDatabase } from "../database/wait.js";
import { UsageError } from "./exit-codes.js";
import { say } from "./print.js";

/** `headway migrate`: waits for the database, brings it up to date, and ends. Safe from many processes at once. */
export async function runMigrate(options: { wait: string }): Promise<void> {
  if (!/^\d{1,5}$/.test(options.wait)) {
    throw new UsageError(`--wait is "${options.wait}"; it must be a whole number of seconds.`);
  }
  const { databaseUrl, databaseSchema } = loadConfig();
  if (databaseUrl === null) {
    throw new UsageError("DATABASE_URL is not set; the embedded database is migrated by headway start itself.");
  }
  await waitForDatabase(databaseUrl, Number(options.wait) * 1_000, (why) =>
    process.stderr.write(`The database is not there yet (${why}); waiting.\n`),
  );
  const done = await migrate(databaseUrl, databaseSchema);
  const numbered = done.filter((file) => file.startsWith("migrations/"));
  const others = done.length - numbered.length;
  say(
    done.length > 0
      ? `Migrated: ${[...numbered, ...(others > 0 ? [`${others} files of functions and triggers`] : [])].join(", ")}.`
      : "Up to date: nothing to migrate.",
  );
}
