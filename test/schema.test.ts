import { readFile } from "node:fs/promises";
import path from "node:path";
import { emitSchema, ROOT, type EmittedFile } from "../src/cli/emit-schema.js";

describe("the emitted files", () => {
  test.each<EmittedFile>(["schema/schema.graphql", "schema/lifecycle.md", "sql/transitions.sql"])(
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
});

function firstDifference(actual: string, expected: string): string {
  const [was, is] = [actual.split("\n"), expected.split("\n")];
  const line = is.findIndex((text, index) => text !== was[index]);
  return line === -1 ? "" : `\nline ${line + 1}\n- ${was[line] ?? "(end)"}\n+ ${is[line]}`;
}
