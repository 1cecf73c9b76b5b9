import { buildSchema } from "graphql";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { commentsIn, dialectIn, messagesIn, NEVER, NEVER_FOR_USERS, type PlainRule } from "./support/plain-words.js";
import { ROOT } from "./support/root.js";

/** The files of a folder with one of these ends. What is generated repeats what is checked elsewhere. */
function filesBelow(folder: string, ends: readonly string[]): string[] {
  return readdirSync(path.join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .map((name) => path.posix.join(folder, name.split(path.sep).join("/")))
    .filter((name) => ends.some((end) => name.endsWith(end)))
    .filter((name) => !/node_modules|\/generated\/|client\/operations\.ts/.test(name));
}
const read = (name: string): string => readFileSync(path.join(ROOT, name), "utf8");
/** The console has texts and tests of its own. The list names what it forbids. */
const isOurs = (name: string): boolean => !/^src\/console\/|plain-words|words\.unit/.test(name);
const PAGES = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", ...filesBelow("docs", [".md"])];

function faults(place: string, text: string, rules: readonly PlainRule[]): string[] {
  return dialectIn(text, rules).map((fault) => `${place}: ${fault}`);
}

/** Every description of the schema, with its place. */
function descriptions(): { place: string; text: string }[] {
  const found: { place: string; text: string }[] = [];
  const add = (place: string, part: { description?: string | null }): void => {
    if (part.description) found.push({ place, text: part.description });
  };
  for (const type of Object.values(buildSchema(read("schema/schema.graphql")).getTypeMap())) {
    if (type.name.startsWith("__")) continue;
    add(type.name, type);
    if ("getValues" in type) for (const value of type.getValues()) add(`${type.name}.${value.name}`, value);
    if (!("getFields" in type)) continue;
    for (const field of Object.values(type.getFields())) {
      add(`${type.name}.${field.name}`, field);
      if ("args" in field) for (const one of field.args) add(`${type.name}.${field.name}(${one.name})`, one);
    }
  }
  return found;
}

describe("plain English", () => {
  test("is held by rules that notice what they are for, and let plain sentences pass", () => {
    const planted = "The webhook stands at this place. What came of it is to go, and nobody wants it anew.";
    expect(dialectIn(planted, NEVER_FOR_USERS).map((fault) => fault.split(";")[0])).toEqual([
      '"What came of"',
      '"is to go"',
      '"stands at"',
      '"anew"',
    ]);
    expect(dialectIn("Of a status: never changes again.", NEVER_FOR_USERS)).toHaveLength(1);
    expect(dialectIn("There is no job with this ID. Result of `createCollection`.", NEVER_FOR_USERS)).toEqual([]);
    const code = 'fail("The key is no longer good, and so on.");\n// What came of it.\nconst one = "no message";';
    expect(messagesIn(code)).toEqual([{ line: 1, text: "The key is no longer good, and so on." }]);
    expect(commentsIn(code)).toEqual([{ line: 2, text: "What came of it." }]);
  });

  test("is what the descriptions of the schema are written in, each from its first word to its full stop", () => {
    const all = descriptions();
    expect(all.flatMap(({ place, text }) => faults(place, text, NEVER_FOR_USERS))).toEqual([]);
    // A description says what the thing is; a question word in front says it by a riddle.
    const riddles = all.filter(({ text }) => /^(?:Who|Whom|Whose|Which|How|What) /.test(text));
    expect(riddles).toEqual([]);
    expect(all.filter(({ text }) => !/[.…]$/.test(text)).map(({ place }) => place)).toEqual([]);
    expect(all.length).toBeGreaterThan(900);
  });

  test("is what the pages are written in", () => {
    // The glossary says in front of which word a meaning belongs to; the reference of GraphQL repeats the schema.
    const pages = PAGES.filter((name) => !["docs/glossary.md", "docs/reference/graphql.md"].includes(name));
    const found = pages.flatMap((page) =>
      read(page)
        .split("\n")
        .flatMap((line, index) => faults(`${page}:${index + 1}`, line, NEVER_FOR_USERS)),
    );
    expect(found).toEqual([]);
  });

  test("is what messages and comments are written in", () => {
    const code = [...filesBelow("src", [".ts"]), ...filesBelow("sql", [".sql"]), ...filesBelow("test", [".ts"])];
    const found = code.filter(isOurs).flatMap((name) => {
      const text = read(name);
      const said = name.startsWith("src/") ? messagesIn(text) : [];
      return [
        ...said.flatMap((one) => faults(`${name}:${one.line}`, one.text, NEVER_FOR_USERS)),
        ...commentsIn(text).flatMap((one) => faults(`${name}:${one.line}`, one.text, NEVER)),
      ];
    });
    expect(found).toEqual([]);
  });
});
