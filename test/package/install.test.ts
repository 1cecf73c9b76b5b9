import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { ROOT } from "../support/root.js";
import { Stranger, tarballIn } from "./stranger.js";

const PIPELINE = `import { PermanentError, pipeline, z } from "headway-api";

export default pipeline({ name: "word-count", version: 1, options: z.object({ ignoreCase: z.boolean().default(true) }) })
  .document("read", { timeoutMs: 30_000, run: async (ctx) => ({ text: await ctx.document.text() }) })
  .document("count", {
    run: async (ctx) => {
      const text: string = ctx.options.ignoreCase ? ctx.input.text.toLowerCase() : ctx.input.text;
      const words = text.split(/\\s+/).filter((word) => word !== "");
      if (words.length === 0) throw new PermanentError("EMPTY", "There is nothing to count; send some text.");
      return { words: words.length, different: new Set(words).size };
    },
    check: ({ words, different }) => different <= words,
  })
  .collection("total", {
    run: async (ctx) => {
      let words = 0;
      for await (const { output } of ctx.documentOutputs("count")) words += output.words;
      await ctx.artifacts.write("total.json", JSON.stringify({ words }), "application/json");
      return { words };
    },
  })
  .build();
`;
const TEST = `import { runStage } from "headway-api/testing";
import wordCount from "./word-count.js";

const { output } = await runStage<{ words: number }>(wordCount, "count", { text: "two Two" });
console.log(JSON.stringify(output));
`;
const CLIENT = `import { createClient, GetJob, type ClientError, type HeadwayClient } from "headway-api/client";

const client: HeadwayClient = createClient({ url: "http://127.0.0.1:1" });
const status = client.run(GetJob, { id: "x" }).then(({ job }) => job?.status === "COMPLETED");
status.catch((error: ClientError) => console.log(error.code));
`;
const TSCONFIG = JSON.stringify({
  compilerOptions: {
    target: "es2022",
    module: "nodenext",
    strict: true,
    outDir: "pipelines",
    // Our declarations are checked as well.
    skipLibCheck: false,
  },
  include: ["*.ts"],
});

let packed: string;
let tarball: string;
let stranger: Stranger;
beforeAll(async () => {
  packed = await mkdtemp(path.join(tmpdir(), "headway-packed-"));
  tarball = await tarballIn(packed);
});
afterAll(() => rm(packed, { recursive: true, force: true }));
beforeEach(async () => (stranger = await Stranger.arrives()));
afterEach(() => stranger.leaves());

/** These packages in the versions that this project uses. */
async function asHere(...names: readonly string[]): Promise<string[]> {
  const { devDependencies } = JSON.parse(await readFile(path.join(ROOT, "package.json"), "utf8")) as {
    devDependencies: Record<string, string>;
  };
  return names.map((name) => `${name}@${devDependencies[name]}`);
}

const SERVER = { HEADWAY_PORT: "0", HEADWAY_EMBEDDER: "hash", HEADWAY_PIPELINES: "pipelines" };

test.each([
  ["as npm does it", []],
  ["with --ignore-scripts", ["--ignore-scripts"]],
])(
  "installed %s into an empty folder, it types a pipeline, serves, and runs a job to COMPLETED",
  async (_how, flags) => {
    const startedAt = performance.now();
    const types = await asHere("typescript", "@types/node");
    await stranger.writes({
      "package.json": '{ "type": "module" }',
      "tsconfig.json": TSCONFIG,
      "a.txt": "one two Two",
    });
    await stranger.runs("npm", "install", "--prefer-offline", "--no-audit", "--no-fund", ...flags, tarball, ...types);
    const installedAt = performance.now();

    await stranger.writes({
      "word-count.ts": PIPELINE.replace("ctx.input.text.toLowerCase", "ctx.input.txet.toLowerCase"),
    });
    await expect(stranger.runs("npx", "tsc")).rejects.toThrow("Property 'txet' does not exist");
    await stranger.writes({ "word-count.ts": PIPELINE, "word-count.test.ts": TEST, "client.test.ts": CLIENT });
    await stranger.runs("npx", "tsc");
    expect(await stranger.runs("node", "pipelines/word-count.test.js")).toBe('{"words":2,"different":1}\n');

    expect(await stranger.runs("node", "pipelines/client.test.js")).toBe("UNREACHABLE\n");

    const said = await stranger.starts(SERVER, "npx", "headway-api", "start");
    const url = /(http:\/\/[^/\s]+)\/graphql/.exec(said)![1]!;
    const submit = ["headway-api", "submit", "a.txt", "--pipeline", "word-count", "--url", url, "--watch"];
    const job = await stranger.runs("npx", ...submit);
    expect(job).toMatch(/^COMPLETED after [\d.]+ s: 1 completed$/m);
    const seconds = (from: number): string => ((performance.now() - from) / 1_000).toFixed(0);
    process.stderr.write(
      `A stranger's way took ${seconds(startedAt)} s, of these ${seconds(installedAt)} s after npm install.\n`,
    );

    // What the banner names is there.
    expect(said).toContain('"npx headway-api open" prints another');
    expect(await stranger.runs("npx", "headway-api", "open", "--url", url)).toContain(`${url}/#code=`);
  },
);

test("a pipeline in JavaScript needs no compiler, and the demo shows the examples of the package", async () => {
  const [stripper = ""] = await asHere("@swc/wasm-typescript");
  await stranger.writes({ "package.json": "{}", "a.txt": "one two" });
  await stranger.runs("npm", "install", "--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts", tarball);
  await mkdir(stranger.at("pipelines"));
  const example = stranger.at("node_modules", "headway-api", "examples", "pipelines", "word-count.mjs");
  await stranger.writes({ "pipelines/word-count.mjs": await readFile(example, "utf8") });
  const said = await stranger.starts(SERVER, "npx", "headway", "start");
  const url = /(http:\/\/[^/\s]+)\/graphql/.exec(said)![1]!;
  const job = await stranger.runs(
    "npx",
    "headway",
    "submit",
    "a.txt",
    "--pipeline",
    "word-count",
    "--url",
    url,
    "--watch",
  );
  expect(job).toMatch(/^COMPLETED after [\d.]+ s: 1 completed$/m);
  await stranger.stops();

  // TypeScript as it is, without a compiler's output: by what takes the types out, or by a Node that does so itself.
  await mkdir(stranger.at("typed"));
  await stranger.writes({ "typed/word-count.ts": PIPELINE });
  const list = ["headway", "pipelines", "--json"];
  const typed = { HEADWAY_PIPELINES: stranger.at("typed") };
  if (!(process.features as { typescript?: unknown }).typescript) {
    await expect(stranger.runsWith(typed, "npx", ...list)).rejects.toThrow("npm install @swc/wasm-typescript");
  }
  await stranger.runs("npm", "install", "--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts", stripper);
  expect(JSON.parse(await stranger.runsWith(typed, "npx", ...list))).toContainEqual({
    name: "word-count",
    version: 1,
    file: stranger.at("typed", "word-count.ts"),
  });

  const demo = await stranger.runs("npx", "headway", "demo", "--once", "--limit", "20000");
  expect(JSON.parse(demo.trim().split("\n").at(-1)!)).toMatchObject({ status: "COMPLETED" });
});
