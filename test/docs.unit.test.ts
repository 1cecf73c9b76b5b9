import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { SETTINGS } from "../src/settings.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

function filesBelow(folder: string, end: string): string[] {
  return readdirSync(path.join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(end) && !entry.parentPath.includes("node_modules"))
    .map((entry) => path.relative(ROOT, path.join(entry.parentPath, entry.name)));
}
const read = (name: string): string => readFileSync(path.join(ROOT, name), "utf8");

/** What people read before they read code. */
const PAGES = [
  "README.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  ...filesBelow(".github", ".md"),
  ...filesBelow("docs", ".md"),
];
const pages = PAGES.map((name) => ({ name, text: read(name) }));

/** The anchor that a heading gets where Markdown is shown: lower case, spaces to hyphens, the rest of the signs left out. */
function anchorsOf(text: string): string[] {
  const headings = [...text.replace(/^```[\s\S]*?^```/gm, "").matchAll(/^#+ (.*)$/gm)].map((match) => match[1]!);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

/** All that the pattern's first group finds, with the page that says it. */
function said(pattern: RegExp, names: readonly string[] = PAGES): { page: string; what: string }[] {
  return pages
    .filter(({ name }) => names.includes(name))
    .flatMap(({ name, text }) => [...text.matchAll(pattern)].map((match) => ({ page: name, what: match[1]! })));
}

const sorted = (words: Iterable<string>): string[] => [...new Set(words)].sort();

describe("the documentation", () => {
  test("has no link that leads nowhere", () => {
    const links = said(/\]\(([^)\s]+)\)/g).filter(({ what }) => !/^[a-z]+:/.test(what));
    const dead = links.filter(({ page, what }) => {
      const [target = "", anchor] = what.split("#");
      const file = target === "" ? page : path.join(path.dirname(page), target);
      if (!existsSync(path.join(ROOT, file))) return true;
      return anchor !== undefined && !anchorsOf(read(file)).includes(anchor);
    });
    expect(dead).toEqual([]);
    expect(links.length).toBeGreaterThan(30);
  });

  test("names no file or folder that is not there", () => {
    const named = said(
      /(?<![\w/.@:-])((?:src|sql|test|docs|scripts|bench|examples|schema|deploy|build|\.github|\.ci)\/[\w./<>*-]*)/g,
    );
    const missing = named.filter(({ what }) => {
      // Of a name with something to fill in, the folder before that must be there.
      const [fixed = ""] = what.split(/[^/]*(?:[<*]|NNNN)/);
      return !existsSync(path.join(ROOT, fixed.replace(/[./]+$/, "")));
    });
    expect(missing).toEqual([]);
    expect(named.length).toBeGreaterThan(50);
  });

  test("names no npm script that is not there", () => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    expect(said(/npm run ([\w:-]+)/g).filter(({ what }) => !(what in scripts))).toEqual([]);
  });

  test("names no setting that is not there", () => {
    const settings = new Set<string>(SETTINGS.map(({ name }) => name));
    // What only tests and benchmarks set is not among the settings: whoever reads it is the proof.
    const code = ["src", "test", "bench", "scripts"].flatMap((folder) => [
      ...filesBelow(folder, ".ts").filter((name) => !name.endsWith("docs.unit.test.ts")),
      ...filesBelow(folder, ".mjs"),
    ]);
    const ofTests = new Set(
      code.flatMap((name) => read(name).match(/\bHEADWAY_(?:TEST_\w+|BENCH_\w+|FAILPOINT)/g) ?? []),
    );
    const named = said(/\b(HEADWAY_\w*[A-Z0-9])\b/g);
    expect(named.filter(({ what }) => !settings.has(what) && !ofTests.has(what))).toEqual([]);
    expect(named.length).toBeGreaterThan(30);
  });

  test("names no column, function, code or type that is not there", () => {
    const code = [
      ...["src", "test"].flatMap((folder) =>
        filesBelow(folder, ".ts").filter((name) => !name.endsWith("docs.unit.test.ts")),
      ),
      ...filesBelow("sql", ".sql"),
      "schema/schema.graphql",
    ];
    const known = new Set(code.flatMap((name) => read(name).match(/\w+/g) ?? []));
    // With an underscore or a capital inside: other words may as well be plain ones. These speak of Postgres and nginx too.
    const ofOthers = ["README.md", "docs/performance.md", "docs/guides/database.md", "docs/guides/production.md"];
    const ours = PAGES.filter((name) => !ofOthers.includes(name));
    const named = said(/`([A-Za-z]+(?:_\w+|[a-z][A-Z]\w*))`/g, ours).filter(({ what }) => !what.startsWith("HEADWAY_"));
    expect(named.filter(({ what }) => !known.has(what))).toEqual([]);
    expect(named.length).toBeGreaterThan(50);
  });

  test("has every page in its index", () => {
    const linked = (index: string): string[] =>
      said(/\]\(([^)#\s]+)/g, [index]).map(({ what }) => path.join(path.dirname(index), what));
    const all = new Set([...linked("docs/README.md"), ...linked("docs/adr/README.md"), "docs/README.md"]);
    expect(filesBelow("docs", ".md").filter((name) => !all.has(name))).toEqual([]);
  });
});

describe("the codes", () => {
  test("of invariants are those that the database looks for", () => {
    const [, after = ""] = read("schema/database.sql").split(
      /create (?:or replace )?function (?:"?\w+"?\.)?violations_within\(/i,
    );
    const [body = ""] = after.split(/^create /im);
    const known = sorted([...body.matchAll(/'([SHE]\d+)'/g)].map((match) => match[1]!));
    expect(known.length).toBeGreaterThan(10);
    expect(sorted(said(/^\| ([SHE]\d+) +\|/gm, ["docs/lifecycle.md"]).map(({ what }) => what))).toEqual(known);
  });

  test("of faults are those that titles of tests begin with, in the files that are named for them", () => {
    const tested = filesBelow("test", ".test.ts").flatMap((name) =>
      [...read(name).matchAll(/["`]([FH]\d{1,2}): /g)].map((match) => `${match[1]!} ${name}`),
    );
    const told = read("docs/faults.md")
      .split("\n")
      .flatMap((line) => {
        const [, code] = /^\| ([FH]\d+) +\|/.exec(line) ?? [];
        return code === undefined
          ? []
          : (line.match(/test\/[\w./-]+\.test\.ts/g) ?? []).map((name) => `${code} ${name}`);
      });
    expect(sorted(told)).toEqual(sorted(tested));
  });
});
