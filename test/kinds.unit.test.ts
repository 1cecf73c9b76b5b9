import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { ROOT } from "./support/root.js";

/** What starts a server, or finds the Postgres that globalSetup has started. */
const SERVERS = ["test/support/database.ts", "test/support/processes.ts", "test/support/redis.ts"];
const USES_THE_RUN = /\bHEADWAY_TEST_(DATABASE|SUPERUSER)_URL\b|\bstartEmbeddedPostgres\(/;
const THIS = "test/kinds.unit.test.ts";

const files = readdirSync(path.join(ROOT, "test"), { recursive: true, encoding: "utf8" })
  .map((name) => path.posix.join("test", name.split(path.sep).join("/")))
  .filter((file) => file.endsWith(".ts"));
const textOf = new Map(files.map((file) => [file, readFileSync(path.join(ROOT, file), "utf8")]));
const isUnit = (file: string): boolean => file.endsWith(".unit.test.ts");

/** The files below test/ that it imports, directly or through others, itself included. What src exports starts nothing by itself. */
function reached(file: string): Set<string> {
  const seen = new Set([file]);
  for (const one of seen) {
    for (const [, specifier] of (textOf.get(one) ?? "").matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)) {
      const imported = path.posix.join(path.posix.dirname(one), specifier!).replace(/\.js$/, ".ts");
      if (textOf.has(imported)) seen.add(imported);
    }
  }
  return seen;
}

describe("the kinds of tests", () => {
  test("a unit test imports nothing that starts a server", () => {
    expect(SERVERS.filter((file) => !textOf.has(file))).toEqual([]);
    const units = files.filter((file) => isUnit(file) && file !== THIS);
    expect(units.length).toBeGreaterThan(0);
    const wrong = units.flatMap((unit) =>
      [...reached(unit)]
        .filter((file) => SERVERS.includes(file) || USES_THE_RUN.test(textOf.get(file)!))
        .map((file) => `${unit} imports ${file}`),
    );
    expect(wrong).toEqual([]);
  });

  test("a fault test stands in test/faults, and is no unit test", () => {
    const named = files.filter((file) => /\/[fh]\d\d-[^/]*\.test\.ts$/.test(file));
    expect(named.filter((file) => !file.startsWith("test/faults/"))).toEqual([]);
    expect(files.filter((file) => file.startsWith("test/faults/") && isUnit(file))).toEqual([]);
  });
});
