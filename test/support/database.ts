import { randomBytes } from "node:crypto";
import pg from "pg";
import { migrate } from "../../src/database/migrate.js";

export interface TestDatabase {
  /** As the application: owner, no superuser. */
  readonly url: string;
  drop(): Promise<void>;
}

/** A database of this test's own, copied from the migrated template of the run. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const database = await createDatabase("template headway_template");
  // Nothing is left to migrate; the copy gets its own identity, as any copied database does.
  await migrate(database.url);
  return database;
}

/** A database that nothing has been migrated in. */
export function createEmptyDatabase(): Promise<TestDatabase> {
  return createDatabase("");
}

async function createDatabase(from: string): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString("hex")}`;
  await asSuperuser(async (admin) => {
    await admin.query(`create database ${name} ${from} owner headway`);
    // So that a name that does not say its schema fails here, and not where a database has another path than ours.
    await admin.query(`alter database ${name} set search_path = ''`);
    // To see whether a test expects one of two orders: rows come in another one where the planner may not do as it would.
    for (const [, setting, value] of (process.env.HEADWAY_TEST_PLANNER ?? "").matchAll(/(\w+)=(\w+)/g)) {
      await admin.query(`alter database ${name} set ${setting!} = ${value!}`);
    }
  });
  const url = new URL(process.env.HEADWAY_TEST_DATABASE_URL!);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => asSuperuser((admin) => admin.query(`drop database ${name} with (force)`)) };
}

async function asSuperuser(work: (admin: pg.Client) => Promise<unknown>): Promise<void> {
  const admin = new pg.Client({ connectionString: process.env.HEADWAY_TEST_SUPERUSER_URL! });
  await admin.connect();
  try {
    await work(admin);
  } finally {
    await admin.end();
  }
}
