import { readFile } from "node:fs/promises";
import path from "node:path";
import pg from "pg";
import { dumpSchema } from "../build/database-dump.js";
import { emitSchema, ROOT, type EmittedFile } from "../build/emit-schema.js";
import { createTestDatabase } from "./support/database.js";

describe("the emitted files", () => {
  test.each<EmittedFile>(["schema/schema.graphql", "schema/access.md", "schema/lifecycle.md", "sql/transitions.sql"])(
    "%s says what the code says",
    async (name) => {
      const [expected, actual] = await Promise.all([
        emitSchema().then((files) => files[name]),
        readFile(path.join(ROOT, name), "utf8").catch(() => ""),
      ]);
      if (actual !== expected)
        throw new Error(`${name} is out of date: run npm run schema${firstDifference(actual, expected)}`);
    },
  );

  test("schema/database.sql is what a migrated database says that it holds", async () => {
    const database = await createTestDatabase();
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    try {
      const [expected, actual] = await Promise.all([
        dumpSchema(client, "headway"),
        readFile(path.join(ROOT, "schema", "database.sql"), "utf8").catch(() => ""),
      ]);
      if (actual !== expected)
        throw new Error(`schema/database.sql is out of date: run npm run schema${firstDifference(actual, expected)}`);
    } finally {
      await client.end();
      await database.drop();
    }
  });
});

function firstDifference(actual: string, expected: string): string {
  const [was, is] = [actual.split("\n"), expected.split("\n")];
  const line = is.findIndex((text, index) => text !== was[index]);
  return line === -1 ? "" : `\nline ${line + 1}\n- ${was[line] ?? "(end)"}\n+ ${is[line]}`;
}
