import { createKey, type KeyGrant } from "../../src/access/keys.js";
import { reachDatabase } from "../../src/database/reach.js";
import { DEFAULT_SCHEMA } from "../../src/database/schema-name.js";
import { connectTo } from "../../src/database/session.js";
import { DEFAULT_PROJECT_ID } from "../../src/access/projects.js";

/** A key in that database: an ADMIN of the project `default`, unless the grant says otherwise. */
export async function keyIn(
  databaseUrl: string,
  grant: Partial<KeyGrant> = {},
  schema = DEFAULT_SCHEMA,
): Promise<string> {
  const { work } = await reachDatabase({ databaseUrl, databaseDirectUrl: null });
  const client = await connectTo(work, "work", "the tests", schema);
  try {
    // A build from before there were keys has none, and asks for none.
    if ((await client.query("select to_regclass('headway.api_key') as there")).rows[0].there === null) return "none";
    const db = { query: async (sql: string, values?: unknown[]) => (await client.query(sql, values)).rows as any };
    return await keyBy(db, grant);
  } finally {
    await client.end();
  }
}

/** As keyIn, over a connection that is there. */
export async function keyBy(db: Parameters<typeof createKey>[0], grant: Partial<KeyGrant> = {}): Promise<string> {
  const { key } = await createKey(db, {
    projectId: DEFAULT_PROJECT_ID,
    name: "tester",
    role: "ADMIN",
    lifeMs: null,
    scope: null,
    createdBy: "tests",
    ...grant,
  });
  return key;
}
