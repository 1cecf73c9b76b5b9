import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { headway, type Ended } from "../cli/site.js";
import { startHeadway } from "../support/processes.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "headway-load-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** What `headway pipelines` says of these files; it loads them as a start does. */
async function listed(files: Record<string, string>, setting = folder): Promise<Ended> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), text);
  }
  return headway(["pipelines", "--json"], { HEADWAY_PIPELINES: setting });
}
async function refusal(files: Record<string, string>, setting = folder): Promise<string> {
  const { code, stderr } = await listed(files, setting);
  expect(code).toBe(2);
  return (JSON.parse(stderr) as { error: { message: string } }).error.message;
}

const pipeline = (body: string): string =>
  `import { definePipeline } from "headway-api";\nexport default definePipeline({ version: 1, ${body} });\n`;
const STAGE = `{ name: "a", run: async () => null }`;
const BUILT_IN = ["documents", "expenses", "batch"].map((name) => ({ name, version: expect.any(Number), file: null }));

describe("a pipeline that is ill-formed is refused, naming the file and the fault:", () => {
  test.each([
    ["two stages of one name", pipeline(`name: "x", documentStages: [${STAGE}, ${STAGE}]`), 'two stages are named "a"'],
    ["no stages at all", pipeline(`name: "x"`), "it has no stages"],
    [
      "a name outside [a-z0-9-]",
      pipeline(`name: "My Pipeline", documentStages: [${STAGE}]`),
      'name "My Pipeline" must match [a-z0-9-]',
    ],
    [
      "a stage without a run function",
      pipeline(`name: "x", documentStages: [{ name: "a" }]`),
      'stage "a" has no run function',
    ],
    ["no default export", "export const a = 1;", "has no default export"],
    [
      "a builder that has not built",
      `import { pipeline } from "headway-api";\nexport default pipeline({ name: "x", version: 1 }).document("a", { run: async () => null });`,
      'exports an unfinished pipeline; end it with ".build()"',
    ],
    ["a syntax error", "export default {", "can't be loaded as a pipeline"],
    [
      "the name of a built-in one",
      pipeline(`name: "documents", documentStages: [${STAGE}]`),
      'the name "documents" is taken by a built-in one',
    ],
  ])("%s", async (_what, text, fault) => {
    const said = await refusal({ "own.mjs": text });
    expect(said).toContain(fault);
    expect(said).toContain("own.mjs");
  });

  test("a file that does not exist", async () => {
    const missing = path.join(folder, "missing.mjs");
    expect(await refusal({}, missing)).toContain(`HEADWAY_PIPELINES names ${missing}, which does not exist`);
  });

  test("a folder in which there is none", async () => {
    const said = await refusal({ "readme.md": "", "types.d.ts": "", "own.test.ts": "", "deeper/own.mjs": "" });
    expect(said).toContain(`HEADWAY_PIPELINES names ${folder}, a folder in which there is no pipeline: no file .js, `);
  });
});

test("a start refuses as well, and one that can names in its banner what it serves, from where", async () => {
  const settings = { HEADWAY_PIPELINES: folder, HEADWAY_DATA_DIR: path.join(folder, "data") };
  await expect(startHeadway(settings)).rejects.toThrow("a folder in which there is no pipeline");
  const file = path.join(folder, "own.mjs");
  await writeFile(file, pipeline(`name: "own", documentStages: [${STAGE}]`).replace("version: 1", "version: 7"));
  const running = await startHeadway(settings);
  expect(running.output()).toMatch(/ Pipelines {4}documents \d+, expenses \d+, batch \d+ \(built in\)\n/);
  expect(running.output()).toContain(`               own 7 (${file})\n`);
  await running.stop();
});

test("headway pipelines lists versions and files, for people as well", async () => {
  const files = {
    "b.mjs": pipeline(`name: "two", documentStages: [${STAGE}]`),
    "a.js": `${pipeline(`name: "one", documentStages: [${STAGE}]`)}`,
    "package.json": '{ "type": "module" }',
  };
  const { code, stdout, stderr } = await listed(files);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const at = (name: string): string => path.join(folder, name);
  expect(JSON.parse(stdout)).toEqual([
    ...BUILT_IN,
    { name: "one", version: 1, file: at("a.js") },
    { name: "two", version: 1, file: at("b.mjs") },
  ]);
  const shown = await headway(["pipelines"], { HEADWAY_PIPELINES: at("b.mjs") });
  expect(shown.stdout).toMatch(new RegExp(`^ +name +version +from\n(.*\n){3} +two +1 +${at("b.mjs")}\n$`));
});

describe("TypeScript", () => {
  const TYPED = `import { PermanentError, pipeline, z } from "headway-api";
import { wordsIn, type Words } from "./words.js";

const options = z.object({ ignoreCase: z.boolean().default(true) });
export default pipeline({ name: "typed", version: 3, options })
  .document("count", {
    run: async (ctx): Promise<Words> => wordsIn(await ctx.document.text() as string),
  })
  .build();
`;
  const WORDS = `export interface Words { readonly words: number }
export const wordsIn = (text: string): Words => ({ words: text.split(/\\s+/).length });
`;

  test("is loaded, with what it imports by the names of compiled files", async () => {
    const { code, stdout, stderr } = await listed(
      { "typed.ts": TYPED, "words.ts": WORDS, "notes.test.ts": "}" },
      path.join(folder, "typed.ts"),
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(stdout)).toContainEqual({ name: "typed", version: 3, file: path.join(folder, "typed.ts") });
  });

  test("is refused by name where it holds what is not only types, or can't be read", async () => {
    const said = await refusal(
      { "own.ts": `${TYPED.replace(/import .*words.*\n/, "")}enum Colour { Red }` },
      path.join(folder, "own.ts"),
    );
    expect(said).toContain("own.ts can't be loaded as a pipeline");
    expect(said).toMatch(/enum/);
    expect(await refusal({ "torn.ts": "export default {" }, path.join(folder, "torn.ts"))).toContain(
      "torn.ts can't be loaded",
    );
  });
});
