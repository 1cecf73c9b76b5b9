import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { startHeadway } from "../support/processes.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "headway-load-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** What a start with these pipelines says before it ends. */
async function refusal(files: Record<string, string>, setting = folder): Promise<string> {
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text);
  const started = await startHeadway({ HEADWAY_PIPELINES: setting, HEADWAY_DATA_DIR: path.join(folder, "data") }).then(
    async (headway) => {
      await headway.stop();
      return "It started.";
    },
    (error: Error) => error.message,
  );
  return started;
}

const pipeline = (body: string): string =>
  `import { definePipeline } from "headway-api";\nexport default definePipeline({ version: 1, ${body} });\n`;
const STAGE = `{ name: "a", run: async () => null }`;

describe("a pipeline that is ill-formed refuses to start, naming the file and the fault:", () => {
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
      'exports a pipeline in the making; end it with ".build()"',
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
});
