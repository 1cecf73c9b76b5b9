import { buildSchema, parse, validate, type GraphQLSchema } from "graphql";
import { readFileSync } from "node:fs";
import path from "node:path";
import { emitReference, headwayCommand, REFERENCE_PAGES } from "../build/emit-reference.js";
import { runPipeline } from "../src/testing.js";
import readmePipeline from "./examples/readme-pipeline.js";
import { DOC_BLOCKS } from "./support/doc-blocks.js";
import { ROOT } from "./support/root.js";

const read = (name: string): string => readFileSync(path.join(ROOT, name), "utf8");
const SHELL = new Set(["", "sh", "bash"]);

/** What is wrong with a GraphQL document, operation by operation: blocks show several that are sent one after the other. */
function faultsOf(schema: GraphQLSchema, code: string): string[] {
  return parse(code).definitions.flatMap((definition) =>
    validate(schema, { kind: "Document" as never, definitions: [definition] }).map(({ message }) => message),
  );
}

/** The calls of `headway` in a shell block, each as its words up to a comment, a pipe or the end of the line. */
function callsIn(code: string): string[][] {
  const text = code.replaceAll(/\\\n/g, " ").replaceAll(/'[^']*'/g, "'…'");
  return [...text.matchAll(/^(?:[A-Z_]+=\S+ )*(?:npx )?(?:headway|headway-api) (.*)$/gm)].map(([, words]) =>
    words!
      .split(/ [#|>&]/)[0]!
      .trim()
      .split(/\s+/),
  );
}

/** What of a call the command line does not know; null when it knows all of it. */
function unknownIn(words: readonly string[]): string | null {
  let command = headwayCommand();
  const options: string[] = [];
  for (const word of words) {
    const inner = command.commands.find((one) => one.name() === word);
    if (inner) command = inner;
    else if (word.startsWith("--")) options.push(word.split("=")[0]!);
  }
  if (command.parent === null) return words[0]! === "help" ? null : words[0]!;
  if (command.commands.length > 0) return `${command.name()} without a command of its own`;
  const known = new Set(["--help", ...command.options.map((option) => option.long)]);
  return options.find((option) => !known.has(option)) ?? null;
}

describe("the code in the documentation", () => {
  test("is GraphQL that the schema takes", () => {
    const schema = buildSchema(read("schema/schema.graphql"));
    const queries = DOC_BLOCKS.filter(({ language }) => language === "graphql");
    const wrong = queries.flatMap(({ page, code }) => faultsOf(schema, code).map((fault) => `${page}: ${fault}`));
    expect(wrong).toEqual([]);
    expect(queries.length).toBeGreaterThan(3);
  });

  test("calls commands of headway that exist, with options that they have", () => {
    const calls = DOC_BLOCKS.filter(({ language }) => SHELL.has(language)).flatMap(({ page, code }) =>
      callsIn(code).map((words) => ({ page, words })),
    );
    const wrong = calls.flatMap(({ page, words }) => {
      const unknown = unknownIn(words);
      return unknown === null ? [] : [`${page}: headway ${words.join(" ")}: ${unknown}`];
    });
    expect(wrong).toEqual([]);
    expect(calls.length).toBeGreaterThan(15);
  });

  test("has a pipeline in the README that compiles, and counts the words of what it is given", async () => {
    const shown = DOC_BLOCKS.find(({ page, language }) => page === "README.md" && language === "ts")!.code;
    const compiled = read("test/examples/readme-pipeline.ts").replace("../../src/index.js", "headway-api");
    expect(shown).toBe(compiled);
    const job = await runPipeline(readmePipeline, { "a.txt": "one two", "b.txt": "three", "empty.txt": "" });
    expect(job).toMatchObject({ status: "COMPLETED_WITH_ERRORS", output: { words: 3 } });
  });
});

describe("the reference", () => {
  let emitted: ReturnType<typeof emitReference>;
  beforeAll(() => {
    emitted = emitReference(read("schema/schema.graphql"));
  });

  test.each(REFERENCE_PAGES)("docs/reference/%s.md says what the code says", (name) => {
    if (read(`docs/reference/${name}.md`) !== emitted[name]) {
      throw new Error(`docs/reference/${name}.md is out of date: run npm run schema`);
    }
  });

  test("of troubles explains every code of a refused mutation and of work that waits", () => {
    const schema = buildSchema(read("schema/schema.graphql"));
    const explained = new Set(read("docs/guides/troubleshooting.md").match(/(?<=^\| |, )`[A-Z_]+`/gm));
    const codes = ["UserErrorCode", "WaitingCode"].flatMap((name) =>
      (schema.getType(name) as unknown as { getValues(): { name: string }[] }).getValues().map((one) => one.name),
    );
    expect(codes.filter((code) => !explained.has(`\`${code}\``))).toEqual([]);
  });
});

test("the README is short enough to be read", () => {
  expect(read("README.md").split("\n").length).toBeLessThan(150);
});
