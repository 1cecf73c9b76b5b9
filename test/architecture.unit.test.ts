import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const SRC = path.join(ROOT, "src");

/** A module may import from its own group's name and from earlier lines; names on one line never from each other. */
const ORDER: readonly (readonly string[])[] = [
  [
    "errors",
    "async",
    "settings",
    "config",
    "logger",
    "metrics",
    "repeats",
    "closers",
    "counted",
    "failpoint",
    "version",
    "lifecycle",
    "tracing",
  ],
  ["client"],
  ["client-node"],
  ["model"],
  ["database", "dispatch", "storage"],
  ["access", "pipelines"],
  ["sources"],
  ["engine"],
  ["worker", "reconciler", "graphql"],
  ["server"],
  ["processes"],
  ["app"],
  ["cli", "index", "testing"],
];
/** The first line's names are the ground that everything stands on, and may use each other. */
const GROUND = 0;

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(file) : [file];
  });
}

/** What `npm run schema` writes: its names are the schema's, and it is as long as that is. */
const WRITTEN = /^\/\/ Written by npm run schema/;

const everything = filesBelow(SRC)
  .filter((file) => /\.tsx?$/.test(file))
  .map((file) => ({ name: path.relative(SRC, file), text: readFileSync(file, "utf8") }));
/** A page for browsers, built by itself: a client of the API like any other. */
const isPage = ({ name }: { name: string }): boolean => name.startsWith(`console${path.sep}`);
const isGenerated = ({ name }: { name: string }): boolean => name.startsWith(path.join("console", "generated"));
const sources = everything.filter((source) => !isPage(source));
const pages = everything.filter((source) => isPage(source) && !isGenerated(source));

/** The name in ORDER that a file of src belongs to. */
function partOf(name: string): string {
  return name.split(path.sep)[0]!.replace(/\.ts$/, "");
}

function levelOf(name: string): number {
  return ORDER.findIndex((level) => level.includes(partOf(name)));
}

/** The imported files of src; of the console's, whose endings are two, without their endings. */
function importsOf({ name, text }: { name: string; text: string }): string[] {
  const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map((match) => match[1]!);
  return specifiers.map((specifier) =>
    path.normalize(path.join(path.dirname(name), specifier)).replace(/\.js$/, ".ts"),
  );
}

/**
 * The sets of files of which each imports, by way of others, every other; imports of types count. Tarjan's algorithm:
 * a file whose own number is the lowest that it reaches closes a set.
 */
function circlesOf(imports: ReadonlyMap<string, readonly string[]>): string[][] {
  const numbers = new Map<string, number>();
  const lowest = new Map<string, number>();
  const open: string[] = [];
  const circles: string[][] = [];
  const visit = (file: string): void => {
    numbers.set(file, numbers.size);
    lowest.set(file, numbers.get(file)!);
    open.push(file);
    for (const next of imports.get(file) ?? []) {
      if (!numbers.has(next)) visit(next);
      if (open.includes(next)) lowest.set(file, Math.min(lowest.get(file)!, lowest.get(next)!));
    }
    if (lowest.get(file) !== numbers.get(file)) return;
    const circle = open.splice(open.indexOf(file));
    if (circle.length > 1 || imports.get(file)?.includes(file)) circles.push(circle);
  };
  for (const file of imports.keys()) if (!numbers.has(file)) visit(file);
  return circles;
}

/** What a file of src defines and exports; names that it hands on from other files are none of its own. */
function exportsOf(text: string): string[] {
  const declared =
    /^export (?:declare )?(?:abstract )?(?:async )?(?:function\*?|class|const|let|interface|type|enum) (\w+)/gm;
  return [...new Set([...text.matchAll(declared)].map((match) => match[1]!))];
}

/**
 * Every pipeline may call its options and stages by the same words: whoever imports one names its pipeline's folder.
 * Empty for all other files.
 */
function pipelineOf(name: string): string {
  return /^pipelines\/[^/]+\//.exec(name)?.[0] ?? "";
}

/** Files that hold what the pattern finds, but for those allowed. */
function holding(pattern: RegExp, allowed: (name: string) => boolean, among = sources): string[] {
  return among.filter(({ name, text }) => pattern.test(text) && !allowed(name)).map(({ name }) => name);
}

