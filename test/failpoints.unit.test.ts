import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { FAILPOINTS } from "../src/failpoint.js";
import { ROOT } from "./support/root.js";

const THIS = "test/failpoints.unit.test.ts";

function textsBelow(folder: string): { file: string; text: string }[] {
  return readdirSync(path.join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .map((name) => path.posix.join(folder, name.split(path.sep).join("/")))
    .filter((file) => file.endsWith(".ts") && file !== THIS)
    .map((file) => ({ file, text: readFileSync(path.join(ROOT, file), "utf8") }));
}

const sorted = (names: Iterable<string>): string[] => [...new Set(names)].sort();

describe("the failpoints", () => {
  test("are those that the code passes, each at its place", () => {
    const passed = textsBelow("src").flatMap(({ text }) => [...text.matchAll(/\bfailpoint\("([^"]+)"\)/g)]);
    expect(sorted(passed.map((match) => match[1]!))).toEqual(sorted(FAILPOINTS));
  });

  test("are each fired by a test that npm test runs, and that asserts that it has fired", () => {
    const tests = textsBelow("test").filter(
      ({ file, text }) =>
        !/\/(long|on-demand)\//.test(file) &&
        (/\bhasFired\(\w+\)\)\.toBe\(true\)|\bdiesAt\((world\.)?rig, |\bworld\.dieIn\(/.test(text) ||
          /\barmFailpoint\(/.test(text)),
    );
    const fired = (name: string): boolean =>
      tests.some(({ text }) => new RegExp(`["\`]${name.replace(".", "\\.")}(:|@|["\`])`).test(text));
    expect(FAILPOINTS.filter((name) => !fired(name))).toEqual([]);
  });
});
