import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { ROOT } from "../support/processes.js";

const CLIENTS = path.join(ROOT, "examples", "clients");
const OPERATIONS = path.join(CLIENTS, "codegen", "src", "operations.ts");

/** Runs a script with this Node; resolves with its code and all that it said. */
function run(script: string, args: readonly string[], cwd: string = ROOT): Promise<{ code: number; said: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [path.join(ROOT, script), ...args], { cwd }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), said: stdout + stderr });
    });
  });
}

describe("what the examples keep that is made from the schema (npm run schema makes it anew)", () => {
  test("relay-compiler takes the schema, and would write what is there", async () => {
    const args = ["--validate", "--output", "quiet-with-errors"];
    expect(await run("node_modules/relay-compiler/cli.js", args, path.join(CLIENTS, "relay"))).toEqual({
      code: 0,
      said: "",
    });
  });

  describe("the types of operations", () => {
    let folder: string;
    beforeAll(async () => {
      // Below the project, so that what is compiled here finds the same packages.
      await mkdir(path.join(ROOT, "dist"), { recursive: true });
      folder = await mkdtemp(path.join(ROOT, "dist", "codegen-"));
    });
    afterAll(() => rm(folder, { recursive: true, force: true }));

    test("are those that would be generated now", async () => {
      const file = path.join(folder, "operations.ts");
      const made = await run("examples/clients/codegen/generate.mjs", [file]);
      expect(made).toEqual({ code: 0, said: "" });
      expect(await readFile(file, "utf8")).toBe(await readFile(OPERATIONS, "utf8"));
    });

    test("of the web app are those that would be generated now", async () => {
      const file = path.join(folder, "web-operations.ts");
      const operations = path.join(ROOT, "examples", "web", "src", "operations.graphql");
      expect(await run("examples/clients/codegen/generate.mjs", [file, operations])).toEqual({ code: 0, said: "" });
      const kept = await readFile(path.join(ROOT, "examples", "web", "src", "operations.ts"), "utf8");
      expect(await readFile(file, "utf8")).toBe(kept);
    });

    test("hold a program to the schema: what it misspells, takes for granted or takes for another type is an error", async () => {
      const program = `import type { SubmitJobInput, SummaryQuery } from "./operations.js";
export const input: SubmitJobInput = { collectionId: "1", pipelin: "documents" };
export const word = (query: SummaryQuery) => query.job!.status === "DONE";
export const count = (query: SummaryQuery): number => query.job.summary!.counts.total;
export const total = (query: SummaryQuery): string => query.job!.summary!.counts.total;
export const right = (query: SummaryQuery): number | undefined => query.job?.summary?.counts.total;
`;
      await writeFile(path.join(folder, "operations.ts"), await readFile(OPERATIONS));
      await writeFile(path.join(folder, "program.ts"), program);
      await writeFile(
        path.join(folder, "tsconfig.json"),
        JSON.stringify({
          extends: "../../tsconfig.json",
          compilerOptions: { rootDir: ".", noEmit: true },
          include: ["."],
          exclude: [], // Else all that lies below the project's outDir, as this does.
        }),
      );
      const { said } = await run("node_modules/typescript/bin/tsc", ["-p", folder]);
      const errors = [...said.matchAll(/program\.ts\((\d+),\d+\): error (TS\d+)/g)].map((match) => match.slice(1));
      expect(errors).toEqual([
        ["2", "TS2561"],
        ["3", "TS2367"],
        ["4", "TS18047"],
        ["5", "TS2322"],
      ]);
    });
  });
});