describe("the layout", () => {
  test("has every file in a part that the import order knows", () => {
    expect(sources.filter(({ name }) => levelOf(name) === -1).map(({ name }) => name)).toEqual([]);
  });

  test("has imports that point down the list only", () => {
    const wrong = sources.flatMap((source) =>
      importsOf(source)
        .filter((imported) => {
          const [from, to] = [levelOf(source.name), levelOf(imported)];
          return to > from || (to === from && from !== GROUND && partOf(imported) !== partOf(source.name));
        })
        .map((imported) => `${source.name} imports ${imported}`),
    );
    expect(wrong).toEqual([]);
  });

  test("has no files that import each other in a circle", () => {
    const imports = new Map(sources.map((source) => [source.name, importsOf(source)]));
    const described = circlesOf(imports).map((circle) =>
      circle.flatMap((file) =>
        imports
          .get(file)!
          .filter((next) => circle.includes(next))
          .map((next) => `${file} imports ${next}`),
      ),
    );
    expect(described).toEqual([]);
  });

  test("would see a circle of any length, and calls none what is none", () => {
    const imports = new Map([
      ["top", ["left", "right"]],
      ["left", ["bottom"]],
      ["right", ["bottom"]],
      ["bottom", []],
      ["one", ["two", "bottom"]],
      ["two", ["three"]],
      ["three", ["one", "top"]],
      ["self", ["self"]],
    ]);
    expect(circlesOf(imports).map((circle) => circle.toSorted())).toEqual([["one", "three", "two"], ["self"]]);
  });

  test("keeps the console to itself: it knows the schema and the client's door, and nothing else of src, nor that of it", () => {
    const outside = pages.flatMap((source) =>
      importsOf(source)
        .filter((imported) => !imported.startsWith(`console${path.sep}`) && imported !== "client.ts")
        .map((imported) => `${source.name} imports ${imported}`),
    );
    const inside = sources.filter((source) => importsOf(source).some((imported) => isPage({ name: imported })));
    expect([outside, inside.map(({ name }) => name)]).toEqual([[], []]);
  });

  test("has no files of the console that import each other in a circle", () => {
    const bare = (name: string): string => name.replace(/\.tsx?$/, "");
    const imports = new Map(pages.map((source) => [bare(source.name), importsOf(source).map(bare)]));
    expect(circlesOf(imports)).toEqual([]);
  });

  test("gives a name to one thing: no two files export the same", () => {
    const files = new Map<string, string[]>();
    for (const { name, text } of [...sources, ...pages].filter((one) => !WRITTEN.test(one.text))) {
      for (const exported of exportsOf(text)) {
        const key = `${isPage({ name }) ? "console/" : pipelineOf(name)}${exported}`;
        files.set(key, [...(files.get(key) ?? []), name]);
      }
    }
    const twice = [...files].filter(([, names]) => names.length > 1);
    expect(twice.map(([exported, names]) => `${exported}: ${names.join(", ")}`)).toEqual([]);
  });

  test("reads the environment in config.ts and config/environment.ts alone", () => {
    expect(holding(/process\.env/, (name) => name === "config.ts" || name === "config/environment.ts")).toEqual([]);
  });

  test("uses type-graphql under model and graphql alone, and bull in dispatch/bull.ts alone", () => {
    expect(holding(/from "type-graphql"/, (name) => /^(model|graphql)\//.test(name))).toEqual([]);
    expect(holding(/from "bull"/, (name) => name === "dispatch/bull.ts")).toEqual([]);
  });

  test("writes status in engine alone, beside the functions in sql", () => {
    const write =
      /(update|insert into)\s+(?:headway\.)?(collection|job|task)\b(?![^`]*\bfrom only\b)[^`]*\b(status|stage|fence|version)\s*=/i;
    expect(holding(write, (name) => name.startsWith("engine/"))).toEqual([]);
    expect(holding(/insert into (?:headway\.)?(collection|job|task)\b/i, (name) => name.startsWith("engine/"))).toEqual(
      [],
    );
  });

  test("has no default exports and no unfinished business", () => {
    const all = [...sources, ...pages];
    // A file of a pipeline has one: by that it is loaded.
    const isPipeline = (file: string): boolean => file === "cli/demo/outside-service.ts";
    expect(holding(/^export default/m, isPipeline, all)).toEqual([]);
    // In quotes it is the code that ISO 4217 has for "no currency".
    expect(holding(/\b(TODO|FIXME)\b|(?<!")\bXXX\b/, () => false, all)).toEqual([]);
  });

  test("has no folder that could hold anything", () => {
    const names = new Set(everything.flatMap(({ name }) => name.split(path.sep).slice(0, -1)));
    expect(
      ["utils", "common", "types", "services", "repositories", "helpers"].filter((name) => names.has(name)),
    ).toEqual([]);
  });

  test("has files that fit a page of thought", () => {
    const long = [...sources, ...pages].filter(({ text }) => text.split("\n").length > 300 && !WRITTEN.test(text));
    expect(long.map(({ name }) => name)).toEqual([]);
  });
});

describe("the tests", () => {
  test("leave none out and single none out", () => {
    const tests = filesBelow(path.join(ROOT, "test")).filter(
      (file) => file.endsWith(".ts") && !file.endsWith("architecture.unit.test.ts"),
    );
    const marked = tests.filter((file) =>
      /\b(it|test|describe)\.(skip|only|todo)\b|\bx(it|describe)\(/.test(readFileSync(file, "utf8")),
    );
    expect(marked).toEqual([]);
  });
});
