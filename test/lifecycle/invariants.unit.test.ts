import { readFile } from "node:fs/promises";
import path from "node:path";
import { INVARIANTS } from "../../src/lifecycle/invariants.js";
import { ROOT } from "../support/root.js";

const read = (...parts: string[]): Promise<string> => readFile(path.join(ROOT, ...parts), "utf8");

describe("the invariants", () => {
  test("are those that the documentation explains, word for word", async () => {
    const rows = (await read("docs", "lifecycle.md")).matchAll(/^\| ([SHE]\d) +\| (.*?) +\|$/gm);
    expect(Object.fromEntries([...rows].map(([, code, meaning]) => [code, meaning]))).toEqual(INVARIANTS);
  });

  test("are those that the database looks for, each with what it means", async () => {
    const sql = await read("sql", "functions", "watch", "violations_within.sql");
    const codes = [...sql.matchAll(/'([SHE]\d)'/g)].map(([, code]) => code);
    expect(new Set(codes)).toEqual(new Set(Object.keys(INVARIANTS)));
  });
});
