import pg from "pg";

/**
 * Fills a test's database as a restore does, past its triggers: rows that would take minutes one by one. What is
 * written so has no history, and nothing but its number and its columns is to be looked at.
 */
export async function fill(databaseUrl: string, statements: readonly string[]): Promise<void> {
  const url = new URL(process.env.HEADWAY_TEST_SUPERUSER_URL!);
  url.pathname = new URL(databaseUrl).pathname;
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    await client.query("set session_replication_role = replica");
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}
