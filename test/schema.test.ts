import { readFile } from "node:fs/promises";
import path from "node:path";
import type { QueryRunner } from "typeorm";
import { InitialSchema1764000000000 } from "../src/database/migrations/initial-schema.js";
import { emitSchema, SCHEMA_FOLDER, type EmittedFile } from "../build/emit-schema.js";

describe("the emitted files", () => {
  test.each<EmittedFile>(["schema.graphql", "lifecycle.md", "database.sql"])(
    "schema/%s says what the code says",
    async (name) => {
      const [expected, actual] = await Promise.all([
        emitSchema().then((files) => files[name]),
        readFile(path.join(SCHEMA_FOLDER, name), "utf8").catch(() => ""),
      ]);
      if (actual !== expected)
        throw new Error(`schema/${name} is out of date: run npm run schema${firstDifference(actual, expected)}`);
    },
  );

  test("schema/database.sql holds all that the first migration runs, in its order", async () => {
    const statements: string[] = [];
    const runner = { query: async (sql: string, given?: unknown) => void (given ?? statements.push(sql.trim())) };
    await new InitialSchema1764000000000().up(runner as unknown as QueryRunner);
    const { "database.sql": emitted } = await emitSchema();
    const places = statements.map((sql) => emitted.indexOf(sql));
    expect(places).not.toContain(-1);
    expect(places).toEqual([...places].sort((a, b) => a - b));
  });
});

function firstDifference(actual: string, expected: string): string {
  const [was, is] = [actual.split("\n"), expected.split("\n")];
  const line = is.findIndex((text, index) => text !== was[index]);
  return line === -1 ? "" : `\nline ${line + 1}\n- ${was[line] ?? "(end)"}\n+ ${is[line]}`;
}
